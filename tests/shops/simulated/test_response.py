"""The exact response to coupons, against hand calculation and against a simulation of the same rule."""

import numpy as np
import pytest

from shops.simulated.customers import RECENCY_CURVE
from shops.simulated.response import WindowResponse, expected_response


def respond(rate, since, extra, habit, days, *, holds_coupon) -> WindowResponse:
    n = len(rate)
    return expected_response(
        np.array(rate), np.full(n, 0.5), np.full(days, 1.2), np.full(days, 0.8), np.array(since), np.array(extra), np.array(habit),
        holds_coupon=holds_coupon,
    )  # fmt: skip


def test_one_day_by_hand() -> None:
    response = respond([0.2], [40], [0.1], [0.5], 1, holds_coupon=True)
    own = 0.2 * RECENCY_CURVE[40]
    assert response.purchase_chance[0] == pytest.approx(1 - (1 - own) * 0.9)
    assert response.redemption_chance[0] == pytest.approx(own * 0.5 + (1 - own) * 0.1)


def test_a_coupon_nobody_is_moved_by_changes_no_order_but_is_redeemed() -> None:
    without = respond([0.1, 0.03], [3, 60], [0.0, 0.0], [0.6, 0.6], 28, holds_coupon=False)
    with_coupon = respond([0.1, 0.03], [3, 60], [0.0, 0.0], [0.6, 0.6], 28, holds_coupon=True)
    np.testing.assert_allclose(without.orders, with_coupon.orders)
    np.testing.assert_allclose(without.purchase_chance, with_coupon.purchase_chance)
    assert (without.redemption_chance == 0).all()
    assert (with_coupon.redemption_chance > 0.1).all()


def test_agrees_with_simulating_the_rule() -> None:
    rng, n, days = np.random.default_rng(3), 200_000, 28
    rate, extra, habit = 0.08, 0.02, 0.5
    since, held = np.full(n, 5), np.ones(n, bool)
    orders, redeemed = np.zeros(n), np.zeros(n, bool)
    for _ in range(days):
        own = rng.random(n) < rate * RECENCY_CURVE[np.minimum(since, 40)]
        induced = ~own & held & (rng.random(n) < extra)
        redeems = induced | (own & held & (rng.random(n) < habit))
        orders += own | induced
        redeemed |= redeems
        held &= ~redeems
        since = np.where(own | induced, 1, since + 1)
    exact = respond([rate], [5], [extra], [habit], days, holds_coupon=True)
    assert exact.orders[0] == pytest.approx(orders.mean(), rel=0.01)
    assert exact.purchase_chance[0] == pytest.approx((orders > 0).mean(), rel=0.01)
    assert exact.redemption_chance[0] == pytest.approx(redeemed.mean(), rel=0.01)
