"""Demand of more series than one model should hold at once: chunks of whole series, each trained, proved and asked on its own.

Decides how a large panel is cut: items in the order of category and product, so that a category and the locations of a product stay
together where they fit; no chunk has more than `series_at_once` items. A chunk is a shop of its own: its pools (category rates, weekday
patterns, calibration) and its total are those of its items, and the shop's total is the sum of the chunks' totals. Memory is bounded by a
chunk times the number of workers, whatever the shop's size; chunks are independent, so the engine may be one process or many machines.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from learning.demand.grid import KEY
from learning.demand.settings import DemandSettings
from learning.engines import Engine

if TYPE_CHECKING:
    from learning.demand.model import DemandModel

SERIES_AT_ONCE = DemandSettings().series_at_once


@dataclass(frozen=True)
class Chunk:
    """One piece of work. panel: Parquet files of the sales panel (a glob or one file), of which the chunk's items are read; items,
    horizons: Parquet files (horizons only where it is asked); folder: where model and forecasts are written; workers on other machines
    need to see all of them."""

    panel: str
    items: Path
    horizons: Path | None
    future: Path | None
    holidays: pl.DataFrame
    settings: DemandSettings
    as_of_day: date
    folder: Path


@dataclass(frozen=True)
class ChunkResult:
    """What a chunk left in its folder: `daily.parquet`, `sums.parquet` (see `forecast_table`) and `model/`."""

    folder: Path
    items: int
    forecast_units: float


def cut_items(panel: pl.LazyFrame, series_at_once: int = SERIES_AT_ONCE) -> list[pl.DataFrame]:
    """product_id, location_id of each chunk, sorted by category and product; sizes differ by no more than one product's locations.

    A product that is sold at more than `series_at_once` locations is cut. Raises ValueError where `series_at_once` is below 1.
    """
    if series_at_once < 1:
        raise ValueError(f"Expected series_at_once of at least 1; got {series_at_once}.")
    columns = panel.collect_schema().names()
    category = pl.col("category").drop_nulls().min() if "category" in columns else pl.lit("uncategorised")
    found = panel.group_by(KEY).agg(category=category).collect(engine="streaming")
    products = found.group_by("product_id").agg(pl.len().alias("series"), pl.col("category").drop_nulls().min().fill_null(""))
    products = products.sort("category", "product_id").with_columns(before=pl.col("series").cum_sum() - pl.col("series"))
    # a chunk takes the product that crosses its end: room for its locations is left, so that no crumb of a chunk remains
    room = max(series_at_once - int(products["series"].to_numpy().max(initial=1)) + 1, 1)
    even = -(-found.height // -(-found.height // room)) if found.height else 1
    placed = (
        found.drop("category").join(products.select("product_id", "before"), on="product_id").sort("before", "product_id", "location_id")
    )
    placed = placed.with_columns(chunk=pl.col("before") // even).with_columns(within=pl.int_range(pl.len()).over("chunk") // series_at_once)
    return [part.select(KEY) for part in placed.partition_by("chunk", "within", maintain_order=True)]


def forecast_in_chunks(chunks: Sequence[Chunk], engine: Engine) -> Iterator[ChunkResult]:
    """Every chunk trained and asked, in order."""
    return engine.map(train_and_forecast, chunks)


def train_chunk(chunk: Chunk) -> Path:
    """The model of one chunk, trained and saved in the chunk's folder, in whatever process."""
    _trained(chunk)[0].save(chunk.folder)
    return chunk.folder


def train_and_forecast(chunk: Chunk) -> ChunkResult:
    """The work of one chunk, in whatever process: reads its series, trains with replays, writes model, daily forecasts and sums."""
    if chunk.horizons is None:
        raise ValueError("Expected horizons of a chunk that is asked for forecasts.")
    model, panel, items = _trained(chunk)
    future = None if chunk.future is None else pl.scan_parquet(chunk.future).join(items.lazy(), on=KEY, how="semi").collect()
    horizons = pl.scan_parquet(chunk.horizons).join(items.lazy(), on=KEY, how="semi").collect()
    daily, sums = model.score(panel, future, horizons, chunk.as_of_day)
    chunk.folder.mkdir(parents=True, exist_ok=True)
    model.save(chunk.folder / "model")
    daily.write_parquet(chunk.folder / "daily.parquet")
    sums.write_parquet(chunk.folder / "sums.parquet")
    return ChunkResult(chunk.folder, items.height, float(daily["forecast_units"].sum()))


def _trained(chunk: Chunk) -> tuple["DemandModel", pl.DataFrame, pl.DataFrame]:
    """The model, the chunk's rows of the panel and its items."""
    from learning.demand.model import train

    items = pl.read_parquet(chunk.items)
    panel = pl.scan_parquet(chunk.panel).join(items.select(KEY).lazy(), on=KEY, how="semi").collect(engine="streaming")
    return train(panel, chunk.holidays, chunk.settings, chunk.as_of_day), panel, items
