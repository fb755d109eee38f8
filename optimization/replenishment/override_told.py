"""How a plan tells what a buyer's quantities did: on the rows they fix, in the limits, and in a table of their own.

Public: `FLAGS`, `with_held_orders`, `limits_with_held_orders`, `override_table`, `OVERRIDE_TABLE_COLUMNS`.
"""

import polars as pl

from optimization.replenishment.explanation import PARTS_ADDED, PARTS_CUT
from optimization.replenishment.held_orders import HeldOrders
from optimization.replenishment.sentences import number

_KEY = ("product_id", "location_id")
_PARTS = (*PARTS_ADDED, *PARTS_CUT)
FLAGS = {
    "override_no_whole_packs": (pl.col("order_units") / pl.col("pack_units") - (pl.col("order_units") / pl.col("pack_units")).round()).abs()
    > 1e-9,
    "override_below_moq": (pl.col("order_units") > 0) & (pl.col("order_units") < pl.col("moq_units")),
    "override_on_closed_day": (pl.col("order_units") > 0) & ~pl.col("is_order_day"),
    "override_of_blocked_item": (pl.col("order_units") > 0) & pl.col("blocked_because").is_not_null(),
    "override_without_forecast": (pl.col("order_units") > 0) & ~pl.col("has_forecast"),
    "override_without_cost": (pl.col("order_units") > 0) & ~(pl.col("unit_cost") > 0).fill_null(False),
}
OVERRIDE_TABLE_COLUMNS = (
    *("product_id", "location_id", "supplier_id", "order_day", "override_action", "override_units", "proposed_units", "order_units"),
    *("override_change_units", "override_change_value", "expected_lost_units_proposed", "expected_lost_units"),
    *("expected_left_units_proposed", "expected_left_units", "expected_cost_change", "flags", "sentence"),
)


def with_held_orders(table: pl.DataFrame, held: HeldOrders | None) -> pl.DataFrame:
    """Return the order table with proposed_units, and on held rows their quantity, the proposal's parts and the change that is left."""
    if held is None:
        return table.with_columns(proposed_units=pl.col("order_units"))
    wanted = held.proposal.select(*_KEY, "unconstrained_units", *_PARTS, proposed_units="order_units")
    fixed = wanted.with_columns(held_units=pl.Series(held.units).fill_nan(None))
    joined = table.join(fixed, on=_KEY, how="left", suffix="_proposed")
    is_held = pl.col("held_units").is_not_null()
    taken_over = [
        pl.when(is_held).then(pl.col(f"{name}_proposed")).otherwise(pl.col(name)).alias(name) for name in ("unconstrained_units", *_PARTS)
    ]
    change = pl.when(is_held).then(pl.col("held_units") - pl.col("proposed_units")).otherwise(0.0)
    return joined.with_columns(taken_over).with_columns(
        order_units=pl.when(is_held).then("held_units").otherwise("order_units"), override_change_units=change
    )


def override_flags() -> pl.Expr:
    """Return the expression that names what is unusual about a quantity that a buyer fixed, codes joined by ;."""
    is_held = pl.col("override_action").is_not_null()
    told = [
        pl.when(is_held & condition.fill_null(False)).then(pl.lit(f";{name}")).otherwise(pl.lit("")) for name, condition in FLAGS.items()
    ]
    return pl.concat_str(told)


def limits_with_held_orders(limits: pl.DataFrame, held: HeldOrders, suppliers: pl.DataFrame) -> pl.DataFrame:
    """Return the table of limits with suppliers' minimums as they stand with the fixed quantities, and with limits that gave way to them
    named. `suppliers` are the terms as given."""
    minimum = dict(suppliers.select("supplier_id", "min_order_value").iter_rows())
    rows = [_told(row, held, minimum) for row in limits.iter_rows(named=True)]
    return pl.DataFrame(rows, schema=limits.schema)


def _told(row: dict[str, object], held: HeldOrders, minimum: dict[str, float]) -> dict[str, object]:
    name, scope = str(row["limit_name"]), str(row["scope"])
    fixed = held.value.get(scope, 0.0)
    if name == "supplier_minimum" and fixed > 0:
        least, used = minimum[scope], float(str(row["used"])) + fixed
        short = max(least - used, 0.0)
        told = {**row, "allowed": least, "used": used, "slack": used - least, "relaxed_by": short}
        if short > 1e-9 * max(least, 1.0):
            words = (
                f"the buyer's quantities are worth {number(fixed, 2)}; {number(short, 2)} are missing of its minimum of {number(least, 2)}"
            )
            return {**told, "shadow_price": 0.0, "sentence": f"The order of {number(used, 2)} at {scope} is too small: {words}."}
        words = f"above its minimum of {number(least, 2)}, {number(fixed, 2)} of it by the buyer's quantities"
        return {**told, "relaxed_by": 0.0, "sentence": f"The order of {number(used, 2)} at {scope} is {words}."}
    relaxed = float(str(row["relaxed_by"]))
    if relaxed > 0 and name == "purchase_budget":
        worth, allowed = number(sum(held.value.values()), 2), number(float(str(row["allowed"])), 2)
        words = f"The buyer's quantities are worth {worth}, the purchase budget is {allowed}: {number(relaxed, 2)} too much."
        return {**row, "sentence": words}
    if relaxed > 0 and name == "category_budget" and held.category.get(scope, 0.0) > 0:
        worth, allowed = number(held.category[scope], 2), number(float(str(row["allowed"])), 2)
        words = f"The buyer's quantities in {scope} are worth {worth}, its budget is {allowed}: {number(relaxed, 2)} too much."
        return {**row, "sentence": words}
    volume = held.volume.get(scope, 0.0)
    if relaxed > 0 and name == "warehouse_volume" and volume > 0:
        words = f"The volume at {scope} is {number(relaxed, 2)} m3 too small; the buyer's quantities take {number(volume, 2)} m3."
        return {**row, "sentence": words}
    return row


def override_table(orders: pl.DataFrame, proposal: pl.DataFrame) -> pl.DataFrame:
    """Return one row per override (grain: product_id, location_id; columns `OVERRIDE_TABLE_COLUMNS`): what the program would have ordered,
    what is ordered, and what each is expected to lead to.

    Lost: demand of the cover that stock cannot serve; left: stock at the end of the cover (both mean units). expected_cost_change: expected
    cost of the quantity ordered less that of the one proposed, money, above 0 where the change is expected to cost. Null where there is no
    forecast. override_change_value is at unit cost.
    """
    before = proposal.select(
        *_KEY,
        expected_lost_units_proposed="expected_lost_units",
        expected_left_units_proposed="expected_left_units",
        saving_proposed="expected_saving",
    )
    decided = orders.filter(pl.col("override_action").is_not_null()).join(before, on=_KEY, how="left")
    return decided.with_columns(
        override_change_value=pl.col("override_change_units") * pl.col("unit_cost"),
        expected_cost_change=pl.col("saving_proposed") - pl.col("expected_saving"),
    ).select(OVERRIDE_TABLE_COLUMNS)
