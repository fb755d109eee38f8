"""Why customers without an offer have none."""

import polars as pl

from assets.decisions.coupon_plan import name_missing_consent


def test_customers_who_may_not_be_written_to_are_told_apart_from_those_without_an_offer() -> None:
    reasons = ["best", "not_eligible", "not_eligible"]
    assignments = pl.DataFrame({"customer_key": ["anna", "bert", "cleo"], "reason_code": reasons, "sentence": "as planned"})
    customers = pl.DataFrame({"customer_key": ["anna", "bert", "cleo"], "may_be_written_to": [True, False, True]})
    assert name_missing_consent(assignments, customers).rows() == [
        ("anna", "best", "as planned"),
        ("bert", "no_consent", "May not be written to: this customer has not consented."),
        ("cleo", "not_eligible", "as planned"),
    ]
