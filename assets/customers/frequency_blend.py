"""The frequency blend in SQL: own decayed counts plus a share of what everybody buys just now, for customers beyond those re-ranked.

`learning.recommendations.blend_scores` says the same in arrays and is this query's oracle in a test. Weights are summed as decimals, so the
same rows give the same scores in whatever order they are read.

Public: `blend_lists`, `blend_parameters`, `personal_top`.
"""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import polars as pl

from assets.customers.purchases import SALES

if TYPE_CHECKING:
    from learning.recommendations import RecommendationSettings

OWN_AND_POPULAR = """
days as (
    select distinct customer_key, product_id, business_day from sales
),

popular as (
    select
        product_id,
        sum(cast(power(0.5, (cast($day as date) - business_day) / $popularity_half_life) as decimal(18, 12))) as weight,
        count(distinct customer_key) filter (business_day > cast($day as date) - 28) as buyers_28
    from days
    group by product_id
),

weighted as (
    select
        product_id,
        buyers_28,
        $popularity_weight
        * power(cast(weight as double) / (select max(cast(weight as double)) from popular), $popularity_exponent) as score
    from popular
),

own as (
    select
        days.customer_key,
        days.product_id,
        count(*) as own_days,
        cast($day as date) - max(days.business_day) as own_last_days,
        cast(max(days.business_day) - min(days.business_day) as double) / nullif(count(*) - 1, 0) as own_gap_days,
        cast(sum(cast(power(0.5, (cast($day as date) - days.business_day) / $own_half_life) as decimal(18, 12))) as double) as decayed
    from days
    {only}
    group by days.customer_key, days.product_id
)
"""
LISTS = f"""
with sales as ({SALES}),

{OWN_AND_POPULAR.format(only="semi join asked on days.customer_key = asked.customer_key")},

sellable as (
    select * from weighted semi join can_be_sold using (product_id)
),

bestsellers as (
    select * from sellable order by score desc, product_id limit $pool
),

scored as (
    select own.customer_key, 'rebuy' as list, own.product_id, own.decayed + sellable.score as score, own.own_days, own.own_last_days,
        own.own_gap_days, sellable.buyers_28
    from own
    inner join sellable using (product_id)
    union all
    select asked.customer_key, 'discover', bestsellers.product_id, bestsellers.score, null, null, null, bestsellers.buyers_28
    from asked
    cross join bestsellers
    anti join own on own.customer_key = asked.customer_key and own.product_id = bestsellers.product_id
),

shopping as (
    select customer_key, count(distinct business_day) as shopping_days from days semi join asked using (customer_key) group by customer_key
)

select scored.*, shopping.shopping_days, row_number() over (
    partition by scored.customer_key, scored.list order by round(scored.score, 9) desc, scored.product_id
) as place
from scored
inner join shopping using (customer_key)
qualify place <= $top
order by scored.customer_key, scored.list desc, place
"""
PERSONAL_TOP = f"""
with {OWN_AND_POPULAR.format(only="")},

ranked as (
    select own.customer_key, own.product_id, own.decayed + weighted.score as score
    from own
    inner join weighted using (product_id)
)

select customer_key, unnest(max_by(struct_pack(product_id := product_id, score := score), score, $top), recursive := true)
from ranked
group by customer_key
"""


def blend_lists(
    connection: duckdb.DuckDBPyConnection, day: date, customers: pl.Series, sellable: pl.Series, settings: "RecommendationSettings"
) -> pl.DataFrame:
    """Return `rebuy` and `discover` of `customers` by the blend alone, in LIST_SCHEMA; only `sellable` products. Nothing is drawn by
    lot."""
    from learning.recommendations import LIST_SCHEMA

    connection.register("asked", pl.DataFrame({"customer_key": customers}))
    connection.register("can_be_sold", pl.DataFrame({"product_id": sellable}))
    rows = connection.execute(
        LISTS, {**blend_parameters(day, settings), "top": settings.top, "pool": 3 * settings.top + settings.popular_candidates}
    ).pl()
    is_due = (pl.col("own_days") >= 2) & (pl.col("own_last_days") >= 0.8 * pl.col("own_gap_days"))
    code = (
        pl.when(pl.col("list") == "discover")
        .then(pl.lit("popular"))
        .when(is_due)
        .then(pl.lit("due"))
        .when(pl.col("own_days") >= 2)
        .then(pl.lit("bought_often"))
        .otherwise(pl.lit("bought_once"))
    )
    told = rows.with_columns(method=pl.lit("blend"), is_explored=pl.lit(False), propensity=pl.lit(1.0), reason_code=code)
    return told.select(
        (pl.col(name) if name in told.columns else pl.lit(None).alias(name)).cast(kind) for name, kind in LIST_SCHEMA.items()
    )


def blend_parameters(day: date, settings: "RecommendationSettings") -> dict[str, object]:
    """Return the parameters of the blend's part of a query."""
    return {
        "day": day,
        "own_half_life": settings.own_half_life_days,
        "popularity_half_life": settings.popularity_half_life_days,
        "popularity_weight": settings.popularity_weight,
        "popularity_exponent": settings.popularity_exponent,
    }


def personal_top(connection: duckdb.DuckDBPyConnection, day: date, settings: "RecommendationSettings", file: Path) -> None:
    """Write the `top` own products of every customer of the table or view `sales` (customer_key, product_id, business_day) to Parquet.

    Columns customer_key, product_id, score, the blend's. Everything stays in DuckDB: for a whole shop of a million customers at once.
    """
    escaped = str(file).replace("'", "''")
    connection.execute(f"copy ({PERSONAL_TOP}) to '{escaped}' (format parquet)", {**blend_parameters(day, settings), "top": settings.top})
