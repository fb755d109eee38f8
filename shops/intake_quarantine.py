"""Quarantine rows: what was refused, where it stands, and one sentence why.

Decides the wording of the reasons and what of a refused row is shown. `raw` is the row as JSON text under the file's column names;
personal columns read `<withheld>`, and a reason never quotes a personal value. Columns the contract does not know are left out,
since nobody knows whether they are personal. A cell of more than 1,000 characters is cut; its file and row say where the whole stands.
"""

import polars as pl

from shops.contract import Column, Table
from shops.intake_cells import FAULTS, LONGEST_TEXT, cut_text, shown
from shops.intake_files import Refusal, file_columns
from shops.intake_rules import Rule
from shops.shop import Shop

QUARANTINE_SCHEMA = {
    "table_name": pl.String(),
    "source_file": pl.String(),
    "source_row": pl.Int64(),
    "business_day": pl.Date(),
    "reason_code": pl.String(),
    "reason": pl.String(),
    "raw": pl.String(),
}
REASONS: dict[str, str] = {
    "missing_required": "a required cell is empty, or the file has no such column",
    "not_a_number": "a number was expected (a whole one for integers)",
    "not_a_date": "a day or time was expected",
    "not_finite": "a number is NaN or infinite",
    "not_allowed": "the value is none of those allowed",
    "out_of_range": "the value lies outside its bounds, a last day before its first, or a day too far off to be meant",
    "wrong_currency": "the row is in another currency than the shop",
    "wrong_sign": "sales have positive and returns negative units",
    "outside_history": "the row is about a day before the shop's first or after its last",
    "duplicate": "the same row, alike in every column, was read before",
    "not_text": "text holds control characters (NUL among them), or the cell is a list, a structure or an infinite number",
    "too_long": "text of more than 10,000 characters, or a CSV line with a field of more than 131,072",
    "ragged_line": "a CSV line has more or fewer fields than the header, or broken quotes",
    "bad_encoding": "bytes that are no text in the file's encoding (UTF-8 in Parquet)",
    "unreadable_file": "no row of the file can be read; `source_row` is empty, and the file counts as one row",
    "erased": "the row belongs to a person who was erased (`countinghouse erase`); nothing of it is kept",
}
WITHHELD = "<withheld>"


def refused_rows(table: Table, refusals: list[Refusal]) -> pl.DataFrame:
    """Quarantine rows of files and lines that are no rows."""
    rows = [(table.name, it.source_file, it.source_row, None, it.reason_code, it.reason, it.raw) for it in refusals]
    return pl.DataFrame(rows, schema=QUARANTINE_SCHEMA, orient="row")


def faulty_rows(frame: pl.DataFrame, faults: pl.Series, days: pl.Series, table: Table, shop: Shop, rules: list[Rule]) -> pl.DataFrame:
    """Quarantine rows of `frame` (raw cells); `faults` is check × 16 + fault, where checks are the table's columns and then `rules`."""
    names = file_columns(shop, table)
    frame = frame.rechunk()  # `pl.format` dies of an empty chunk among others, as files without a faulty row leave
    reason = pl.repeat("", frame.height, dtype=pl.String, eager=True)
    for fault in sorted(faults.unique()):
        check, code = divmod(fault, 16)
        rule = rules[check - len(table.columns)] if check >= len(table.columns) else None
        column = table.by_name[rule.column] if rule else table.columns[check]
        mask = faults == fault
        sentence = _sentence(frame.filter(mask), column, FAULTS[code], names[column.name], rule, table)
        reason = reason.scatter(mask.arg_true(), sentence)
    return pl.DataFrame(
        {
            "table_name": pl.repeat(table.name, frame.height, dtype=pl.String, eager=True),
            "source_file": frame["source_file"],
            "source_row": frame["source_row"],
            "business_day": days,
            "reason_code": (faults % 16).replace_strict(list(range(len(FAULTS))), list(FAULTS), return_dtype=pl.String),
            "reason": reason,
            "raw": _raw_json(frame, table, names),
        },
        schema=QUARANTINE_SCHEMA,
    )


