"""What each segment is like: size, typical customer, and what its customers did in the 84 days after they were in it."""

import polars as pl

PROFILE_SCHEMA = {
    "scheme": pl.String,
    "segment": pl.String,
    "customers": pl.Int64,
    "share": pl.Float64,
    "recency_days": pl.Float64,
    "orders_365": pl.Float64,
    "net_revenue_365": pl.Float64,
    "revenue_share": pl.Float64,
    "customers_before": pl.Int64,
    "bought_after": pl.Float64,
    "spend_after": pl.Float64,
    "description": pl.String,
}


def segment_profiles(now: pl.DataFrame, before: pl.DataFrame, scheme: str, descriptions: dict[str, str]) -> pl.DataFrame:
    """Return one row per segment of today (PROFILE_SCHEMA), the one with most revenue per customer first.

    now (grain: customer_key): segment, recency_days, orders_365, net_revenue_365. before: segment and net_revenue of the 84 days after, of
    the customers of 84 days ago. Figures of a typical customer are medians; bought_after (share) and spend_after (mean, currency) are empty
    where nobody was in the segment then. Descriptions that are not given are written from the medians.
    """
    if now.is_empty():
        return pl.DataFrame(schema=PROFILE_SCHEMA)
    today = now.group_by("segment").agg(
        customers=pl.len(),
        recency_days=pl.col("recency_days").median(),
        orders_365=pl.col("orders_365").median(),
        median_revenue=pl.col("net_revenue_365").median(),
        revenue=_exact_sum("net_revenue_365"),
    )
    after = before.group_by("segment").agg(
        customers_before=pl.len(),
        bought_after=(pl.col("net_revenue") > 0).mean(),
        spend_after=_exact_sum("net_revenue") / pl.len(),
    )
    total = now.select(_exact_sum("net_revenue_365")).item()
    told = today.join(after, on="segment", how="left").with_columns(
        scheme=pl.lit(scheme),
        share=pl.col("customers") / now.height,
        net_revenue_365="median_revenue",
        revenue_share=pl.col("revenue") / pl.lit(total if total > 0 else None, dtype=pl.Float64),
        customers_before=pl.col("customers_before").fill_null(0),
    )
    typical = pl.format(
        "Typically ordered last {} days ago; {} orders worth {} in a year.",
        *(pl.col(name).round(0).cast(pl.Int64) for name in ("recency_days", "orders_365", "net_revenue_365")),
    )
    given = pl.col("segment").replace_strict(descriptions, default=None, return_dtype=pl.String)
    ordered = told.with_columns(description=pl.coalesce(given, typical)).sort(
        pl.col("revenue") / pl.col("customers"), "segment", descending=[True, False]
    )
    return ordered.select([pl.col(name).cast(kind) for name, kind in PROFILE_SCHEMA.items()])


def _exact_sum(column: str) -> pl.Expr:
    """A sum of money that is the same in whatever order rows come: of ten thousandths."""
    return (pl.col(column) * 10_000).round(0).cast(pl.Int64).sum() / 10_000
