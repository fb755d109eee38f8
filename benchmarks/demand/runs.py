"""Runs methods at origins in processes of their own, two at a time, and keeps what they found.

A run is kept under the fingerprint of its task and of the code that made it; a second benchmark with the same inputs takes the kept
forecasts, with the CPU seconds and the memory measured then, and the table says how many were kept.
"""

import ast
import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import polars as pl
from rich.progress import Progress

from benchmarks.demand.neural_peer import NEURAL
from benchmarks.demand.panels import BenchPanel

ROOT = Path(__file__).parents[2]
STORE = ROOT / "var" / "bench-demand"
LIBRARIES = ("statsforecast", "mlforecast", "neuralforecast", "prophet", "lightgbm", "numpy", "polars")
ASIDE = "neural.py"  # an optional candidate that no forecast of ours rests on: a change of it makes no run worthless
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS"), "1")


@dataclass(frozen=True)
class Run:
    """One method at one origin of a panel. forecast: items x horizon; quantiles: empty where the method has none."""

    method: str
    origin: date
    forecast: np.ndarray
    quantiles: pl.DataFrame
    cpu_s: float
    peak_bytes: int
    items: int
    was_kept: bool


@dataclass(frozen=True)
class Order:
    """What is asked for: a method on a panel at an origin."""

    panel: BenchPanel
    method: str
    origin: date


def installed(library: str) -> str | None:
    """Its version, None where it is not installed."""
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def run_all(orders: list[Order]) -> list[Run]:
    """Every order done, two processes at a time; raises RuntimeError with the worker's words where one fails."""
    for panel in {order.panel.name: order.panel for order in orders}.values():
        _store(panel)
    with Progress(transient=True) as progress, ThreadPoolExecutor(2) as pool:
        bar = progress.add_task("forecasting", total=len(orders))

        def one(order: Order) -> Run:
            done = _run(order)
            progress.advance(bar)
            if not progress.console.is_terminal:
                print(
                    f"{order.panel.name} {order.origin} {order.method}: {done.cpu_s:.0f} CPU s{' (kept)' if done.was_kept else ''}",
                    flush=True,
                )
            return done

        return list(pool.map(one, orders))


def _run(order: Order) -> Run:
    fingerprint = _fingerprint(order)
    folder = STORE / f"{order.panel.name} {order.method} {order.origin}".replace(" ", "-") / fingerprint
    was_kept = (folder / "usage.json").exists()
    if not was_kept:
        folder.mkdir(parents=True, exist_ok=True)
        rows, events = _paths(order.panel)
        told = {
            "panel": order.panel.name,
            "rows": str(rows),
            "events": str(events),
            "country": order.panel.country,
            "method": order.method,
            "origin": order.origin.isoformat(),
        }
        (folder / "task.json").write_text(json.dumps(told), encoding="utf-8")
        command = [sys.executable, "-m", "benchmarks.demand.worker", str(folder)]
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, **ONE_THREAD}, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{order.method} at {order.origin} on {order.panel.name} failed:\n{done.stderr[-3000:]}")
    usage = json.loads((folder / "usage.json").read_text(encoding="utf-8"))
    quantiles = folder / "quantiles.parquet"
    return Run(
        order.method,
        order.origin,
        np.load(folder / "forecast.npy"),
        pl.read_parquet(quantiles) if quantiles.exists() else pl.DataFrame(),
        usage["cpu_s"],
        usage["peak_bytes"],
        usage["items"],
        was_kept,
    )


def _paths(panel: BenchPanel) -> tuple[Path, Path]:
    name = f"{panel.name.replace(' ', '-')}-{panel.content}"
    return STORE / f"{name}-rows.parquet", STORE / f"{name}-events.parquet"


def _store(panel: BenchPanel) -> None:
    STORE.mkdir(parents=True, exist_ok=True)
    for path, frame in zip(_paths(panel), (panel.rows, panel.events), strict=True):
        if not path.exists():
            frame.write_parquet(path.with_suffix(".part"))
            path.with_suffix(".part").replace(path)


def _fingerprint(order: Order) -> str:
    ours, neural = order.method.startswith("Countinghouse"), order.method in NEURAL
    sources = [path for path in sorted((ROOT / "learning" / "demand").rglob("*.py")) if ours and path.name != ASIDE]
    sources += [Path(__file__).parent / ("ours.py" if ours else "neural_peer.py" if neural else "peers.py")]
    code = [ast.dump(ast.parse(path.read_text(encoding="utf-8"))) for path in sources]  # layout and comments make no other forecast
    libraries = [installed(name) for name in (*LIBRARIES, *(("torch",) if neural else ()))]
    parts = [order.panel.content, order.method, order.origin.isoformat(), code, libraries]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]
