"""What one trial of the reliability benchmark reports, and the clock around it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from benchmarks.apart import cpu_seconds


@dataclass
class Outcome:
    """One promise put to the test.

    tries: how often it was tried. faults: faults injected. wrong: results that broke the promise, each with a line in `complaints`.
    seconds: wall time. note: what else was measured, one phrase.
    """

    promise: str
    tries: int = 0
    faults: int = 0
    seconds: float = 0.0
    note: str = ""
    complaints: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> int:
        return len(self.complaints)

    def expect(self, holds: bool, complaint: str) -> None:
        """Count one wrong result unless `holds`."""
        if not holds:
            self.complaints.append(complaint)


@contextmanager
def trial(promise: str) -> Iterator[Outcome]:
    """An outcome whose seconds are those of the block."""
    outcome, started = Outcome(promise), time.monotonic()
    yield outcome
    outcome.seconds = time.monotonic() - started


def one_trial(name: str, size: str, root: Path) -> tuple[list[Outcome], float]:
    """Run one trial in its own folder, and the CPU seconds it took with its children; one that breaks down is a wrong result of its own."""
    root.mkdir()
    before = cpu_seconds()
    try:
        outcomes = import_module(f"benchmarks.reliability.{name}").run(size, root)
    except Exception as error:  # whatever stops a trial must not hide the others
        outcomes = [Outcome(name, complaints=[f"the trial broke down: {type(error).__name__}: {error}"[:2000]])]
    return outcomes, cpu_seconds() - before
