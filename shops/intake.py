"""Contract intake: a shop's table read, checked row by row, and parted into accepted and quarantined rows.

Decides which rows of a shop's files may land. Every row read is either *accepted* (in the landed columns of the contract, customer
numbers as pseudonyms, personal columns dropped) or *quarantined* with one reason; the two always add up to the rows read. Rows of
one key recorded at different times are versions and all accepted; of rows alike in everything one is kept. Permuting the rows of a
file changes nothing but their row numbers. See `shops.contract` for the tables and `shops.intake_rules` for the rules of rows.
"""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from shops.contract import TABLES, Table, landed_columns
from shops.erased import Erased, is_dropped, names_customers, without_person
from shops.erased import refused_rows as erased_rows
from shops.intake_cells import DTYPES, fault_code, missing_cells, read_cells
from shops.intake_files import read_raw, shown_name, table_files, unmatched_patterns
from shops.intake_quarantine import QUARANTINE_SCHEMA, duplicate_rows, faulty_rows, refused_rows
from shops.intake_rules import about_day, known_on, row_rules
from shops.pseudonym import pseudonymise
from shops.shop import Shop

COUNTS_SCHEMA = {
    "table_name": pl.String(),
    "source_file": pl.String(),
    "rows_read": pl.Int64(),
    "rows_accepted": pl.Int64(),
    "rows_quarantined": pl.Int64(),
}


@dataclass(frozen=True)
class Intake:
    """What came of one table.

    accepted: one row per accepted row of a file, columns and order of `landed_columns`, sorted by known_on, key, source_file, source_row.
    quarantine: one row per refused row (`table_name, source_file, source_row, business_day, reason_code, reason, raw`); a file that
    cannot be read at all is one row with source_row null. counts: one row per file (`table_name, source_file, rows_read,
    rows_accepted, rows_quarantined`), with an unreadable file counted as one row read and quarantined, and a file without rows as none.
    """

    accepted: pl.DataFrame
    quarantine: pl.DataFrame
    counts: pl.DataFrame


def landed_schema(table: Table) -> dict[str, pl.DataType]:
    """Polars schema of the landed rows of a table."""
    return {name: DTYPES[kind] for name, kind in landed_columns(table)}


def landed_key(table: Table) -> list[str]:
    """The table's key under its landed names (`customer_key` for `customer_id`)."""
    return ["customer_key" if table.by_name[name].personal == "pseudonym" else name for name in table.key]


def read_table(shop: Shop, table_name: str, key: bytes, erased: Erased | None = None) -> Intake:
    """Read all files of one contract table of the shop, in memory (`shops.intake_store` takes in one that is too large for that).

    Nothing that stands in a file raises; a table without files gives empty frames. `key` is the secret of the pseudonyms
    (`shops.pseudonym.load_or_create_key`). Of `erased` persons nothing is taken in but their sales, as sales of nobody. Raises
    KeyError for a table that is not in the contract.
    """
    table = TABLES[table_name]
    files, unmatched = table_files(shop, table_name)
    rows = read_rows(Reading(shop, table, key, erased or Erased(shop.name, key)), files)
    kept, repeated = without_duplicates(rows.accepted, table)
    refused = [rows.refused, refused_rows(table, unmatched_patterns(unmatched)), duplicate_rows(table, repeated)]
    quarantine = pl.concat(refused).sort("source_file", "source_row", "reason_code")
    taken = kept.group_by("source_file").len("rows_accepted")
    return Intake(kept, quarantine, count_rows(table, [shown_name(path, shop) for path in files], taken, quarantine))


@dataclass(frozen=True)
class Reading:
    """What the judgement of a row depends on besides the row."""

    shop: Shop
    table: Table
    key: bytes
    erased: Erased


@dataclass(frozen=True)
class Rows:
    """Rows judged one by one: accepted (as in `Intake`, but repetitions are among them) and refused (quarantine rows, in no order)."""

    accepted: pl.DataFrame
    refused: pl.DataFrame


def read_rows(reading: Reading, files: list[Path]) -> Rows:
    """Read some files of a table, in memory."""
    raw = read_raw(reading.shop, reading.table, files)
    judged = [Rows(pl.DataFrame(schema=landed_schema(reading.table)), refused_rows(reading.table, raw.refusals))]
    while raw.groups:
        judged.append(judge_rows(reading, raw.groups.pop(0), raw.from_text.pop(0)))
    accepted = pl.concat([each.accepted for each in judged]).sort(row_order(reading.table))
    return Rows(accepted, pl.concat([each.refused for each in judged]))


def judge_rows(reading: Reading, frame: pl.DataFrame, from_text: bool) -> Rows:
    """Judge raw rows (`shops.intake_files`), each by itself; in no order."""
    table, shop = reading.table, reading.shop
    present, gone = _without_erased(frame, from_text, reading)
    sound, faulty = _parted(present, from_text, table, shop)
    landed = _landed(sound, table, shop, reading.key)
    if names_customers(table):
        landed = without_person(landed, reading.erased)
    return Rows(landed, pl.concat([erased_rows(table, gone), faulty]))


def row_order(table: Table) -> list[str]:
    """The columns landed rows are sorted by: no two rows are alike in all of them."""
    return ["known_on", *landed_key(table), "source_file", "source_row"]


