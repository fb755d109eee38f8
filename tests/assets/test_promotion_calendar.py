"""A shop's promotion calendar, end to end: proposed from the decided day, and what is approved raises forecasts and orders."""

import shutil
from datetime import date, datetime

import polars as pl
import pytest

from assets.table_contracts import table_contracts
from dagster_project.cli.calendar_command import approval_lines

pytestmark = pytest.mark.xdist_group("chain")
LAST_DAY = date(2025, 12, 31)
SECTION = """
[promotions]
enabled = true
weeks = 6
lead_weeks = 0
slots_per_week = 6
cool_down_weeks = 2
"""
PROPOSED = "select * from decisions.promotion_calendar where is_promoted order by week, product_id"


@pytest.fixture(scope="module")
def proposing(last_day, tmp_path_factory: pytest.TempPathFactory):  # noqa: ANN201  (House, as conftest.py one folder up declares it)
    """A copy of the house whose shop wants a calendar, after one."""
    folder = tmp_path_factory.mktemp("proposing")
    shutil.copytree(last_day.shop, folder / "shop")
    shutil.copytree(last_day.var, folder / "var", symlinks=True)
    file = folder / "shop" / "shop.toml"
    file.write_text(file.read_text(encoding="utf-8") + SECTION, encoding="utf-8")
    house = type(last_day)(folder / "shop", folder / "var", last_day.key_file)
    return house.after("calendar", "--approvals", str(folder / "approve.csv"))


@pytest.fixture(scope="module")
def rows(proposing) -> pl.DataFrame:
    return proposing.read("select * from decisions.promotion_calendar order by product_id, week")


def wished(house) -> pl.DataFrame:
    """What the last day would order without its purchase budget, which takes nearly all of it in this shop, by product."""
    return house.read(
        "select product_id, sum(expected_demand_until_cover) as demand, sum(unconstrained_units) as wished "
        "from decisions.replenishment_orders where as_of_day = date '2025-12-31' group by 1 having wished > 0 order by 1"
    )


@pytest.fixture(scope="module")
def approved(proposing, tmp_path_factory: pytest.TempPathFactory):  # noqa: ANN201
    """The house decided and proposed again after an evening of decisions: the first week's proposals approved, the second week's rejected,
    and promotions from tomorrow on approved for all that one would order, which nobody had proposed."""
    folder = tmp_path_factory.mktemp("approved")
    shutil.copytree(proposing.shop, folder / "shop")
    shutil.copytree(proposing.var, folder / "var", symlinks=True)
    wanted = proposing.read(PROPOSED)
    evening = datetime(2025, 12, 31, 20)
    taken = approval_lines(wanted.filter(pl.col("week") == 0), evening).splitlines()
    refused = approval_lines(wanted.filter(pl.col("week") == 1), evening).splitlines()[1:]
    extra = [f"{product},2026-01-01,approve,2026-01-14,loud,0.35,{evening.isoformat()}" for product in wished(proposing)["product_id"]]
    lines = [*taken, *extra, *(line.replace(",approve,", ",reject,") for line in refused)]
    (folder / "shop" / "promotion_decisions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    house = type(proposing)(folder / "shop", folder / "var", proposing.key_file)
    return house.after("run").after("calendar")


def test_every_product_and_week_has_its_reason_and_the_plan_is_checked(proposing, rows: pl.DataFrame) -> None:
    proof = proposing.read("select * from decisions.promotion_calendar_certificates").row(0, named=True)
    assert (proof["status"], proof["checked"], proof["violations"]) == ("optimal", True, "")
    assert rows.height == rows["product_id"].n_unique() * 6
    assert set(rows["reason_code"]) <= {"chosen", "announced", "not_worth_it", "cool_down", "slot", "stock"}
    assert rows["sentence"].null_count() == 0
    assert not rows["causal"].any()
    running = rows.filter("is_promoted")
    assert (running["profit"] - running["loss_together"]).sum() == pytest.approx(proof["value"])
    assert running.group_by("week").len()["len"].max() == 6
    assert (running["week_start"].dt.weekday() == 1).all()
    assert running["week_start"].min() == date(2026, 1, 5)


def test_lifts_say_what_they_rest_on(rows: pl.DataFrame) -> None:
    running = rows.filter("is_promoted")
    assert (running["lift_low_units"] <= running["lift_units"]).all()
    assert (running["lift_units"] <= running["lift_high_units"]).all()
    assert set(running["lift_source"]) <= {"product", "category", "shop"}
    assert (running.filter(pl.col("lift_source") == "product")["events"] > 0).all()
    later = rows.filter(pl.col("base_source") == "continued", pl.col("reason_code") != "announced")
    assert later["week"].min() == 5  # the forecast ends within the sixth week


def test_a_proposal_changes_nothing_and_is_printed(proposing, last_day) -> None:
    assert "A proposal: it announces nothing." in proposing.said
    assert proposing.said.count("\n2026-") == 6
    for name in ("marts.fct_promotions", "demand.forecast_daily", "decisions.replenishment_orders"):
        assert proposing.read(f"select * from {name} order by all").equals(last_day.read(f"select * from {name} order by all"))


def test_what_is_approved_raises_the_next_forecast_and_the_orders(proposing, approved) -> None:
    wanted = proposing.read(PROPOSED).filter(pl.col("week") == 0).select("product_id", "week_start", "week_end")
    sums = (
        "select product_id, sum(forecast_units) as units from demand.forecast_daily where as_of_day = date '2025-12-31' "
        "and business_day between date '{}' and date '{}' group by 1 order by 1"
    )
    for first, last, rises in (("2026-01-05", "2026-01-11", True), ("2026-01-19", "2026-02-08", False)):
        before, after = (house.read(sums.format(first, last)).join(wanted, on="product_id", how="semi") for house in (proposing, approved))
        change = after["units"] - before["units"]
        assert before.height == wanted.height
        assert (change > 0).all() if rises else (change.abs() <= 0.05 * before["units"]).all()
    before = wished(proposing)
    after = wished(approved).join(before, on="product_id", how="semi")
    assert after.height == before.height > 0
    assert (after["demand"] > before["demand"]).all()
    assert (after["wished"] >= before["wished"]).all()
    assert after["wished"].sum() > 1.1 * before["wished"].sum()


def test_the_next_calendar_knows_what_was_decided(proposing, approved) -> None:
    before = proposing.read(PROPOSED)
    later = approved.read("select * from decisions.promotion_calendar")
    taken = before.filter(pl.col("week") == 0).select("product_id", "week")
    told = later.join(taken, on=["product_id", "week"])
    assert set(told["reason_code"]) == {"announced"}
    refused = before.filter(pl.col("week") == 1).select("product_id", "week", "promotion_name")
    again = later.filter("is_promoted").join(refused, on=["product_id", "week", "promotion_name"])
    assert again.is_empty()
    kept = approved.read("select product_id, week, promotion_name, outcome from decisions.promotion_calendar_decisions")
    assert kept.height == refused.height
    assert set(kept["outcome"]) <= {"honoured", "no_candidate"}
    slots = approved.read("select * from decisions.promotion_calendar_limits where scope = 'week 0'").row(0, named=True)
    announced = later.filter(pl.col("reason_code") == "announced", pl.col("week") == 0).height
    assert slots["allowed"] == max(6 - announced, 0)


def test_rows_meet_their_contract(rows: pl.DataFrame) -> None:
    assert rows.columns == [column.name for column in table_contracts()["decisions.promotion_calendar"].columns]
