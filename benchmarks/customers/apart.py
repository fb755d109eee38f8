"""Orders whose measured part begins after loading, and memory beside what stood loaded before.

Public: `answer`.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.apart import peak_bytes


def answer(work: Callable[[dict[str, Any]], tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]]) -> None:
    """Do the order of the command line and print the answer.

    work(order) prepares and gives what is measured and what is told of its result; CPU seconds are those of the first, peak memory that of
    the process so far, `loaded_gb` the part that stood before.
    """
    measured, told = work(json.loads(sys.argv[1]))
    loaded, cpu, wall = peak_bytes() / 1e9, time.process_time(), time.perf_counter()
    result = measured()
    used = {"cpu_s": round(time.process_time() - cpu, 3), "wall_s": round(time.perf_counter() - wall, 3)}
    used |= {"peak_gb": round(peak_bytes() / 1e9, 3), "loaded_gb": round(loaded, 3)}
    print(json.dumps({**used, **told(result)}))
