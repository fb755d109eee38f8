"""A clock that was moved: days are decided while the machine's clock stands days or years in the past, and again once it is right.

What is decided for a day depends on the day and never on the clock, so the tables must be those of a run under a right clock, the newest
publication must be the one that is read, and nothing may be lost. A shop that grows (no last day in shop.toml) takes "yesterday" from the
clock: moved back, it must decide an older day again and leave the newer ones alone, and say in words which days it does not know yet.

The clock is moved in every Python process of a run (run, dbt, MLflow) by time-machine; the kernel's own times of files stay right.
"""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl

from benchmarks.reliability.houses import Place, last_days, started, torn_tables, whole_range
from benchmarks.reliability.outcome import Outcome, trial
from benchmarks.reliability.tiny_shop import LAST_DAY

DAYS = 3
# loaded by Python when it starts, before anything asks for the time
MOVED = """
import datetime

import time_machine

time_machine.travel({moment}, tick=True).start()
"""
TWO_DAYS_BACK, LONG_AGO = "datetime.datetime.now() - datetime.timedelta(days=2)", "datetime.datetime(1970, 1, 1)"


def run(size: str, root: Path) -> list[Outcome]:
    """The same days under a moved clock, and a shop that grows; at size small only the clock that is refused."""
    house = started(root, DAYS)
    whole, _ = whole_range(root, DAYS)
    wanted, days = whole.hashes(), last_days(DAYS)
    command = ("backfill", "--from", days[0].isoformat(), "--to", days[-1].isoformat())
    promise = {
        "small": "a clock before the day to decide: refused in words, nothing published",
        "full": "clock moved back: same tables or a refusal in words, the newest publication is read, nothing lost",
    }
    with trial(promise[size]) as outcome:
        if size == "full":
            growing(outcome, house.copy("growing"), root)
        before = newest_publication(house)
        status, said = at_clock(house, LONG_AGO, *command)
        outcome.expect(status == 2 and "By this machine's clock" in said, f"clock of 1970: {status}, {said[-300:]}")
        outcome.expect(newest_publication(house) == before, "clock of 1970: another publication")
        outcome.tries, outcome.faults, outcome.note = outcome.tries + 1, outcome.faults + 1, "clock of 1970"
        if size == "small":
            return [outcome]
        status, said = at_clock(house, TWO_DAYS_BACK, *command)
        outcome.expect(status == 0 and "Traceback" not in said, f"two days back: ended with {status}: {said[-500:]}")
        outcome.expect(newest_publication(house) > before, "two days back: the publication before it is still the newest")
        outcome.expect(not torn_tables(house.house.published), "two days back: published tables torn")
        outcome.expect(not (wrong := house.wrong_against(wanted)), f"two days back: {len(wrong)} tables and days differ: {wrong[:3]}")
        house.must("run", "--day", days[-1].isoformat())
        outcome.expect(not (wrong := house.wrong_against(wanted)), f"two days back, then right: {len(wrong)} differ: {wrong[:3]}")
        outcome.tries, outcome.faults = outcome.tries + 1, outcome.faults + 1
        outcome.note += ", two days back; a shop that grows, two nights back"
    return [outcome]


def growing(outcome: Outcome, house: Place, root: Path) -> None:
    """A shop without a last day, decided night after night; then the clock falls back two nights."""
    shop = root / "growing-shop"
    shop.mkdir()
    for file in house.shop.iterdir():
        text = file.read_bytes()
        (shop / file.name).write_bytes(
            b"\n".join(line for line in text.splitlines() if not line.startswith(b"last_day")) if file.suffix == ".toml" else text
        )
    house = replace(house, shop=shop)
    nights = {
        back: f"datetime.datetime({(night := LAST_DAY + timedelta(days=1 - back)).year}, {night.month}, {night.day}, 2, 30)"
        for back in (0, 2)
    }
    status, said = at_clock(house, nights[0], "backfill", "--from", str(last_days(DAYS)[0]), "--to", LAST_DAY.isoformat())
    outcome.expect(status == 0, f"growing shop: ended with {status}: {said[-500:]}")
    wanted = house.hashes()
    outcome.tries += 3
    outcome.faults += 2
    status, said = at_clock(house, nights[2], "run")
    outcome.expect(status == 0 and "Traceback" not in said, f"growing shop, clock two nights back: ended with {status}: {said[-500:]}")
    outcome.expect(
        f"deciding as of {LAST_DAY - timedelta(days=2)}" in said, f"growing shop: did not take its day from the clock: {said[:300]}"
    )
    outcome.expect(not (wrong := house.wrong_against(wanted)), f"growing shop, clock two nights back: {len(wrong)} differ: {wrong[:3]}")
    status, said = at_clock(house, nights[2], "run", "--day", LAST_DAY.isoformat())
    outcome.expect(status == 2 and "clock" in said, f"growing shop: a day that has not come by the clock: {status}, {said[-300:]}")
    status, said = at_clock(house, nights[0], "run")
    outcome.expect(status == 0, f"growing shop, clock right again: ended with {status}: {said[-500:]}")
    outcome.expect(not (wrong := house.wrong_against(wanted)), f"growing shop, clock right again: {len(wrong)} differ: {wrong[:3]}")


def at_clock(house: Place, moment: str, *arguments: str) -> tuple[int, str]:
    """Status and words of `countinghouse <arguments>` where `moment` (Python) is the time at which each of its processes starts."""
    folder = house.var.parent / "clock"
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(MOVED.format(moment=moment), encoding="utf-8")
    command = [sys.executable, str(Path(sys.executable).with_name("countinghouse")), *arguments]
    environment = house.environment | {"PYTHONPATH": str(folder)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def newest_publication(house: Place) -> str:
    """The version that readers see."""
    return pl.read_parquet(house.house.published / "_published.parquet")["version"].max()
