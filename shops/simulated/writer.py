"""Writing long tables as they grow: days are gathered in memory and written in parts.

A table that fits into one part becomes `<table>.parquet`; otherwise the folder `<table>/` holds `part-0001.parquet`, ….
Records written after the shop's last day are not known yet and are left out.
"""

from pathlib import Path

import numpy as np
import polars as pl


def lookup(names: pl.Series, position: np.ndarray) -> pl.Series:
    """Names at positions; null where the position is negative."""
    with_null = pl.concat([names, pl.Series(names.name, [None], dtype=names.dtype)])
    return with_null.gather(np.where(position < 0, len(names), position))


def seconds_to_timestamp(seconds: np.ndarray) -> pl.Series:
    """Seconds since 1970 as naive local timestamps."""
    return pl.Series((seconds.astype(np.int64) * 1_000_000).view("datetime64[us]"))


class PartWriter:
    """Writes frames of one table into the shop folder, one part at a time."""

    def __init__(self, folder: Path, table: str, last_day: np.datetime64, *, in_parts: bool) -> None:
        self._folder, self._table, self._in_parts = folder, table, in_parts
        self._known_before = (last_day + 1).astype("datetime64[us]").item()
        self._parts = 0
        self.rows = 0

    def write(self, frame: pl.DataFrame) -> None:
        """Write one part, without what is recorded after the last day."""
        if "recorded_at" in frame.columns:
            frame = frame.filter(pl.col("recorded_at").is_null() | (pl.col("recorded_at") < self._known_before))
        self._parts += 1
        if self._in_parts:
            path = self._folder / self._table / f"part-{self._parts:04d}.parquet"
        else:
            if self._parts > 1:
                raise ValueError(f"Expected one part of {self._table}; the table was opened as a single file.")
            path = self._folder / f"{self._table}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(path, compression="zstd")
        self.rows += frame.height


class DayBuffer:
    """Gathers one dict of equally long arrays per day until they are taken out together."""

    def __init__(self) -> None:
        self._days: list[dict[str, np.ndarray]] = []

    def add(self, columns: dict[str, np.ndarray]) -> None:
        """Add one day's columns."""
        self._days.append(columns)

    def take(self) -> dict[str, np.ndarray]:
        """All gathered columns, each in one array; the buffer is empty afterwards."""
        days, self._days = self._days, []
        if not days:
            return {}
        return {name: np.concatenate([day[name] for day in days]) for name in days[0]}
