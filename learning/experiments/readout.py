"""The read-out of a campaign: every figure with coupon, without, the difference with its intervals, and what may be concluded.

Read every day from the day after the coupons went out. Until the window has passed and a week for late records with it the campaign is
*running*, and a conclusion must survive the always-valid interval; then it is *settled*, the one look that was planned, and the fixed
interval decides. A failed sample-ratio check blocks the conclusion, whatever the figures say.

Verdicts: higher, lower (after correction for the number of coupons or segments), unclear, too_early (running, nothing is sure yet), too_few
(customers on one side), blocked (sample-ratio check), not_causal (nobody drew lots, or a plan chose who got which coupon), told (a level
or a share without a question of more or less).
"""

from dataclasses import dataclass

import polars as pl
from scipy.stats import norm

from learning.experiments.adjust import ALL_SEGMENTS, ANY_COUPON, adjusted_p_values
from learning.experiments.always_valid import always_valid_p_value, interval_multiplier
from learning.experiments.arms import Arms, sum_up
from learning.experiments.compare import Comparison, compare, information_clock
from learning.experiments.metrics import METRICS, Metric
from learning.experiments.settings import ExperimentSettings
from learning.experiments.verdicts import verdict_columns

READOUT_SCHEMA = {
    "campaign_id": pl.String,
    "coupon_id": pl.String,
    "segment": pl.String,
    "metric": pl.String,
    "stage": pl.String,
    "treated_customers": pl.Int64,
    "control_customers": pl.Int64,
    "customers_left_out": pl.Int64,
    "treated_value": pl.Float64,
    "control_value": pl.Float64,
    "difference": pl.Float64,
    "difference_low": pl.Float64,
    "difference_high": pl.Float64,
    "always_valid_low": pl.Float64,
    "always_valid_high": pl.Float64,
    "p_value": pl.Float64,
    "always_valid_p_value": pl.Float64,
    "adjusted_p_value": pl.Float64,
    "detectable_difference": pl.Float64,
    "covariate": pl.String,
    "variance_reduction": pl.Float64,
    "sample_ratio_p_value": pl.Float64,
    "causal": pl.Boolean,
    "verdict": pl.String,
    "sentence": pl.String,
}


@dataclass(frozen=True)
class Stage:
    """Where a campaign stands: days of its window gone by (mean over customers), the window's length, whether the window is settled, and
    whether the days after it are."""

    elapsed_days: float
    window_days: float
    is_settled: bool
    has_after: bool = False


def campaign_readout(campaign_id: str, outcomes: pl.DataFrame, stage: Stage, settings: ExperimentSettings | None = None) -> pl.DataFrame:
    """Return the read-out of one campaign (READOUT_SCHEMA; grain: coupon_id, segment, metric), sorted.

    outcomes: one row per customer: customer_key, coupon_id (null: control), propensity (null: not drawn by lot), segment, and the outcomes
    and pre-period of `metrics`. Rows: any coupon and each coupon in all segments; once settled any coupon in each segment, which is looked
    at once only. Money is in the shop's currency, shares are 0 to 1. detectable_difference is what a group of this size finds with the
    settings' power. Raises ValueError where a customer appears twice or an outcome is no number.
    """
    settings = settings or ExperimentSettings()
    if outcomes["customer_key"].is_duplicated().any():
        raise ValueError(f"A customer appears twice in campaign {campaign_id}.")
    if outcomes.is_empty():
        return pl.DataFrame(schema=READOUT_SCHEMA)
    arms = sum_up(outcomes, settings)
    segments = arms.segments if stage.is_settled else ()
    cells = [(ANY_COUPON, ALL_SEGMENTS), *((coupon, ALL_SEGMENTS) for coupon in arms.coupons), *((ANY_COUPON, name) for name in segments)]
    rows = [row for coupon, segment in cells for row in _cell(campaign_id, arms, coupon, segment, stage, settings)]
    frame = pl.DataFrame(rows, schema={**READOUT_SCHEMA, "p": pl.Float64}, orient="row", infer_schema_length=None)
    frame = frame.with_columns(adjusted_p_value=adjusted_p_values(frame, settings.significance))
    return verdict_columns(frame, arms, settings).select(READOUT_SCHEMA.keys()).sort("coupon_id", "segment", "metric")


def _cell(campaign_id: str, arms: Arms, coupon: str, segment: str, stage: Stage, settings: ExperimentSettings) -> list[dict[str, object]]:
    treated, control = arms.side(coupon, segment), arms.side(None, segment)
    causal = arms.is_drawn and (coupon == ANY_COUPON or not arms.is_chosen)
    shared = {
        "campaign_id": campaign_id,
        "coupon_id": coupon,
        "segment": segment,
        "treated_customers": treated.count,
        "control_customers": control.count,
        "customers_left_out": arms.left_out,
        "sample_ratio_p_value": arms.p_value(coupon),
        "causal": causal,
    }
    rows: list[dict[str, object]] = []
    for metric in METRICS:
        if (metric.is_after and not stage.has_after) or treated.count == 0:
            continue
        found = compare(metric, treated, control, settings, is_weighted=arms.is_weighted)
        if not causal:
            found = Comparison(found.treated if metric.kind != "return" else None, found.control, None, None, None)
        clock = information_clock(metric, treated, control, stage.window_days, stage.elapsed_days) if found.standard_error else 0.0
        rows.append(
            {**shared, "metric": metric.name, "stage": "settled" if stage.is_settled else "running"}
            | _figures(metric, found, clock, settings, stage)
        )
    return rows


def _figures(metric: Metric, found: Comparison, clock: float, settings: ExperimentSettings, stage: Stage) -> dict[str, object]:
    told: dict[str, object] = {
        "treated_value": found.treated,
        "control_value": found.control,
        "difference": found.difference,
        "p_value": found.p_value,
        "covariate": found.covariate,
        "variance_reduction": found.variance_reduction,
        "p": found.p_value,
    }
    if found.difference is None or found.standard_error is None:
        return told
    fixed = float(norm.isf(settings.significance / 2)) * found.standard_error
    told |= {"difference_low": found.difference - fixed, "difference_high": found.difference + fixed}
    wide = interval_multiplier(clock, settings.significance) * found.standard_error
    told |= {"always_valid_low": found.difference - wide, "always_valid_high": found.difference + wide} if clock > 0 else {}
    if found.p_value is None:
        return told
    always = always_valid_p_value(found.difference / found.standard_error, clock, settings.significance) if found.standard_error else 1.0
    told |= {"always_valid_p_value": always, "p": found.p_value if stage.is_settled else always}
    return told | {"detectable_difference": fixed + float(norm.ppf(settings.power)) * found.standard_error}
