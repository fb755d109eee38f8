"""The section `[csv]` of `shop.toml`: how the shop's CSV files are written."""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from shops.shop_toml import Section

__all__ = ["CsvFormat", "csv_format"]


@dataclass(frozen=True)
class CsvFormat:
    """How the shop's CSV files are written. Formats are strftime patterns for days and times that are not ISO 8601."""

    delimiter: str = ","
    encoding: str = "utf-8"
    decimal: str = "."
    date_format: str | None = None
    timestamp_format: str | None = None


def csv_format(section: Section) -> CsvFormat:
    """Read the section; raises ShopError naming the word and its mend."""
    csv = CsvFormat(
        delimiter=section.text("delimiter", ","),
        encoding=section.text("encoding", "utf-8"),
        decimal=section.text("decimal", "."),
        date_format=section.text("date_format", None),
        timestamp_format=section.text("timestamp_format", None),
    )
    if len(csv.delimiter) != 1 or csv.delimiter in '"\r\n\0':
        raise section.fault("delimiter", csv.delimiter, "give exactly one character, and neither a quote nor a line end")
    if csv.decimal not in (".", ","):
        raise section.fault("decimal", csv.decimal, 'give "." or ","')
    try:
        if "a,1\n".encode(csv.encoding).decode(csv.encoding) != "a,1\n":
            raise LookupError
    except (LookupError, ValueError):
        raise section.fault("encoding", csv.encoding, "give a known encoding, such as utf-8 or latin-1") from None
    _must_read_back(section, "date_format", csv.date_format, "%d.%m.%Y")
    _must_read_back(section, "timestamp_format", csv.timestamp_format, "%d.%m.%Y %H:%M")
    return csv


def _must_read_back(section: Section, word: str, pattern: str | None, example: str) -> None:
    """Refuse a pattern that does not tell year, month and day: what is written with it must be read back. Offsets (%z) need no pattern."""
    if pattern is None:
        return
    day = pl.Series([datetime(2024, 10, 31)], dtype=pl.Datetime("us"))
    try:
        written = day.dt.strftime(pattern).str
        read = written.to_date(pattern) if word == "date_format" else written.to_datetime(pattern, time_unit="us")
    except pl.exceptions.PolarsError:
        read = day.clear()
    if read.dtype == pl.Datetime("us", "UTC") or read.cast(pl.Date).to_list() != day.cast(pl.Date).to_list():
        raise section.fault(word, pattern, f"give a pattern that tells year, month and day and no offset, such as {example}")
