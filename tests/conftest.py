"""A small simulated shop, decided once for its last day and for a week a month earlier; many tests look at what came of it.

The shop has some 25 products at two locations, 140 days, one finished coupon trial, and personal data planted where records go wrong. Its
truth folder is deleted before anything runs. Tests that use these fixtures share one worker (`pytest.mark.xdist_group("chain")`).
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("no wall-clock time", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("no wall-clock time")

LAST_DAY = date(2025, 12, 31)
PAST_WEEK = (date(2025, 11, 23), date(2025, 11, 28))  # Sunday to Friday: one training day serves them all
CANARIES = ("canary-in-the-webhooks-address", "canary-in-another-secret")  # must stand nowhere afterwards
PLANTED = {"full_name": "Quirina Zweifel", "email": "quirina@zweifel.example", "phone": "+49 000 123", "customer_id": "C7777777"}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Under `--dist loadgroup` the files marked as chain are one unit of work.

    xdist 3.8 carries a test's group in a private field that pytest 9.2 no longer reads, so the group is read off the marked files here; two
    workers would otherwise run the whole chain each.
    """
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class OneChain(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "chain" if _is_marked(config.rootpath / nodeid.split("::")[0]) else nodeid

    return OneChain(config, log)


@cache
def _is_marked(file: Path) -> bool:
    return 'pytestmark = pytest.mark.xdist_group("chain")' in file.read_text(encoding="utf-8")


@contextmanager
def restored_environment() -> Iterator[None]:
    """The command line exports settings to its children; what other tests see stays as it was."""
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@dataclass(frozen=True)
class House:
    """A shop and the state of its runs. `said` is what the command line printed."""

    shop: Path
    var: Path
    key_file: Path
    said: str = ""

    @property
    def state(self) -> Path:
        return self.var / "simulated-small"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "COUNTINGHOUSE_SHOP": str(self.shop),
            "COUNTINGHOUSE_VAR": str(self.var),
            "COUNTINGHOUSE_KEY_FILE": str(self.key_file),
            "COUNTINGHOUSE_THREADS": "1",
            "COUNTINGHOUSE_ALERT_WEBHOOK": f"http://127.0.0.1:9/hooks/{CANARIES[0]}",  # nobody listens there
            "SHOP_DATABASE_PASSWORD": CANARIES[1],
        }

    def command(self, *arguments: str) -> tuple[int, str]:
        """Exit status and output of `countinghouse <arguments>`."""
        from typer.testing import CliRunner

        from dagster_project.cli.main import app

        with restored_environment():
            result = CliRunner().invoke(app, list(arguments), env={**self.environment, "COLUMNS": "400"})
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    def after(self, *arguments: str) -> "House":
        """This house after a command that must succeed."""
        status, said = self.command(*arguments)
        assert status == 0, said
        return House(self.shop, self.var, self.key_file, said)

    def read(self, sql: str, parameters: tuple = ()) -> pl.DataFrame:
        with duckdb.connect(str(self.state / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(sql, list(parameters)).pl()

    def published(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(self.state / "published" / f"{name}.parquet")


@pytest.fixture(scope="session")
def small_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop folder; its truth is gone."""
    from shops.simulated import simulate, sizes

    folder = tmp_path_factory.mktemp("shop") / "shop"
    truth = folder.with_name("truth")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sizes.SIZES, "small", sizes.ShopSize("small", 140, 24, 1, 3, 360, 4, (75,), 400, 1.0, 0.4, 60.0))
        simulate("small", folder, truth, last_day=LAST_DAY)
    shutil.rmtree(truth)
    _make_orders_likely(folder)
    _merge_trial_arms(folder)
    _plant_personal_data(folder)
    _plant_decisions(folder)
    return folder


def _make_orders_likely(folder: Path) -> None:
    """A third of the stock, and a supplier that takes small orders twice a week and delivers the next day, so that an order can be judged
    within the week it was placed in."""
    suppliers = pl.read_parquet(folder / "suppliers.parquet")
    quick = pl.col("order_weekdays") == "Mon,Thu"
    changes = {"lead_time_days": 1, "min_order_value": 0.0, "fixed_order_cost": 0.0}
    changed = [pl.when(quick).then(value).otherwise(name).cast(suppliers.schema[name]).alias(name) for name, value in changes.items()]
    suppliers.with_columns(changed).write_parquet(folder / "suppliers.parquet")
    stock = pl.read_parquet(folder / "stock_levels.parquet")
    stock.with_columns((pl.col("on_hand") / 3).ceil().cast(stock.schema["on_hand"])).write_parquet(folder / "stock_levels.parquet")


def _merge_trial_arms(folder: Path) -> None:
    """Two arms instead of four, so that each has the size a trial needs to be read."""
    arms = {"TRIAL-1-F03": "TRIAL-1-F05", "TRIAL-1-F12": "TRIAL-1-F08"}
    for name in ("coupon_assignments", "coupon_redemptions", "order_lines"):
        file = folder / f"{name}.parquet"
        frame = pl.read_parquet(file)
        if "propensity" in frame.columns:
            in_arm = (pl.col("campaign_id") == "TRIAL-1") & pl.col("coupon_id").is_not_null()
            frame = frame.with_columns(propensity=pl.when(in_arm).then(2 * pl.col("propensity")).otherwise("propensity"))
        frame.with_columns(pl.col("coupon_id").replace(arms)).write_parquet(file)


def _plant_personal_data(folder: Path) -> None:
    """Customers as a CSV file, with a bad date and a ragged line, both of a person who is easy to find."""
    customers = pl.read_parquet(folder / "customers.parquet")
    (folder / "customers.parquet").unlink()
    text = customers.cast(pl.String)
    planted = text.head(1).with_columns(pl.lit(value).alias(name) for name, value in PLANTED.items())
    bad = planted.with_columns(acquired_on=pl.lit("soon"))
    lines = pl.concat([text, bad]).write_csv() + planted.write_csv(include_header=False).strip() + f",{PLANTED['email']},too long\n"
    (folder / "customers.csv").write_text(lines, encoding="utf-8")


def _plant_decisions(folder: Path) -> None:
    """A buyer's decisions about three orders of the past week, each recorded the evening before, and one that cannot be read.

    The first order is judged on the week's last day. As CSV, since the disturbance of later records adds none to a CSV file.
    """
    suppliers, products = pl.read_parquet(folder / "suppliers.parquet"), pl.read_parquet(folder / "products.parquet")
    quick = suppliers.filter(pl.col("order_weekdays") == "Mon,Thu")["supplier_id"]
    goods = products.filter(pl.col("supplier_id").is_in(quick.implode()))["product_id"].unique().sort()
    place = pl.read_parquet(folder / "stock_levels.parquet")["location_id"].unique().sort()[0]
    person = f"{PLANTED['full_name']},ask {PLANTED['email']}"
    lines = ["order_day,product_id,location_id,action,units,reason,decided_by,note,recorded_at"]
    for day in (date(2025, 11, 24), date(2025, 11, 27), date(2025, 11, 29)):
        evening = f"{day - timedelta(days=1)}T19:00:00"
        decided = (("edit,2,promotion", goods[0]), ("reject,,", goods[1]), ("approve,,", goods[2]))
        lines += [f"{day},{product},{place},{what},{person},{evening}" for what, product in decided]
    lines.append(f"2025-11-24,{goods[3]},{place},edit,many,,{person},2025-11-23T19:00:00")
    (folder / "order_overrides.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One pseudonym key for every house, so that customer keys can be compared."""
    file = tmp_path_factory.mktemp("keys") / "pseudonym.key"
    file.write_text("5f" * 32, encoding="utf-8")
    file.chmod(0o600)
    return file


@pytest.fixture(scope="session")
def last_day(small_shop: Path, key_file: Path, tmp_path_factory: pytest.TempPathFactory) -> House:
    """The house after `countinghouse run`: the last day decided, all history imported."""
    return House(small_shop, tmp_path_factory.mktemp("var"), key_file).after("run")


@pytest.fixture(scope="session")
def past_week(last_day: House) -> House:
    """The same house after a backfill of a week that lies a month before the day it had already decided."""
    return last_day.after("backfill", "--from", PAST_WEEK[0].isoformat(), "--to", PAST_WEEK[1].isoformat())


@pytest.fixture(scope="session")
def tables_of_day() -> Callable[[House, date], dict[str, pl.DataFrame]]:
    """What learning, decisions and review say of one day, table by table, without lineage (which differs between rebuilds)."""
    from assets.table_contracts import table_contracts

    def read(house: House, day: date) -> dict[str, pl.DataFrame]:
        found = {}
        with duckdb.connect(str(house.state / "warehouse.duckdb"), read_only=True) as connection:
            for name, contract in table_contracts().items():
                lineage = {column.name for column in contract.columns if "lineage" in column.meaning}
                columns = ", ".join(f'"{column.name}"' for column in contract.columns if column.name not in lineage)
                query = f"select {columns} from {name} where {contract.day_column} = ? order by all"
                found[name] = connection.execute(query, [day]).pl()
        return found

    return read
