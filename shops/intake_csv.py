"""CSV files read line by line, so that one bad line costs one line.

Decides what a *line* is and which are refused: the header names the fields; a *data row* is one record below it, counted from 1
(blank lines do not count); a row with more or fewer fields than the header, or with broken quotes, is a *ragged line*; bytes that
are not text in the file's encoding make the row `bad_encoding`. A stray quote swallows its own line only, never the lines below.
A file of plain lines only is read the fast way (`shops.intake_csv_plain`), with the same outcome.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import TextIO

import polars as pl

from shops.intake_csv_plain import plain_csv_pieces

CHUNK_ROWS = 50_000  # bounds the memory held in Python objects
SHOWN_FIELD = 1_000  # characters of a refused line's field that are kept


CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
TOO_LONG = f"A field of the line is longer than {csv.field_size_limit():,} characters."


@dataclass(frozen=True)
class RefusedLine:
    """One line that is no row of the file: its data row, why, and its fields as read (empty where they could not be split)."""

    source_row: int
    reason_code: str
    reason: str
    fields: tuple[str, ...]


class UnreadableFileError(ValueError):
    """A file of which no row can be read; the message is one sentence."""


class _Lines:
    """Physical lines with a memory of those taken since the last record, so that they can be given back."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._returned: list[str] = []
        self.taken: list[str] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._returned.pop() if self._returned else next(self._file)
        self.taken.append(line)
        return line

    def give_back_all_but_first(self) -> None:
        self._returned.extend(reversed(self.taken[1:]))


def csv_header(path: Path, delimiter: str, encoding: str) -> tuple[str, ...]:
    """Return the names in the header line; raises `UnreadableFileError` where there is none."""
    try:
        with _opened(path, encoding) as file:
            header = next(csv.reader(file, delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise UnreadableFileError(f"The header line cannot be read ({error}); mend its quotes.") from None
    except (OSError, UnicodeError) as error:
        raise _unreadable(error, encoding) from None
    if any("\0" in name for name in header):
        raise UnreadableFileError(f"The header line is not {encoding} text; set [csv] encoding in shop.toml.")
    names = tuple(readable(name.strip().strip("\ufeff")) for name in header)
    if not any(names):
        raise UnreadableFileError("The file has no header line; its first line names the columns.")
    return names


def read_csv_pieces(path: Path, wanted: list[str], delimiter: str, encoding: str) -> Iterator[tuple[pl.DataFrame, list[RefusedLine]]]:
    """Read the `wanted` fields of every row as text, piece by piece.

    Each piece is a frame (one row per readable data row: `source_row`, then `wanted`, all text) and the lines refused among them. Raises
    `UnreadableFileError` where the header is missing, or where the file turns out to be no text further down.
    """
    header = csv_header(path, delimiter, encoding)
    missing = [name for name in wanted if name not in header]
    if missing:  # it was there when the caller looked
        raise UnreadableFileError(f"The file changed while it was read: column {missing[0]!r} is gone; run again.")
    positions = [header.index(name) for name in wanted]
    named = [pl.col(str(position)).alias(name) for position, name in zip(positions, wanted, strict=True)]
    try:
        plain = plain_csv_pieces(path, header, positions, delimiter) if _is_utf8(encoding) else None
        if plain is not None:
            yield from ((frame.select("source_row", *named), []) for frame in plain)
            return
        yield from _read_line_by_line(path, header, wanted, delimiter, encoding)
    except (OSError, UnicodeError) as error:  # encodings of several bytes lose their step at the first wrong one
        raise _unreadable(error, encoding) from None


def _unreadable(error: OSError | UnicodeError, encoding: str) -> UnreadableFileError:
    if isinstance(error, OSError):
        return UnreadableFileError(f"The file cannot be read ({error.strerror or error}).")
    return UnreadableFileError(f"The file is not {encoding} text ({error}); set [csv] encoding in shop.toml.")


def _read_line_by_line(
    path: Path, header: tuple[str, ...], wanted: list[str], delimiter: str, encoding: str
) -> Iterator[tuple[pl.DataFrame, list[RefusedLine]]]:
    positions = [header.index(name) for name in wanted]
    refused: list[RefusedLine] = []
    rows: list[tuple[str, ...]] = []
    numbers: list[int] = []
    pick = itemgetter(*positions) if len(positions) > 1 else (lambda fields: tuple(fields[position] for position in positions))
    for number, fields, problem in _records(path, len(header), delimiter, encoding):
        if problem:
            code = "too_long" if problem == TOO_LONG else "ragged_line"
            refused.append(RefusedLine(number, code, problem, tuple(readable(field)[:SHOWN_FIELD] for field in fields)))
            continue
        rows.append(pick(fields))
        numbers.append(number)
        if len(rows) == CHUNK_ROWS:
            yield _frame(rows, numbers, wanted, encoding, refused), refused
            refused, rows, numbers = [], [], []
    yield _frame(rows, numbers, wanted, encoding, refused), refused


def _is_utf8(encoding: str) -> bool:
    return encoding.lower().replace("_", "-") in ("utf-8", "utf8")


def _opened(path: Path, encoding: str) -> TextIO:
    return path.open(encoding="utf-8-sig" if _is_utf8(encoding) else encoding, errors="surrogateescape", newline="")


def _records(path: Path, width: int, delimiter: str, encoding: str) -> Iterator[tuple[int, list[str], str]]:
    """Yield data row number, fields and, for a ragged line, what is wrong with it."""
    with _opened(path, encoding) as file:
        lines = _Lines(file)
        next(csv.reader(lines, delimiter=delimiter, strict=True), None)
        number = 0
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        while True:
            lines.taken.clear()
            try:
                fields = next(reader)
                problem = ""
            except StopIteration:
                return
            except csv.Error as error:
                fields, problem = [], f"The line's quotes do not close as they should ({error})."
                if len(lines.taken) == 1 and len(lines.taken[0]) > csv.field_size_limit():
                    problem = TOO_LONG
                reader = csv.reader(lines, delimiter=delimiter, strict=True)
            if not fields and not problem:
                continue
            number += 1
            if fields and len(fields) != width:
                problem = f"The line has {len(fields)} fields where the header has {width}."
            if problem and len(lines.taken) > 1:
                fields = []
                lines.give_back_all_but_first()
            yield number, fields, problem


def _frame(rows: list[tuple[str, ...]], numbers: list[int], wanted: list[str], encoding: str, refused: list[RefusedLine]) -> pl.DataFrame:
    schema = {"source_row": pl.Int64, **dict.fromkeys(wanted, pl.String)}
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(wanted)
    try:
        return pl.DataFrame({"source_row": numbers, **dict(zip(wanted, columns, strict=True))}, schema=schema)
    except UnicodeEncodeError:
        sound = [all(_is_text(cell) for cell in row) for row in rows]
        reason = f"The line holds bytes that are not {encoding} text; set [csv] encoding in shop.toml, such as latin-1 or cp1252."
        for number, row, good in zip(numbers, rows, sound, strict=True):
            if not good:
                refused.append(RefusedLine(number, "bad_encoding", reason, tuple(readable(cell)[:SHOWN_FIELD] for cell in row)))
        kept = [(number, row) for number, row, good in zip(numbers, rows, sound, strict=True) if good]
        return _frame([row for _, row in kept], [number for number, _ in kept], wanted, encoding, refused)


def readable(text: str) -> str:
    """The text with a question mark for every byte that is no text, and for every control character."""
    return CONTROL_CHARACTERS.sub("?", text.encode("utf-8", "replace").decode())


def _is_text(cell: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in cell)