def duplicate_rows(table: Table, repeated: pl.DataFrame) -> pl.DataFrame:
    """Quarantine rows of repetitions; `repeated` has the landed columns and `first_file`, `first_row` of the row that was kept."""
    if repeated.is_empty():
        return pl.DataFrame(schema=QUARANTINE_SCHEMA)
    columns = [column for column in table.columns if not column.personal]
    names = {column.name: column.name for column in columns}
    repeated = repeated.rechunk()
    return repeated.select(
        pl.lit(table.name).alias("table_name"),
        "source_file",
        "source_row",
        "business_day",
        pl.lit("duplicate").alias("reason_code"),
        pl.format("The same row stands in {}, row {}.", "first_file", "first_row").alias("reason"),
        _raw_json(repeated, table, names).alias("raw"),
    )


def _sentence(frame: pl.DataFrame, column: Column, fault: str, file_column: str, rule: Rule | None, table: Table) -> pl.Series:
    label = column.name if file_column == column.name else f"{column.name} (column {file_column!r})"
    if column.name not in frame.columns:
        sentence = (
            f"The file has no column {file_column!r}, which {table.name} needs for {column.name}; "
            f"say in [columns.{table.name}] of shop.toml which column it is."
        )
        return pl.repeat(sentence, frame.height, dtype=pl.String, eager=True)
    if fault == "missing_required":
        return pl.repeat(f"{label} is empty.", frame.height, dtype=pl.String, eager=True)
    value = pl.repeat(WITHHELD, frame.height, dtype=pl.String, eager=True) if column.personal else shown(frame[column.name])
    ending = rule.mend if rule else _expected(column, fault)
    return pl.select(pl.format("{} is {}; {}.", pl.lit(label), value, pl.lit(ending))).to_series()


def _expected(column: Column, fault: str) -> str:
    if fault == "not_a_number":
        return f"a {'whole number such as 1234' if column.kind == 'integer' else 'number such as 1234.5'} was expected"
    if fault == "not_a_date":
        return "a day such as 2024-01-31 was expected" if column.kind == "day" else "a time such as 2024-01-31 12:00:00 was expected"
    if fault == "not_allowed":
        allowed = column.allowed or ("true", "false")
        return f"allowed are {', '.join(allowed)}"
    if fault == "not_finite":
        return "a finite number was expected"
    if fault == "not_text":
        return "text without control characters was expected; a wrong encoding or a damaged export leaves them"
    if fault == "too_long":
        return f"at most {LONGEST_TEXT:,} characters are taken"
    if fault == "bad_encoding":
        return "its bytes are no UTF-8 text"
    if column.kind in ("day", "timestamp"):
        return "a day from 1900 to 9999 was expected"
    bounds = [f"{word} {bound:,.15g}" for word, bound in (("at least", column.minimum), ("at most", column.maximum)) if bound is not None]
    return f"it must be {' and '.join(bounds)}"


def _raw_json(frame: pl.DataFrame, table: Table, names: dict[str, str]) -> pl.Series:
    """Each row as JSON text under the names of the file, every value as text."""
    cells = {}
    for column in table.columns:
        if column.name in frame.columns:
            value = pl.repeat(WITHHELD, frame.height, eager=True) if column.personal else cut_text(frame[column.name])
            cells[names[column.name]] = value
        elif column.personal == "pseudonym" and "customer_key" in frame.columns:
            cells[column.name] = pl.repeat(WITHHELD, frame.height, eager=True)
    if not cells:
        return pl.repeat("{}", frame.height, dtype=pl.String, eager=True).alias("raw")
    return pl.DataFrame(cells).select(pl.struct(pl.all()).struct.json_encode().alias("raw"))["raw"]
