"""Trains the coupon response from past campaigns: causal where customers were drawn by lot, and honest where they were not."""

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from learning.response.arm_models import ArmModels, fit_arm_models
from learning.response.doubly_robust import CrossFitted, cross_fit
from learning.response.drivers import uplift_drivers
from learning.response.effects import Effects, Scored, effects_frame, estimate_effects, score_trial
from learning.response.features import FeatureTransform, feature_matrix
from learning.response.gate import GateResult, run_gate
from learning.response.individual import fit_individual
from learning.response.model_scores import model_scores
from learning.response.race import Race, run_race
from learning.response.redemption import Redemption, fit_redemption
from learning.response.response_model import TABLES, Averages, ResponseModel
from learning.response.settings import ResponseSettings
from learning.response.trial import Trial, TrialReading, read_trial


def train_response(facts: pl.DataFrame, settings: ResponseSettings | None = None) -> ResponseModel:
    """Return the response model learned from campaign facts; the order of rows plays no part.

    facts (grain: campaign_id, customer_key; only settled outcome windows): coupon_id (null: control), face_value (money), propensity (null:
    not drawn by lot), the columns FEATURES as of the evening before, outcome_orders, outcome_margin (money), redeemed (flag),
    redemption_discount (money). Raises ValueError for missing columns or a customer twice in a campaign.
    """
    from threadpoolctl import threadpool_limits

    settings = settings or ResponseSettings()
    reading = read_trial(facts, settings)
    with threadpool_limits(limits=1):  # small matrices: more threads only burn time, and sums in another order change the last digits
        if reading.trial is None:
            return _without_trial(facts, reading, settings)
        return _from_trial(reading.trial, reading, settings)


def fit_candidates(facts: pl.DataFrame, settings: ResponseSettings | None = None) -> dict[tuple[str, str], ResponseModel]:
    """Return the model that each candidate (learner, outcome) would give were it chosen, for comparisons; empty without a trial."""
    from threadpoolctl import threadpool_limits

    settings = settings or ResponseSettings()
    reading = read_trial(facts, settings)
    if reading.trial is None:
        return {}
    with threadpool_limits(limits=1):
        drawn = _at_most(reading.trial, settings)
        judged = _judge(drawn, settings)
        return {
            (runner.learner, runner.outcome): _publish(drawn, replace(judged, race=replace(judged.race, chosen=index)), reading, settings)
            for index, runner in enumerate(judged.race.runners)
        }


@dataclass(frozen=True)
class _Judged:
    """What all candidates share."""

    fitted: CrossFitted
    scored: Scored
    effects: Effects
    race: Race
    gate: GateResult
    models: ArmModels


def _judge(trial: Trial, settings: ResponseSettings) -> _Judged:
    everybody = np.arange(len(trial.arm), dtype=np.int64)
    fitted = cross_fit(trial, settings)
    scored = score_trial(trial, fitted)
    race = run_race(trial, fitted, scored, settings)
    return _Judged(
        fitted=fitted,
        scored=scored,
        effects=estimate_effects(trial, scored, everybody),
        race=race,
        gate=run_gate(trial, race, settings),
        models=fit_arm_models(trial, everybody, settings.ridge),
    )


def _from_trial(trial: Trial, reading: TrialReading, settings: ResponseSettings) -> ResponseModel:
    drawn = _at_most(trial, settings)
    return _publish(drawn, _judge(drawn, settings), reading, settings)


def _publish(drawn: Trial, judged: _Judged, reading: TrialReading, settings: ResponseSettings) -> ResponseModel:
    individual = fit_individual(drawn, judged.fitted, judged.scored, judged.effects, judged.race, judged.models, settings)
    purchase, gain, redemption = judged.effects.purchase, judged.effects.gain, judged.effects.redemption
    everybody = 0 if reading.trial is None else len(reading.trial.arm)
    sampled = f"Effects are learned from {len(drawn.arm)} of {everybody} rows: customers drawn by lot."
    return ResponseModel(
        causal=True,
        averages=Averages(drawn.faces, purchase.average, purchase.standard_error, gain.average, gain.standard_error, redemption),
        models=judged.models,
        individual=individual,
        gate=judged.gate,
        transform=judged.models.transform,
        redemption=judged.models.redemption,
        confidence=settings.confidence,
        effects=effects_frame(drawn, judged.effects, settings),
        model_scores=model_scores(drawn, judged.scored, judged.race, passed=judged.gate.passed, settings=settings),
        drivers=uplift_drivers(drawn.features, drawn.faces, individual, judged.models),
        sample_ratio=reading.sample_ratio,
        notes=reading.notes if len(drawn.arm) == everybody else (*reading.notes, sampled),
    )


def _at_most(trial: Trial, settings: ResponseSettings) -> Trial:
    """Return the trial, or of a larger one some customers with all their rows; which ones depends on their number alone."""
    if len(trial.arm) <= settings.most_rows:
        return trial
    share = settings.most_rows / len(trial.arm)
    lots = (
        np.array(
            [
                int.from_bytes(hashlib.blake2b(f"{settings.seed}|{number}".encode(), digest_size=4).digest(), "big")
                for number in range(int(trial.customer.max()) + 1)
            ]
        )
        / 2**32
    )
    return trial.at(np.flatnonzero(lots[trial.customer] < share))


def _without_trial(facts: pl.DataFrame, reading: TrialReading, settings: ResponseSettings) -> ResponseModel:
    transform, redemption = _redemption_only(facts, settings)
    return ResponseModel(
        causal=False,
        averages=None,
        models=None,
        individual=None,
        gate=None,
        transform=transform,
        redemption=redemption,
        confidence=settings.confidence,
        **{name: pl.DataFrame(schema=schema) for name, schema in TABLES.items() if name != "sample_ratio"},
        sample_ratio=reading.sample_ratio,
        notes=reading.notes,
    )


def _redemption_only(facts: pl.DataFrame, settings: ResponseSettings) -> tuple[FeatureTransform | None, Redemption | None]:
    """Return what is known of redemption alone, None where too few coupons were given out to know even that.

    A face value given out less than `smallest_arm` times is left out, unless all are so rare: then they count as one.
    """
    treated = facts.filter(pl.col("coupon_id").is_not_null() & (pl.col("face_value") > 0)).sort("campaign_id", "customer_key")
    if treated.height < settings.smallest_arm:
        return None, None
    treated = treated.with_columns(face=pl.col("face_value").cast(pl.Float64).round(2))
    common = treated.filter(pl.len().over("face") >= settings.smallest_arm)
    treated = common if common.height else treated.with_columns(face=pl.col("face").mean())
    transform = FeatureTransform.fit(feature_matrix(treated))
    columns = transform.apply(feature_matrix(treated))
    redeemed, face = treated["redeemed"].cast(pl.Float64).fill_null(0.0).to_numpy(), treated["face"].to_numpy()
    return transform, fit_redemption(columns, redeemed, face, np.unique(face), settings.ridge)
