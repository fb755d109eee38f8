"""One column of cells read as the kind the contract asks for.

Decides how text, integers, numbers, money, days, timestamps and flags are written in a file, and which *fault* a cell has. A cell
that is empty (or only blanks, or a text cell that reads NULL or NaN as exports write it) is missing and takes the column's default;
a timestamp with an offset is moved to the shop's time zone and loses it; a whole number may be written 12.0. Text is read in
Unicode's normal form C, without invisible marks around it. Terms: `shown` is the cell as a person would quote it.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

from shops.contract import Column, Kind
from shops.csv_terms import CsvFormat

DTYPES: dict[Kind, pl.DataType] = {
    "text": pl.String(),
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "money": pl.Float64(),
    "day": pl.Date(),
    "timestamp": pl.Datetime("us"),
    "flag": pl.Boolean(),
}
FAULTS = (
    "",
    "missing_required",
    "not_a_number",
    "not_a_date",
    "not_allowed",
    "not_finite",
    "out_of_range",
    "wrong_currency",
    "wrong_sign",
    "outside_history",
    "not_text",
    "too_long",
    "bad_encoding",
)
FLAG_WORDS = {"true": True, "t": True, "yes": True, "y": True, "1": True, "false": False, "f": False, "no": False, "n": False, "0": False}
EMPTY_WORDS = ("NULL", "null", "NaN", "nan", "None", "<NA>", "#N/A", "\\N")  # what exports write into an empty text cell
LONGEST_TEXT = 10_000  # characters; names and numbers of things, not documents
LONGEST_SHOWN = 1_000  # characters of a refused cell that are kept
CONTROL_CHARACTERS = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x{9F}]"
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(9999, 12, 31)  # what a day may be; Python and DuckDB know no later ones
PER_DAY = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
FARTHEST_OFFSET_MINUTES = 14 * 60
ISO_TIMESTAMP = r"^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2}(?:[.,]\d{1,9})?)?\s*(Z|z|[+-]\d{2}(?::?\d{2})?)?)?$"


@dataclass(frozen=True)
class Cells:
    """Values of the contract's type, null where missing or faulty, and the fault of each cell (position in `FAULTS`, 0 for none)."""

    values: pl.Series
    faults: pl.Series


def fault_code(name: str) -> int:
    """Position of a fault in `FAULTS`."""
    return FAULTS.index(name)


def read_cells(raw: pl.Series, column: Column, time_zone: str, text_format: CsvFormat | None) -> Cells:
    """Read `raw` as `column` asks; `text_format` is how the shop's CSV files are written, None for Parquet."""
    raw, faults = _plain(raw)
    if column.kind == "text":
        raw = _without_empty_words(raw)
        values, found = _texts(raw, column)
    elif column.kind in ("integer", "number", "money"):
        values, found = _numbers(raw, column, "," if text_format and text_format.decimal == "," else ".")
    elif column.kind == "flag":
        values, found = _flags(raw)
    else:
        values, found = _times(raw, column.kind, time_zone, text_format or CsvFormat())
    faults += found
    if column.required:
        faults.append(("missing_required", raw.is_null()))
    elif column.default is not None:
        values = pl.select(pl.when(raw.is_null()).then(pl.lit(column.default, dtype=DTYPES[column.kind])).otherwise(values)).to_series()
    return Cells(values.alias(column.name), _first_fault(faults, len(raw)))


def missing_cells(column: Column, height: int) -> Cells:
    """Cells of a column that the file does not have."""
    values = pl.repeat(column.default, height, dtype=DTYPES[column.kind], eager=True).alias(column.name)
    fault = fault_code("missing_required") if column.required else 0
    return Cells(values, pl.repeat(fault, height, dtype=pl.UInt8, eager=True))


def shown(raw: pl.Series, limit: int = 60) -> pl.Series:
    """The cells as quoted text of at most `limit` characters, a question mark for every control character."""
    text = as_text(raw).fill_null("").str.slice(0, limit).str.replace_all(r"\p{Cc}", "?")
    return pl.select(pl.format("'{}'", text)).to_series()


def cut_text(raw: pl.Series) -> pl.Series:
    """The cells as text of at most `LONGEST_SHOWN` characters; a longer one ends in an ellipsis."""
    text = as_text(raw)
    is_long = text.str.len_chars() > LONGEST_SHOWN
    return pl.select(pl.when(is_long).then(text.str.slice(0, LONGEST_SHOWN) + "…").otherwise(text)).to_series()


