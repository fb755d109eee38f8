"""One method at one origin in a process of its own, so that its CPU and memory are its own: python -m benchmarks.demand.worker FOLDER.

FOLDER holds task.json (method, origin, items, country), rows.parquet and events.parquet; the worker leaves forecast.npy (items x
horizon), for methods with distributions quantiles.parquet, and usage.json (CPU seconds of training and prediction, peak memory in bytes,
how far the data alone had taken it).
"""

import json
import resource
import sys
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.demand.neural_peer import NEURAL, forecast_neural
from benchmarks.demand.panels import BenchPanel
from benchmarks.demand.peers import Matrix, Task, peer, task

WARM_UP_ITEMS = 3


def main(folder: Path) -> None:
    """Read the task, forecast, write."""
    told = json.loads((folder / "task.json").read_text(encoding="utf-8"))
    panel = BenchPanel(told["panel"], pl.read_parquet(told["rows"]), pl.read_parquet(told["events"]), told["country"])
    given = task(panel, date.fromisoformat(told["origin"]))
    _forecast(told["method"], task(panel.sample(WARM_UP_ITEMS), given.origin), None)
    data_peak = _peak()
    began = _cpu()
    found = _forecast(told["method"], given, folder)
    usage = {"cpu_s": _cpu() - began, "peak_bytes": _peak(), "data_peak_bytes": data_peak, "items": given.keys.height}
    np.save(folder / "forecast.npy", found)
    (folder / "usage.json").write_text(json.dumps(usage) + "\n", encoding="utf-8")


def _forecast(method: str, given: Task, folder: Path | None) -> Matrix:
    if method.startswith("Countinghouse"):
        from benchmarks.demand.ours import forecast_ours

        return forecast_ours(method, given, folder)
    if method in NEURAL:
        return forecast_neural(method, given) if folder is not None else forecast_neural(method, given, steps=1)
    return peer(method)(given)


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _peak() -> int:
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) * 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]))
