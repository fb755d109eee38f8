"""The same days again: twice, in any order, one by one, as a range, from scratch, and started several times at once.

Every way must end in the same rows, table by table and day by day (lineage left out), as one run over the range does.
"""

import random
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

from benchmarks.reliability.houses import Place
from benchmarks.reliability.outcome import Outcome, trial
from benchmarks.reliability.tiny_shop import LAST_DAY, tiny_shop

DAYS = {"small": 3, "full": 7}
AT_ONCE = {"small": 2, "full": 4}
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
    place = Place(tiny_shop().write(root / "shop"), root / "start", "tiny")
    days = [LAST_DAY - timedelta(days=step) for step in reversed(range(DAYS[size]))]
    chance = random.Random(5)
    with trial(f"{AT_ONCE[size]} runs started at once on an empty state: one after another, as one alone") as together:
        first = days[0] - timedelta(days=1)
        at_once(together, place, AT_ONCE[size], ("run", "--day", first.isoformat()))
    alone = Place(place.shop, root / "alone", "tiny")
    with trial("one run alone, for comparison") as reference:
        alone.must("run", "--day", first.isoformat())
        reference.tries = 1
    differing = place.wrong_against(alone.hashes())
    together.expect(not differing, f"{len(differing)} tables and days differ from those of one run alone: {differing[:3]}")
    with trial(f"{len(days)} days: twice, in any order, one by one, as a range, from scratch: same rows") as again:
        ranged = place.copy("ranged")
        in_one_process(ranged, [(days[0], days[-1])])
        wanted = ranged.hashes()
        shuffled = days.copy()
        chance.shuffle(shuffled)
        ways = {
            "the range twice and a day of it again": (ranged, [(days[0], days[-1]), (days[1], days[1])]),
            "one by one, in another order": (place.copy("shuffled"), [(day, day) for day in shuffled]),
            "from scratch": (Place(place.shop, root / "scratch", "tiny"), [(first, days[-1])]),
        }
        for name, (house, ranges) in ways.items():
            in_one_process(house, ranges)
            again.tries += len(ranges)
            wrong = house.wrong_against(wanted)
            again.expect(not wrong, f"{name}: {len(wrong)} tables and days differ: {wrong[:4]}")
    with trial("command line, dbt in a shell, a notebook and a second run at once: they wait or say who holds it") as locks:
        commands_together(locks, ranged, days)
        wrong = ranged.wrong_against(wanted)
        locks.expect(not wrong, f"{len(wrong)} tables and days differ afterwards: {wrong[:4]}")
    return [together, again, locks]


def in_one_process(place: Place, ranges: list[tuple[date, date]]) -> None:
    """Several runs in one Python process, as the imports cost more than a day."""
    words = [f"{first}:{last}" for first, last in ranges]
    done = subprocess.run([sys.executable, "-c", ONE_BY_ONE, *words], env=place.environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-3000:])


def at_once(outcome: Outcome, place: Place, count: int, command: tuple[str, ...]) -> None:
    """Start the command several times at the same moment; all must end well."""
    logs = [place.var.parent / f"at-once-{number}.log" for number in range(count)]
    processes = [place.start(*command, log=log) for log in logs]
    for process, log in zip(processes, logs, strict=True):
        outcome.tries += 1
        status, said = process.wait(), log.read_text(encoding="utf-8")
        outcome.expect(status == 0 and "Traceback" not in said, f"ended with {status}: {said[-500:]}")
    waited = sum("waiting for run" in log.read_text(encoding="utf-8") for log in logs)
    outcome.faults = count - 1
    outcome.note = f"{waited} said whom they waited for"


def commands_together(outcome: Outcome, place: Place, days: list[date]) -> None:
    """A notebook has the warehouse open when two runs and a shell's dbt come; everything ends, nothing ends in a traceback."""
    project = Path(__file__).resolve().parents[2] / "dbt"
    notebook = subprocess.Popen(
        [sys.executable, "-c", NOTEBOOK, str(place.house.warehouse), "15"], stdout=subprocess.PIPE, text=True, env=place.environment
    )
    assert notebook.stdout is not None
    notebook.stdout.readline()
    logs = [place.var.parent / f"together-{number}.log" for number in range(3)]
    runs = [place.start("run", "--day", day.isoformat(), log=log) for day, log in zip((days[-1], days[-1]), logs, strict=False)]
    time.sleep(8)
    environment = place.environment | dbt_environment(place, days[-1])
    dbt = [str(Path(sys.executable).with_name("dbt")), "build", "--select", "dim_products", "--exclude-resource-type", "unit_test"]
    folders = ["--project-dir", str(project), "--profiles-dir", str(project), "--target-path", str(place.var / "shell-dbt")]
    with logs[2].open("w", encoding="utf-8") as log:
        shell = subprocess.Popen([*dbt, *folders, "--log-path", str(place.var / "shell-dbt")], env=environment, stdout=log, stderr=log)
    for name, process, log in zip(("a run", "a second run", "dbt in a shell"), (*runs, shell), logs, strict=True):
        outcome.tries += 1
        status, said = process.wait(), log.read_text(encoding="utf-8")
        gave_up = name == "dbt in a shell" and "Conflicting lock is held in" in said and "PID" in said
        outcome.expect(status == 0 or gave_up, f"{name} ended with {status}: {said[-500:]}")
        outcome.expect("Traceback" not in said, f"{name} ended in a traceback: {said[-500:]}")
        outcome.note += f"{name}: {'said who holds it' if gave_up else 'waited'}; "
    outcome.faults = 4
    notebook.wait()


def dbt_environment(place: Place, day: date) -> dict[str, str]:
    """What a run would hand to dbt for the day."""
    from assets.marts.sql_models import dbt_variables
    from assets.windows import Window

    window = Window(day, day + timedelta(days=1))
    return dbt_variables(place.house, window, window)
