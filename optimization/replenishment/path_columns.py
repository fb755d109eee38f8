"""Sample paths of demand as columns of the items: two lists per item, one number per scenario, in the same order.

until_arrival_paths   units demanded until an order of today arrives
until_cover_paths     units demanded until the delivery after next, on the same path, never less

An item without them is weighed over its quantiles (see `demand_scenarios`); the orders say which.

Public: `SCENARIOS`, `PATH_COLUMNS`, `QUANTILES`, `SAMPLE_PATHS`, `demand_basis`, `path_matrix`, `with_path_columns`.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

SCENARIOS = 32
PATH_COLUMNS: Mapping[str, pl.DataType] = {
    "until_arrival_paths": pl.List(pl.Float64()),
    "until_cover_paths": pl.List(pl.Float64()),
}
SAMPLE_PATHS, QUANTILES = "sample paths", "quantiles"
_TOLERANCE = 1e-9


def with_path_columns(items: pl.DataFrame) -> pl.DataFrame:
    """Return the items with `PATH_COLUMNS`, null where a caller has none.

    Raises ValueError where an item has one list without the other, not `SCENARIOS` numbers of 0 or more in each, or more demand until
    arrival than until cover on a path.
    """
    absent = [pl.lit(None, dtype=kind).alias(name) for name, kind in PATH_COLUMNS.items() if name not in items.columns]
    told = items.with_columns(absent).with_columns(pl.col(name).cast(kind) for name, kind in PATH_COLUMNS.items())
    near, far = (pl.col(name) for name in PATH_COLUMNS)
    if told.filter(near.is_null() != far.is_null()).height:
        raise ValueError("Expected until_arrival_paths and until_cover_paths of an item together.")
    known = told.filter(near.is_not_null())
    if known.filter((near.list.len() != SCENARIOS) | (far.list.len() != SCENARIOS)).height:
        raise ValueError(f"Expected {SCENARIOS} numbers in each list of sample paths.")
    first, second = (path_matrix(known, name) for name in PATH_COLUMNS)
    if not (np.isfinite(second) & (first >= 0)).all():
        raise ValueError("Expected demand of 0 or more on every sample path.")
    if not (first <= second * (1 + _TOLERANCE)).all():
        raise ValueError("Expected no more demand until arrival than until cover on every sample path.")
    return told


def path_matrix(items: pl.DataFrame, column: str) -> NDArray[np.float64]:
    """Return the lists of a column as items x scenarios, NaN where an item has none (or a number of them is missing)."""
    return items[column].cast(pl.List(pl.Float64)).list.to_array(SCENARIOS).to_numpy().reshape(-1, SCENARIOS)


def demand_basis() -> pl.Expr:
    """Return what an item's scenarios are read from: sample paths or quantiles."""
    return pl.when(pl.col("until_cover_paths").is_not_null()).then(pl.lit(SAMPLE_PATHS)).otherwise(pl.lit(QUANTILES))
