"""Why customers without an offer have none."""

import polars as pl

from assets.decisions.coupon_plan import name_who_may_not


def test_customers_who_may_not_be_written_to_are_told_apart_from_those_without_an_offer() -> None:
    people = ["anna", "bert", "cleo", "dora"]
    reasons = ["best", "not_eligible", "not_eligible", "not_eligible"]
    assignments = pl.DataFrame({"customer_key": people, "reason_code": reasons, "sentence": "as planned"})
    may, enough = [True, False, True, True], [False, True, False, True]
    customers = pl.DataFrame({"customer_key": people, "may_be_written_to": may, "had_enough": enough})
    assert name_who_may_not(assignments, customers).rows() == [
        ("anna", "best", "as planned"),
        ("bert", "no_consent", "May not be written to: this customer has not consented."),
        ("cleo", "not_eligible", "as planned"),
        ("dora", "frequency_cap", "Has had as many coupons lately as one customer may get."),
    ]
