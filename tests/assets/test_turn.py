"""One run of a shop at a time: others wait and say for whom, and the kernel frees the turn of a killed run."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assets.turn import TurnNotFreeError, holder, turn

HOLD = """
import sys
from pathlib import Path
from assets.turn import turn
with turn(Path(sys.argv[1]), "the nightly run", print):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_by_another_process(state: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(state)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_turn_that_does_not_come_is_an_error_that_names_its_holder(tmp_path: Path) -> None:
    said: list[str] = []
    with held_by_another_process(tmp_path) as process:
        named = rf"the nightly run \(process {process.pid}, since .* UTC\)\. Wait for it to end"
        with pytest.raises(TurnNotFreeError, match=named), turn(tmp_path, "me", said.append, wait_seconds=1.0, say_every=0.2):
            pytest.fail("two runs had their turn at once")
        assert said
        assert "the nightly run" in said[0]


def test_a_killed_run_frees_its_turn(tmp_path: Path) -> None:
    with held_by_another_process(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        with turn(tmp_path, "the next run", lambda text: pytest.fail(text), wait_seconds=5.0):
            assert holder(tmp_path).startswith("the next run (process ")


def test_a_turn_is_freed_when_its_run_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), turn(tmp_path, "a run", print):
        raise ZeroDivisionError
    with turn(tmp_path, "another", print, wait_seconds=0.5):
        pass


def test_an_unreadable_note_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "turn.json").write_text("{", encoding="utf-8")
    assert holder(tmp_path) == "another run"
