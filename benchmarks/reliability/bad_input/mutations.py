"""Files of the sound shop damaged by lot: bytes, lines, fields and cells of CSV text, bytes and columns of Parquet.

Decides, per case number, which table is written in which *dialect* (how the shop writes its files) and what is done to it; the same seed
and number give the same bytes. Each case says which rows it left untouched: those must still land as they did before. *Touched* are the
lines in which a byte changed, and the one below where a line end did; a damaged header line touches all.
"""

import io
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import polars as pl

from benchmarks.reliability.bad_input.nasty import NASTY
from benchmarks.reliability.bad_input.sound_shop import ROWS, csv_text, sound_tables


@dataclass(frozen=True)
class Dialect:
    """How a shop writes its files: the lines of shop.toml that say so, and the bytes of a table."""

    name: str
    settings: str
    suffix: str
    encoding: str = "utf-8"
    separator: str = ","
    quoted: bool = False
    line_end: str = "\n"


DIALECTS = {
    dialect.name: dialect
    for dialect in (
        Dialect("plain", "", ".csv"),
        Dialect("quoted", "", ".csv", quoted=True),
        Dialect("german", '\n[csv]\ndelimiter = ";"\ndecimal = ","\n', ".csv", separator=";", line_end="\r\n"),
        Dialect("latin", '\n[csv]\nencoding = "latin-1"\n', ".csv", encoding="latin-1"),
        Dialect("utf16", '\n[csv]\nencoding = "utf-16"\n', ".csv", encoding="utf-16"),
        Dialect("parquet", "", ".parquet"),
    )
}
SHARES = {"plain": 26, "quoted": 14, "german": 12, "latin": 6, "utf16": 4, "parquet": 38}
PARQUET_OPTIONS: tuple[dict[str, Any], ...] = (
    {"compression": "none", "use_dictionary": False},
    {"compression": "none"},
    {"compression": "snappy"},
    {"compression": "zstd", "data_page_version": "2.0"},
    {"compression": "gzip", "row_group_size": 5},
    {"compression": "lz4", "data_page_size": 64, "write_page_index": True},
    {"compression": "none", "use_dictionary": False, "column_encoding": "DELTA_BINARY_PACKED"},
    {"compression": "brotli", "store_schema": False, "use_byte_stream_split": False},
)


@dataclass(frozen=True)
class Mutant:
    """One damaged file. `untouched` are the sound rows (from 0) that must land as before; None where that cannot be told."""

    number: int
    table: str
    dialect: str
    done: str
    content: bytes
    untouched: frozenset[int] | None


def mutant(seed: int, number: int) -> Mutant:
    """The case of this number."""
    rng = random.Random(f"{seed}:{number}")
    table = rng.choice(sorted(sound_tables()))
    dialect = DIALECTS[rng.choices(list(SHARES), list(SHARES.values()))[0]]
    if dialect.name == "parquet":
        kind = rng.choices(("bytes", "cell", "column"), (60, 15, 25))[0]
        change = {"bytes": _parquet_bytes, "cell": _parquet_cell, "column": _parquet_column}[kind]
        done, content, untouched = change(rng, table)
    else:
        kind = rng.choices(("bytes", "lines", "fields"), (45, 20, 35))[0]
        change = {"bytes": _csv_bytes, "lines": _csv_lines, "fields": _csv_fields}[kind]
        done, content, untouched = change(rng, table, dialect)
    return Mutant(number, table, dialect.name, done, content, untouched)


Made = tuple[str, bytes, frozenset[int] | None]
ALL = frozenset(range(ROWS))


@cache
def sound_text(table: str, dialect: Dialect) -> str:
    """The sound table as CSV text of a dialect."""
    text = csv_text(sound_tables()[table], dialect.separator, dialect.separator == ";", dialect.quoted)
    return text.replace("\n", dialect.line_end)


@cache
def sound_parquet(table: str, option: int) -> bytes:
    """The sound table as a Parquet file, written in one of several ways."""
    return _as_parquet(sound_tables()[table].to_arrow(), PARQUET_OPTIONS[option])


def _as_parquet(table: Any, options: dict[str, Any]) -> bytes:
    from pyarrow import parquet, types

    options = dict(options)
    if encoding := options.pop("column_encoding", None):
        whole = [field.name for field in table.schema if types.is_integer(field.type) or types.is_temporal(field.type)]
        text = [field.name for field in table.schema if types.is_large_string(field.type) or types.is_string(field.type)]
        options["column_encoding"] = {**dict.fromkeys(whole, encoding), **dict.fromkeys(text, "DELTA_BYTE_ARRAY")}
    target = io.BytesIO()
    parquet.write_table(table, target, **options)
    return target.getvalue()


