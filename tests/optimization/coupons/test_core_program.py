"""The core method where the prices it starts from are off."""

import numpy as np
import pytest

from benchmarks.coupons.instances import coupon_instance
from optimization.coupons import CouponSettings, assign_coupons, core_program
from optimization.coupons.choice_program import ChoiceProgram
from optimization.coupons.priced_groups import PricedGroups, price_groups
from optimization.linear_program.arrays import Floats, Integers


def test_prices_that_close_calls_cannot_repair_are_looked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """At no price at all everybody takes the best offer, and no few customers can bring that back within the budgets."""
    honest, asked = core_program.find_prices, []

    def free_first(program: ChoiceProgram, highest: Floats, order: Integers, *, among_all: bool = False) -> tuple[PricedGroups, float]:
        asked.append(among_all)
        priced, temperature = honest(program, highest, order, among_all=among_all)
        return (priced if among_all else price_groups(program, np.zeros(len(program.rhs)))), temperature

    instance = coupon_instance(3_000)
    settings = CouponSettings(holdout_share=0.0, target_gap=1e-3)
    wanted = assign_coupons(instance.candidates, instance.limits, settings)
    monkeypatch.setattr(core_program, "find_prices", free_first)
    found = assign_coupons(instance.candidates, instance.limits, settings)
    assert asked == [False, True]
    assert not found.certificate.violations
    assert found.certificate.status == "optimal"
    assert found.certificate.value == pytest.approx(wanted.certificate.value, rel=2e-3)
