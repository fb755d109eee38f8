"""The demand benchmark's scores, checked by hand: what is compared must be right before it is compared."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from benchmarks.demand.judge import QUANTILES, category_rmsse, item_errors, pinball, textbook_quantiles, total_errors, truth, usable
from benchmarks.demand.panels import HORIZON, BenchPanel

FIRST = date(2025, 1, 6)
PAST = 57


@pytest.fixture
def panel() -> BenchPanel:
    """A sells 2 and 4 in turn at 10 each, B sells 3 a day at 1 each, C begins after the origin."""
    rows = [
        (FIRST + timedelta(days=step), product, "main", category, units, price, True)
        for step in range(PAST + HORIZON)
        for product, category, units, price in (("A", "x", 2.0 + 2.0 * (step % 2), 10.0), ("B", "y", 3.0, 1.0), ("C", "y", 1.0, 1.0))
        if product != "C" or step >= PAST
    ]
    schema = ["business_day", "product_id", "location_id", "category", "units", "unit_price", "is_open"]
    return BenchPanel("tiny", pl.DataFrame(rows, schema=schema, orient="row"), pl.DataFrame(), "DE")


def test_errors_are_scaled_by_the_naive_steps_of_the_past(panel: BenchPanel) -> None:
    fold = truth(panel, panel.last_day - timedelta(days=HORIZON))
    assert fold.items["product_id"].to_list() == ["A", "B"]  # C had not sold by the origin
    errors = item_errors(fold, np.full((2, HORIZON), 3.0))
    assert errors.rmsse[0] == pytest.approx(0.5)  # off by 1 each day, steps of 2
    assert np.isnan(errors.rmsse[1])  # B never moved: no scale, no weight
    assert errors.weight.tolist() == [3.0 * 28 * 10, 0.0]
    assert errors.absolute_of_sum.tolist() == [0.0, 0.0]
    assert category_rmsse(fold, np.full((2, HORIZON), 3.0)) == pytest.approx(0.5)


def test_the_total_is_that_of_the_items_or_its_own_series(panel: BenchPanel) -> None:
    fold = truth(panel, panel.last_day - timedelta(days=HORIZON))
    of_items, alone = total_errors(fold, np.full((2, HORIZON), 3.0)), total_errors(fold, np.full((1, HORIZON), 6.0))
    assert of_items == pytest.approx((0.5, 6.0 * HORIZON, 6.0 * HORIZON))
    assert alone == pytest.approx(of_items)


def test_a_method_without_a_number_is_given_the_items_own_mean(panel: BenchPanel) -> None:
    fold = truth(panel, panel.last_day - timedelta(days=HORIZON))
    filled = usable(fold, np.full((2, HORIZON), np.nan))
    assert filled[1].tolist() == [3.0] * HORIZON


def test_a_weekday_without_sales_for_six_weeks_is_closed_for_everyone(panel: BenchPanel) -> None:
    rows = panel.rows.with_columns(units=pl.when(pl.col("business_day").dt.weekday() == 7).then(0.0).otherwise(pl.col("units") * 4))
    fold = truth(BenchPanel("tiny", rows, panel.events, "DE"), panel.last_day - timedelta(days=HORIZON))
    sundays = np.array([(fold.origin + timedelta(days=step + 1)).weekday() == 6 for step in range(HORIZON)])
    assert (usable(fold, np.ones((2, HORIZON)))[0] == 0).tolist() == sundays.tolist()


def test_textbook_quantiles_and_pinball_by_hand(panel: BenchPanel) -> None:
    fold = truth(panel, panel.last_day - timedelta(days=HORIZON))
    quantiles = textbook_quantiles(fold, 4)
    assert quantiles[1].tolist() == [12.0] * len(QUANTILES)
    sd = np.sqrt(56 / 55)
    assert quantiles[0][3] == pytest.approx(12.0 + 1.6449 * sd * 2, abs=1e-3)
    loss = pinball(np.array([10.0]), np.full((1, len(QUANTILES)), 8.0))
    assert loss[0] == pytest.approx(2.0 * np.mean(QUANTILES))
