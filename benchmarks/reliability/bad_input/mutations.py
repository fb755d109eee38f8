"""Files of the sound shop damaged by lot: bytes, lines, fields and cells of CSV text, bytes and columns of Parquet.

Decides, per case number, which table is written in which *dialect* (how the shop writes its files) and what is done to it; the same seed
and number give the same bytes. Each case says which rows it left untouched: those must still land as they did before. *Touched* are the
lines in which a byte changed, and the one below where a line end did; a damaged header line touches all.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from benchmarks.reliability.bad_input.dialects import (
    DIALECTS,
    PARQUET_OPTIONS,
    Dialect,
    as_parquet,
    as_text_frame,
    sound_parquet,
    sound_text,
)
from benchmarks.reliability.bad_input.nasty import NASTY
from benchmarks.reliability.bad_input.odd_columns import odd_columns
from benchmarks.reliability.bad_input.sound_shop import ROWS, csv_text, sound_tables

SHARES = {"plain": 26, "quoted": 14, "german": 12, "latin": 6, "utf16": 4, "parquet": 38}


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


# ---- columns of Parquet ------------------------------------------------------------------------------------------------------------


def _parquet_cell(rng: random.Random, table: str) -> Made:
    row = rng.randrange(ROWS)
    frame, _ = _with_cell(rng, table, row)
    sound = sound_tables()[table]
    changed = [name for name in frame.columns if not frame[name].equals(as_text_frame(table)[name])]
    mixed = sound.with_columns(frame[name] for name in changed)
    return "cell", as_parquet(mixed.to_arrow(), rng.choice(PARQUET_OPTIONS[:6])), ALL - {row}


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
        content = as_parquet(arrow, rng.choice(PARQUET_OPTIONS[:6]))
    except (pyarrow.ArrowException, ValueError):  # Parquet cannot hold it
        content = sound_parquet(table, 0)
    return f"column of {done}", content, None
