"""ABC x XYZ by hand, and targets of service that are costs and not stocks."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.replenishment import plan_replenishment
from optimization.replenishment.cost_curves import CostTerms, best_size
from optimization.replenishment.demand_scenarios import DemandScenarios
from optimization.replenishment.read_items import read_items
from optimization.replenishment.service_classes import (
    ServiceClassSettings,
    keeping_cost_at_target,
    service_achieved,
    service_classes,
    service_uplifts,
    with_service_targets,
)


def shop(*rows: tuple) -> pl.DataFrame:
    """Return items from (product, value, mean, sd)."""
    return pl.DataFrame(
        [{"product_id": name, "location_id": "north", "value": v, "mean_units": m, "sd_units": s} for name, v, m, s in rows],
        schema={"product_id": pl.String, "location_id": pl.String, "value": pl.Float64, "mean_units": pl.Float64, "sd_units": pl.Float64},
    )


BY_HAND = shop(("a", 50.0, 10.0, 4.0), ("b", 35.0, 10.0, 5.0), ("c", 9.0, 10.0, 30.0), ("d", 5.0, 2.0, 1.0), ("e", 1.0, 0.0, 0.0))


def test_classes_by_hand() -> None:
    # shares 50, 85, 94, 99, 100 %: b crosses 80 % and is A, d crosses 95 % and is B; variations 0.4, 0.5, 3, 0.5, none
    found = service_classes(BY_HAND)
    assert dict(found.select("product_id", "service_class").iter_rows()) == {"a": "AX", "b": "AY", "c": "BZ", "d": "BY", "e": "CZ"}
    assert found["cumulative_share"].to_list() == pytest.approx([0.5, 0.85, 0.94, 0.99, 1.0])
    assert found["variation"].to_list() == [0.4, 0.5, 3.0, 0.5, None]


def test_other_borders_make_other_classes() -> None:
    found = service_classes(BY_HAND, ServiceClassSettings(abc_shares=(0.5, 0.9), xyz_variation=(0.3, 4.0)))
    assert found["service_class"].to_list() == ["AY", "BY", "BY", "CY", "CZ"]


def test_a_shop_without_value_is_all_c() -> None:
    assert service_classes(shop(("a", 0.0, 1.0, 0.0), ("b", -5.0, 1.0, 0.0)))["service_class"].to_list() == ["CX", "CX"]


@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.floats(0, 1e6), min_size=1, max_size=30), seed=st.integers(0, 99))
def test_a_is_the_smallest_set_of_best_items_that_reaches_its_share_whatever_the_order_of_rows(values: list, seed: int) -> None:
    items = shop(*((f"p{i:02d}", value, 1.0, 0.0) for i, value in enumerate(values)))
    found = service_classes(items)
    assert service_classes(items.sample(fraction=1, shuffle=True, seed=seed)).equals(found)
    best = found.filter(pl.col("abc") == "A")
    if sum(values) > 0:
        assert best["value_share"].sum() >= 0.8 - 1e-6
        assert best["value_share"].sum() - best["value_share"].min() < 0.8 + 1e-6


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda items: items.drop("sd_units"), "sd_units"),
        (lambda items: pl.concat([items, items]), "repeat a key"),
        (lambda items: items.with_columns(value=pl.lit(float("nan"))), "finite value"),
        (lambda items: items.with_columns(mean_units=pl.lit(None, dtype=pl.Float64)), "finite value"),
    ],
)
def test_items_that_cannot_be_classed_raise(spoil, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        service_classes(spoil(BY_HAND))


def costs(*rows: tuple) -> pl.DataFrame:
    """Return items from (service_class, lost_sale_cost, overage_cost)."""
    return pl.DataFrame(rows, schema={"service_class": pl.String, "lost_sale_cost": pl.Float64, "overage_cost": pl.Float64}, orient="row")


def test_a_target_raises_the_lost_sale_cost_until_the_fractile_reaches_it() -> None:
    # 4 against 1 left over: fractile 0.8; 0.95 needs 19, an uplift of 15; 0.5 is reached already; BZ has no target
    found = with_service_targets(
        costs(("AX", 4.0, 1.0), ("AY", 4.0, 1.0), ("BZ", 4.0, 1.0), ("CX", 0.0, 1.0)), {"AX": 0.95, "AY": 0.5, "CX": 0.9}
    )
    assert found["economic_fractile"].to_list() == pytest.approx([0.8, 0.8, 0.8, 0.0])
    assert found["service_cost_uplift"].to_list() == pytest.approx([15.0, 0.0, 0.0, 9.0])
    assert found["lost_sale_multiplier"].to_list() == pytest.approx([4.75, 1.0, 1.0, None])
    raised = found["lost_sale_cost"] + found["service_cost_uplift"]
    assert (raised / (raised + found["overage_cost"])).to_list() == pytest.approx([0.95, 0.8, 0.8, 0.9])


def test_without_targets_nothing_changes() -> None:
    found = with_service_targets(costs(("AX", 4.0, 1.0), ("CZ", 0.0, 0.0)))
    assert found["service_cost_uplift"].to_list() == [0.0, 0.0]
    assert found["lost_sale_multiplier"].to_list() == [1.0, 1.0]
    assert found["service_target"].to_list() == [None, None]


@pytest.mark.parametrize(("targets", "says"), [({"AA": 0.9}, "got AA"), ({"AX": 1.0}, "in \\(0, 1\\)")])
def test_targets_that_cannot_be_meant_raise(targets: dict, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        with_service_targets(costs(("AX", 4.0, 1.0)), targets)


@settings(max_examples=30, deadline=None)
@given(
    target=st.floats(0.5, 0.97),
    position=st.floats(0, 40),
    wait=st.floats(0, 10),
    spread=st.floats(5, 80),
    life=st.sampled_from([np.inf, 12.0]),
)
def test_an_order_at_the_raised_cost_reaches_the_target_and_hardly_more(target, position, wait, spread, life) -> None:
    levels = (np.arange(32) + 0.5) / 32
    demand = DemandScenarios(levels[None] * wait, levels[None] * spread, np.array([spread / 14]), np.array([7.0]))
    terms = CostTerms(np.array([position]), np.array([6.0]), np.array([0.0]), np.array([0.02]), 0.0, np.array([life]))
    overage = keeping_cost_at_target(demand, terms, np.array([target]))
    raised = with_service_targets(costs(("AX", 0.0, overage[0])), {"AX": target})["service_cost_uplift"].to_numpy()
    order = best_size(
        demand, CostTerms(terms.position, terms.unit_cost, raised, terms.holding_per_day, 0.0, terms.shelf_life_days), np.array([500.0])
    )
    short = demand.after_arrival - np.maximum(position - demand.until_arrival, 0)
    reached = float((short <= order[:, None] + 1e-3).mean())
    assert reached >= target - 1e-6
    if order[0] > 0:
        assert reached <= target + 2 / 32


def test_a_plan_at_the_raised_cost_reaches_the_targets_of_a_shop(make_items, make_suppliers) -> None:
    items = make_items({"product": "a", "on_hand": 20.0}, {"product": "b", "unit_price": 6.2}, {"product": "c", "unit_price": 6.2})
    classes = pl.DataFrame({"product_id": ["a", "b"], "location_id": ["north"] * 2, "service_class": ["AX", "BY"]})
    uplifts = service_uplifts(read_items(items), classes, {"AX": 0.9, "BY": 0.95})
    assert uplifts["service_target"].to_list() == [0.9, 0.95, None]
    # a's margin of 4 pays for far more than 90 % already, b's of 0.20 does not, c has no class
    assert [uplift > 0 for uplift in uplifts["service_cost_uplift"]] == [False, True, False]
    assert uplifts["lost_sale_multiplier"].to_list() == pytest.approx([1.0, 1 + uplifts["service_cost_uplift"][1] / 0.2, 1.0])
    raised = items.sort("product_id").with_columns(unit_price=pl.col("unit_price") + uplifts["service_cost_uplift"])
    before, after = (plan_replenishment(frame, make_suppliers()).orders for frame in (items, raised))
    targets = uplifts.select("product_id", "location_id", "service_class", "service_target")
    assert service_achieved(after, targets)["items_below_target"].to_list() == [0, 0, 0]
    assert service_achieved(before, targets)["items_below_target"].to_list() == [0, 0, 1]  # without a class, AX, BY
    assert after["order_units"][2] == before["order_units"][2]


def test_the_report_sets_targets_beside_what_is_reached() -> None:
    orders = pl.DataFrame({"product_id": ["a", "b", "c", "d"], "location_id": ["n"] * 4, "stockout_chance_with": [0.02, 0.1, 0.3, None]})
    classes = pl.DataFrame(
        {
            "product_id": ["a", "b", "c", "d"],
            "location_id": ["n"] * 4,
            "service_class": ["AX", "AX", "CZ", "CZ"],
            "service_target": [0.95, 0.95, None, None],
        }
    )
    assert service_achieved(orders, classes).rows() == [("AX", 2, 0.95, pytest.approx(0.94), 1), ("CZ", 1, None, pytest.approx(0.7), 0)]
