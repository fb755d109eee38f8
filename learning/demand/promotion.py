"""Whether a newly trained demand model may be called champion: a check that anyone can read.

A model passes when its replays say three things: its error is below seasonal naive's beyond doubt (the 90 % interval of the ratio of their
WRMSSE ends below 1), its total is off by less than 5 %, and its 95 % quantiles of summed demand hold in 93 to 97 % of the cases. A model
that does not pass stays challenger: it serves its week all the same, since an older one knows less, but nobody has to call it good.
"""

from dataclasses import dataclass

import polars as pl

LARGEST_BIAS = 0.05
COVERAGE, COVERAGE_SLACK = 0.95, 0.02


@dataclass(frozen=True)
class Promotion:
    """passed, and in one sentence why or why not."""

    passed: bool
    reason: str


def judge_promotion(scores: pl.DataFrame) -> Promotion:
    """The check on the replays' scores (see `scores.score_replays`); a model without replays does not pass."""
    whole = scores.filter((pl.col("segment") == "all") & (pl.col("model") == "combined"))
    ratio = _value(whole, "item", "skill_low")
    bias, coverage = _value(whole, "total", "bias"), _value(whole, "item", "coverage_q95")
    if ratio is None or bias is None or coverage is None:
        return Promotion(False, "The history is too short for replays: nothing is proved yet.")
    faults = [
        text
        for wrong, text in (
            (ratio <= 0.0, f"its error may be as large as seasonal naive's (ratio up to {1 - ratio:.2f})"),
            (abs(bias) >= LARGEST_BIAS, f"its total is off by {bias:+.1%} (5 % allowed)"),
            (
                abs(coverage - COVERAGE) > COVERAGE_SLACK + 1e-9,
                f"its 95 % quantiles hold in {coverage:.1%} of the cases (93 to 97 % allowed)",
            ),
        )
        if wrong
    ]
    if faults:
        return Promotion(False, f"Stays challenger: {'; '.join(faults)}.")
    return Promotion(
        True, f"Passed: error at most {1 - ratio:.2f} of seasonal naive's, total off by {bias:+.1%}, 95 % quantiles hold in {coverage:.1%}."
    )


def champion_by_segment(scores: pl.DataFrame) -> pl.DataFrame:
    """segment, champion (the single method with the least WRMSSE of items), its wrmsse, and that of the combination; sorted by segment.

    For reading only: the combination is better than choosing the best of a few windows.
    """
    items = scores.filter((pl.col("level") == "item") & pl.col("wrmsse").is_not_null()).sort("segment", "wrmsse", "model")
    combined = items.filter(pl.col("model") == "combined").select("segment", wrmsse_combined="wrmsse")
    best = items.filter(pl.col("model") != "combined").group_by("segment", maintain_order=True).first()
    return best.select("segment", pl.col("model").alias("champion"), "wrmsse").join(combined, on="segment", how="left").sort("segment")


def _value(scores: pl.DataFrame, level: str, name: str) -> float | None:
    rows = scores.filter(pl.col("level") == level)
    value = rows[name].item() if rows.height == 1 else None
    return None if value is None else float(value)
