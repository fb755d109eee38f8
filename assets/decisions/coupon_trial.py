"""The day's coupon plan as a trial: what the shop hands out, and how its own hold-outs become tomorrow's training data.

`countinghouse coupons` writes these rows in the form of the input contract's `coupon_assignments`. Handed back by the shop they are
campaign facts like any other: a campaign per plan and coupon, with its own control group and its propensities.
"""

import dagster as dg
import polars as pl

from assets.as_of import read_versions
from assets.partitions import partition_window
from assets.table_contracts import table_contracts
from assets.warehouse import Warehouse
from optimization.coupon_trial import TRIAL_SCHEMA, plan_as_trial

TRIAL = "decisions.coupon_trial"
KEY = dg.AssetKey(TRIAL.split("."))
UPSTREAM = [["decisions", "coupon_assignments"], ["decisions", "coupon_limits"], ["response", "coupon_scores"], ["marts", "dim_coupons"]]


@dg.multi_asset(
    name="coupon_trial",
    specs=[
        dg.AssetSpec(
            KEY,
            group_name="decisions",
            kinds={"duckdb"},
            deps=UPSTREAM,
            description="Who is given a coupon and who was held out from which, with the lot's propensities: what the shop hands out.",
        )
    ],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def coupon_trial(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """Write each day's plan as trials."""
    window = partition_window(context)
    bounds = [window.start, window.last_day]
    assignments, limits, scores = (
        warehouse.read(f"select * from {table} where as_of_day between ? and ?{also} order by all", bounds)
        for table, also in (
            ("decisions.coupon_assignments", ""),
            ("decisions.coupon_limits", " and plan = 'coupon_assignments'"),
            ("response.coupon_scores", " and causal and value is not null"),
        )
    )
    coupons = read_versions(warehouse, "dim_coupons", window.last_day)
    made = [table_contracts()[TRIAL].empty()]
    for day in window.days:
        today = assignments.filter(pl.col("as_of_day") == day)
        offers = (
            scores.filter(pl.col("as_of_day") == day)
            .join(today.filter(pl.col("propensity").is_not_null()).select("customer_key", "segment"), on="customer_key")
            .join(coupons.as_of(day).select("coupon_id", "category"), on="coupon_id", how="left")
        )
        rows = plan_as_trial(today, offers, limits.filter(pl.col("as_of_day") == day), f"plan-{day.isoformat()}")
        told = {"as_of_day": pl.lit(day), "assigned_on": pl.lit(day) + pl.duration(days=1), "run_id": pl.lit(context.run_id)}
        made.append(rows.select(*TRIAL_SCHEMA).with_columns(**told))
    frame = pl.concat([part.select(made[0].columns) for part in made], how="vertical_relaxed")
    rows = warehouse.replace_days(table_contracts()[TRIAL], frame, window.days)
    by_lot = frame.filter(pl.col("propensity").is_not_null())
    return dg.MaterializeResult(
        asset_key=KEY,
        metadata={"dagster/row_count": rows, "held out": int(by_lot["is_holdout"].sum()), "by lot": by_lot.height},
    )
