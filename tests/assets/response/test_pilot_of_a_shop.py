"""A shop that knows nothing about its coupons is offered a pilot within the budget it states."""

from types import SimpleNamespace

import polars as pl
import pytest

from assets.response.coupon_response import _pilot
from assets.table_contracts import table_contracts
from shops.coupon_terms import CouponTerms


@pytest.mark.parametrize("budget", [150.0, 600.0])
def test_the_pilot_keeps_the_budget_of_shop_toml_and_asks_only_those_who_may_be_written_to(budget: float) -> None:
    house = SimpleNamespace(shop=SimpleNamespace(coupons=CouponTerms(pilot_budget=budget)))
    consent = [None if number % 3 == 0 else number % 3 == 1 for number in range(3000)]
    customers = pl.DataFrame({"customer_key": [f"k{number}" for number in range(3000)], "email_consent": consent})
    live = pl.DataFrame({"coupon_id": ["c3", "c5"], "face_value": [3.0, 5.0], "issuance_limit": [None, 900]})
    arms = _pilot(house, customers, live)  # pyright: ignore[reportArgumentType]
    assert 0 < arms["expected_cost"].sum() <= budget
    assert arms["customers"].sum() <= 2000
    assert arms["propensity"].sum() == pytest.approx(1.0)
    treated = arms.filter(pl.col("coupon_id").is_not_null())
    assert treated.height >= 1
    assert treated["power"].is_between(0, 1).all()
    assert set(arms.columns) <= set(table_contracts()["response.pilot_plan"].empty().columns)
