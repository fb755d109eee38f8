"""Parquet files that may be swapped under a query: whoever began with the file before finds its bytes where they were.

DuckDB opens a Parquet file twice per query: first for its footer, then, by the same path, for its pages. If another file has been swapped
in between, the first one's footer points into the second one's bytes, and the query ends in `TProtocolException: Invalid data`. So a new
file carries the data of the one before at the same offsets, unseen by its own footer: an old footer finds old pages, a new one new ones.

Terms: the *data* of a file are its bytes from the first page to the footer; their *span* is where they begin and end. New data are put in
front of the old where there is room, else behind them, so a file is at most some three times the size of its data. The format allows it: a
footer names every page by its offset, and what no footer names is not read. docs/decisions/0011.
"""

import json
from pathlib import Path
from typing import BinaryIO

from assets.published.parquet_footer import shifted

MAGIC = b"PAR1"
TAIL = 8  # length of the footer, magic
PART = 1 << 20
SPANS = "_spans.json"
Span = tuple[int, int]


def carry_all(folder: Path, before: Path) -> None:
    """Let every Parquet file of the new version in `folder` carry the data of its namesake in `before`, where there is one.

    A namesake that is damaged has no readers and is left aside: the new version is what mends it.
    """
    spans, own = _told_spans(before / SPANS), dict[str, Span]()
    for file in sorted(folder.glob("[!.]*.parquet")):
        span = _whole_span(before / file.name, spans.get(file.name))
        own[file.name] = carry_over(file, before / file.name, span) if span else plain_span(file)
    (folder / SPANS).write_text(json.dumps(own), encoding="utf-8")


def _told_spans(file: Path) -> dict[str, list[int]]:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _whole_span(file: Path, told: list[int] | None) -> Span | None:
    """Where the data of a published file lie; None where there is no such file, or it ends before they do."""
    try:
        start, end = plain_span(file)
    except (OSError, ValueError):
        return None
    if told is None:
        return start, end
    return (told[0], told[1]) if told[1] <= end else None


def carry_over(file: Path, before: Path, span: Span) -> Span:
    """Rewrite the plain Parquet `file` so that it carries the data of `before`, which lie at `span`.

    Returns the span of the file's own data.
    """
    old_start, old_end = span
    own_start, own_end = plain_span(file)
    has_room = own_end <= old_start
    start = own_start if has_room else old_end
    beside = file.with_name(f".{file.name}")
    with file.open("rb") as new, before.open("rb") as old, beside.open("wb") as out:
        for source, begin, end, place in ((old, old_start, old_end, old_start), (new, own_start, own_end, start)):
            source.seek(begin)
            out.seek(place)  # what is jumped over reads as zeros
            _copy(source, out, end - begin)
        footer = shifted(new.read()[:-TAIL], start - own_start)
        out.seek(0)
        out.write(MAGIC)
        out.seek(max(old_end, start + own_end - own_start))
        out.write(footer + len(footer).to_bytes(TAIL - len(MAGIC), "little") + MAGIC)
    beside.replace(file)
    return start, start + own_end - own_start


def plain_span(file: Path) -> Span:
    """Where the data of a Parquet file lie that carries nothing over."""
    size = file.stat().st_size
    with file.open("rb") as opened:
        opened.seek(size - TAIL)
        footer = int.from_bytes(opened.read(TAIL - len(MAGIC)), "little")
        if opened.read() != MAGIC:
            raise ValueError(f"{file.name} is no Parquet file.")
    return len(MAGIC), size - TAIL - footer


def _copy(source: BinaryIO, out: BinaryIO, count: int) -> None:
    while count:
        part = source.read(min(count, PART))
        if not part:
            raise ValueError("A published file ends before its footer says.")
        out.write(part)
        count -= len(part)
