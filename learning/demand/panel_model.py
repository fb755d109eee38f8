"""The demand model of a whole panel: one model, or, where that would be too large, one for each chunk of whole series.

Decides nothing by itself: up to `DemandSettings.series_at_once` items there is one model and every answer is its own. Beyond, each chunk
(`chunks.cut_items`) is a shop of its own, trained, proved and asked separately, and what is said of the whole is pooled (`pooling`). An
item that appeared after the training is asked of the chunk that holds most of its category. One chunk's model is held at a time.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from learning.demand.chunks import Chunk, cut_items, train_chunk
from learning.demand.explain import DRIVER_SCHEMA, category_drivers
from learning.demand.grid import KEY
from learning.demand.model import DemandModel, train
from learning.demand.pooling import pool_drivers, pool_importance, pool_scores, pool_weights
from learning.demand.settings import DemandSettings, settings_from
from learning.engines import Engine, Here

HEAD = "model.json"
ITEMS = "items.parquet"
CHUNK_FOLDERS = "chunk-*"


@dataclass(frozen=True)
class PanelModel:
    """folders: of the models, one per chunk. items: product_id, location_id, category, chunk. only: the model where there is one."""

    folders: tuple[Path, ...]
    items: pl.DataFrame
    only: DemandModel | None

    @property
    def is_cut(self) -> bool:
        """Whether there is more than one model."""
        return self.only is None

    @property
    def settings(self) -> DemandSettings:
        """The same for all chunks."""
        return settings_from(json.loads((self.folders[0] / HEAD).read_text(encoding="utf-8"))["settings"])

    def scores(self) -> pl.DataFrame:
        """Scores of the replays, pooled over chunks; see `scores.SCORE_SCHEMA`."""
        return pool_scores([pl.read_parquet(folder / "scores.parquet") for folder in self.folders])

    def weights(self) -> pl.DataFrame:
        """Weights of the combination (`weights.WEIGHT_SCHEMA`), the mean over chunks by series."""
        return pool_weights([pl.read_parquet(folder / "weights.parquet") for folder in self.folders])

    def feature_importance(self) -> pl.DataFrame:
        """feature, gain_share, splits of the LightGBM models, largest first."""
        return pool_importance([(self.only or DemandModel.load(folder)).feature_importance() for folder in self.folders])

    def each(self, *frames: pl.DataFrame | None) -> Iterator[tuple[DemandModel, tuple[pl.DataFrame, ...]]]:
        """Every model with its items' rows of the frames (the first is the panel); one is loaded at a time.

        A frame that is None comes as an empty one. Models none of whose items is in the panel are left out.
        """
        panel, *others = (pl.DataFrame() if frame is None else frame for frame in frames)
        if self.only is not None:
            yield self.only, (panel, *others)
            return
        chunk_of = self._chunk_of(panel)
        for number, folder in enumerate(self.folders):
            own = chunk_of.filter(chunk=number).select(KEY)
            if own.height:
                parts = (frame.join(own, on=KEY, how="semi", maintain_order="left") if frame.width else frame for frame in (panel, *others))
                yield DemandModel.load(folder), tuple(parts)

    def each_with(self, items: pl.DataFrame, *frames: pl.DataFrame) -> Iterator[tuple[DemandModel, tuple[pl.DataFrame, ...]]]:
        """`each`, only the models that are asked for one of the items (product_id, location_id)."""
        for model, own in self.each(*frames):
            if own[0].join(items.select(KEY), on=KEY, how="semi").height:
                yield model, own

    def score(
        self, panel: pl.DataFrame, future: pl.DataFrame | None, horizons: pl.DataFrame, as_of_day: date
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Daily forecasts and the distribution of sums of all items; see `DemandModel.score`. Horizons of items that the panel does not
        know are left out where there are chunks."""
        told = [
            model.score(own, ahead if ahead.width else None, asked, as_of_day)
            for model, (own, ahead, asked) in self.each(panel, future, horizons)
        ]
        daily, sums = (pl.concat(frames) for frames in zip(*told, strict=True))
        return self._sorted(daily, "horizon_days"), self._sorted(sums, "horizon_days")

    def score_with_paths(
        self, panel: pl.DataFrame, future: pl.DataFrame | None, horizons: pl.DataFrame, as_of_day: date
    ) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """`score`, and pairs of demand until arrival and until cover from the same forecasts; see `DemandModel.score_with_paths`."""
        told = [
            model.score_with_paths(own, ahead if ahead.width else None, asked, as_of_day)
            for model, (own, ahead, asked) in self.each(panel, future, horizons)
        ]
        daily, sums, paths = (pl.concat(frames) for frames in zip(*told, strict=True))
        return self._sorted(daily, "horizon_days"), self._sorted(sums, "horizon_days"), self._sorted(paths)

    def lost_units(self, panel: pl.DataFrame, as_of_day: date) -> pl.DataFrame:
        """Estimated lost sales of all items; see `DemandModel.lost_units`."""
        lost = pl.concat([model.lost_units(own, as_of_day) for model, (own,) in self.each(panel)])
        return lost.sort([*KEY, "business_day"]) if self.is_cut else lost

    def drivers(self, panel: pl.DataFrame, future: pl.DataFrame | None, as_of_day: date) -> pl.DataFrame:
        """What drives the forecasts of each category; see `explain.category_drivers`."""
        told = [category_drivers(model, own, ahead if ahead.width else None, as_of_day) for model, (own, ahead) in self.each(panel, future)]
        return pool_drivers(told).select(DRIVER_SCHEMA.keys())

    def _sorted(self, rows: pl.DataFrame, *within: str) -> pl.DataFrame:
        """One model's rows are sorted already."""
        return rows.sort([*KEY, *within]) if self.is_cut else rows

    def _chunk_of(self, panel: pl.DataFrame) -> pl.DataFrame:
        """product_id, location_id, chunk of the panel's items."""
        keys = _categories(panel)
        home = self.items.group_by("category", "chunk").len().sort(["len", "chunk"], descending=[True, False])
        home = home.unique("category", keep="first", maintain_order=True).select("category", home="chunk")
        placed = keys.join(self.items.select(*KEY, "chunk"), on=KEY, how="left").join(home, on="category", how="left")
        return placed.select(*KEY, pl.coalesce("chunk", "home", pl.lit(0)).alias("chunk")).sort(KEY)


