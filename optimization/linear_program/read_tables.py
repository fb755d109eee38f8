"""Turn tables of variables, rows and coefficients into arrays; anything that does not fit together raises, nothing is guessed."""

import numpy as np
import polars as pl

from optimization.linear_program.arrays import LinearArrays, Sense

_SENSES = {"<=": -1, "=": 0, ">=": 1}
_COLUMNS = {
    "variables": ["variable", "objective", "lower", "upper", "is_integer"],
    "rows": ["row", "sense", "rhs"],
    "coefficients": ["row", "variable", "value"],
}


def read_tables(variables: pl.DataFrame, rows: pl.DataFrame, coefficients: pl.DataFrame, sense: Sense) -> LinearArrays:
    """Return the program as arrays, columns and rows in the order of the frames (sort them first).

    A null `lower` or `upper` means no bound on that side. Raises ValueError naming the table and the offending names.
    """
    for name, frame in (("variables", variables), ("rows", rows), ("coefficients", coefficients)):
        missing = [column for column in _COLUMNS[name] if column not in frame.columns]
        if missing:
            raise ValueError(f"Table {name} lacks the columns {missing}.")
    _unique(variables, ["variable"], "variables")
    _unique(rows, ["row"], "rows")
    _unique(coefficients, ["row", "variable"], "coefficients")
    unknown_sense = sorted(set(rows["sense"].to_list()) - set(_SENSES))
    if unknown_sense:
        raise ValueError(f"Expected sense of <=, = or >=, got {unknown_sense}.")
    return LinearArrays(
        objective=_numbers(variables, "objective", "variables"),
        lower=variables["lower"].cast(pl.Float64).fill_null(-np.inf).to_numpy().astype(np.float64),
        upper=variables["upper"].cast(pl.Float64).fill_null(np.inf).to_numpy().astype(np.float64),
        is_integer=variables["is_integer"].cast(pl.Boolean).fill_null(False).to_numpy().astype(np.bool_),
        row_sense=np.array([_SENSES[one] for one in rows["sense"].to_list()], dtype=np.int64),
        rhs=_numbers(rows, "rhs", "rows"),
        entry_row=_positions(coefficients["row"], rows["row"], "row"),
        entry_column=_positions(coefficients["variable"], variables["variable"], "variable"),
        entry_value=_numbers(coefficients, "value", "coefficients"),
        sense=sense,
    )


def _unique(frame: pl.DataFrame, key: list[str], name: str) -> None:
    repeated = frame.filter(pl.struct(key).is_duplicated()).select(key).unique().sort(key)
    if repeated.height:
        raise ValueError(f"Table {name} repeats {repeated.rows()[:5]}.")


def _numbers(frame: pl.DataFrame, column: str, name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    numbers = frame[column].cast(pl.Float64)
    if numbers.null_count() or not bool(numbers.is_finite().all()):
        raise ValueError(f"Table {name} has a missing or infinite value in column {column}.")
    return numbers.to_numpy().astype(np.float64)


def _positions(names: pl.Series, known: pl.Series, what: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    position = {name: index for index, name in enumerate(known.to_list())}
    unknown = sorted({str(name) for name in names.to_list() if name not in position})
    if unknown:
        raise ValueError(f"Coefficients name the {what} {unknown[:5]}, which the tables do not know.")
    return np.array([position[name] for name in names.to_list()], dtype=np.int64)
