"""Heavy runs in a process of their own, so that CPU seconds and peak memory are theirs alone.

A module that is measured this way hands its *order* (a dict of plain values) to `run_apart` and, where it is started with an order as its
one argument, prints what `measured` tells as one line of JSON.

Public: `run_apart`, `answer`, `measured`, `cpu_seconds`, `peak_bytes`, `ONE_THREAD`.
"""

import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["ONE_THREAD", "answer", "cpu_seconds", "measured", "peak_bytes", "run_apart"]

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
STATUS = Path("/proc/self/status")
WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def run_apart(
    module: str, order: Mapping[str, Any], environment: Mapping[str, str] | None = None, patience_s: float | None = None
) -> dict[str, Any]:
    """Run the module with the order in a fresh process; return the order and what it told, or why it `failed`."""
    command = [sys.executable, "-m", module, json.dumps(order)]
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, env={**os.environ, **(environment or {})}, timeout=patience_s
        )
    except subprocess.TimeoutExpired:
        return {**order, "failed": f"no plan within {patience_s:g} s"}
    if done.returncode:
        return {**order, "failed": done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit {done.returncode}"}
    return {**order, **json.loads(done.stdout.splitlines()[-1])}


def answer(work: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Do the work that the order on the command line asks for and print what it tells."""
    print(json.dumps(work(json.loads(sys.argv[1]))))


def measured(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What the work tells, with cpu_s and wall_s of the work and peak_gb of the process so far, children included."""
    cpu, wall = cpu_seconds(), time.perf_counter()
    told = work()
    used = {"cpu_s": round(cpu_seconds() - cpu, 2), "wall_s": round(time.perf_counter() - wall, 2)}
    return {**told, **used, "peak_gb": round(peak_bytes() / 1e9, 3)}


def cpu_seconds() -> float:
    """CPU seconds of this process and its children that have ended."""
    used = [resource.getrusage(who) for who in WHO]
    return sum(each.ru_utime + each.ru_stime for each in used)


def peak_bytes() -> int:
    """Most memory that this process or one of its children held at a time, in bytes.

    What `getrusage` tells of a process counts what its parent held when it was started; the process's own status, where there is one,
    does not.
    """
    return (
        max(_own_peak() or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
        * 1024
    )


def _own_peak() -> int:
    """Kilobytes, 0 where the system has no such file."""
    if not STATUS.exists():
        return 0
    told = re.search(r"^VmHWM:\s+(\d+) kB$", STATUS.read_text(encoding="ascii"), re.MULTILINE)
    return int(told.group(1)) if told else 0
