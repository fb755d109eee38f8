"""Marker persons erased from a decided house: how many bytes, cells and rows still name them (the reliability benchmark's own trial).

Public: `measure`.
"""

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.reliability.outcome import one_trial


def measure(small: bool) -> dict[str, Any]:
    """Return promises (one dict each: tries, faults injected, places found, first complaints) and the target."""
    with tempfile.TemporaryDirectory(prefix="countinghouse-") as folder:
        outcomes, cpu_s = one_trial("erasure", "small" if small else "full", Path(folder) / "erasure")
    promises = [
        {"promise": each.promise, "tries": each.tries, "faults": each.faults, "wrong": each.wrong, "complaints": each.complaints[:3]}
        for each in outcomes
    ]
    wrong = sum(each.wrong for each in outcomes)
    return {
        "promises": promises,
        "cpu_s": round(cpu_s, 1),
        "targets": [{"name": "places where an erased person still stands", "value": float(wrong), "target": 0.0}],
    }
