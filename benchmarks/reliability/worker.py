"""The worker of a backfill that the UI launched is killed: the run is called failed, pool and turn are free, launched again it mends.

While it is mended, everybody comes at once: a notebook has the warehouse open, the command line decides a day, a shell runs dbt.
"""

import json
import os
import signal
import time
from pathlib import Path

from benchmarks.dagster_server import Server, served
from benchmarks.reliability.houses import Place, last_days, seconds_until_free, started, whole_range
from benchmarks.reliability.outcome import Outcome, trial
from benchmarks.reliability.repeats import commands_together

DAYS = 7
PATIENCE_SECONDS = 60.0
RUNS = "{ runsOrError(limit: 5) { ... on Runs { results { id status } } } }"
POOLS = "{ instance { concurrencyLimits { concurrencyKey activeSlotCount claimedSlots { runId } } } }"


def run(size: str, root: Path) -> list[Outcome]:
    """Launch as the UI does, kill, wait, launch again, compare with the command line's range."""
    if size == "small":
        return []  # a server and two launches take minutes
    days = last_days(DAYS)
    place = started(root, DAYS)
    whole, _ = whole_range(root, DAYS)
    os.environ.update({key: value for key, value in place.environment.items() if key.startswith("COUNTINGHOUSE_")})
    with trial("the UI's run worker killed: run failed, pool and turn free within 60 s, launched again") as outcome:
        with served(place.shop, place.var) as server:
            names = [day.isoformat() for day in days]
            server.launch(names)
            victim = worker(place, PATIENCE_SECONDS * 3)
            time.sleep(6)
            os.kill(victim, signal.SIGKILL)
            killed = time.monotonic()
            outcome.faults += 1
            freed = seconds_until_free(place.state / "turn.lock", PATIENCE_SECONDS)
            outcome.expect(freed < PATIENCE_SECONDS, "the turn was not free after 60 s")
            noticed = wait_for_failure(server, killed)
            outcome.expect(noticed <= PATIENCE_SECONDS, f"the run was called failed, and its pool slots freed, after {noticed:.0f} s only")
            backfill = server.launch(names)
            commands_together(outcome, place, days[0], runs=1)
            ended = server.ended(backfill)
            outcome.tries += 2
            outcome.expect(ended["status"] == "COMPLETED_SUCCESS", f"launched again: {ended}")
        differing = place.wrong_against(whole.hashes())
        outcome.expect(not differing, f"{len(differing)} tables and days differ: {differing[:3]}")
        outcome.note += f"turn free after {freed:.1f} s, run failed and pool free after {noticed:.0f} s"
    return [outcome]


def worker(place: Place, patience: float) -> int:
    """The process that has the turn, once a new run has it."""
    note = place.state / "turn.json"
    before = json.loads(note.read_text(encoding="utf-8"))["process"]
    end = time.monotonic() + patience
    while time.monotonic() < end:
        process = json.loads(note.read_text(encoding="utf-8"))["process"]
        if process != before:
            return int(process)
        time.sleep(0.2)
    raise TimeoutError("the backfill's run did not begin")


def wait_for_failure(server: Server, since: float) -> float:
    """Seconds until no run is at work and no pool slot is taken."""
    while (passed := time.monotonic() - since) < 4 * PATIENCE_SECONDS:
        statuses = {each["status"] for each in server.ask(RUNS)["runsOrError"]["results"]}
        taken = [limit for limit in server.ask(POOLS)["instance"]["concurrencyLimits"] if limit["activeSlotCount"] or limit["claimedSlots"]]
        if not statuses & {"STARTED", "STARTING", "QUEUED", "CANCELING"} and not taken:
            return passed
        time.sleep(1)
    return passed