# ---- bytes -------------------------------------------------------------------------------------------------------------------------


def _damage(rng: random.Random, content: bytes, low: int = 0) -> tuple[str, bytes, list[tuple[int, int]]]:
    """One to four damages to the bytes from `low` on; the spans [start, end) of the original that they touched."""
    data, spans = bytearray(content), []
    done = rng.choice(("flip", "flip", "set", "zeros", "insert", "delete", "duplicate", "truncate", "swap"))
    start = rng.randrange(low, len(data)) if len(data) > low else 0
    length = min(rng.choice((1, 1, 2, 4, 8, 64)), len(data) - start)
    end = start + length
    if done == "flip":
        for _ in range(rng.choice((1, 1, 2, 3, 8))):
            place = rng.randrange(low, len(data))
            data[place] ^= 1 << rng.randrange(8)
            spans.append((place, place + 1))
        return done, bytes(data), spans
    if done == "set":
        data[start:end] = bytes(rng.choice((0, 10, 13, 34, 39, 44, 59, 127, 128, 255, rng.randrange(256))) for _ in range(length))
    elif done == "zeros":
        data[start:end] = bytes(length)
    elif done == "insert":
        data[start:start] = rng.choice((rng.randbytes(length), b'"' * length, b"\n" * length, b"\0" * length, b"\xff" * length))
        end = start + 1
    elif done == "delete":
        del data[start:end]
    elif done == "duplicate":
        data[start:start] = data[start:end]
    elif done == "swap":
        other = rng.randrange(low, len(data))
        data[start], data[other] = data[other], data[start]
        return done, bytes(data), [(start, start + 1), (other, other + 1)]
    else:
        del data[start:]
        end = len(content)
    return done, bytes(data), [(max(start - 1, low), end)]


def _csv_bytes(rng: random.Random, table: str, dialect: Dialect) -> Made:
    content = sound_text(table, dialect).encode(dialect.encoding)
    header = content.index(b"\n") + 1
    done, damaged, spans = _damage(rng, content, rng.choice((0, header, header, header)))
    if dialect.encoding == "utf-16":
        return done, damaged, None
    return done, damaged, _untouched(content, spans)


def _untouched(content: bytes, spans: list[tuple[int, int]]) -> frozenset[int] | None:
    """Sound rows of which no byte lies in a span; the row below is touched with the line end above it."""
    touched: set[int] = set()
    for start, end in spans:
        first = content.count(b"\n", 0, start)
        last = content.count(b"\n", 0, min(end + 1, len(content)))
        touched.update(range(first, last + 1))
    if 0 in touched:
        return None
    return ALL - {line - 1 for line in touched}


def _parquet_bytes(rng: random.Random, table: str) -> Made:
    content = sound_parquet(table, rng.randrange(len(PARQUET_OPTIONS)))
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    done, damaged, _ = _damage(rng, content, rng.choice((0, footer, footer, len(content) - 8)))
    return done, damaged, None


# ---- lines and fields of CSV -------------------------------------------------------------------------------------------------------


