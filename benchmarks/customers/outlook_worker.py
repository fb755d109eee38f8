"""One method over all windows of one data set, in a process of its own, so that CPU and memory are its own:
python -m benchmarks.customers.outlook_worker FOLDER.

FOLDER holds task.json (method, kind, days, cut_offs) and order_days.parquet; the worker leaves CUT_OFF.npz per window and usage.json (CPU
seconds and peak memory in bytes, the libraries' own included).
"""

import json
import resource
import sys
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.customers.outlook_methods import CHANCES, VALUES


def main(folder: Path) -> None:
    """Read the task, ask the method, write."""
    told = json.loads((folder / "task.json").read_text(encoding="utf-8"))
    order_days = pl.read_parquet(folder / "order_days.parquet")
    method = {"chance": CHANCES, "value": VALUES}[told["kind"]][told["method"]]
    for name in told["cut_offs"]:
        cut_off = date.fromisoformat(name)
        found = method(order_days.filter(pl.col("business_day") <= cut_off), cut_off, told["days"])
        np.savez(folder / f"{name}.npz", **found)
    used = resource.getrusage(resource.RUSAGE_SELF)
    usage = {"cpu_s": used.ru_utime + used.ru_stime, "peak_bytes": peak_bytes()}
    (folder / "usage.json").write_text(json.dumps(usage) + "\n", encoding="utf-8")


def peak_bytes() -> int:
    """This process's own peak; getrusage would tell the parent's where that was larger when the process began."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) * 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]))
