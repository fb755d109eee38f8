"""Another future for the same past: whatever a shop's files hold that was recorded after a day is dropped, changed and added to at random.

Every table of the input contract is disturbed, reference data as well. Added records are corrections of earlier ones, late records about
days long past, and records of products, customers, suppliers and locations nobody had heard of. What was known on the day stays as it was,
row by row.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

import numpy as np
import polars as pl

from shops.contract import TABLES, Column, Table

Tables = dict[str, pl.DataFrame]
KINDS = ("dropped", "changed", "corrections", "additions")
NEW_NAMES = 3
DTYPES = {"text": pl.String, "integer": pl.Int64, "number": pl.Float64, "money": pl.Float64, "day": pl.Date, "flag": pl.Boolean}


def disturbed(
    tables: Tables, day: date, first_day: date, last_day: date, seed: int, kinds: Iterable[str] = KINDS, names: Iterable[str] = ()
) -> Tables:
    """`tables` (recorded_at on every row) with another future after `day`.

    kinds: which of KINDS happen. names: which tables are disturbed, by default all. Events stay within first_day to last_day.
    """
    chance = np.random.default_rng(seed)
    wanted, chosen = set(kinds), set(names) or set(tables)
    return {
        name: _disturbed_table(frame, TABLES[name], day, first_day, last_day, chance, wanted) if name in chosen else frame
        for name, frame in sorted(tables.items())
    }


def known_by(tables: Tables, day: date) -> Tables:
    """The tables as they stood on the evening of `day`."""
    evening = datetime.combine(day + timedelta(days=1), time())
    return {name: frame.filter(pl.col("recorded_at") < evening) for name, frame in tables.items()}


def _disturbed_table(
    frame: pl.DataFrame, table: Table, day: date, first_day: date, last_day: date, chance: np.random.Generator, kinds: set[str]
) -> pl.DataFrame:
    evening = datetime.combine(day + timedelta(days=1), time())
    whole = frame.with_columns(
        pl.lit(None, dtype=DTYPES.get(column.kind, pl.Datetime("us"))).alias(column.name)
        for column in table.columns
        if column.name not in frame.columns and not column.personal
    )
    known, later = whole.filter(pl.col("recorded_at") < evening), whole.filter(pl.col("recorded_at") >= evening)
    if "dropped" in kinds:
        later = later.filter(pl.Series(chance.random(later.height) < 0.6, dtype=pl.Boolean))
    if "changed" in kinds and later.height:
        later = _changed(later, table, chance, share=0.5)
    parts = [known, later]
    if "corrections" in kinds and known.height:
        share = max(0.15, min(0.8, 20 / known.height))  # most of a small table, some of a large one
        several = known.filter(pl.Series((chance.random(known.height) < share) | (np.arange(known.height) == known.height - 1)))
        parts.append(_recorded_later(_changed(several, table, chance, share=1.0), table, day, last_day, chance))
    if "additions" in kinds and whole.height:
        rows = whole[chance.integers(0, whole.height, max(4, whole.height // 20)).tolist()]
        rows = _changed(_under_other_keys(rows, table, first_day, last_day, chance), table, chance, share=0.5)
        parts.append(_recorded_later(rows, table, day, last_day, chance))
    return pl.concat(parts)


def _changed(rows: pl.DataFrame, table: Table, chance: np.random.Generator, share: float) -> pl.DataFrame:
    """A share of the values of each column that is not key taken from other rows, or emptied where the contract allows it."""
    for column in table.columns:
        if column.name in (*table.key, table.about, "recorded_at") or column.name not in rows.columns:
            continue
        touched = pl.Series(chance.random(rows.height) < share * 0.7)
        other = rows[column.name].gather(chance.permutation(rows.height))
        other = _moved(other, column, chance).cast(rows.schema[column.name])
        if not column.required and chance.random() < 0.5:
            other = other.zip_with(pl.Series(chance.random(rows.height) < 0.7), other.clear(rows.height))
        rows = rows.with_columns(pl.select(pl.when(touched).then(other).otherwise(rows[column.name])).to_series().alias(column.name))
    return _in_order(rows, table)


def _moved(values: pl.Series, column: Column, chance: np.random.Generator) -> pl.Series:
    """Numbers made larger or smaller, flags turned, within what the contract allows."""
    if column.kind in ("number", "money"):
        return (values.cast(pl.Float64) * chance.choice([0.5, 1.5, 2.0])).clip(column.minimum, column.maximum).alias(values.name)
    if column.kind == "flag":
        return ~values if chance.random() < 0.5 else values
    if column.kind == "integer":
        return (values.cast(pl.Int64) + int(chance.integers(0, 4))).clip(column.minimum, column.maximum)
    return values


def _in_order(rows: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Signs and days put right again where changes by column broke a rule of the contract."""
    if table.name == "order_lines":
        sign = pl.when(pl.col("line_type") == "return").then(-1.0).otherwise(1.0)
        rows = rows.with_columns(units=pl.col("units").abs().clip(0.5) * sign)
    for first, last in (("valid_from", "valid_to"), ("starts_on", "ends_on"), ("ordered_on", "received_on")):
        if {first, last} <= set(rows.columns):
            rows = rows.with_columns(pl.when(pl.col(last) < pl.col(first)).then(pl.col(first)).otherwise(pl.col(last)).alias(last))
    return rows


def _under_other_keys(rows: pl.DataFrame, table: Table, first_day: date, last_day: date, chance: np.random.Generator) -> pl.DataFrame:
    """Each key of the rows with one part changed: a name nobody knows, or another day of the whole history (long past ones included)."""
    for name in dict.fromkeys([*table.key, *([table.about] if table.about else [])]):
        column, moves = table.by_name[name], pl.Series(chance.random(rows.height) < 0.7)
        if column.kind in ("day", "timestamp"):
            days = [first_day + timedelta(days=int(step)) for step in chance.integers(0, (last_day - first_day).days + 1, rows.height)]
            other = pl.Series([datetime.combine(each, time(11)) for each in days]) if column.kind == "timestamp" else pl.Series(days)
            other = other.cast(rows.schema[name])
        else:
            other = pl.Series([f"NEW-{name[:3]}-{each}" for each in chance.integers(0, NEW_NAMES, rows.height)])
        rows = rows.with_columns(pl.select(pl.when(moves).then(other).otherwise(rows[name])).to_series().alias(name))
    return _in_order(rows, table)


def _recorded_later(rows: pl.DataFrame, table: Table, day: date, last_day: date, chance: np.random.Generator) -> pl.DataFrame:
    """Recorded after `day`, never before the day a record is about, at the latest on the last day or the day it is about."""
    earliest = pl.lit(datetime.combine(day + timedelta(days=1), time()))
    about = pl.col(table.about).cast(pl.Date).cast(pl.Datetime("us")) if table.about else earliest
    seconds = pl.Series(chance.integers(0, max((last_day - day).days, 1) * 86_400, rows.height))
    return rows.with_columns(
        recorded_at=(pl.max_horizontal(earliest + pl.duration(seconds=seconds), about + pl.duration(hours=23))).cast(pl.Datetime("us"))
    )