def _csv_lines(rng: random.Random, table: str, dialect: Dialect) -> Made:
    lines = sound_text(table, dialect).split(dialect.line_end)[:-1]
    row = rng.randrange(ROWS)
    rest = ALL - {row}
    end = dialect.line_end
    what: dict[str, Callable[[], tuple[list[str], frozenset[int] | None]]] = {
        "line twice": lambda: ([*lines[: row + 2], lines[row + 1], *lines[row + 2 :]], ALL),
        "line gone": lambda: ([*lines[: row + 1], *lines[row + 2 :]], rest),
        "line moved": lambda: ([*lines[: row + 1], *lines[row + 2 :], lines[row + 1]], ALL),
        "blank line": lambda: ([*lines[: row + 1], "", *lines[row + 1 :]], ALL),
        "line of nonsense": lambda: ([*lines[: row + 1], rng.choice(NASTY).replace("\n", " "), *lines[row + 1 :]], ALL),
        "other line end": lambda: ([*lines[: row + 1], lines[row + 1] + "\r", *lines[row + 2 :]], None),
        "header twice": lambda: ([*lines[: row + 1], lines[0], *lines[row + 1 :]], ALL),
        "header gone": lambda: (lines[1:], None),
        "lines shuffled": lambda: ([lines[0], *rng.sample(lines[1:], ROWS)], ALL),
        "two tables in one file": lambda: (lines + lines, ALL),
        "half a line": lambda: ([*lines[: row + 1], lines[row + 1][: len(lines[row + 1]) // 2], *lines[row + 2 :]], rest),
        "name in the header changed": lambda: ([_changed_name(rng, lines[0], dialect), *lines[1:]], None),
    }
    done = rng.choice(sorted(what))
    changed, untouched = what[done]()
    return done, (end.join(changed) + end).encode(dialect.encoding, "replace"), untouched


def _changed_name(rng: random.Random, header: str, dialect: Dialect) -> str:
    names = header.split(dialect.separator)
    place = rng.randrange(len(names))
    names[place] = rng.choice((names[place].upper(), f" {names[place]} ", names[rng.randrange(len(names))], "", rng.choice(NASTY)))
    return dialect.separator.join(names)


def _csv_fields(rng: random.Random, table: str, dialect: Dialect) -> Made:
    row = rng.randrange(ROWS)
    if rng.random() < 0.5:  # a cell as a sound writer would write it
        frame, value = _with_cell(rng, table, row)
        text = csv_text(frame, dialect.separator, False, dialect.quoted).replace("\n", dialect.line_end)
        if dialect.separator == ";":  # every other number keeps its decimal comma
            text = _with_line(sound_text(table, dialect), row, text, dialect, value)
        return "cell", text.encode(dialect.encoding, "replace"), ALL - {row}
    lines = sound_text(table, dialect).split(dialect.line_end)
    fields = lines[row + 1].split(dialect.separator)
    place, other = rng.randrange(len(fields)), rng.randrange(len(fields))
    done = rng.choice(("fields swapped", "field gone", "field twice", "raw cell", "raw cell"))
    if done == "fields swapped":
        fields[place], fields[other] = fields[other], fields[place]
    elif done == "field gone":
        del fields[place]
    elif done == "field twice":
        fields.insert(place, fields[place])
    else:
        fields[place] = rng.choice(NASTY)
    lines[row + 1] = dialect.separator.join(fields)
    return done, dialect.line_end.join(lines).encode(dialect.encoding, "replace"), ALL - {row}


def _with_cell(rng: random.Random, table: str, row: int) -> tuple[pl.DataFrame, str]:
    """The frame as text, with a nasty value in one cell of the row."""
    frame = as_text_frame(table)
    column, value = rng.choice(frame.columns), rng.choice(NASTY)
    values = frame[column].to_list()
    values[row] = value
    return frame.with_columns(pl.Series(column, values, dtype=pl.String)), value


def _with_line(sound: str, row: int, text: str, dialect: Dialect, value: str) -> str:
    """The sound text with the lines of the one row taken from `text` (more than one where the value holds line ends)."""
    before, after = sound.split(dialect.line_end), text.split(dialect.line_end)
    more = len(after) - len(before)
    return dialect.line_end.join([*before[: row + 1], *after[row + 1 : row + 2 + more], *before[row + 2 :]])


@cache
def as_text_frame(table: str) -> pl.DataFrame:
    """The sound table with every cell as the text that CSV would hold."""
    return pl.read_csv(io.StringIO(csv_text(sound_tables()[table])), infer_schema=False)


# ---- columns of Parquet ------------------------------------------------------------------------------------------------------------


def _parquet_cell(rng: random.Random, table: str) -> Made:
    row = rng.randrange(ROWS)
    frame, _ = _with_cell(rng, table, row)
    sound = sound_tables()[table]
    changed = [name for name in frame.columns if not frame[name].equals(as_text_frame(table)[name])]
    mixed = sound.with_columns(frame[name] for name in changed)
    return "cell", _as_parquet(mixed.to_arrow(), rng.choice(PARQUET_OPTIONS[:6])), ALL - {row}


def _parquet_column(rng: random.Random, table: str) -> Made:
    import pyarrow

    arrow = sound_tables()[table].to_arrow()
    place = rng.randrange(arrow.num_columns)
    name = arrow.schema.names[place]
    makers = odd_columns()
    done = rng.choice(sorted(makers))
    try:
        arrow = arrow.set_column(place, name, makers[done](rng))
        if rng.random() < 0.1:
            arrow = arrow.append_column(rng.choice(arrow.schema.names), arrow.column(0))
        content = _as_parquet(arrow, rng.choice(PARQUET_OPTIONS[:6]))
    except (pyarrow.ArrowException, ValueError):  # Parquet cannot hold it
        content = sound_parquet(table, 0)
    return f"column of {done}", content, None


@cache
def odd_columns() -> dict[str, Callable[[random.Random], Any]]:
    """Columns no contract asks for, by name."""
    import pyarrow as pa

    def repeated(values: list[Any], kind: Any = None) -> Callable[[random.Random], Any]:
        return lambda rng: pa.array([rng.choice(values) for _ in range(ROWS)], kind)

    def numbers(kind: Any, *values: int) -> Callable[[random.Random], Any]:
        return lambda rng: pa.array([rng.choice(values) for _ in range(ROWS)], pa.int64()).view(kind)

    far = (2**63 - 1, -(2**63), 0, 2**62, -(2**62), 1_709_290_800_000_000, 253_402_300_800_000_000, 10**18)
    return {
        "nothing": repeated([None], pa.null()),
        "truth values": repeated([True, False, None]),
        "bytes": repeated([b"abc", b"\xff\xfe", b"", b"\0", None], pa.binary()),
        "fixed bytes": repeated([b"abcd", b"\xf0\x28\x8c\x28"], pa.binary(4)),
        "text that is none": lambda rng: pa.array([rng.choice([b"\xf0", b"ok", b"\xed\xa0\x80", b"\xc3"]) for _ in range(ROWS)]).view(
            pa.string()
        ),
        "large text that is none": lambda rng: pa.array(
            [rng.choice([b"\xf4\x90\x80\x80" * 5, b"a long enough text", b"\x80" * 20]) for _ in range(ROWS)], pa.large_binary()
        ).view(pa.large_string()),
        "categories of text": lambda rng: pa.array([rng.choice(NASTY) for _ in range(ROWS)]).dictionary_encode(),
        "lists": repeated([[1, 2], [], None, [None]]),
        "lists of days": repeated([[date(2024, 3, 1)], [date(1, 1, 1)], None]),
        "structures": repeated([{"a": 1, "b": "x"}, {"a": None, "b": ""}, None]),
        "maps": repeated([[("a", 1)], [], None], pa.map_(pa.string(), pa.int64())),
        "decimals": repeated([Decimal("1.5"), Decimal("-99999.99"), None], pa.decimal128(20, 4)),
        "wide decimals": repeated([Decimal("1.5"), Decimal(10) ** 60, None], pa.decimal256(70, 4)),
        "unsigned integers": repeated([0, 1, 2**64 - 1, 2**53 + 1], pa.uint64()),
        "small integers": repeated([0, 1, -128, 127], pa.int8()),
        "half floats": repeated([0.5, None], pa.float16()),
        "floats": repeated([float("nan"), float("inf"), -0.0, 5e-324, 1.7e308, 17850.0, 1e19, None]),
        "float32": repeated([1.1, float("nan"), 3.4e38], pa.float32()),
        "days": repeated([date(1, 1, 1), date(9999, 12, 31), date(1970, 1, 1), date(2024, 3, 2), None]),
        "days of no calendar": lambda rng: pa.array([rng.choice([2**31 - 1, -(2**31), 0, 19_800]) for _ in range(ROWS)], pa.int32()).view(
            pa.date32()
        ),
        "days in milliseconds": numbers(pa.date64(), *(int(each / 86_400_000) * 86_400_000 for each in far[2:])),
        "seconds": numbers(pa.timestamp("s"), *far),
        "milliseconds in UTC": numbers(pa.timestamp("ms", "UTC"), *far),
        "microseconds": numbers(pa.timestamp("us"), *far),
        "nanoseconds in New York": numbers(pa.timestamp("ns", "America/New_York"), *far),
        "times of a zone nobody knows": numbers(pa.timestamp("us", "Mars/Olympus"), 1_709_290_800_000_000),
        "times of an offset": numbers(pa.timestamp("us", "+05:30"), 1_709_290_800_000_000, 0),
        "hours": repeated([time(0), time(23, 59, 59), None]),
        "durations": repeated([timedelta(days=1), timedelta(0), None]),
        "long durations": numbers(pa.duration("s"), *far),
        "nasty text": lambda rng: pa.array([rng.choice(NASTY) for _ in range(ROWS)]),
        "text views": lambda rng: pa.array([rng.choice(NASTY) for _ in range(ROWS)], pa.string_view()),
    }
