"""Daily partitions of a shop: they begin with its data and end with its last day, or grow with the calendar."""

from datetime import timedelta

import dagster as dg

from shops.shop import Shop


def daily_partitions(shop: Shop) -> dg.DailyPartitionsDefinition:
    """One partition per business day in the shop's time zone; a shop that lies in the past ends with its last day."""
    end = None if shop.last_day is None else (shop.last_day + timedelta(days=1)).isoformat()
    return dg.DailyPartitionsDefinition(start_date=shop.first_day.isoformat(), end_date=end, timezone=shop.time_zone)
