"""What came of forecasts and orders, worked by hand."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from assets.review.what_came import LONGEST_LOOK_BACK_DAYS, days_to_judge, decision_value, forecast_accuracy
from assets.warehouse import Warehouse
from assets.windows import Window

TODAY = date(2025, 6, 20)


def forecasts(*rows: tuple[str, int, float, float]) -> pl.DataFrame:
    """(product, horizon, forecast, seasonal naive) of forecasts of today."""
    return pl.DataFrame(
        [
            {
                "decided_on": TODAY - timedelta(days=horizon),
                "product_id": product,
                "location_id": "web",
                "business_day": TODAY,
                "horizon_days": horizon,
                "forecast_units": forecast,
                "seasonal_naive_units": naive,
            }
            for product, horizon, forecast, naive in rows
        ]
    )


def sold(**units: float) -> pl.DataFrame:
    return pl.DataFrame({"product_id": list(units), "location_id": ["web"] * len(units), "units": list(units.values())})


def test_accuracy_by_hand() -> None:
    """One day ahead: errors 1 and 2 on 10 units, seasonal naive 4 and 0; two days ahead: error 3 on 4 units; `c` ran out."""
    judged = forecasts(("a", 1, 5.0, 8.0), ("b", 1, 8.0, 6.0), ("c", 1, 99.0, 99.0), ("a", 2, 7.0, 4.0))
    result = forecast_accuracy(judged, sold(a=4.0, b=6.0))
    assert result["horizon_days"].to_list() == [1, 2]
    assert result["items"].to_list() == [2, 1]
    assert result["units"].to_list() == [10.0, 4.0]
    assert result["forecast_units"].to_list() == [13.0, 7.0]
    assert result["wape"].to_list() == pytest.approx([0.3, 0.75])
    assert result["wape_seasonal_naive"].to_list() == pytest.approx([0.4, 0.0])
    assert result["bias"].to_list() == pytest.approx([0.3, 0.75])


def test_a_day_on_which_nothing_was_sold_has_no_share() -> None:
    result = forecast_accuracy(forecasts(("a", 1, 5.0, 8.0)), sold(a=0.0))
    assert result.select("wape", "wape_seasonal_naive", "bias").rows() == [(None, None, None)]


def test_nothing_to_judge_gives_no_rows() -> None:
    assert forecast_accuracy(forecasts(("a", 1, 5.0, 8.0)), sold(b=1.0)).is_empty()


ORDER_DAY = TODAY - timedelta(days=7)


def order(**changes: object) -> pl.DataFrame:
    """Ordered on the 13th, lead time 3, next order day the 17th: the next order could arrive on the 20th, today."""
    row = {
        "as_of_day": ORDER_DAY - timedelta(days=1),
        "order_day": ORDER_DAY,
        "expected_arrival_on": ORDER_DAY + timedelta(days=3),
        "next_order_day": ORDER_DAY + timedelta(days=4),
        "product_id": "a",
        "location_id": "web",
        "order_units": 12.0,
        "order_value": 36.0,
        "on_hand": 5.0,
        "in_transit_units": 3.0,
        "lost_sales_avoided_units": 6.0,
        "expected_demand_until_cover": 14.0,
        "stock_source": "feed",
    }
    return pl.DataFrame([row | changes])


def panel(units: list[float], censored: tuple[int, ...] = (), first: date = ORDER_DAY) -> pl.DataFrame:
    days = [first + timedelta(days=offset) for offset in range(len(units))]
    return pl.DataFrame(
        {
            "business_day": days,
            "product_id": ["a"] * len(units),
            "location_id": ["web"] * len(units),
            "units": units,
            "is_censored": [offset in censored for offset in range(len(units))],
        }
    )


def test_an_order_is_judged_on_the_day_the_next_one_could_arrive() -> None:
    assert decision_value(order(), panel([1.0] * 7), TODAY).height == 1
    for other in (-1, 1):
        assert decision_value(order(), panel([1.0] * 7), TODAY + timedelta(days=other)).is_empty()


def test_an_order_older_than_the_look_back_is_judged_neither_alone_nor_in_a_range() -> None:
    """A run reads orders from its first day's look back on: a range must not judge what the same day alone would not."""
    decided = TODAY - timedelta(days=LONGEST_LOOK_BACK_DAYS)
    slow = {
        "order_day": decided + timedelta(days=1),
        "expected_arrival_on": TODAY - timedelta(days=4),
        "next_order_day": decided + timedelta(days=5),
    }
    assert decision_value(order(as_of_day=decided, **slow), panel([1.0] * 7), TODAY).height == 1
    assert decision_value(order(as_of_day=decided - timedelta(days=1), **slow), panel([1.0] * 7), TODAY).is_empty()


@pytest.mark.parametrize(
    ("units", "realised"),
    [
        ([2.0, 2, 2, 2, 2, 2, 2], 6.0),  # 14 sold, 8 would have been there without the order
        ([1.0, 1, 1, 1, 1, 1, 1], 0.0),  # 7 sold: the order saved nothing
        ([5.0, 5, 5, 5, 5, 5, 5], 12.0),  # 35 sold: never more than the order itself
    ],
)
def test_realised_sales_saved(units: list[float], realised: float) -> None:
    row = decision_value(order(), panel(units), TODAY).to_dicts()[0]
    assert row["sold_units"] == sum(units)
    assert row["realised_lost_sales_avoided_units"] == realised
    assert row["promised_lost_sales_avoided_units"] == 6.0
    assert row["expected_units"] == 14.0
    assert row["decided_on"] == ORDER_DAY - timedelta(days=1)


def test_only_the_days_from_the_order_until_today_count() -> None:
    """The day before the order and today itself are not the order's."""
    frame = panel([100.0, 2, 2, 2, 2, 2, 2, 2, 100.0], first=ORDER_DAY - timedelta(days=1))
    assert decision_value(order(), frame, TODAY)["sold_units"].to_list() == [14.0]


def test_stock_out_days_are_counted_and_said() -> None:
    row = decision_value(order(), panel([2.0] * 7, censored=(3, 4)), TODAY).to_dicts()[0]
    assert (row["stockout_days"], row["basis"]) == (2, "understated: stock-out days in between")
    plain = decision_value(order(), panel([2.0] * 7), TODAY).to_dicts()[0]
    assert (plain["stockout_days"], plain["basis"]) == (0, "order taken to be placed as advised")


def test_an_item_without_sales_rows_sold_nothing() -> None:
    row = decision_value(order(product_id="b"), panel([2.0] * 7), TODAY).to_dicts()[0]
    assert (row["sold_units"], row["realised_lost_sales_avoided_units"]) == (0.0, 0.0)


def test_days_after_the_window_that_were_decided_already_are_judged_again(tmp_path: Path) -> None:
    warehouse = Warehouse(path=str(tmp_path / "warehouse.duckdb"), threads=1)
    with warehouse.connect() as connection:
        connection.execute("create schema demand; create table demand.training_runs (as_of_day date)")
        decided = "values ('2025-01-01'), ('2025-01-03'), ('2025-01-06'), ('2025-01-06'), ('2025-12-31')"
        connection.execute(f"insert into demand.training_runs {decided}")
    window = Window(date(2025, 1, 3), date(2025, 1, 5))
    assert days_to_judge(warehouse, window) == [date(2025, 1, 3), date(2025, 1, 4), date(2025, 1, 6)]
