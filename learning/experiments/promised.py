"""What a coupon plan promised beside what came of it.

A plan picks, for every customer, what looks best: errors of the estimates are picked with it, and the sum of the promises is too high on
average even where each promise alone is fair (the optimiser's curse: Smith, Winkler, Management Science 52 (2006), 311-322). The plan draws
its own control group by lot, so what came is known without bias: customers with an offer who were not held out, whether they got a
coupon or not, against those who were held out. Difference per customer, times the customers not held out.

Terms: *calibration ratio*: realised over promised gain; 1 where promises come true.
"""

from dataclasses import dataclass

import polars as pl
from scipy.stats import norm

from learning.experiments.arms import COLUMNS, weighed_equally
from learning.experiments.compare import Comparison, compare
from learning.experiments.metrics import METRICS
from learning.experiments.moments import Moments
from learning.experiments.settings import ExperimentSettings
from learning.response.sample_ratio import sample_ratios
from learning.response.settings import ResponseSettings

PROMISED_SCHEMA = {
    "planned_customers": pl.Int64,
    "coupons_planned": pl.Int64,
    "given_share": pl.Float64,
    "holdout_customers": pl.Int64,
    "holdout_given_share": pl.Float64,
    "promised_gain": pl.Float64,
    "promised_cost": pl.Float64,
    "promised_value": pl.Float64,
    "realised_gain": pl.Float64,
    "realised_gain_low": pl.Float64,
    "realised_gain_high": pl.Float64,
    "realised_gain_error": pl.Float64,
    "realised_cost": pl.Float64,
    "realised_value": pl.Float64,
    "realised_value_low": pl.Float64,
    "realised_value_high": pl.Float64,
    "calibration_ratio": pl.Float64,
    "calibration_ratio_low": pl.Float64,
    "calibration_ratio_high": pl.Float64,
    "variance_reduction": pl.Float64,
    "sample_ratio_p_value": pl.Float64,
    "causal": pl.Boolean,
    "verdict": pl.String,
    "sentence": pl.String,
}
LEAST_GIVEN_SHARE, MOST_HOLDOUTS_GIVEN = 0.5, 0.05
JUDGED = ("kept", "over_promised", "under_promised")
OF_NAME = {metric.name: metric for metric in METRICS}


@dataclass(frozen=True)
class Total:
    """A sum over the customers not held out, in the shop's currency, with its interval and standard error."""

    value: float
    low: float
    high: float
    error: float

    def columns(self, name: str) -> dict[str, object]:
        """The columns `name`, `name_low`, `name_high`."""
        return {name: self.value, f"{name}_low": self.low, f"{name}_high": self.high}


