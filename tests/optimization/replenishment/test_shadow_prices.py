"""Shadow prices of the table of limits against planning again with one per cent more and one per cent less of the limit.

Two hundred items, small packs, two warehouses, two categories; suppliers' terms in half of the shops. Volumes are given as used before,
so that one per cent of them is one per cent of what can be filled.
"""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from optimization.replenishment import ReplenishmentLimits, ReplenishmentPlan, ReplenishmentSettings, plan_replenishment

CLOSE = ReplenishmentSettings(relative_gap=5e-5, core_variables=400, core_nodes=10)
SEEDS = range(2)


def shop(make_items, make_suppliers, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return 200 items of six suppliers; odd seeds have minimum order values, which bind where they can be met cheaply."""
    luck = np.random.default_rng(seed)
    rows = [
        {
            "product": f"p{i:04d}",
            "demand": float(luck.uniform(20, 200)),
            "unit_cost": round(luck.uniform(1, 9), 2),
            "unit_price": round(luck.uniform(9.5, 30), 2),
            "volume_m3": round(luck.uniform(0.01, 0.2), 3),
            "on_hand": float(luck.integers(0, 20)),
            "location_id": str(luck.choice(["north", "south"])),
            "supplier_id": f"s{luck.integers(6)}",
        }
        for i in range(200)
    ]
    items = make_items(*rows).with_columns(category=pl.Series(luck.choice(["food", "toys"], 200)))
    minimum = 15_000.0 if seed % 2 else 0.0
    return items, make_suppliers(**{f"s{number}": (minimum if number < 2 else 0.0, 10.0 * (seed % 2)) for number in range(6)})


def limits_of(items: pl.DataFrame, suppliers: pl.DataFrame) -> ReplenishmentLimits:
    """Return limits of 60 to 75 % of what is wanted."""
    wish = plan_replenishment(items, suppliers, settings=CLOSE).orders
    bulk = wish.select("location_id", "order_units").with_columns(volume=pl.col("order_units") * items.sort("product_id")["volume_m3"])
    volume = dict(bulk.group_by("location_id").agg(pl.col("volume").sum()).iter_rows())
    value = float(wish["order_value"].sum())
    food = float(wish.filter(items.sort("product_id")["category"] == "food")["order_value"].sum())
    return ReplenishmentLimits(
        purchase_budget=value * 0.74,
        warehouse_volume_m3={"north": volume["north"] * 0.75},
        warehouse_volume_used_m3={},
        purchase_budget_by_category={"food": food * 0.6},
    )


def moved(limits: ReplenishmentLimits, name: str, share: float) -> ReplenishmentLimits:
    """Return the limits with one of them larger or smaller."""
    if name == "purchase_budget":
        return replace(limits, purchase_budget=(limits.purchase_budget or 0.0) * share)
    if name == "warehouse_volume":
        return replace(limits, warehouse_volume_m3={place: room * share for place, room in limits.warehouse_volume_m3.items()})
    return replace(limits, purchase_budget_by_category={key: money * share for key, money in limits.purchase_budget_by_category.items()})


def test_prices_agree_with_planning_again_within_five_per_cent(make_items, make_suppliers) -> None:
    told: list[float] = []
    names: set[str] = set()
    for seed in SEEDS:
        items, suppliers = shop(make_items, make_suppliers, seed)
        limits = limits_of(items, suppliers)
        plan = plan_replenishment(items, suppliers, limits, CLOSE)
        for row in plan.limits.filter((pl.col("limit_name") != "supplier_minimum") & (pl.col("shadow_price") > 0)).to_dicts():
            tight, wide = (cost(items, suppliers, moved(limits, row["limit_name"], share)) for share in (0.99, 1.01))
            names.add(row["limit_name"])
            told.append((tight - wide) / (0.02 * row["allowed"]) / row["shadow_price"])
    assert names == {"purchase_budget", "warehouse_volume", "category_budget"}
    assert len(told) >= 5
    assert np.mean(np.abs(np.array(told) - 1) <= 0.05) >= 0.9, told


def cost(items: pl.DataFrame, suppliers: pl.DataFrame, limits: ReplenishmentLimits) -> float:
    """Return the expected cost of planning again."""
    return float(plan_replenishment(items, suppliers, limits, CLOSE).certificate.value or 0.0)


def binding_minimum(make_items, make_suppliers, minimum: float) -> ReplenishmentPlan:
    """Return the plan of eighty items of one supplier that takes no order below `minimum`."""
    luck = np.random.default_rng(5)
    rows = [{"product": f"p{i:03d}", "demand": float(luck.uniform(20, 200)), "unit_price": float(luck.uniform(8, 20))} for i in range(80)]
    return plan_replenishment(make_items(*rows), make_suppliers(s1=(minimum, 0.0)), settings=CLOSE)


def test_a_suppliers_minimum_has_the_price_of_planning_again(make_items, make_suppliers) -> None:
    wanted = binding_minimum(make_items, make_suppliers, 0.0).orders["order_value"].sum()
    minimum = wanted * 1.1
    plan, less, more = (binding_minimum(make_items, make_suppliers, minimum * share) for share in (1.0, 0.99, 1.01))
    price = plan.limits["shadow_price"].item()
    assert (more.certificate.value - less.certificate.value) / (0.02 * minimum) == pytest.approx(price, rel=0.05)


def test_a_kink_has_no_price_and_the_sentence_tells_both_sides(make_items, make_suppliers) -> None:
    # packs of 40 cost 240: with a budget of 480 money less costs a pack of the better item, more saves next to nothing
    items = make_items({"product": "dear", "unit_price": 30.0, "pack_units": 40}, {"product": "poor", "unit_price": 6.1, "pack_units": 40})
    row = plan_replenishment(items, make_suppliers(), ReplenishmentLimits(purchase_budget=480.0)).limits.row(0, named=True)
    assert row["shadow_price"] is None
    assert row["sentence"].startswith("The purchase budget has no one price: one more 1.00 saves ")
