"""What newcomers bought: popularity among those who came the same way, for customers of whom no purchase is known.

A group is an acquisition channel and region. chance = (buyers of the group + k * chance among all newcomers) / (newcomers of the group +
k): a small group leans on everybody, a large one on itself (empirical Bayes).

Public: `newcomer_chances`.
"""

from datetime import date, timedelta

import polars as pl

_PRIOR_CUSTOMERS = 50.0
_COHORT_DAYS = 168
_Z = 1.959963984540054
SCHEMA = {
    "channel": pl.String,
    "region": pl.String,
    "product_id": pl.String,
    "group_newcomers": pl.Int64,
    "group_buyers": pl.Int64,
    "newcomers": pl.Int64,
    "buyers": pl.Int64,
    "chance": pl.Float64,
    "chance_low": pl.Float64,
    "chance_high": pl.Float64,
}


def newcomer_chances(lines: pl.DataFrame, customers: pl.DataFrame, day: date, window_days: int) -> pl.DataFrame:
    """Return one row per group and product that any newcomer bought within `window_days` of coming.

    lines: customer_key, product_id, business_day, units. customers (grain: customer_key): started_on (day), channel, region. Newcomers
    came in the 24 weeks before the last whole window; who came and bought nothing counts. A group nobody came from yet stands with
    everybody's chance.
    """
    last = day - timedelta(days=window_days)
    known = customers.with_columns(pl.col("channel", "region").fill_null("unknown"))
    cohort = known.filter(pl.col("started_on") <= last, pl.col("started_on") > last - timedelta(days=_COHORT_DAYS))
    bought = (
        lines.filter(pl.col("units") > 0, pl.col("business_day") <= day)
        .join(cohort, on="customer_key")
        .filter((pl.col("business_day") - pl.col("started_on")).dt.total_days().is_between(0, window_days))
        .select("customer_key", "product_id", "channel", "region")
        .unique()
    )
    if bought.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    buyers = bought.group_by("product_id").agg(buyers=pl.len().cast(pl.Int64))
    of_group = bought.group_by("channel", "region", "product_id").agg(group_buyers=pl.len().cast(pl.Int64))
    came = cohort.group_by("channel", "region").agg(group_newcomers=pl.len().cast(pl.Int64))
    groups = known.select("channel", "region").unique().join(came, on=["channel", "region"], how="left")
    everybody = pl.lit(cohort.height, dtype=pl.Int64)
    prior = pl.col("buyers") / everybody
    return (
        groups.join(buyers, how="cross")
        .join(of_group, on=["channel", "region", "product_id"], how="left")
        .with_columns(pl.col("group_buyers", "group_newcomers").fill_null(0), newcomers=everybody)
        .with_columns(chance=(pl.col("group_buyers") + _PRIOR_CUSTOMERS * prior) / (pl.col("group_newcomers") + _PRIOR_CUSTOMERS))
        .with_columns(**_interval(pl.col("chance"), pl.col("group_newcomers") + _PRIOR_CUSTOMERS))
        .select(*SCHEMA)
        .sort("channel", "region", "chance", "product_id", descending=[False, False, True, False])
    )


def _interval(chance: pl.Expr, cases: pl.Expr) -> dict[str, pl.Expr]:
    """Ends of the 95 % interval of a share of `cases` (Wilson 1927)."""
    centre = (chance + _Z**2 / (2 * cases)) / (1 + _Z**2 / cases)
    half = (chance * (1 - chance) / cases + _Z**2 / (4 * cases**2)).sqrt() * _Z / (1 + _Z**2 / cases)
    return {"chance_low": (centre - half).clip(lower_bound=0.0), "chance_high": (centre + half).clip(upper_bound=1.0)}
