"""Freshness by the data's own newest day: a backfill of an old day must not make a stale panel look fresh."""

import dagster as dg

from assets.house import House
from assets.warehouse import Warehouse

STALE_AFTER_DAYS = 2


@dg.asset_check(
    asset=dg.AssetKey(["marts", "sales_panel"]),
    name="newest_day_is_known",
    description="max(business_day) of the panel is the shop's last day, or at most two days old.",
)
def newest_day_is_known(house: House, warehouse: Warehouse) -> dg.AssetCheckResult:
    """Compare the panel's newest day with the shop's last day, or with yesterday where the shop grows."""
    newest = warehouse.read("select max(business_day) as day from marts.sales_panel")["day"][0]
    expected = house.shop.newest_day()
    late = None if newest is None else (expected - newest).days
    return dg.AssetCheckResult(
        passed=late is not None and late <= STALE_AFTER_DAYS,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"newest_day": str(newest), "expected_day": str(expected), "days_late": late if late is not None else -1},
    )
