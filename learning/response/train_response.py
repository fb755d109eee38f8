"""Trains the coupon response from past campaigns: causal where customers were drawn by lot, and honest where they were not."""

import hashlib

import numpy as np
import polars as pl

from learning.response.arm_models import fit_arm_models
from learning.response.doubly_robust import cross_fit
from learning.response.drivers import uplift_drivers
from learning.response.effects import effects_frame, estimate_effects, score_trial
from learning.response.features import FeatureTransform, feature_matrix
from learning.response.gate import run_gate
from learning.response.individual import fit_individual
from learning.response.model_scores import model_scores
from learning.response.race import run_race
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


def _from_trial(trial: Trial, reading: TrialReading, settings: ResponseSettings) -> ResponseModel:
    notes = list(reading.notes)
    drawn = _at_most(trial, settings)
    if len(drawn.arm) < len(trial.arm):
        notes.append(f"Effects are learned from {len(drawn.arm)} of {len(trial.arm)} rows: customers drawn by lot.")
    everybody = np.arange(len(drawn.arm), dtype=np.int64)
    fitted = cross_fit(drawn, settings)
    scored = score_trial(drawn, fitted)
    effects = estimate_effects(drawn, scored, everybody)
    race = run_race(drawn, fitted, scored, settings)
    gate = run_gate(drawn, race, settings)
    models = fit_arm_models(drawn, everybody, settings.ridge)
    individual = fit_individual(drawn, fitted, scored, effects, race, models, settings)
    purchase, gain = effects.purchase, effects.gain
    return ResponseModel(
        causal=True,
        averages=Averages(drawn.faces, purchase.average, purchase.standard_error, gain.average, gain.standard_error, effects.redemption),
        models=models,
        individual=individual,
        gate=gate,
        transform=models.transform,
        redemption=models.redemption,
        confidence=settings.confidence,
        effects=effects_frame(drawn, effects, settings),
        model_scores=model_scores(drawn, scored, race, passed=gate.passed, settings=settings),
        drivers=uplift_drivers(drawn.features, drawn.faces, individual, models),
        sample_ratio=reading.sample_ratio,
        notes=tuple(notes),
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
