"""A run without room: disk full, too little memory, no permission to write. It fails in words, and the next run mends itself.

The disk is filled by a limit on the size of files, which the kernel refuses in the same place; memory is what DuckDB may use; permission is
taken by folders that may not be written to. (What the kernel's own memory guard does is a `kill -9`: see `kills`.)
"""

import subprocess
import sys
from pathlib import Path

from benchmarks.reliability.houses import Place, last_days, started, torn_tables, unreadable_files, whole_range
from benchmarks.reliability.outcome import Outcome, trial

DAYS = 3
MEGABYTE = 1_000_000
LIMITED = """
import os, resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
os.execv(sys.argv[2], sys.argv[2:])
"""
WITHOUT_RIGHTS = """
import ctypes, os, sys
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)  # refused where the user is not root, who needs it only
os.execv(sys.argv[1], sys.argv[1:])
"""
SIZES = {
    "small": (("disk", 200_000),),
    "full": (
        ("disk", 20_000),
        ("disk", 200_000),
        ("disk", 800_000),
        ("disk", 1_500_000),
        ("memory", 4 * MEGABYTE),
        ("memory", 20 * MEGABYTE),
    ),
}


def run(size: str, root: Path) -> list[Outcome]:
    """Fail, look at what stands; at size full run again without the limit and compare."""
    place = started(root, DAYS)
    whole, _ = whole_range(root, DAYS)
    wanted = whole.hashes()
    days = last_days(DAYS)
    command = ("backfill", "--from", days[0].isoformat(), "--to", days[-1].isoformat())
    promise = {
        "small": "no room (disk, permission): fails in words, nothing torn",
        "full": "no room (disk, memory, permission): fails in words, loses nothing, the next run mends it",
    }
    with trial(promise[size]) as outcome:
        failed = 0
        starved = [*SIZES[size], ("permission", 0)]
        for number, (kind, amount) in enumerate(starved):
            if number == 0 or size == "full":
                house = place.copy(f"limited-{number}")
            label = f"{kind} limit of {amount / MEGABYTE:g} MB" if amount else "no permission to write"
            status, said = not_writable(house, command) if kind == "permission" else limited(house, kind, amount, command)
            failed += status != 0
            look(outcome, house, label, status, said)
            if size == "full":
                mend(outcome, house, label, command, wanted)
        outcome.expect(status != 0, "a state folder that may not be written to was no error")
        outcome.note = f"{failed} of {outcome.tries} runs failed under their limit, the others had room enough"
    return [outcome]


def look(outcome: Outcome, house: Place, label: str, status: int, said: str) -> None:
    """What a starved run left is whole, and what it said is words."""
    outcome.tries += 1
    outcome.faults += 1
    outcome.expect("Traceback (most recent call last)" not in said, f"{label}: a traceback: {said[-700:]}")
    outcome.expect(status == 0 or len(said.strip()) > 20, f"{label}: failed without a word")
    outcome.expect(status >= 0, f"{label}: died of signal {-status}: {said[-300:]}")
    outcome.expect(not unreadable_files(house.state), f"{label}: half-written files: {unreadable_files(house.state)[:3]}")
    outcome.expect(not torn_tables(house.house.published), f"{label}: published tables torn")


def mend(outcome: Outcome, house: Place, label: str, command: tuple[str, ...], wanted: dict[tuple[str, str], str]) -> None:
    """The next run, with room, gives the right rows."""
    try:
        house.must(*command)
    except RuntimeError as error:
        outcome.expect(False, f"{label}: the next run failed: {error}")
        return
    differing = house.wrong_against(wanted)
    outcome.expect(not differing, f"{label}: {len(differing)} tables and days differ after the next run: {differing[:3]}")


def limited(house: Place, kind: str, amount: int, command: tuple[str, ...]) -> tuple[int, str]:
    """Status and words of a command whose files or memory are limited."""
    started = [sys.executable, str(Path(sys.executable).with_name("countinghouse")), *command]
    environment = house.environment
    if kind == "disk":
        started = [sys.executable, "-c", LIMITED, str(amount), *started]
    else:
        environment = {**environment, "COUNTINGHOUSE_MEMORY": f"{amount // 1000}KB"}
    done = subprocess.run(started, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def not_writable(house: Place, command: tuple[str, ...]) -> tuple[int, str]:
    """The same while no folder of the state may be written to; restored afterwards. Root gives up its right to write anywhere."""
    started = [sys.executable, "-c", WITHOUT_RIGHTS, sys.executable, str(Path(sys.executable).with_name("countinghouse")), *command]
    folders = [house.state, *(folder for folder in house.state.rglob("*") if folder.is_dir() and not folder.is_symlink())]
    modes = {folder: folder.stat().st_mode for folder in folders}
    for folder in folders:
        folder.chmod(0o555)
    try:
        done = subprocess.run(started, env=house.environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr
    finally:
        for folder, mode in modes.items():
            folder.chmod(mode)