def _without_erased(frame: pl.DataFrame, from_text: bool, reading: Reading) -> tuple[pl.DataFrame, pl.Series]:
    """The raw rows of others, and the file of each row refused because its person was erased."""
    table, shop, erased = reading.table, reading.shop, reading.erased
    if not erased.marks or not is_dropped(table):
        return frame, frame["source_file"].clear()
    column = next(column for column in table.columns if column.personal == "pseudonym")
    if column.name not in frame.columns:
        return frame, frame["source_file"].clear()
    cells = read_cells(frame[column.name], column, shop.time_zone, shop.csv if from_text else None)
    gone = erased.among(pseudonymise(cells.values, erased.key))
    return frame.filter(~gone), frame.filter(gone)["source_file"]


def _parted(frame: pl.DataFrame, from_text: bool, table: Table, shop: Shop) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sound rows with their contract columns as the contract types them, and the quarantine rows of the others."""
    cells, cell_faults = [], []
    for column in table.columns:
        if column.name in frame.columns:
            read = read_cells(frame[column.name], column, shop.time_zone, shop.csv if from_text else None)
        else:
            read = missing_cells(column, frame.height)
        cells.append(read.values)
        cell_faults.append(read.faults)
    typed = pl.DataFrame([frame["source_file"], frame["source_row"], *cells])
    rules = row_rules(table, shop)
    broken = typed.select(rule.broken.fill_null(False).alias(str(position)) for position, rule in enumerate(rules))
    # one number per row: 0 for sound, else which check failed first and how; a row is quarantined once, for its first fault
    fault = pl.repeat(0, frame.height, dtype=pl.UInt16, eager=True)
    for position in reversed(range(len(rules))):
        mask = broken[str(position)]
        if mask.any():
            fault = fault.set(mask, (len(table.columns) + position) * 16 + fault_code(rules[position].fault))
    for position in reversed(range(len(table.columns))):
        mask = cell_faults[position] != 0
        if mask.any():
            fault = pl.select(pl.when(mask).then(cell_faults[position].cast(pl.UInt16) + position * 16).otherwise(fault)).to_series()
    if not (fault != 0).any():
        return typed, pl.DataFrame(schema=QUARANTINE_SCHEMA)
    is_sound = fault == 0
    days = typed.filter(~is_sound).with_columns(about_day(table).alias("about_day"))["about_day"]
    return typed.filter(is_sound), faulty_rows(frame.filter(~is_sound), fault.filter(~is_sound), days, table, shop, rules)


def _landed(typed: pl.DataFrame, table: Table, shop: Shop, key: bytes) -> pl.DataFrame:
    """Sound rows in the landed columns."""
    schema = landed_schema(table)
    added = [known_on(table, shop).alias("known_on")]
    if "business_day" not in typed.columns:
        added.append(about_day(table).alias("business_day"))
    added += [pseudonymise(typed[column.name], key).alias("customer_key") for column in table.columns if column.personal == "pseudonym"]
    return typed.with_columns(added).select(pl.col(name).cast(dtype) for name, dtype in schema.items())


def without_duplicates(landed: pl.DataFrame, table: Table) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows sorted by `row_order` without exact repetitions, and those with where the first of them stands (`first_file`, `first_row`)."""
    key = ["known_on", *landed_key(table)]
    content = [name for name in landed.columns if name not in ("source_file", "source_row")]
    same_as_before = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in key) & (pl.int_range(pl.len()) > 0)
    like_before = landed.select(same_as_before.alias("like_before"))["like_before"]
    if not like_before.any():
        return landed, landed.clear().with_columns(first_file=pl.lit(""), first_row=pl.lit(0, dtype=pl.Int64))
    of_repeated_key = like_before | like_before.shift(-1, fill_value=False)
    numbered = landed.with_row_index("position").filter(of_repeated_key)
    first = pl.struct("source_file", "source_row", "position").sort_by("source_file", "source_row").first().over(content)
    numbered = numbered.with_columns(first.alias("first"))
    repeated = numbered.filter(pl.col("position") != pl.col("first").struct.field("position")).with_columns(
        first_file=pl.col("first").struct.field("source_file"), first_row=pl.col("first").struct.field("source_row")
    )
    kept = landed.with_row_index("position").filter(~pl.col("position").is_in(repeated["position"].implode())).drop("position")
    return kept, repeated.drop("position", "first")


def count_rows(table: Table, files: list[str], taken: pl.DataFrame, quarantine: pl.DataFrame) -> pl.DataFrame:
    """Rows per file as `Intake.counts` has them; `files` are those read, with or without rows, `taken` has source_file, rows_accepted."""
    read = pl.DataFrame({"source_file": files}, schema={"source_file": pl.String}).unique()
    refused = quarantine.group_by("source_file").len("rows_quarantined")
    return (
        read.join(taken, on="source_file", how="full", coalesce=True)
        .join(refused, on="source_file", how="full", coalesce=True)
        .with_columns(pl.col("rows_accepted", "rows_quarantined").cast(pl.Int64).fill_null(0))
        .select(
            pl.lit(table.name).alias("table_name"),
            "source_file",
            (pl.col("rows_accepted") + pl.col("rows_quarantined")).alias("rows_read"),
            "rows_accepted",
            "rows_quarantined",
        )
        .sort("source_file")
    )
