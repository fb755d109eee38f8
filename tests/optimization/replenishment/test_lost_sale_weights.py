"""What a lost sale counts: classes by hand, weights that move orders the right way, targets that are reached where they cost."""

from collections.abc import Callable

import polars as pl
import pytest

from optimization.replenishment import (
    LostSaleWeights,
    ReplenishmentSettings,
    check_plan,
    plan_replenishment,
    with_lost_sale_weights,
)
from optimization.replenishment.settings import ReplenishmentLimits

Items = Callable[..., pl.DataFrame]
DEAR = ReplenishmentSettings(holding_cost_per_year=20.0)  # holding so dear that the newsvendor has a choice to make


def test_classes_are_read_from_the_plan_itself(make_items: Items) -> None:
    """Lost margins of 360, 40 and 4 a cycle: A up to 80 %, and what crosses the line belongs above it."""
    items = make_items(
        {"product": "p1", "demand": 180.0, "unit_price": 10.0, "unit_cost": 6.0},
        {"product": "p2", "demand": 20.0, "unit_price": 10.0, "unit_cost": 6.0},
        {"product": "p3", "demand": 2.0, "unit_price": 10.0, "unit_cost": 6.0},
        {"product": "p4", "demand": 2.0, "unit_price": None},
    )
    told = with_lost_sale_weights(items, LostSaleWeights({"A": 0.5, "C": 2.0}), DEAR).sort("product_id")
    assert told["cost_class"].to_list() == ["A", "B", "C", None]
    assert told["shortage_weight"].to_list() == [0.5, 1.0, 2.0, None]
    assert told["lost_sale_multiplier"].to_list() == [0.5, 1.0, 2.0, 1.0]
    # uniform demand on 0..D over nine days: 80 % of D between the tenths, 0.4 of the mean week's 7/9 D/2 after scaling: variation 0.708
    assert told["service_class"].to_list() == ["AY", "BY", "CY", None]


@pytest.mark.parametrize("weight", [0.25, 0.5, 2.0, 4.0])
def test_orders_follow_the_weight(make_items: Items, make_suppliers: Callable[..., pl.DataFrame], weight: float) -> None:
    items = make_items({"product": "p1"}, {"product": "p2", "demand": 40.0})
    weighed = with_lost_sale_weights(items, LostSaleWeights(dict.fromkeys("ABC", weight)), DEAR)
    plain, moved = (plan_replenishment(frame, make_suppliers(), settings=DEAR).orders for frame in (items, weighed))
    assert check_plan(weighed, make_suppliers(), ReplenishmentLimits(), moved) == []
    change = moved["order_units"] - plain["order_units"]
    assert (change > 0).all() if weight > 1 else (change < 0).all()


@pytest.mark.parametrize("target", [0.7, 0.9])
def test_a_target_is_reached_and_one_that_pays_anyway_changes_nothing(
    make_items: Items, make_suppliers: Callable[..., pl.DataFrame], target: float
) -> None:
    items = make_items({"product": "p1"})
    aimed = with_lost_sale_weights(items, LostSaleWeights({}, {"AY": target}), DEAR)
    assert aimed["service_target"].to_list() == [target]
    orders = plan_replenishment(aimed, make_suppliers(), settings=DEAR).orders
    before = plan_replenishment(items, make_suppliers(), settings=DEAR).orders
    assert before["stockout_chance_with"].item() > 1 - target
    assert orders["stockout_chance_with"].item() == pytest.approx(1 - target, abs=1 / 32)
    low = with_lost_sale_weights(items, LostSaleWeights({}, {"AY": 0.05}), DEAR)
    assert low["lost_sale_multiplier"].to_list() == [1.0]


def test_weights_that_are_no_weights_are_refused(make_items: Items) -> None:
    with pytest.raises(ValueError, match="above 0"):
        LostSaleWeights({"A": 0.0})
    with pytest.raises(ValueError, match="lost_sale_multiplier"):
        plan_replenishment(make_items({}).with_columns(lost_sale_multiplier=pl.lit(-1.0)), pl.DataFrame({"supplier_id": ["s1"]}))


def test_a_shop_without_forecasts_has_no_classes(make_items: Items) -> None:
    told = with_lost_sale_weights(make_items({"cover_q50": None}), LostSaleWeights({"A": 3.0}), DEAR)
    assert told["cost_class"].to_list() == [None]
    assert told["lost_sale_multiplier"].to_list() == [1.0]
