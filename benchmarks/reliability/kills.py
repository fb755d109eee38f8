"""`kill -9` at random moments of a backfill, in every step of it; then the same command again.

The reference is the same backfill left alone. Killed is the run (worker, step, publisher and MLflow writer in one process), the dbt
process alone, or both. The moment is random within a step that is drawn in turn, so that every step is hit.
"""

import itertools
import os
import random
import re
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

from benchmarks.reliability.houses import Place, last_days, seconds_until_free, started, torn_tables, unreadable_files, whole_range
from benchmarks.reliability.outcome import Outcome, trial

DAYS = {"small": 3, "full": 60}
KILLS = {"small": 2, "full": 20}
SAME_HOUSE = 2  # kills one after another before the run is left to end
PATIENCE_SECONDS = 60.0
ATTEMPTS = 4
STEPS = ("marts", "landing", "published", "demand models", "coupon response", "coupons", "forecasts", "purchase orders", "marts")
STEP_LINE = re.compile(r"✓ (?P<name>.+?)  (?P<seconds>[\d.]+) s")


def run(size: str, root: Path) -> list[Outcome]:
    """Kill, look at what stands, run again, compare."""
    chance = random.Random(11)
    days = last_days(DAYS[size])
    command = ("backfill", "--from", days[0].isoformat(), "--to", days[-1].isoformat())
    place = started(root, DAYS[size])
    whole, said = whole_range(root, DAYS[size])
    durations = {match["name"]: float(match["seconds"]) for match in STEP_LINE.finditer(said)}
    wanted, versions = whole.hashes(), registered(whole)
    hit: dict[str, int] = {}
    longest = 0.0
    with trial(f"kill -9 during a backfill of {DAYS[size]} days: same tables after running again") as outcome:
        for number, step in zip(range(KILLS[size]), itertools.cycle(STEPS), strict=False):
            if number % SAME_HOUSE == 0:
                killed = place.copy(f"killed-{number}")
            what = ("run", "dbt", "run and dbt")[number // 2 % 3] if step == "marts" else "run"
            name = next((each for each in durations if step in each), step)
            moment = durations.get(name, 1.0) * chance.random()
            for attempt in range(ATTEMPTS):  # what an earlier run has done already may be over sooner than in the whole run
                log = root / f"killed-{number}-{attempt}.log"
                if hit_it := kill_within(killed.start(*command, log=log), log, name, moment / 4**attempt, what):
                    break
            outcome.expect(hit_it, f"kill {number}: nothing was left to kill in {step}, {ATTEMPTS} times")
            outcome.faults += hit_it
            hit[step] = hit.get(step, 0) + 1
            label = f"kill {number} ({what} in {step})"
            freed = max(seconds_until_free(killed.state / lock, PATIENCE_SECONDS) for lock in ("turn.lock", "warehouse.lock"))
            longest = max(longest, freed)
            outcome.expect(freed < PATIENCE_SECONDS, f"{label}: a lock was not free after {PATIENCE_SECONDS:.0f} s")
            outcome.expect(not unreadable_files(killed.state), f"{label}: half-written files {unreadable_files(killed.state)[:3]}")
            outcome.expect(not torn_tables(killed.house.published), f"{label}: published tables torn")
            outcome.expect(tracking_is_sound(killed), f"{label}: MLflow's database is damaged")
            outcome.tries += 1
            if (number + 1) % SAME_HOUSE:
                continue
            try:
                killed.must(*command)
            except RuntimeError as error:
                outcome.expect(False, f"{label}: running again failed: {error}")
                continue
            differing = killed.wrong_against(wanted)
            outcome.expect(not differing, f"{label}: {len(differing)} tables and days differ: {differing[:3]}")
            outcome.expect(registered(killed) == versions, f"{label}: other model versions in MLflow, or runs left unfinished")
            outcome.expect(not list(killed.house.published_versions.glob(".*")), f"{label}: leftovers of a publication")
            print(f"  {label}: ran again, {outcome.wrong} wrong so far", flush=True)
        outcome.note = f"locks free after at most {longest:.1f} s; hit: " + ", ".join(
            f"{name} {count}" for name, count in sorted(hit.items())
        )
    return [outcome]


def kill_within(process: subprocess.Popen[str], log: Path, step: str, delay: float, what: str) -> bool:
    """Kill `what` of the process `delay` seconds after it said that `step` begins; False where it, or dbt, had ended before."""
    while f"{step} …" not in log.read_text(encoding="utf-8"):
        if process.poll() is not None:
            return False
        time.sleep(0.02)
    time.sleep(delay)
    victims = children(process.pid) if what != "run" else []
    if what == "run" or what == "run and dbt":
        victims.append(process.pid)
    is_alive = process.poll() is None and bool(victims)
    for victim in victims:
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()
    return is_alive


def children(parent: int) -> list[int]:
    """Processes below `parent`, from the kernel's own lists."""
    found: list[int] = []
    for task in Path(f"/proc/{parent}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *children(child)]
    return found


def tracking_is_sound(place: Place) -> bool:
    """MLflow's database passes SQLite's own check."""
    with sqlite3.connect(place.house.mlflow / "tracking.db") as connection:
        return connection.execute("pragma integrity_check").fetchall() == [("ok",)]


def registered(place: Place) -> list[tuple[str, ...]]:
    """Registered versions by what they were trained on, and whether any run is still called running."""
    with sqlite3.connect(place.house.mlflow / "tracking.db") as connection:
        versions = connection.execute(
            "select name, value, (select count(*) from runs where status = 'RUNNING')"
            " from model_version_tags where key = 'fingerprint' order by 1, 2"
        )
        return [tuple(map(str, row)) for row in versions.fetchall()]
