"""The past week of the small shop decided again: where nothing later is recorded yet, and where quite other things are recorded later."""

import random
import shutil
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest

from assets.table_contracts import table_contracts
from shops.contract import TABLES
from shops.simulated.cut import cut_shop

PAST_WEEK = (date(2025, 11, 23), date(2025, 11, 28))
LAST_DAY = date(2025, 12, 31)
OUTLIVED, MONTH_END = date(2025, 8, 15), date(2025, 7, 31)  # an evening more than 92 days before the week, and one that is kept


def _fresh_house(old, shop: Path, var: Path):  # noqa: ANN202  (House, as conftest.py one folder up declares it)
    """A house without state but for the demand models and MLflow's tables.

    A model is used again only where its input has the same fingerprint, and the fingerprint is among what is compared; training the same
    model again would prove nothing more and cost most.
    """
    house = type(old)(shop, var, old.key_file)
    for part in ("learning/models", "mlflow"):
        shutil.copytree(old.state / part, house.state / part)
    return house.after("backfill", "--from", PAST_WEEK[0].isoformat(), "--to", PAST_WEEK[1].isoformat())


@pytest.fixture(scope="session")
def in_cut_shop(past_week, tmp_path_factory: pytest.TempPathFactory):  # noqa: ANN201
    """The week decided in the shop as it stood on the week's last evening."""
    folder = tmp_path_factory.mktemp("cut") / "shop"
    cut_shop(past_week.shop, folder, PAST_WEEK[1])
    return _fresh_house(past_week, folder, tmp_path_factory.mktemp("var-cut"))


@pytest.fixture(scope="session")
def among_later_records(past_week, tmp_path_factory: pytest.TempPathFactory):  # noqa: ANN201
    """The week decided in a shop of which everything recorded after the week is other than it was."""
    folder = tmp_path_factory.mktemp("disturbed") / "shop"
    shutil.copytree(past_week.shop, folder)
    disturb_later_records(folder, PAST_WEEK[1], seed=5)
    return _fresh_house(past_week, folder, tmp_path_factory.mktemp("var-disturbed"))


@dataclass(frozen=True)
class DecidedAgain:
    """The past week's Friday decided once more, alone, after its rows about single customers had been copied to older days.

    before: what the house said of Thursday and Friday, by day and table. left: by table, what the run left of the copies to OUTLIVED and
    MONTH_END. outcomes: what it said of the outlook copied to 84 days before. All copies are gone again.
    """

    house: Any
    before: dict[date, dict[str, pl.DataFrame]]
    left: dict[str, pl.DataFrame]
    outcomes: pl.DataFrame


@pytest.fixture(scope="session")
def decided_again(past_week, tables_of_day) -> DecidedAgain:
    friday = PAST_WEEK[1]
    quarter_before = friday - timedelta(days=84)
    before = {day: tables_of_day(past_week, day) for day in (friday - timedelta(days=1), friday)}
    copies = [(name, day) for name in _about_customers() for day in (OUTLIVED, MONTH_END)] + [
        ("customers.purchase_outlook", quarter_before)
    ]
    with duckdb.connect(str(past_week.state / "warehouse.duckdb")) as connection:
        for name, day in copies:
            connection.execute(
                f"insert into {name} select * replace (date '{day}' as as_of_day) from {name} where as_of_day = date '{friday}'"
            )
    house = past_week.after("run", "--day", friday.isoformat())
    with duckdb.connect(str(past_week.state / "warehouse.duckdb")) as connection:
        left = {name: connection.execute(f"select * from {name} where as_of_day <= date '{OUTLIVED}'").pl() for name in _about_customers()}
        outcomes = connection.execute("select * from customers.outlook_outcomes order by all").pl()
        for name, day in copies:
            connection.execute(f"delete from {name} where as_of_day = date '{day}'")
        connection.execute("delete from customers.outlook_outcomes")
    return DecidedAgain(house, before, left, outcomes)


def _about_customers() -> list[str]:
    """Tables of the customers' room with rows about single customers, and the lists made from them."""
    tables = (contract for contract in table_contracts().values() if "customer_key" in {column.name for column in contract.columns})
    return sorted(table.name for table in tables if table.name.startswith("customers.") or table.name == "decisions.audiences")


def disturb_later_records(folder: Path, day: date, seed: int) -> None:
    """In every table: drop a third of what was recorded after `day`, jumble the values of another third, and add later versions of a fifth
    of all earlier records, with values of other records. Keys stay, so most additions are corrections."""
    chance = np.random.default_rng(seed)
    later = datetime.combine(day + timedelta(days=1), datetime.min.time())
    for file in sorted(folder.glob("*.parquet")):
        table = TABLES[file.stem]
        frame = pl.read_parquet(file)
        is_later = pl.col("recorded_at") >= later
        kept, rest = frame.filter(~is_later), frame.filter(is_later)
        fate = pl.Series(chance.integers(0, 3, rest.height))
        corrections = kept.filter(pl.Series((chance.random(kept.height) < 0.2) | (np.arange(kept.height) == 0)))
        seconds = chance.integers(0, (LAST_DAY - day).days * 86_400, corrections.height)
        corrections = _jumbled(corrections, table.key, chance).with_columns(
            recorded_at=pl.Series([later + timedelta(seconds=int(each)) for each in seconds], dtype=pl.Datetime("us"))
        )
        added = pl.concat([rest.filter(fate == 1), _jumbled(rest.filter(fate == 2), table.key, chance), corrections])
        pl.concat([kept, added]).write_parquet(file)
    for file in sorted(folder.glob("*.csv")):
        header, *lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        dice = random.Random(seed)
        kept_lines = [line for line in lines if line.rstrip().rsplit(",", 1)[-1] < later.isoformat() or dice.random() < 0.6]
        file.write_text("".join([header, *kept_lines]), encoding="utf-8")


def _jumbled(frame: pl.DataFrame, key: tuple[str, ...], chance: np.random.Generator) -> pl.DataFrame:
    """Every column that is not key shuffled by itself."""
    free = [name for name in frame.columns if name not in (*key, "recorded_at")]
    return frame.with_columns(frame[name].gather(chance.permutation(frame.height)) for name in free)
