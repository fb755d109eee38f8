"""Corrects p-values for the number of questions asked: one campaign tries several coupons and is read for several segments.

Coupons are few, and each is a decision of its own: Holm, so that the chance of one false alarm among them stays within the significance.
Segments are looked through for something worth a closer look: Benjamini-Hochberg, so that of those named, few are false. Both are
tea-tasting's. A family is one campaign and one metric; the campaign as a whole is one question and is not corrected.
"""

import polars as pl

ANY_COUPON, ALL_SEGMENTS = "any", "all"


def adjusted_p_values(rows: pl.DataFrame, significance: float) -> pl.Series:
    """Return the corrected `p` of each row (campaign_id, coupon_id, segment, metric, p; null p stays null), in the rows' order."""
    if rows.is_empty():
        return pl.Series("adjusted", [], dtype=pl.Float64)
    question = (
        pl.when((pl.col("coupon_id") == ANY_COUPON) & (pl.col("segment") == ALL_SEGMENTS))
        .then(pl.lit("campaign"))
        .when(pl.col("segment") == ALL_SEGMENTS)
        .then(pl.lit("coupons"))
        .otherwise(pl.lit("segments"))
    )
    numbered = rows.with_row_index("row").with_columns(question=question)
    parts = [
        _one_family(family, significance) for family in numbered.partition_by("campaign_id", "metric", "question", maintain_order=True)
    ]
    return pl.concat(parts).sort("row")["adjusted"]


def _one_family(family: pl.DataFrame, significance: float) -> pl.DataFrame:
    from tea_tasting import adjust_fdr, adjust_fwer
    from tea_tasting.experiment import ExperimentResult

    asked = family.filter(pl.col("p").is_not_null())
    corrected = asked["p"].to_list()
    if asked.height > 1 and family["question"][0] != "campaign":
        results: dict[object, ExperimentResult] = {
            row: ExperimentResult({"asked": {"pvalue": p}}) for row, p in asked.select("row", "p").rows()
        }
        if family["question"][0] == "coupons":
            told = adjust_fwer(results, alpha=significance, arbitrary_dependence=True, method="bonferroni")
        else:
            told = adjust_fdr(results, alpha=significance)
        corrected = [each["pvalue_adj"] for each in told.to_dicts()]
    adjusted = asked.select("row").with_columns(adjusted=pl.Series(corrected, dtype=pl.Float64))
    return family.select("row").join(adjusted, on="row", how="left", maintain_order="left")
