"""What the tables written by Python promise: columns, types, units and meaning.

dbt's models carry their own contracts; these are the same for the rooms learning, decisions and review. A frame that does not conform is an
error, so a table can never drift silently; the data dictionary is printed from here and from dbt's manifest.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import polars as pl
import yaml

TYPES: dict[str, tuple[str, pl.DataType]] = {
    "text": ("varchar", pl.String()),
    "integer": ("bigint", pl.Int64()),
    "number": ("double", pl.Float64()),
    "day": ("date", pl.Date()),
    "timestamp": ("timestamp", pl.Datetime("us")),
    "flag": ("boolean", pl.Boolean()),
    "numbers": ("float[]", pl.List(pl.Float32())),  # a sample of one row's number; never published
}


@dataclass(frozen=True)
class ColumnContract:
    """One column: `kind` is a key of TYPES; `unit` may be empty."""

    name: str
    kind: str
    meaning: str
    unit: str = ""


@dataclass(frozen=True)
class TableContract:
    """One table `schema.table`. `day_column` is what partitions are replaced by."""

    name: str
    grain: str
    day_column: str
    columns: tuple[ColumnContract, ...]

    def create_statement(self) -> str:
        schema = self.name.split(".")[0]
        columns = ", ".join(f'"{column.name}" {TYPES[column.kind][0]}' for column in self.columns)
        return f"create schema if not exists {schema}; create table if not exists {self.name} ({columns})"

    def empty(self) -> pl.DataFrame:
        return pl.DataFrame(schema={column.name: TYPES[column.kind][1] for column in self.columns})

    def conform(self, frame: pl.DataFrame) -> pl.DataFrame:
        """`frame` with exactly the contract's columns in order and its types; a missing or unknown column is an error."""
        wanted = [column.name for column in self.columns]
        missing, unknown = sorted(set(wanted) - set(frame.columns)), sorted(set(frame.columns) - set(wanted))
        if missing or unknown:
            raise ValueError(f"{self.name}: columns do not meet its contract; missing {missing}, unknown {unknown}.")
        return frame.select(pl.col(column.name).cast(TYPES[column.kind][1]) for column in self.columns)


@cache
def table_contracts() -> dict[str, TableContract]:
    """Every contract of `assets/contracts/*.yaml` by table name."""
    found: dict[str, TableContract] = {}
    for file in sorted(files("assets.contracts").iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".yaml"):
            continue
        for name, entry in yaml.safe_load(file.read_text(encoding="utf-8")).items():
            columns = tuple(_column(name, text) for name, text in entry["columns"].items())
            found[name] = TableContract(name=name, grain=entry["grain"], day_column=entry["day_column"], columns=columns)
    return found


def _column(name: str, text: str) -> ColumnContract:
    """`kind [unit]: meaning`, e.g. `number [units]: forecast of the day`."""
    head, meaning = text.split(":", 1)
    kind, _, unit = head.partition("[")
    return ColumnContract(name=name, kind=kind.strip(), meaning=meaning.strip(), unit=unit.rstrip("] "))
