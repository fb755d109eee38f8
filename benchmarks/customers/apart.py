"""Runs of a benchmark in processes of their own: CPU seconds, wall time and peak memory are theirs alone.

Public: `run_apart`, `answer`.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")


def run_apart(module: str, order: dict[str, Any]) -> dict[str, Any]:
    """Run `python -m module ORDER` with one thread and return what it answers, or `failed` with the last line of its error."""
    environment = {**os.environ, **dict.fromkeys(ONE_THREAD, "1")}
    done = subprocess.run([sys.executable, "-m", module, json.dumps(order)], check=False, capture_output=True, text=True, env=environment)
    if done.returncode:
        return {**order, "failed": done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit {done.returncode}"}
    return {**order, **json.loads(done.stdout.splitlines()[-1])}


def answer(work: Callable[[dict[str, Any]], tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]]) -> None:
    """Do the order of the command line and print the answer.

    work(order) prepares and gives what is measured and what is told of its result; CPU seconds are those of the first, peak memory that of
    the process so far, `loaded_gb` the part that stood before.
    """
    measured, told = work(json.loads(sys.argv[1]))
    loaded, cpu, wall = _peak_gb(), time.process_time(), time.perf_counter()
    result = measured()
    used = {"cpu_s": round(time.process_time() - cpu, 3), "wall_s": round(time.perf_counter() - wall, 3)}
    used |= {"peak_gb": round(_peak_gb(), 3), "loaded_gb": round(loaded, 3)}
    print(json.dumps({**used, **told(result)}))


def _peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
