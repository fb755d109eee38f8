"""Before a campaign: how small an effect the customers at hand would show, and how many customers the wanted effect needs.

What customers do without a coupon is rehearsed on the past: a window of the same length that has just ended, with the same pre-period taken
out. Power and sizes are tea-tasting's (two-sided, normal). Whoever looks every day and may stop early pays for it with a wider interval:
`detectable_daily` is the effect found with the same power by the always-valid interval at the planned end.
"""

import math

import polars as pl
from scipy.stats import norm

from learning.experiments.adjust import ALL_SEGMENTS
from learning.experiments.always_valid import interval_multiplier
from learning.experiments.arms import COLUMNS, weighed_equally
from learning.experiments.compare import best_pre_period
from learning.experiments.library_power import Columns, solve
from learning.experiments.metrics import METRICS, Metric
from learning.experiments.moments import Moments
from learning.experiments.settings import ExperimentSettings

POWER_SCHEMA = {
    "segment": pl.String,
    "metric": pl.String,
    "customers": pl.Int64,
    "treated_customers": pl.Int64,
    "control_customers": pl.Int64,
    "baseline": pl.Float64,
    "covariate": pl.String,
    "variance_reduction": pl.Float64,
    "detectable_difference": pl.Float64,
    "detectable_relative": pl.Float64,
    "detectable_daily": pl.Float64,
    "wanted_difference": pl.Float64,
    "power_for_wanted": pl.Float64,
    "customers_needed": pl.Int64,
    "customers_needed_in_halves": pl.Int64,
    "sentence": pl.String,
}
REFERENCE = 1_000
PLANNED = ("conversion", "orders_per_customer", "basket_value", "margin_per_customer")


def experiment_power(
    rehearsal: pl.DataFrame, customers: pl.DataFrame, control_share: float, settings: ExperimentSettings | None = None
) -> pl.DataFrame:
    """Return what an experiment with one hold-out group can show (POWER_SCHEMA; grain: segment, metric), sorted.

    rehearsal: one row per customer with segment and the outcomes and pre-period of `metrics`, of a window in the past. customers:
    customer_key, segment of everybody who may get a coupon now. control_share: share of them that goes without. A segment that cannot be
    rehearsed, or without two customers on either side, has no figures and says so. customers_needed is for the wanted effect at that
    share, and customers_needed_in_halves where half go without.
    """
    settings = settings or ExperimentSettings()
    if not 0 <= control_share < 1:
        raise ValueError(f"Expected control_share in [0, 1), got {control_share}.")
    ready = weighed_equally(rehearsal)
    rows: list[dict[str, object]] = []
    for segment in (ALL_SEGMENTS, *customers["segment"].unique().sort().to_list()):
        inside = pl.lit(True) if segment == ALL_SEGMENTS else pl.col("segment") == segment
        moments, at_hand = Moments.of(ready.filter(inside), COLUMNS), customers.filter(inside).height
        rows += [_row(metric, segment, moments, at_hand, control_share, settings) for metric in METRICS if metric.name in PLANNED]
    return pl.DataFrame(rows, schema=POWER_SCHEMA, orient="row", infer_schema_length=None).sort("segment", "metric")


def _row(
    metric: Metric, segment: str, moments: Moments, at_hand: int, control_share: float, settings: ExperimentSettings
) -> dict[str, object]:
    control = round(at_hand * control_share)
    told: dict[str, object] = {"segment": segment, "metric": metric.name, "customers": at_hand, "control_customers": control}
    told |= {"treated_customers": at_hand - control}
    below = metric.denominator
    if control_share == 0:
        return told | {"sentence": "Nobody goes without a coupon: no effect can be told."}
    if moments.count < settings.smallest_arm or not moments.covariance(metric.numerator, metric.numerator) > 0:
        return told | {"sentence": "Too few customers ordered in the past window to say what an experiment would show."}
    baseline = moments.mean_of(metric.numerator) / (1.0 if below is None else moments.mean_of(below))
    days, saved = _saved_variance(metric, moments, settings)
    told |= {"baseline": baseline, "variance_reduction": saved, "covariate": None if days is None else f"{metric.pre_measure}_{days}"}
    if not baseline > 0:
        return told | {"sentence": "Customers brought nothing in the past window: there is no level to change."}
    columns = _columns(metric, days)
    ratio, wanted = (1 - control_share) / control_share, settings.wanted_relative_effect * baseline
    found = solve(moments, columns, settings, "effect_size", ratio=ratio, n_obs=REFERENCE)
    # an effect half as large needs four times the customers; halves are the most telling split
    needed = REFERENCE * (found / wanted) ** 2
    halves = needed * 4 * control_share * (1 - control_share)
    needs = f"a change of {settings.wanted_relative_effect:.0%} needs {math.ceil(needed):,} customers"
    told |= {"wanted_difference": wanted, "customers_needed": math.ceil(needed), "customers_needed_in_halves": math.ceil(halves)}
    if min(control, at_hand - control) < settings.smallest_arm:
        few = f"{metric.words}: one side would have fewer than {settings.smallest_arm} customers, and no effect could be told; {needs}."
        return told | {"sentence": few}
    found *= math.sqrt(REFERENCE / at_hand)
    reach = float(norm.ppf(settings.power))
    wider = (interval_multiplier(1.0, settings.significance) + reach) / (float(norm.isf(settings.significance / 2)) + reach)
    power = solve(moments, columns, settings, "power", ratio=ratio, effect_size=wanted, n_obs=at_hand)
    sides = f"{at_hand - control:,} customers with and {control:,} without coupon"
    return told | {
        "detectable_difference": found,
        "detectable_relative": found / baseline,
        "detectable_daily": found * wider,
        "power_for_wanted": power,
        "sentence": f"{metric.words}: {sides} show a change of {found / baseline:.0%}; {needs}, and these find it with power {power:.0%}.",
    }


def _saved_variance(metric: Metric, moments: Moments, settings: ExperimentSettings) -> tuple[int | None, float]:
    """Return the pre-period that helps most and the share of variance it saves; None and 0 where it saves too little."""
    days = best_pre_period(metric, metric.numerator, metric.denominator, (moments,))
    if days is None:
        return None, 0.0
    columns = _columns(metric, days)
    told = moments.aggregates(*(name for name in columns if name is not None))
    own, before = told.ratio_var(columns[0], columns[1]), told.ratio_var(columns[2], columns[3])
    saved = told.ratio_cov(*columns) ** 2 / (own * before) if own > 0 and before > 0 else 0.0
    return (days, float(saved)) if saved >= settings.least_variance_reduction else (None, 0.0)


def _columns(metric: Metric, days: int | None) -> Columns:
    if days is None:
        return metric.numerator, metric.denominator, None, None
    below = None if metric.denominator is None else f"{metric.denominator}_{days}"
    return metric.numerator, metric.denominator, f"{metric.pre_measure}_{days}", below