def _plain(raw: pl.Series) -> tuple[pl.Series, list[tuple[str, pl.Series]]]:
    """Strings stripped with empty ones null, categories and bytes as strings, everything else as it is; which bytes are no text."""
    faults = []
    if raw.dtype == pl.Binary:
        text = pl.Series([_decoded(value) for value in raw], dtype=pl.String)
        faults.append(("bad_encoding", text.is_null() & raw.is_not_null()))
        raw = text
    if isinstance(raw.dtype, pl.Categorical | pl.Enum):
        raw = raw.cast(pl.String)
    if raw.dtype == pl.String:
        raw = _in_one_spelling(raw.str.strip_chars())
        raw = raw.set(raw.fill_null("") == "", None)
    return raw, faults


def _decoded(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _in_one_spelling(text: pl.Series) -> pl.Series:
    """Text in Unicode's normal form C, without marks around it that cannot be seen (zero-width blanks, byte order marks)."""
    if not (text.str.len_bytes() > text.str.len_chars()).any():
        return text  # plain ASCII
    return text.str.normalize("NFC").str.replace_all(r"^[\s\p{Cf}]+|[\s\p{Cf}]+$", "")


def _without_empty_words(raw: pl.Series) -> pl.Series:
    """Text cells that only say that they are empty are null."""
    if raw.dtype.is_float():
        return raw.fill_nan(None)
    if raw.dtype != pl.String:
        return raw
    return raw.set(raw.is_in(list(EMPTY_WORDS)).fill_null(False), None)


def as_text(raw: pl.Series) -> pl.Series:
    """The cells as whole text, null where empty; a float that is a whole number loses its `.0`."""
    if raw.dtype == pl.String:
        return raw
    if raw.dtype == pl.Binary:
        return pl.Series([None if value is None else value.decode("utf-8", "replace") for value in raw], dtype=pl.String)
    if isinstance(raw.dtype, pl.Date | pl.Datetime):  # a day that no calendar has cannot be written out
        return raw.set(~_is_plausible(raw), None).cast(pl.String)
    if raw.dtype.is_float():  # an identifier that became 17850.0 because a neighbour was missing is 17850
        whole = raw.cast(pl.Int64, strict=False)
        is_whole = (whole.cast(pl.Float64) == raw.cast(pl.Float64)) & (raw.abs() < 2**53)
        return pl.select(pl.when(is_whole).then(whole.cast(pl.String)).otherwise(raw.cast(pl.String))).to_series()
    if raw.dtype.is_nested() or raw.dtype in (pl.Duration, pl.Object):
        return pl.Series(raw.is_null()).replace_strict([True, False], [None, f"({raw.dtype})"[:LONGEST_SHOWN]], return_dtype=pl.String)
    return raw.cast(pl.String, strict=False)


def _texts(raw: pl.Series, column: Column) -> tuple[pl.Series, list[tuple[str, pl.Series]]]:
    values = as_text(raw)
    if raw.dtype.is_nested() or raw.dtype in (pl.Duration, pl.Object):
        no_text = raw.is_not_null()
    elif raw.dtype.is_float():
        no_text = raw.is_infinite().fill_null(False)
    elif isinstance(raw.dtype, pl.Date | pl.Datetime):
        no_text = raw.is_not_null() & values.is_null()
    else:
        no_text = values.str.contains(CONTROL_CHARACTERS).fill_null(False)
    faults = [("too_long", (values.str.len_chars() > LONGEST_TEXT).fill_null(False)), ("not_text", no_text)]
    if column.allowed:
        values = values.str.to_lowercase()
        faults.append(("not_allowed", (~values.is_in(list(column.allowed))).fill_null(False)))
    return values, faults


def _numbers(raw: pl.Series, column: Column, decimal: str) -> tuple[pl.Series, list[tuple[str, pl.Series]]]:
    if raw.dtype == pl.String:
        if decimal == ",":  # a point can only part thousands then, and 1.234 is not 1.234
            raw_text = raw.set(raw.str.contains(".", literal=True).fill_null(False), "").str.replace(",", ".", literal=True)
        else:
            raw_text = raw
        numbers = raw_text.cast(pl.Float64, strict=False)
    elif raw.dtype.is_numeric() or raw.dtype == pl.Null:
        numbers = raw.cast(pl.Float64)
    else:
        numbers = pl.repeat(None, len(raw), dtype=pl.Float64, eager=True)
    not_number = numbers.is_null() & raw.is_not_null()
    not_finite = (~numbers.is_finite()).fill_null(False)
    below = numbers < column.minimum if column.minimum is not None else not_finite
    above = numbers > column.maximum if column.maximum is not None else not_finite
    faults = [("not_a_number", not_number), ("not_finite", not_finite), ("out_of_range", (below | above).fill_null(False))]
    if column.kind == "integer":
        faults.insert(2, ("not_a_number", (numbers.floor() != numbers).fill_null(False)))
        numbers = numbers.cast(pl.Int64, strict=False)
    return numbers, faults


def _flags(raw: pl.Series) -> tuple[pl.Series, list[tuple[str, pl.Series]]]:
    if raw.dtype == pl.Boolean:
        return raw, []
    words = as_text(raw).str.to_lowercase()
    values = words.replace_strict(list(FLAG_WORDS), list(FLAG_WORDS.values()), default=None, return_dtype=pl.Boolean)
    return values, [("not_allowed", values.is_null() & raw.is_not_null())]


def _times(raw: pl.Series, kind: Kind, time_zone: str, text_format: CsvFormat) -> tuple[pl.Series, list[tuple[str, pl.Series]]]:
    if isinstance(raw.dtype, pl.Date | pl.Datetime):
        implausible = ~_is_plausible(raw)
        times = raw.set(implausible, None)
        if isinstance(raw.dtype, pl.Datetime) and raw.dtype.time_zone:
            times = times.dt.convert_time_zone(time_zone).dt.replace_time_zone(None)
        times = times.cast(pl.Datetime("us"))
        not_a_date = implausible & False
    elif raw.dtype == pl.String:
        times = _written_times(raw, kind, time_zone, text_format)
        not_a_date = times.is_null() & raw.is_not_null()
        implausible = ~_is_plausible(times)
        times = times.set(implausible, None)
    else:
        times = pl.repeat(None, len(raw), dtype=pl.Datetime("us"), eager=True)
        not_a_date, implausible = raw.is_not_null(), times.is_not_null()
    return (times.dt.date() if kind == "day" else times), [("not_a_date", not_a_date), ("out_of_range", implausible)]


def _is_plausible(times: pl.Series) -> pl.Series:
    """Whether each day or time lies in `FIRST_DAY` to `LAST_DAY` (true where null), told from its number: others cannot be written out."""
    per_day = PER_DAY[times.dtype.time_unit] if isinstance(times.dtype, pl.Datetime) else 1
    epoch = date(1970, 1, 1)
    first, last = (FIRST_DAY - epoch).days * per_day, ((LAST_DAY - epoch).days + 1) * per_day - 1
    most = 2**63 - 1  # nanoseconds end in 2262
    return times.to_physical().is_between(max(first, -most), min(last, most)).fill_null(True)


def _written_times(text: pl.Series, kind: Kind, time_zone: str, text_format: CsvFormat) -> pl.Series:
    own_format = text_format.date_format if kind == "day" else text_format.timestamp_format
    usual = own_format or ("%Y-%m-%d" if kind == "day" else "%Y-%m-%d %H:%M:%S")
    if kind == "day":
        times = text.str.to_date(usual, strict=False).cast(pl.Datetime("us"))
    else:
        times = text.str.to_datetime(usual, time_unit="us", strict=False)
        if times.null_count() > text.null_count():
            times = times.fill_null(text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False))
    rest = text.filter(times.is_null() & text.is_not_null()).unique()
    if rest.is_empty():
        return times
    parts = rest.str.extract_groups(ISO_TIMESTAMP).struct.unnest()
    day, minute, second, offset = parts.get_columns()
    written = day + "T" + minute.fill_null("00:00") + second.fill_null(":00").str.replace(",", ".", literal=True)
    local = written.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
    ahead = _ahead_of_utc(offset)
    local = local.set(~_is_plausible(local) | (ahead.dt.total_minutes().abs() > FARTHEST_OFFSET_MINUTES).fill_null(False), None)
    in_utc = (local - ahead).dt.replace_time_zone("UTC")
    shifted = in_utc.dt.convert_time_zone(time_zone).dt.replace_time_zone(None)
    resolved = pl.select(pl.when(offset.is_null()).then(local).otherwise(shifted)).to_series()
    return times.fill_null(text.replace_strict(rest, resolved, default=None, return_dtype=pl.Datetime("us")))


def _ahead_of_utc(offset: pl.Series) -> pl.Series:
    """Durations that offsets such as `+02:00`, `-0500` or `Z` are ahead of UTC."""
    digits = offset.str.replace_all(r"[^0-9]", "")
    hours, minutes = (digits.str.slice(start, 2).cast(pl.Int64, strict=False).fill_null(0) for start in (0, 2))
    sign = pl.select(pl.when(offset.str.starts_with("-")).then(-1).otherwise(1)).to_series()
    return pl.select(pl.duration(minutes=sign * (hours * 60 + minutes))).to_series()


def _first_fault(faults: list[tuple[str, pl.Series]], height: int) -> pl.Series:
    codes = pl.repeat(0, height, dtype=pl.UInt8, eager=True)
    for name, mask in reversed(faults):
        if mask.any():
            codes = codes.set(mask, fault_code(name))
    return codes
