"""The benchmark's recency, orders and revenue of a day, by hand."""

from datetime import date

import polars as pl

from benchmarks.customers.uci_profiles import history, rfm_on, spend_after

ORDERS = pl.DataFrame(
    [
        ("a", date(2024, 1, 5), "1", 10.0, True),
        ("a", date(2025, 1, 4), "2", 20.0, True),
        ("a", date(2025, 1, 6), "3", -5.0, False),
        ("a", date(2025, 1, 20), "4", 40.0, True),
        ("b", date(2025, 1, 6), "5", -8.0, False),
    ],
    schema=["customer_key", "day", "order", "net_revenue", "is_sale"],
    orient="row",
)


def test_a_day_sees_its_year_and_no_later_order() -> None:
    # a's first order is 366 days old, the return is counted in money alone; b never bought
    assert rfm_on(ORDERS, date(2025, 1, 5)).rows() == [("a", 1, 1, 20.0)]
    assert rfm_on(ORDERS, date(2025, 1, 10)).rows() == [("a", 6, 1, 15.0)]
    assert rfm_on(ORDERS, date(2024, 1, 4)).is_empty()
    assert history(ORDERS, [date(2024, 2, 1), date(2025, 1, 10)])["day"].to_list() == [date(2024, 2, 1), date(2025, 1, 10)]


def test_spend_begins_the_day_after() -> None:
    assert spend_after(ORDERS, date(2025, 1, 6), 14).rows() == [("a", 40.0)]
    assert spend_after(ORDERS, date(2025, 1, 6), 13).is_empty()