def promised_realised(plan: pl.DataFrame, outcomes: pl.DataFrame, settings: ExperimentSettings | None = None) -> pl.DataFrame:
    """Return one row (PROMISED_SCHEMA) for one plan; money in the shop's currency.

    plan: one row per customer with an offer: customer_key, coupon_id (null: none), expected_gain, expected_cost, is_holdout, propensity
    (of the group drawn), is_given (the shop gave the planned coupon; for a customer held out: any coupon of the plan). outcomes: a row per
    customer_key, as `metrics` says. Verdicts: kept (the interval holds the promise), over_promised, under_promised, unclear (nothing was
    promised), not_carried_out (fewer than half of the coupons given, or over 5 % of those held out got one), no_control, blocked
    (sample-ratio check). calibration_ratio is told only where the plan was carried out. Raises ValueError where outcomes lack a customer.
    """
    settings = settings or ExperimentSettings()
    rows = plan.select("customer_key", "expected_gain", "expected_cost", "is_holdout", "is_given", "propensity", planned="coupon_id")
    joined = rows.join(outcomes.drop("propensity", strict=False), on="customer_key", validate="1:1").sort("customer_key")
    if joined.height < plan.height:
        raise ValueError("Outcomes lack customers of the plan.")
    ready = weighed_equally(joined)
    treated, control = (Moments.of(ready.filter(pl.col("is_holdout") == flag), COLUMNS) for flag in (False, True))
    chosen = joined.filter(~pl.col("is_holdout") & pl.col("planned").is_not_null())
    given, spoilt = _share(chosen["is_given"]), _share(joined.filter("is_holdout")["is_given"])
    promised_gain, promised_cost = float(chosen["expected_gain"].sum()), float(chosen["expected_cost"].sum())
    found, gain = _total("margin_per_customer", treated, control, settings)
    _, value = _total("profit_per_customer", treated, control, settings)
    ratio = _sample_ratio(joined)
    if not _is_carried_out(given, spoilt):
        verdict = "not_carried_out"
    elif ratio is not None and ratio < settings.sample_ratio_alarm:
        verdict = "blocked"
    else:
        verdict = _judge(promised_gain, gain)
    told: dict[str, object] = {
        "planned_customers": treated.count,
        "coupons_planned": chosen.height,
        "given_share": given,
        "holdout_customers": control.count,
        "holdout_given_share": spoilt,
        "promised_gain": promised_gain,
        "promised_cost": promised_cost,
        "promised_value": promised_gain - promised_cost,
        "realised_cost": treated.mean_of("cost") * treated.count,
        "variance_reduction": found.variance_reduction,
        "sample_ratio_p_value": ratio,
        "causal": control.count > 0 and treated.count > 0,
        "verdict": verdict,
        "sentence": _sentence(verdict, promised_gain, gain, given, spoilt, settings),
    }
    if gain is not None:
        told |= gain.columns("realised_gain") | {"realised_gain_error": gain.error}
    if value is not None:
        told |= value.columns("realised_value")
    if gain is not None and verdict in JUDGED:
        told |= Total(*(part / promised_gain for part in (gain.value, gain.low, gain.high, gain.error))).columns("calibration_ratio")
    return pl.DataFrame([told], schema=PROMISED_SCHEMA, orient="row")


def _total(metric: str, treated: Moments, control: Moments, settings: ExperimentSettings) -> tuple[Comparison, Total | None]:
    found = compare(OF_NAME[metric], treated, control, settings)
    if found.difference is None or found.standard_error is None:
        return found, None
    value, error = found.difference * treated.count, found.standard_error * treated.count
    wide = float(norm.isf(settings.significance / 2)) * error
    return found, Total(value, value - wide, value + wide, error)


def _is_carried_out(given: float | None, spoilt: float | None) -> bool:
    return (given is None or given >= LEAST_GIVEN_SHARE) and (spoilt is None or spoilt <= MOST_HOLDOUTS_GIVEN)


def _judge(promised: float, gain: Total | None) -> str:
    if gain is None:
        return "no_control"
    if not promised > 0:
        return "unclear"
    if promised > gain.high:
        return "over_promised"
    return "under_promised" if promised < gain.low else "kept"


def _sentence(
    verdict: str, promised: float, gain: Total | None, given: float | None, spoilt: float | None, settings: ExperimentSettings
) -> str:
    if verdict == "not_carried_out":
        shares = f"{_percent(given)} of the planned coupons were given, and {_percent(spoilt)} of those held out got one"
        return f"Not carried out: {shares}; no promise is judged."
    if verdict == "blocked":
        return "No conclusion: the hold-out is not of the size that was drawn."
    if gain is None:
        return f"No conclusion: one side has fewer than {settings.smallest_arm} customers."
    words = {"kept": "the promise is within it", "over_promised": "too much was promised", "under_promised": "too little was promised"}
    came = f"{gain.value:.2f} came ({gain.low:.2f} to {gain.high:.2f})"
    return f"Promised {promised:.2f} of added margin, {came}: {words.get(verdict, 'nothing was promised')}."


def _sample_ratio(joined: pl.DataFrame) -> float | None:
    draws = joined.select(campaign_id=pl.lit("plan"), face=(~pl.col("is_holdout")).cast(pl.Float64), propensity="propensity")
    inside = draws.filter(pl.col("propensity").is_between(0, 1, closed="none"))
    p_values = sample_ratios(inside, ResponseSettings())["p_value"].to_list()
    return min(p_values, default=None)


def _share(flags: pl.Series) -> float | None:
    return None if flags.is_empty() else float(flags.cast(pl.Float64).sum()) / len(flags)


def _percent(share: float | None) -> str:
    return "none" if share is None else f"{share:.0%}"
