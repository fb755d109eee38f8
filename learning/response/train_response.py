"""Trains the coupon response from past campaigns: causal where customers were drawn by lot, and honest where they were not."""

import numpy as np
import polars as pl

from learning.response.arm_models import ArmModels, fit_arm_models, fit_redemption
from learning.response.doubly_robust import cross_fit
from learning.response.effects import EFFECTS_SCHEMA, effects_frame, estimate_effects
from learning.response.features import FeatureTransform, feature_matrix
from learning.response.gate import run_gate
from learning.response.response_model import ResponseModel
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
    everybody = np.arange(len(trial.arm), dtype=np.int64)
    fitted = cross_fit(trial, settings)
    effects = estimate_effects(trial, fitted, everybody)
    models = fit_arm_models(trial, everybody, settings.ridge)
    columns = models.transform.apply(trial.features)
    purchase = models.purchase(columns, None)
    raw = purchase[:, 1:] - purchase[:, :1]
    return ResponseModel(
        causal=True,
        faces=trial.faces,
        average_purchase=effects.purchase.average,
        average_gain=effects.gain.average,
        average_redemption=effects.redemption,
        purchase_slope=effects.purchase.slope,
        gain_slope=effects.gain.slope,
        purchase_centre=raw.mean(axis=0),
        gain_centre=(raw * models.margin_per_buyer(columns)[:, None]).mean(axis=0),
        models=models,
        gate=run_gate(trial, fitted, settings),
        effects=effects_frame(trial, effects, settings),
        sample_ratio=reading.sample_ratio,
        notes=reading.notes,
    )


def _without_trial(facts: pl.DataFrame, reading: TrialReading, settings: ResponseSettings) -> ResponseModel:
    nothing = np.zeros(0)
    return ResponseModel(
        causal=False,
        faces=nothing,
        average_purchase=nothing,
        average_gain=nothing,
        average_redemption=nothing,
        purchase_slope=0.0,
        gain_slope=0.0,
        purchase_centre=nothing,
        gain_centre=nothing,
        models=_redemption_only(facts, settings),
        gate=None,
        effects=pl.DataFrame(schema=EFFECTS_SCHEMA),
        sample_ratio=reading.sample_ratio,
        notes=reading.notes,
    )


def _redemption_only(facts: pl.DataFrame, settings: ResponseSettings) -> ArmModels | None:
    """Return models that know redemption and nothing else, None where too few coupons were given out to know even that."""
    treated = facts.filter(pl.col("coupon_id").is_not_null() & (pl.col("face_value") > 0)).sort("campaign_id", "customer_key")
    if treated.height < settings.smallest_arm:
        return None
    transform = FeatureTransform.fit(feature_matrix(treated))
    columns = transform.apply(feature_matrix(treated))
    redeemed = treated["redeemed"].cast(pl.Float64).fill_null(0.0).to_numpy()
    redemption = fit_redemption(columns, redeemed, treated["face_value"].cast(pl.Float64).to_numpy(), settings.ridge)
    width, nothing = columns.shape[1], np.zeros(0)
    return ArmModels(transform, nothing, np.zeros(width), nothing, np.zeros((0, width)), np.zeros(width + 1), 0.0, redemption)
