"""A shop's order outlook, end to end: made from the decided day, consistent week by week, changing no order."""

import shutil
from datetime import date, timedelta

import polars as pl
import pytest

pytestmark = pytest.mark.xdist_group("chain")
LAST_DAY = date(2025, 12, 31)


@pytest.fixture(scope="module")
def foreseen(last_day, tmp_path_factory: pytest.TempPathFactory):  # noqa: ANN201  (House, as conftest.py one folder up declares it)
    """A copy of the house after an outlook from its last day."""
    folder = tmp_path_factory.mktemp("foreseen")
    shutil.copytree(last_day.shop, folder / "shop")
    shutil.copytree(last_day.var, folder / "var", symlinks=True)
    return type(last_day)(folder / "shop", folder / "var", last_day.key_file).after("outlook")


@pytest.fixture(scope="module")
def rows(foreseen) -> pl.DataFrame:
    return foreseen.read("select * from decisions.order_outlook order by product_id, location_id, period")


def test_six_weeks_of_the_forecast_are_planned_and_checked(foreseen, rows: pl.DataFrame) -> None:
    told = foreseen.read("select * from decisions.order_outlook_certificates").to_dicts()
    assert len(told) == 1
    assert (told[0]["weeks"], told[0]["checked"], told[0]["violations"]) == (6, True, "")
    assert rows.height == told[0]["weeks"] * told[0]["items"] > 0
    assert rows["period_start"].min() == LAST_DAY + timedelta(days=1)
    assert rows["period_end"].max() == LAST_DAY + timedelta(days=42)
    assert rows["planned_order_units"].sum() > 0


def test_stock_adds_up_from_week_to_week(rows: pl.DataFrame) -> None:
    item = ["product_id", "location_id"]
    units = pl.col("receipts_units") + pl.col("arriving_units") - pl.col("expected_demand_units") + pl.col("lost_units")
    after = rows.with_columns(before=pl.col("stock_end_units").shift(1).over(item), change=units).drop_nulls("before")
    assert after.height > 0
    assert (after["before"] + after["change"] - after["stock_end_units"]).abs().max() == 0


def test_demand_is_the_forecasts_and_receipts_are_what_is_on_its_way(foreseen, rows: pl.DataFrame) -> None:
    forecast = foreseen.read(
        "select product_id, location_id, sum(forecast_units) as units from demand.forecast_daily where as_of_day = ? group by all",
        (LAST_DAY,),
    )
    sums = rows.group_by("product_id", "location_id").agg(pl.col("expected_demand_units", "receipts_units").sum())
    both = sums.join(forecast, on=["product_id", "location_id"])
    assert both.height == sums.height
    assert (both["expected_demand_units"] - both["units"]).abs().max() <= 0.5 + 1e-6
    ordered = foreseen.read(
        "select product_id, location_id, order_units from decisions.replenishment_orders where as_of_day = ? and order_units > 0 "
        "and expected_arrival_on <= ?",
        (LAST_DAY, LAST_DAY + timedelta(days=42)),
    ).join(sums, on=["product_id", "location_id"])
    assert ordered.height > 0
    assert (ordered["receipts_units"] >= ordered["order_units"]).all()


def test_the_table_is_printed_and_orders_stay_as_they_were(foreseen, last_day) -> None:
    weeks = [line for line in foreseen.said.splitlines() if line.startswith(("2026-01", "2026-02"))]
    assert len(weeks) == 6
    assert "An outlook, no order" in foreseen.said
    query = "select * from decisions.replenishment_orders where as_of_day = ? order by all"
    assert foreseen.read(query, (LAST_DAY,)).equals(last_day.read(query, (LAST_DAY,)))