def train_panel(
    panel: pl.DataFrame,
    holidays: pl.DataFrame,
    settings: DemandSettings,
    as_of_day: date,
    folder: Path,
    engine: Engine | None = None,
) -> PanelModel:
    """Trains one model, or one per chunk by the engine (this process when None), and saves it in `folder`; see `model.train`.

    Chunks are read by the engine's workers from a Parquet file of the panel that lies in the folder meanwhile.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cut = cut_items(panel.lazy(), settings.series_at_once)
    if len(cut) <= 1:
        only = train(panel, holidays, settings, as_of_day)
        only.save(folder)
        return PanelModel((folder,), pl.DataFrame(), only)
    rows = folder / "panel.parquet"
    panel.write_parquet(rows)
    categories = _categories(panel)
    chunks: list[Chunk] = []
    for number, keys in enumerate(cut):
        own = folder / f"chunk-{number:03d}"
        own.mkdir(exist_ok=True)
        keys.join(categories, on=KEY, how="left", maintain_order="left").write_parquet(own / ITEMS)
        chunks.append(Chunk(str(rows), own / ITEMS, None, None, holidays, settings, as_of_day, own))
    for _ in (engine or Here()).map(train_chunk, chunks):
        pass
    rows.unlink()
    return load_panel(folder)


def load_panel(folder: Path) -> PanelModel:
    """The model saved by `train_panel`; raises FileNotFoundError where there is none, ValueError on another format."""
    if (folder / HEAD).exists():
        return PanelModel((folder,), pl.DataFrame(), DemandModel.load(folder))
    folders = tuple(sorted(folder.glob(CHUNK_FOLDERS)))
    if not folders:
        raise FileNotFoundError(f"There is no demand model in {folder.name}.")
    items = [pl.read_parquet(each / ITEMS).with_columns(chunk=pl.lit(number)) for number, each in enumerate(folders)]
    return PanelModel(folders, pl.concat(items), None)


def _categories(panel: pl.DataFrame) -> pl.DataFrame:
    """product_id, location_id, category of the panel's items: the newest that is known."""
    named = panel if "category" in panel.columns else panel.with_columns(category=pl.lit(None, dtype=pl.String))
    newest = pl.col("category").sort_by("business_day").drop_nulls().last()
    return named.group_by(KEY).agg(newest.fill_null("uncategorised"))
