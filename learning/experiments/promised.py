"""What a coupon plan promised beside what came of it.

A plan picks, for every customer, what looks best: errors of the estimates are picked with it, and the sum of the promises is too high on
average even where each promise alone is fair (the optimiser's curse: Smith, Winkler, Management Science 52 (2006), 311-322). The plan draws
its own control group by lot, so what came is known without bias: customers with an offer who were not held out, whether they got a
coupon or not, against those who were held out. Difference per customer, times the customers not held out.

Terms: *calibration ratio*: realised over promised gain; 1 where promises come true.
"""

import polars as pl
from scipy.stats import norm

from learning.experiments.arms import COLUMNS, weighed_equally
from learning.experiments.compare import compare
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
OF_NAME = {metric.name: metric for metric in METRICS}


def promised_realised(plan: pl.DataFrame, outcomes: pl.DataFrame, settings: ExperimentSettings | None = None) -> pl.DataFrame:
    """Return one row (PROMISED_SCHEMA) for one plan; money in the shop's currency.

    plan: one row per customer with an offer: customer_key, coupon_id (null: none), expected_gain, expected_cost, is_holdout, propensity
    (of the group drawn), is_given (the shop gave the planned coupon; for a customer held out: any coupon of the plan). outcomes: one row
    per customer_key, as `metrics` says. Verdicts: kept (the interval holds the promise), over_promised, under_promised, unclear (nothing
    was promised), not_carried_out (fewer than half of the coupons given, or over 5 % of those held out got one), no_control, blocked
    (sample-ratio check). calibration_ratio is told only where the plan was carried out.
    """
    settings = settings or ExperimentSettings()
    rows = plan.select("customer_key", "expected_gain", "expected_cost", "is_holdout", "is_given", "propensity", planned="coupon_id")
    joined = rows.join(outcomes.drop("propensity", strict=False), on="customer_key", validate="1:1").sort("customer_key")
    if joined.height < plan.height:
        raise ValueError("Outcomes lack customers of the plan.")
    ready = weighed_equally(joined)
    treated, control = (Moments.of(ready.filter(pl.col("is_holdout") == flag), COLUMNS) for flag in (False, True))
    chosen = joined.filter(~pl.col("is_holdout") & pl.col("planned").is_not_null())
    held_out = joined.filter("is_holdout")
    told: dict[str, object] = {
        "planned_customers": treated.count,
        "coupons_planned": chosen.height,
        "given_share": _share(chosen["is_given"]),
        "holdout_customers": control.count,
        "holdout_given_share": _share(held_out["is_given"]),
        "promised_gain": float(chosen["expected_gain"].sum()),
        "promised_cost": float(chosen["expected_cost"].sum()),
        "promised_value": float((chosen["expected_gain"] - chosen["expected_cost"]).sum()),
        "sample_ratio_p_value": _sample_ratio(joined),
        "causal": control.count > 0 and treated.count > 0,
    }
    told |= _realised(treated, control, settings)
    told["verdict"] = _verdict(told, settings)
    if told["verdict"] in ("kept", "over_promised", "under_promised"):
        promised = float(str(told["promised_gain"]))
        told |= {f"calibration_ratio{end}": float(str(told[f"realised_gain{end}"])) / promised for end in ("", "_low", "_high")}
    told["sentence"] = _sentence(told, settings)
    return pl.DataFrame([told], schema=PROMISED_SCHEMA, orient="row")


def _realised(treated: Moments, control: Moments, settings: ExperimentSettings) -> dict[str, object]:
    gain = compare(OF_NAME["margin_per_customer"], treated, control, settings)
    value = compare(OF_NAME["profit_per_customer"], treated, control, settings)
    told: dict[str, object] = {"variance_reduction": gain.variance_reduction, "realised_cost": treated.mean_of("cost") * treated.count}
    for name, found in (("gain", gain), ("value", value)):
        if found.difference is None or found.standard_error is None:
            continue
        total, error = found.difference * treated.count, found.standard_error * treated.count
        wide = float(norm.isf(settings.significance / 2)) * error
        told |= {f"realised_{name}": total, f"realised_{name}_low": total - wide, f"realised_{name}_high": total + wide}
        told |= {"realised_gain_error": error} if name == "gain" else {}
    return told


def _verdict(told: dict[str, object], settings: ExperimentSettings) -> str:
    promised, given = float(str(told["promised_gain"])), told["given_share"]
    ratio = told["sample_ratio_p_value"]
    if isinstance(given, float) and given < LEAST_GIVEN_SHARE:
        return "not_carried_out"
    if isinstance(told["holdout_given_share"], float) and told["holdout_given_share"] > MOST_HOLDOUTS_GIVEN:
        return "not_carried_out"
    if isinstance(ratio, float) and ratio < settings.sample_ratio_alarm:
        return "blocked"
    if told.get("realised_gain") is None:
        return "no_control"
    if not promised > 0:
        return "unclear"
    if promised > float(str(told["realised_gain_high"])):
        return "over_promised"
    return "under_promised" if promised < float(str(told["realised_gain_low"])) else "kept"


def _sentence(told: dict[str, object], settings: ExperimentSettings) -> str:
    if told["verdict"] == "not_carried_out":
        given, spoilt = _percent(told["given_share"]), _percent(told["holdout_given_share"])
        return f"Not carried out: {given} of the planned coupons were given, and {spoilt} of those held out got one; no promise is judged."
    if told["verdict"] == "blocked":
        return "No conclusion: the hold-out is not of the size that was drawn."
    if told["verdict"] == "no_control":
        return f"No conclusion: one side has fewer than {settings.smallest_arm} customers."
    words = {"kept": "the promise is within it", "over_promised": "too much was promised", "under_promised": "too little was promised"}
    came = f"{told['realised_gain']:.2f} came ({told['realised_gain_low']:.2f} to {told['realised_gain_high']:.2f})"
    return f"Promised {told['promised_gain']:.2f} of added margin, {came}: {words.get(str(told['verdict']), 'nothing was promised')}."


def _sample_ratio(joined: pl.DataFrame) -> float | None:
    draws = joined.select(campaign_id=pl.lit("plan"), face=(~pl.col("is_holdout")).cast(pl.Float64), propensity="propensity")
    inside = draws.filter(pl.col("propensity").is_between(0, 1, closed="none"))
    told = sample_ratios(inside, ResponseSettings())["p_value"].to_list()
    return min(told, default=None)


def _share(flags: pl.Series) -> float | None:
    return None if flags.is_empty() else float(flags.cast(pl.Float64).sum()) / len(flags)


def _percent(share: object) -> str:
    return f"{share:.0%}" if isinstance(share, float) else "none"
