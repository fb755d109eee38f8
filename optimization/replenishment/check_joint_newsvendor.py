"""Check a purchase of the joint newsvendor without knowing how it was made.

Public: `check_joint_newsvendor`.
"""

import polars as pl

from optimization.replenishment.settings import ReplenishmentLimits

KEY = ["product_id", "location_id"]
TOLERANCE = 1e-6


def check_joint_newsvendor(increments: pl.DataFrame, limits: ReplenishmentLimits, orders: pl.DataFrame) -> list[str]:
    """Return one sentence per rule that `orders` breaks, recomputed from the inputs of `plan_joint_newsvendor`.

    Rules: one row per item, whole increments, value and expected gain as told, the purchase budget, the warehouses' volumes.
    """
    keys = increments.select(KEY).unique().sort(KEY)
    if not keys.equals(orders.select(KEY).sort(KEY)):
        return ["The orders do not hold exactly one row per item."]
    bought = (
        increments.join(orders.select(*KEY, "order_units"), on=KEY)
        .sort(*KEY, "increment")
        .filter(pl.col("units").cum_sum().over(KEY) <= pl.col("order_units") + TOLERANCE)
        .group_by(KEY)
        .agg(units=pl.col("units").sum(), gain=pl.col("expected_gain").sum())
    )
    terms = increments.group_by(KEY).agg(pl.col("unit_cost", "volume_m3").first())
    rows = orders.join(bought, on=KEY, how="left").join(terms, on=KEY).with_columns(pl.col("units", "gain").fill_null(0.0)).sort(KEY)
    units, value = pl.col("order_units"), pl.col("order_units") * pl.col("unit_cost")
    rules = {
        "orders no whole number of increments": (units - pl.col("units")).abs() > TOLERANCE,
        "has a wrong order value": (value - pl.col("order_value")).abs() > TOLERANCE * pl.max_horizontal(value, 1.0),
        "has a wrong expected gain": (pl.col("gain") - pl.col("expected_gain")).abs() > TOLERANCE * pl.max_horizontal(pl.col("gain"), 1.0),
    }
    found = [
        f"{product} at {location} {says}."
        for says, broken in rules.items()
        for product, location in rows.filter(broken.fill_null(True)).select(KEY).iter_rows()
    ]
    spent, budget = float(rows.select(value.sum()).item() or 0.0), limits.purchase_budget
    if budget is not None and spent > budget + TOLERANCE * max(abs(budget), 1.0):
        found.append(f"The orders are worth {spent:.2f}, the purchase budget is {budget:.2f}.")
    volume = dict(rows.group_by("location_id").agg((units * pl.col("volume_m3")).sum()).iter_rows())
    used = limits.warehouse_volume_used_m3 or {}
    for place, allowed in sorted(limits.warehouse_volume_m3.items()):
        lies = volume.get(place, 0.0) + used.get(place, 0.0)
        if lies > allowed + TOLERANCE * max(abs(allowed), 1.0):
            found.append(f"{lies:.3f} m3 would lie at {place}, its volume is {allowed:.3f} m3.")
    return found
