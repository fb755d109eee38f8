"""The shops of the one-cycle benchmark: seeded, tight, and solved through the public function."""

import polars as pl

from benchmarks.replenishment.cycle_instances import cycle_instance
from optimization.replenishment import plan_replenishment


def test_the_same_seed_gives_the_same_shop() -> None:
    first, again, other = (cycle_instance(50, 5, seed=seed) for seed in (3, 3, 4))
    assert first.items.equals(again.items)
    assert first.suppliers.equals(again.suppliers)
    assert first.limits == again.limits
    assert not first.items.equals(other.items)


def test_every_joint_limit_of_a_shop_has_a_price_and_the_plan_holds() -> None:
    instance = cycle_instance(400, 20, seed=7)
    plan = plan_replenishment(instance.items, instance.suppliers, instance.limits)
    assert plan.certificate.holds
    assert plan.certificate.gap <= 0.001
    rooms = plan.limits.filter(pl.col("limit_name").is_in(["purchase_budget", "warehouse_volume"]))
    assert rooms.height == 5
    assert rooms.filter(pl.col("shadow_price") == 0).height <= 1
