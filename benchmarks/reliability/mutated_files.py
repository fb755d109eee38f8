"""Files damaged by lot, over all tables and both readers: each is accepted, quarantined or refused, and nothing is lost.

The files are read by worker processes (`bad_input/mutated_worker.py`): one that dies or falls silent is a wrong result, told with the
number of the file it died of. `python -m benchmarks.reliability.mutated_files NUMBER` reads one file again and shows what is in it.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue

from benchmarks.reliability.bad_input.mutated_worker import OUTCOMES, Reader
from benchmarks.reliability.bad_input.mutations import mutant
from benchmarks.reliability.outcome import Outcome, trial

FILES = {"small": 1_500, "full": 100_000}
SEED = 20240301
LONGEST_SILENCE_SECONDS = 120.0
MOST_DEATHS = 50


@dataclass
class Tally:
    """What came of the files one worker read."""

    outcomes: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)


def run(size: str, root: Path) -> list[Outcome]:
    """Every file is judged once."""
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = min(workers, 4)
    with trial("nothing silent: files damaged by lot") as outcome:
        tallies = [Tally() for _ in range(workers)]
        threads = [
            threading.Thread(target=_read_all, args=(tallies[first], range(first, FILES[size], workers), root / f"worker-{first}"))
            for first in range(workers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        outcomes: Counter[str] = sum((tally.outcomes for tally in tallies), Counter())
        outcome.tries = outcome.faults = FILES[size]
        outcome.complaints += [complaint for tally in tallies for complaint in tally.complaints]
        outcome.expect(outcomes.total() == FILES[size], f"only {outcomes.total():,} files were judged")
        outcome.note = ", ".join(f"{outcomes[name]:,} {name}" for name in OUTCOMES)
    return [outcome]


def _read_all(tally: Tally, numbers: range, folder: Path) -> None:
    """Have the files read by a worker, and by another one after each that dies."""
    deaths = 0
    while numbers and deaths <= MOST_DEATHS:
        judged = _read_some(tally, numbers, folder)
        numbers = numbers[judged:]
        if numbers:
            deaths += 1
            tally.outcomes["killed the reader"] += 1
            numbers = numbers[1:]


def _read_some(tally: Tally, numbers: range, folder: Path) -> int:
    """How many files were judged before the worker ended; a complaint where it ended too early."""
    command = ["-m", "benchmarks.reliability.bad_input.mutated_worker", str(SEED), str(numbers.start), str(len(numbers)), str(numbers.step)]
    environment = {**os.environ, "POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "RUST_BACKTRACE": "0"}
    folder.mkdir(parents=True, exist_ok=True)
    judged = 0
    with (folder / "errors.txt").open("wb") as errors:
        worker = subprocess.Popen(
            [sys.executable, *command, str(folder)], stdout=subprocess.PIPE, stderr=errors, env=environment, text=True, encoding="utf-8"
        )
        lines: Queue[str | None] = Queue()
        threading.Thread(target=_pass_on, args=(worker, lines), daemon=True).start()
        try:
            while (line := lines.get(timeout=LONGEST_SILENCE_SECONDS)) is not None:
                number, found, complaints = json.loads(line)
                judged += 1
                tally.outcomes[found] += 1
                tally.complaints += [f"file {number}: {each}" for each in complaints]
        except Empty:
            worker.kill()
        status = worker.wait()
    if judged < len(numbers):
        said = (folder / "errors.txt").read_text(encoding="utf-8", errors="replace").strip().splitlines()
        tally.complaints.append(f"file {numbers[judged]}: the reader ended with {status}: {said[-1] if said else 'nothing said'}")
    return judged


def _pass_on(worker: subprocess.Popen[str], lines: "Queue[str | None]") -> None:
    assert worker.stdout is not None
    for line in worker.stdout:
        lines.put(line)
    lines.put(None)


def main() -> None:
    """Read one file again."""
    case = mutant(SEED, int(sys.argv[1]))
    print(f"{case.table}, {case.dialect}, {case.done}; untouched {sorted(case.untouched) if case.untouched is not None else 'unknown'}")
    print(case.content[:4000])
    with tempfile.TemporaryDirectory() as folder:
        print(Reader(Path(folder)).judge(case))


if __name__ == "__main__":
    main()
