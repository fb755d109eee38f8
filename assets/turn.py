"""Whose turn it is: one run of a shop at a time, whoever started it (schedule, UI, command line, an erasure).

Two runs of one shop would replace each other's days and models, and where a shop has no stock feed the orders of one day rest on those of
the day before. So a run holds the shop's turn from its first step to its last; others wait and say for whom. The turn is a lock on
`turn.lock`, which the kernel frees when a process dies; who holds it stands in `turn.json` beside it. Readers never need it.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

SAY_EVERY_SECONDS = 30.0
LONGEST_WAIT_SECONDS = 6 * 3600.0


class TurnNotFreeError(RuntimeError):
    """Another run has held the shop longer than one is willing to wait."""


@contextmanager
def turn(
    state: Path, who: str, say: Callable[[str], None], wait_seconds: float = LONGEST_WAIT_SECONDS, say_every: float = SAY_EVERY_SECONDS
) -> Iterator[None]:
    """Hold the turn of the shop whose state lies in `state`. `who` is what others are told; `say` is told when it has to be waited for.

    Raises TurnNotFreeError after `wait_seconds`.
    """
    state.mkdir(parents=True, exist_ok=True)
    lock = FileLock(state / "turn.lock")
    waited = 0.0
    while True:
        try:
            lock.acquire(timeout=min(say_every, wait_seconds - waited) if waited else min(0.5, wait_seconds))
            break
        except Timeout:
            waited += say_every if waited else 0.5
            if waited >= wait_seconds:
                raise TurnNotFreeError(
                    f"The shop is still held by {holder(state)}. Wait for it to end, or end it, and start this again."
                ) from None
            say(f"waiting for {holder(state)}")
    try:
        _tell(state, who)
        yield
    finally:
        lock.release()


def holder(state: Path) -> str:
    """Who took the turn last, in words."""
    try:
        told = json.loads((state / "turn.json").read_text(encoding="utf-8"))
        return f"{told['who']} (process {told['process']}, since {told['since']} UTC)"
    except (OSError, ValueError, KeyError):
        return "another run"


def _tell(state: Path, who: str) -> None:
    told = {"who": who, "process": os.getpid(), "since": datetime.now(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")}
    beside = state / f".turn.json.{os.getpid()}"
    beside.write_text(json.dumps(told), encoding="utf-8")
    os.replace(beside, state / "turn.json")
