"""The outlook benchmark's own parts: windows, ratios and the published sample."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from benchmarks.customers.customer_windows import SAMPLE_FILE, Customers
from benchmarks.customers.outlook import OURS, Told, _judge, _ratio
from benchmarks.customers.outlook_scale import drawn_order_days
from benchmarks.customers.outlook_uses import lists, outcomes
from learning.customer_value.snapshots import expect_order_days


def test_windows_stand_four_weeks_apart_and_end_with_the_data() -> None:
    rows = pl.DataFrame(
        {"customer_key": ["a"], "business_day": [date(2011, 12, 9)], "orders": [1], "sale_revenue": [1.0], "net_revenue": [1.0]}
    )
    customers = Customers("one", rows)
    assert customers.cut_offs(28) == [date(2011, 8, 19), date(2011, 9, 16), date(2011, 10, 14), date(2011, 11, 11)]
    assert customers.cut_offs(84, 1) == [date(2011, 9, 16)]
    assert customers.until(date(2011, 12, 8)).is_empty()


def test_a_ratio_and_its_interval_keep_customers_together() -> None:
    customer = np.array(["a", "a", "b", "b"])
    ratio, low, high = _ratio(np.array([1.0, 1.0, 4.0, 4.0]), np.array([2.0, 2.0, 4.0, 4.0]), customer)
    assert ratio == pytest.approx(10 / 12)
    assert low == pytest.approx(0.5)  # draws with a alone
    assert high == pytest.approx(1.0)  # draws with b alone


def test_ours_is_held_against_the_best_peer() -> None:
    happened = np.array([1.0, 0.0] * 20)
    names = np.array([str(number) for number in range(40)])

    def told(method: str, chance: float) -> Told:
        return Told(method, np.full(40, "w"), names, happened, np.where(happened > 0, chance, 1 - chance), None, None, 1.0, 1.0)

    rows, ours = _judge("shop", "chance", [told(OURS, 0.9), told("good", 0.8), told("bad", 0.6)])
    assert ours["best peer"] == "good"
    assert ours["ratio"] == pytest.approx(np.log(0.9) / np.log(0.8))
    assert rows[0]["calibration error"] == pytest.approx(0.1)


def test_the_published_sample_has_its_customers_once() -> None:
    numbers = SAMPLE_FILE.read_text(encoding="utf-8").split()
    assert len(numbers) == len(set(numbers)) == 2357
    assert numbers == sorted(numbers, key=int)


def test_drawn_order_days_are_order_days() -> None:
    drawn = drawn_order_days(300)
    expect_order_days(drawn)
    assert drawn["customer_key"].n_unique() == 300
    assert drawn["business_day"].is_between(date(2024, 1, 2), date(2025, 12, 31)).all()


def test_lists_by_rule_stand_beside_as_many_customers_by_the_outlook() -> None:
    customers = Customers("drawn", drawn_order_days(1500))
    rows = lists(customers, 1)
    assert [row["list"] for row in rows] == ["likely_to_churn"] * 2 + ["high_value"] * 2
    for rule, ranked in (rows[:2], rows[2:]):
        assert rule["customers"] == ranked["customers"] > 20
    assert all(0 < row["churned"] < 1 for row in rows[:2])


def test_outcomes_are_those_of_the_days_after_each_outlook() -> None:
    drawn = drawn_order_days(300)
    cut = drawn.filter(pl.col("business_day").is_between(date(2025, 7, 20), date(2025, 12, 9)))
    customers = Customers("drawn", cut)
    rows = [row for row in outcomes(customers) if row["measure"] == "buyers"]
    assert len(rows) >= 1
    for row in rows:
        came = customers.after(date.fromisoformat(row["predicted on"]), 28)
        assert (row["customers"], row["came"]) == (came.height, came["has_bought"].sum())
