"""The window of a run, read off Dagster's context."""

from collections.abc import Mapping
from datetime import date

import dagster as dg

from assets.windows import Window


def partition_window(context: dg.AssetExecutionContext) -> Window:
    """The business days `[start, end)` this run replaces, whether it was given one partition or a range."""
    keys = context.partition_key_range
    first, last = date.fromisoformat(keys.start), date.fromisoformat(keys.end)
    return Window(first, date.fromordinal(last.toordinal() + 1))


def days_of_run(tags: Mapping[str, str]) -> tuple[date, date] | None:
    """First and last business day of a run, from Dagster's tags; None where it has none."""
    one = tags.get("dagster/partition")
    first, last = tags.get("dagster/asset_partition_range_start", one), tags.get("dagster/asset_partition_range_end", one)
    return None if first is None or last is None else (date.fromisoformat(first), date.fromisoformat(last))
