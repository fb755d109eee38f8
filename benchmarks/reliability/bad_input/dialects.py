"""How a shop may write its files: dialects of CSV and ways of Parquet, and the sound shop's tables in each."""

import io
from dataclasses import dataclass
from functools import cache
from typing import Any

import polars as pl

from benchmarks.reliability.bad_input.sound_shop import csv_text, sound_tables


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


@cache
def sound_text(table: str, dialect: Dialect) -> str:
    """The sound table as CSV text of a dialect."""
    text = csv_text(sound_tables()[table], dialect.separator, dialect.separator == ";", dialect.quoted)
    return text.replace("\n", dialect.line_end)


@cache
def sound_parquet(table: str, option: int) -> bytes:
    """The sound table as a Parquet file, written in one of several ways."""
    return as_parquet(sound_tables()[table].to_arrow(), PARQUET_OPTIONS[option])


def as_parquet(table: Any, options: dict[str, Any]) -> bytes:
    """The table as a Parquet file written with the options."""
    from pyarrow import parquet, types

    options = dict(options)
    if encoding := options.pop("column_encoding", None):
        whole = [field.name for field in table.schema if types.is_integer(field.type) or types.is_temporal(field.type)]
        text = [field.name for field in table.schema if types.is_large_string(field.type) or types.is_string(field.type)]
        options["column_encoding"] = {**dict.fromkeys(whole, encoding), **dict.fromkeys(text, "DELTA_BYTE_ARRAY")}
    target = io.BytesIO()
    parquet.write_table(table, target, **options)
    return target.getvalue()


@cache
def as_text_frame(table: str) -> pl.DataFrame:
    """The sound table with every cell as the text that CSV would hold."""
    return pl.read_csv(io.StringIO(csv_text(sound_tables()[table])), infer_schema=False)
