"""The window of a run, read off Dagster's context."""

from datetime import date

import dagster as dg

from assets.windows import Window


def partition_window(context: dg.AssetExecutionContext) -> Window:
    """The business days `[start, end)` this run replaces, whether it was given one partition or a range."""
    keys = context.partition_key_range
    first, last = date.fromisoformat(keys.start), date.fromisoformat(keys.end)
    return Window(first, date.fromordinal(last.toordinal() + 1))
