"""The same days again: twice, in any order, one by one, as a range, from scratch, and started several times at once.

Every way must end in the same rows, table by table and day by day (lineage left out), as one run over the range does.
"""

import random
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

from benchmarks.reliability.houses import Place, last_days, started, whole_range
from benchmarks.reliability.outcome import Outcome, trial

DAYS = {"small": 3, "full": 7}
ONE_BY_ONE = """
import sys
from datetime import date
from dagster_project.runs import run_days
from dagster_project.settings import load_settings
for word in sys.argv[1:]:
    first, last = (date.fromisoformat(each) for each in word.split(":"))
    assert run_days(load_settings(), first, last).is_success, word
"""
NOTEBOOK = (
    "import sys, time, duckdb; c = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True); time.sleep(float(sys.argv[2]))"
)


def run(size: str, root: Path) -> list[Outcome]:
    """Days again in several ways; then several commands together."""
    place = started(root, DAYS[size])
    days = last_days(DAYS[size])
    whole, _ = whole_range(root, DAYS[size])
    wanted = whole.hashes()
    outcomes = [] if size == "small" else [on_an_empty_state(root, place)]
    chance = random.Random(5)
    promise = {
        "small": "days of a range again, the last one first: same rows",
        "full": f"{len(days)} days: twice, in any order, one by one, as a range, from scratch: same rows",
    }
    with trial(promise[size]) as again:
        shuffled = days.copy()
        chance.shuffle(shuffled)
        if size == "small":
            ways = {"days of the range again, the last one first": (whole.copy("twice", root), [(days[-1], days[-1]), (days[0], days[0])])}
        else:
            ways = {
                "the range twice and a day of it again": (whole.copy("twice", root), [(days[0], days[-1]), (days[1], days[1])]),
                "one by one, in another order": (place.copy("shuffled"), [(day, day) for day in shuffled]),
                "from scratch": (Place(place.shop, root / "scratch"), [(days[0] - timedelta(days=1), days[-1])]),
            }
        for name, (house, ranges) in ways.items():
            in_one_process(house, ranges)
            again.tries += len(ranges)
            wrong = house.wrong_against(wanted)
            again.expect(not wrong, f"{name}: {len(wrong)} tables and days differ: {wrong[:4]}")
    with trial("runs, dbt in a shell and a notebook at once: they wait or say who holds it") as locks:
        house = whole.copy("together", root)
        commands_together(locks, house, days[-1], runs=1 if size == "small" else 2)
        wrong = house.wrong_against(wanted)
        locks.expect(not wrong, f"{len(wrong)} tables and days differ afterwards: {wrong[:4]}")
    return [*outcomes, again, locks]


def on_an_empty_state(root: Path, alone: Place) -> Outcome:
    """Four runs at the same moment, where nothing is there yet."""
    house = Place(alone.shop, root / "at-once")
    with trial("four runs started at once on an empty state: one after another, same rows as one alone") as outcome:
        logs = [root / f"at-once-{number}.log" for number in range(4)]
        day = last_days(DAYS["full"])[0] - timedelta(days=1)
        processes = [house.start("run", "--day", day.isoformat(), log=log) for log in logs]
        outcome.faults = len(logs) - 1
        for process, log in zip(processes, logs, strict=True):
            outcome.tries += 1
            status, said = process.wait(), log.read_text(encoding="utf-8")
            outcome.expect(status == 0 and "Traceback" not in said, f"ended with {status}: {said[-500:]}")
        wrong = house.wrong_against(alone.hashes())
        outcome.expect(not wrong, f"{len(wrong)} tables and days differ from those of one run alone: {wrong[:3]}")
        outcome.note = f"{sum('waiting for run' in log.read_text(encoding='utf-8') for log in logs)} said whom they waited for"
    return outcome


def in_one_process(place: Place, ranges: list[tuple[date, date]]) -> None:
    """Several runs in one Python process, as the imports cost more than a day."""
    words = [f"{first}:{last}" for first, last in ranges]
    done = subprocess.run([sys.executable, "-c", ONE_BY_ONE, *words], env=place.environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-3000:])


def commands_together(outcome: Outcome, place: Place, day: date, runs: int) -> None:
    """A notebook has the warehouse open when runs and a shell's dbt come; everything ends, nothing ends in a traceback."""
    project = Path(__file__).resolve().parents[2] / "dbt"
    notebook = subprocess.Popen(
        [sys.executable, "-c", NOTEBOOK, str(place.house.warehouse), "15"], stdout=subprocess.PIPE, text=True, env=place.environment
    )
    assert notebook.stdout is not None
    notebook.stdout.readline()
    logs = [place.var.parent / f"together-{number}.log" for number in range(runs + 1)]
    started_runs = [place.start("run", "--day", day.isoformat(), log=log) for log in logs[:-1]]
    time.sleep(8)
    environment = place.environment | dbt_environment(place, day)
    dbt = [str(Path(sys.executable).with_name("dbt")), "build", "--select", "dim_products", "--exclude-resource-type", "unit_test"]
    folders = ["--project-dir", str(project), "--profiles-dir", str(project), "--target-path", str(place.var / "shell-dbt")]
    with logs[-1].open("w", encoding="utf-8") as log:
        shell = subprocess.Popen([*dbt, *folders, "--log-path", str(place.var / "shell-dbt")], env=environment, stdout=log, stderr=log)
    names = [*("a run", "a second run")[:runs], "dbt in a shell"]
    for name, process, log in zip(names, (*started_runs, shell), logs, strict=True):
        outcome.tries += 1
        status, said = process.wait(), log.read_text(encoding="utf-8")
        gave_up = name == "dbt in a shell" and "Conflicting lock is held in" in said and "PID" in said
        outcome.expect(status == 0 or gave_up, f"{name} ended with {status}: {said[-500:]}")
        outcome.expect("Traceback" not in said, f"{name} ended in a traceback: {said[-500:]}")
        outcome.note += f"{name}: {'said who holds it' if gave_up else 'waited'}; "
    outcome.faults += runs + 2
    notebook.wait()


def dbt_environment(place: Place, day: date) -> dict[str, str]:
    """What a run would hand to dbt for the day."""
    from assets.marts.sql_models import dbt_variables
    from assets.windows import Window

    window = Window(day, day + timedelta(days=1))
    return dbt_variables(place.house, window, window)
