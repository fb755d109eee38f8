"""What a row of the read-out lets one conclude, as a word and as a sentence."""

from typing import Any

import polars as pl

from learning.experiments.adjust import ALL_SEGMENTS, ANY_COUPON
from learning.experiments.arms import Arms
from learning.experiments.metrics import METRICS, Metric
from learning.experiments.settings import ExperimentSettings

OF_NAME = {metric.name: metric for metric in METRICS}


def verdict_columns(rows: pl.DataFrame, arms: Arms, settings: ExperimentSettings) -> pl.DataFrame:
    """Return the read-out's rows with `verdict` and `sentence`."""
    verdicts = [_verdict(row, settings) for row in rows.to_dicts()]
    sentences = [_sentence(row, verdict, arms, settings) for row, verdict in zip(rows.to_dicts(), verdicts, strict=True)]
    return rows.with_columns(verdict=pl.Series(verdicts, dtype=pl.String), sentence=pl.Series(sentences, dtype=pl.String))


def _verdict(row: dict[str, Any], settings: ExperimentSettings) -> str:
    ratio, p, difference = row["sample_ratio_p_value"], row["adjusted_p_value"], row["difference"]
    if OF_NAME[str(row["metric"])].kind == "level":
        return "told"
    if not row["causal"]:
        return "not_causal"
    if isinstance(ratio, float) and ratio < settings.sample_ratio_alarm:
        return "blocked"
    if min(row["treated_customers"], row["control_customers"]) < settings.smallest_arm:
        return "too_few"
    if row["metric"] == "redeemed_anyway_share":
        return "told" if difference is not None else "unclear"
    if isinstance(p, float) and isinstance(difference, float) and p < settings.significance:
        return "higher" if difference > 0 else "lower"
    return "too_early" if row["stage"] == "running" else "unclear"


def _sentence(row: dict[str, Any], verdict: str, arms: Arms, settings: ExperimentSettings) -> str:
    metric = OF_NAME[str(row["metric"])]
    if metric.kind == "level":
        return f"{metric.words}: {_said(row['treated_value'], metric)}."
    if verdict == "not_causal":
        why = "who got which coupon was chosen, not drawn" if arms.is_drawn else "nobody was drawn by lot to go without"
        level = "not known" if row["treated_value"] is None else f"{_said(row['treated_value'], metric)} with coupon"
        return f"{metric.words}: {level}. Not causal: {why}, so no effect can be told."
    if verdict == "blocked":
        return (
            f"No conclusion: the groups are not of the sizes that the logged draw says (p {row['sample_ratio_p_value']:.2g});"
            " customers were lost or the draw was not the one logged."
        )
    if verdict == "too_few":
        return f"{metric.words}: one side has fewer than {settings.smallest_arm} customers; no effect is told."
    if row["difference"] is None:
        return f"{metric.words}: nothing to hold the effect against yet."
    return _levels(row, metric) + _conclusion(row, verdict, metric, arms)


def _levels(row: dict[str, Any], metric: Metric) -> str:
    if metric.kind == "return":
        return f"{metric.words}: {_said(row['difference'], metric)}{_interval(row, metric)}"
    levels = f"{_said(row['treated_value'], metric)} with coupon, {_said(row['control_value'], metric)} without"
    return f"{metric.words}: {levels}; difference {_said(row['difference'], metric, signed=True)}{_interval(row, metric)}"


def _interval(row: dict[str, Any], metric: Metric) -> str:
    name = "difference" if row["stage"] == "settled" else "always_valid"
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return "" if low is None or high is None else f" ({_said(low, metric, signed=True)} to {_said(high, metric, signed=True)})"


def _conclusion(row: dict[str, Any], verdict: str, metric: Metric, arms: Arms) -> str:
    if verdict == "told":
        return "."
    if verdict in ("higher", "lower"):
        held = "" if row["stage"] == "settled" else "already "
        return f"; {held}more than chance{_asked(row, arms)}."
    if verdict == "too_early":
        return "; too early to conclude."
    found = row["detectable_difference"]
    seen = "" if found is None else f", and only one of {_said(found, metric)} or more was likely to be seen"
    return f"; no difference is shown{seen}."


def _asked(row: dict[str, Any], arms: Arms) -> str:
    """Return what the p-value was corrected for."""
    if row["segment"] != ALL_SEGMENTS:
        return f", corrected for {len(arms.segments)} segments"
    return "" if row["coupon_id"] == ANY_COUPON or len(arms.coupons) < 2 else f", corrected for {len(arms.coupons)} coupons"


def _said(value: object, metric: Metric, *, signed: bool = False) -> str:
    if not isinstance(value, float):
        return "unknown"
    plus = "+" if signed else ""
    if metric.unit == "share":
        return f"{value:{plus}.1%}"
    return f"{value:{plus}.3f}" if metric.unit == "orders" else f"{value:{plus}.2f}"
