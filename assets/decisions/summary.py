"""All limits and all certificates in one table each: where a merchandiser looks first."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl

from assets.partitions import partition_window
from assets.table_contracts import table_contracts
from assets.warehouse import Warehouse

LIMITS, CERTIFICATES = "decisions.limits", "decisions.plan_certificates"
KEYS = {name: dg.AssetKey(name.split(".")) for name in (LIMITS, CERTIFICATES)}
SOURCES = {
    LIMITS: (
        "select * from decisions.replenishment_limits where {days} union all by name select * from decisions.coupon_limits where {days}"
        " union all by name select * from decisions.ad_limits where {days}"
    ),
    CERTIFICATES: (
        "select * from decisions.replenishment_certificates where {days} union all by name select * from "
        "decisions.coupon_certificates where {days} union all by name select * from decisions.ad_certificates where {days}"
    ),
}


@dg.multi_asset(
    name="decision_summary",
    specs=[
        dg.AssetSpec(
            KEYS[LIMITS],
            group_name="decisions",
            kinds={"duckdb"},
            deps=[["decisions", "replenishment_limits"], ["decisions", "coupon_limits"], ["decisions", "ad_limits"]],
            description="Every limit of every plan: used, left, and what one more unit is worth.",
        ),
        dg.AssetSpec(
            KEYS[CERTIFICATES],
            group_name="decisions",
            kinds={"duckdb"},
            deps=[["decisions", "replenishment_certificates"], ["decisions", "coupon_certificates"], ["decisions", "ad_certificates"]],
            description="Value, bound and gap of every plan, and what its checker found.",
        ),
    ],
    check_specs=[
        dg.AssetCheckSpec("gaps_are_small", asset=KEYS[CERTIFICATES], description="Every plan is proven within 0.5 % of the best.")
    ],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def decision_summary(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Iterator[Any]:
    """Gather the window's limits and certificates."""
    window = partition_window(context)
    days = f"as_of_day between date '{window.start}' and date '{window.last_day}'"
    frames = {name: warehouse.read(f"select * from ({sql.format(days=days)}) order by all") for name, sql in SOURCES.items()}
    for name, frame in frames.items():
        rows = warehouse.replace_days(table_contracts()[name], frame, window.days)
        yield dg.MaterializeResult(asset_key=KEYS[name], metadata={"dagster/row_count": rows})
    widest = frames[CERTIFICATES]["gap"].drop_nulls()
    gap = 0.0 if widest.is_empty() else float(widest.max())
    unproven = frames[CERTIFICATES].filter(pl.col("status").is_in(["feasible", "optimal"]) & pl.col("gap").is_null()).height
    yield dg.AssetCheckResult(
        check_name="gaps_are_small",
        asset_key=KEYS[CERTIFICATES],
        passed=gap <= 5e-3 and unproven == 0,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"widest_gap": gap},
    )
