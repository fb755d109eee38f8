"""100,000 series trained, proved and asked on two cores: how long, how much memory.

The series are all of M5 (30,490 items of ten stores) and copies of the stores in which every unit stays with probability 0.9, so that no
copy is the same; 419 days each. Each chunk is trained with replays and calibration, and asked for 42 days and three lead times.
"""

import resource
import shutil
import threading
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.demand.ours import LEAD_TIMES
from benchmarks.demand.panels import data_folder, m5
from learning.demand import Chunk, DemandSettings, all_events, cut_items, forecast_in_chunks
from learning.engines import Processes

WORKERS = 2
KEPT_SHARE = 0.9
SEED = 7
STORES = tuple(f"{state}_{n}" for state, count in (("CA", 4), ("TX", 3), ("WI", 3)) for n in range(1, count + 1))
KEY = ["product_id", "location_id"]


@dataclass(frozen=True)
class Many:
    """What it took. peak_bytes: the highest sum over this process and its workers, looked at twice a second."""

    series: int
    chunks: int
    wall_s: float
    cpu_s: float
    peak_bytes: int
    forecast_units: float


def many_series(series: int, folder: Path) -> Many:
    """Write the panel below `folder`, forecast it in chunks, and remove it again."""
    shutil.rmtree(folder, ignore_errors=True)
    events, last_day = _write_panel(series, folder / "panel")
    panel = str(folder / "panel" / "*.parquet")
    chunks = _chunks(panel, folder, events, last_day)
    began, used = time.monotonic(), _cpu_of_children()
    with _Watch() as watch:
        results = list(forecast_in_chunks(chunks, Processes(WORKERS)))
    wall = time.monotonic() - began
    told = Many(
        sum(result.items for result in results),
        len(results),
        wall,
        _cpu_of_children() - used,
        watch.peak,
        sum(result.forecast_units for result in results),
    )
    shutil.rmtree(folder)
    return told


def _write_panel(series: int, folder: Path) -> tuple[pl.DataFrame, date]:
    folder.mkdir(parents=True)
    rng = np.random.default_rng(SEED)
    events: list[pl.DataFrame] = []
    left, copy, last_day = series, 0, date.min
    while left > 0:
        for store in STORES:
            one = m5(data_folder(), (store,))
            last_day = one.last_day
            items = one.rows.select("product_id").unique().sort("product_id").head(left)
            rows = one.rows.join(items, on="product_id", how="semi").with_columns(location_id=pl.lit(f"{store}.{copy}"))
            if copy:
                units = rng.binomial(rows["units"].cast(pl.Int64).to_numpy(), KEPT_SHARE).astype(np.float64)
                rows = rows.with_columns(units=pl.Series(units))
            rows.write_parquet(folder / f"{copy}-{store}.parquet")
            local = pl.col("location_id").is_not_null()
            events.append(one.events.with_columns(location_id=pl.when(local).then(pl.lit(f"{store}.{copy}"))))
            left -= items.height
            if left <= 0:
                break
        copy += 1
    return all_events(*events), last_day


def _chunks(panel: str, folder: Path, events: pl.DataFrame, last_day: date) -> list[Chunk]:
    chunks: list[Chunk] = []
    for number, items in enumerate(cut_items(pl.scan_parquet(panel))):
        own = folder / f"chunk-{number}"
        own.mkdir()
        items.write_parquet(own / "items.parquet")
        horizons = items.join(pl.DataFrame({"horizon_days": LEAD_TIMES}), how="cross")
        horizons.write_parquet(own / "horizons.parquet")
        chunks.append(Chunk(panel, own / "items.parquet", own / "horizons.parquet", None, events, DemandSettings(), last_day, own / "out"))
    return chunks


class _Watch:
    """Looks at the resident memory of this process and its children, from /proc, while a block runs."""

    def __enter__(self) -> "_Watch":
        self.peak, self._stop = 0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        import psutil

        own = psutil.Process()
        while not self._stop.wait(0.5):
            held = 0
            for process in (own, *own.children(recursive=True)):
                try:
                    held += process.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            self.peak = max(self.peak, held)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
