"""Bias of forecasts, worked by hand: which days and items count, and when a lean is more than chance."""

from datetime import date, timedelta

import polars as pl
import pytest

from assets.review.forecast_bias import DAILY_SCHEMA, daily_bias, with_window
from assets.review.what_came import bias_check, bias_of_days
from assets.table_contracts import table_contracts
from assets.warehouse import Warehouse

TODAY = date(2025, 6, 20)


def daily(*, days: int = 28, forecast: float = 13.0, swing: float = 0.0, node: str = "all", units: float = 10.0) -> pl.DataFrame:
    """Judged days up to today: `forecast` units, one day more by `swing`, the next less."""
    rows = [
        (TODAY - timedelta(days=back), "total" if node == "all" else "category", node, 2, units, forecast + swing * (-1) ** back)
        for back in range(days)
    ]
    return pl.DataFrame(rows, schema=DAILY_SCHEMA, orient="row")


def promised(bias: float | None = 0.0) -> pl.DataFrame:
    return pl.DataFrame({"as_of_day": [TODAY], "bias_total": [bias]}, schema={"as_of_day": pl.Date, "bias_total": pl.Float64})


def test_a_day_is_judged_in_total_and_by_category() -> None:
    """`a` was forecast 4 and 6 within the week (mean 5), 90 before it; `c` ran out of stock; `b` has no category."""
    told = pl.DataFrame(
        [("a", 1, 4.0), ("a", 7, 6.0), ("a", 8, 90.0), ("b", 2, 1.0), ("c", 1, 9.0)],
        schema=["product_id", "horizon_days", "forecast_units"],
        orient="row",
    ).with_columns(location_id=pl.lit("web"))
    sold = pl.DataFrame({"product_id": ["a", "b"], "location_id": ["web"] * 2, "units": [8.0, 0.0]})
    rows = daily_bias(told, sold, pl.DataFrame({"product_id": ["a"], "category": ["tea"]}), TODAY)
    assert rows.select("level", "node", "items", "units", "forecast_units").rows() == [
        ("category", "tea", 1, 8.0, 5.0),
        ("category", "uncategorised", 1, 0.0, 1.0),
        ("total", "all", 2, 8.0, 6.0),
    ]


def test_nothing_to_judge_gives_no_rows() -> None:
    told = pl.DataFrame(schema={"product_id": pl.String, "location_id": pl.String, "horizon_days": pl.Int64, "forecast_units": pl.Float64})
    sold = pl.DataFrame(schema={"product_id": pl.String, "location_id": pl.String, "units": pl.Float64})
    rows = daily_bias(told, sold, pl.DataFrame(schema={"product_id": pl.String, "category": pl.String}), TODAY)
    assert rows.is_empty()
    assert with_window(rows, promised(), [TODAY]).is_empty()
    assert bias_check(with_window(rows, promised(), [TODAY])).passed


def test_a_category_that_sells_nothing_of_its_forecast_is_biased() -> None:
    rows = with_window(daily(node="tea", units=0.0), promised(), [TODAY])
    assert rows["bias"].to_list() == [None]
    assert rows["is_biased"].to_list() == [True]
    found = bias_check(rows)
    assert not found.passed
    assert "nothing sold" in str(found.metadata)


def test_four_weeks_by_hand() -> None:
    """28 days of 13 for 10: bias 30 %; every error is 3, so the signal is 28. The 29th day back no longer counts."""
    (row,) = with_window(daily(days=40), promised(), [TODAY]).to_dicts()
    assert (row["window_days"], row["window_units"], row["window_forecast_units"]) == (28, 280.0, 364.0)
    assert (row["bias"], row["tracking_signal"]) == (pytest.approx(0.3), pytest.approx(28.0))
    assert row["is_biased"]


@pytest.mark.parametrize(
    ("rows", "replayed", "why"),
    [
        (daily(forecast=11.0), 0.0, "10 % are no news"),
        (daily(), 0.2, "replayed forecasts were nearly as high: the promise was kept"),
        (daily(forecast=11.0), -0.2, "far from replayed forecasts that were too low, near to the truth"),
        (daily(days=13), 0.0, "too few days"),
        (daily(forecast=12.0, swing=8.0), 0.0, "errors on both sides: chance"),
        (daily(units=0.0, forecast=0.0), 0.0, "nothing sold, nothing forecast"),
    ],
)
def test_what_is_no_bias(rows: pl.DataFrame, replayed: float, why: str) -> None:
    assert with_window(rows, promised(replayed), [TODAY])["is_biased"].to_list() == [False], why


def test_without_a_replay_zero_is_what_is_expected() -> None:
    assert with_window(daily(), promised(None), [TODAY])["is_biased"].to_list() == [True]


def test_two_categories_that_cancel_in_the_total_are_found() -> None:
    rows = pl.concat([daily(forecast=10.5), daily(forecast=6.0, node="tea"), daily(forecast=15.0, node="cups")])
    check = bias_check(with_window(rows, promised(), [TODAY]))
    assert not check.passed
    assert check.metadata["biased over 28 days"].value == "cups +50%, tea -40%"


def test_days_one_by_one_are_the_same_as_in_a_range(tmp_path) -> None:
    rows, days = daily(days=20), [TODAY - timedelta(days=back) for back in range(19, -1, -1)]
    contract = table_contracts()["review.forecast_bias"]
    found = []
    for name, turns in (("single", [[day] for day in days]), ("range", [days])):
        warehouse = Warehouse(path=str(tmp_path / f"{name}.duckdb"), threads=1)
        with warehouse.connect() as connection:
            connection.execute("create schema demand; create table demand.training_runs (as_of_day date, bias_total double)")
        for turn in turns:
            frame = bias_of_days(warehouse, rows.filter(pl.col("as_of_day").is_in(turn)), turn)
            warehouse.replace_days(contract, frame, turn)
        found.append(warehouse.read("select * from review.forecast_bias order by all"))
    assert found[0].equals(found[1])
    assert found[0]["window_days"].to_list() == list(range(1, 21))
