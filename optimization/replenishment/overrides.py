"""What a buyer may decide about a proposal, as columns of the items.

An *override* fixes the quantity of one item: `approve` keeps what was proposed (or what the buyer saw, where units are given), `edit`
orders the units given, `reject` orders nothing.

Public: `ACTIONS`, `OVERRIDE_COLUMNS`, `with_override_columns`.
"""

from collections.abc import Mapping

import polars as pl

ACTIONS = ("approve", "edit", "reject")
OVERRIDE_COLUMNS: Mapping[str, pl.DataType] = {"override_action": pl.String(), "override_units": pl.Float64()}


def with_override_columns(items: pl.DataFrame) -> pl.DataFrame:
    """Return the items with `OVERRIDE_COLUMNS`, empty where a caller has none.

    Raises ValueError for an unknown action, for an edit without units and for units that are no number of 0 or more.
    """
    absent = [pl.lit(None, dtype=kind).alias(name) for name, kind in OVERRIDE_COLUMNS.items() if name not in items.columns]
    told = items.with_columns(absent).with_columns(pl.col(name).cast(kind) for name, kind in OVERRIDE_COLUMNS.items())
    action, units = pl.col("override_action"), pl.col("override_units")
    if told.filter(action.is_not_null() & ~action.is_in(ACTIONS)).height:
        raise ValueError(f"Expected override_action to be one of {', '.join(ACTIONS)}.")
    if told.filter((action == "edit") & units.is_null()).height:
        raise ValueError("Expected override_units with every edit.")
    if told.filter(action.is_not_null() & units.is_not_null() & ~(units.is_finite() & (units >= 0))).height:
        raise ValueError("Expected override_units of 0 or more.")
    return told
