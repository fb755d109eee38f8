"""The table of orders: one row per item considered, also those that order nothing, with the numbers behind each quantity.

Public: `ORDER_COLUMNS`, `order_table`.
"""

import numpy as np
import polars as pl

from optimization.replenishment.cost_curves import Expected, expected_at
from optimization.replenishment.demand_scenarios import Floats, chance_above, quantile_matrix
from optimization.replenishment.explanation import PARTS_ADDED, PARTS_CUT, order_parts, reason_code
from optimization.replenishment.held_orders import HeldOrders
from optimization.replenishment.item_needs import ItemNeeds
from optimization.replenishment.joint_stages import StagedOrders
from optimization.replenishment.override_told import override_flags, with_held_orders
from optimization.replenishment.path_columns import demand_basis
from optimization.replenishment.read_items import COVER_LEVELS, KEY, LEAD_LEVELS
from optimization.replenishment.sentences import order_sentences

ORDER_COLUMNS = (
    "product_id",
    "location_id",
    "supplier_id",
    "order_day",
    "order_units",
    "order_packs",
    "order_value",
    "expected_arrival_on",
    "next_order_day",
    "unconstrained_units",
    "proposed_units",
    "override_action",
    "override_units",
    "reason_code",
    "sentence",
    "on_hand",
    "in_transit_units",
    "expected_demand_until_arrival",
    "expected_demand_until_cover",
    "projected_stock_at_arrival_p10",
    "projected_stock_at_arrival_p50",
    "projected_stock_at_arrival_p90",
    "stockout_chance_before_arrival",
    "stockout_chance_without",
    "stockout_chance_with",
    "lost_sales_avoided_units",
    "lost_sales_avoided_value",
    "expected_lost_units",
    "expected_lost_value",
    "expected_left_units",
    "expected_saving",
    "expected_waste_units",
    "value_per_money",
    *PARTS_ADDED,
    *PARTS_CUT,
    "days_of_cover_after",
    "unit_cost",
    "unit_price",
    "pack_units",
    "moq_units",
    "stock_source",
    "forecast_model",
    "demand_scenarios",
    "flags",
)


def order_table(
    items: pl.DataFrame, planned: pl.DataFrame, needs: ItemNeeds, staged: StagedOrders, held: HeldOrders | None = None
) -> pl.DataFrame:
    """Return the orders (grain: product_id, location_id; columns `ORDER_COLUMNS`), sorted by key.

    `items` are all items as `read_items` gives them, `planned` those of them with a forecast and not blocked, in the rows of `needs`.
    Units are pieces, money is in the shop's currency, chances are 0..1. lost_sales_avoided_value is at selling prices; expected_saving is
    what the order saves in expected cost, value_per_money the same per 1.00 of order value. Lost: demand until the next order could arrive
    that stock cannot serve, with the order; left: stock then. Numbers that need a forecast are null without one, and so is demand_scenarios
    (what the order is weighed over). `held`: quantities that a
    buyer fixed; `staged.final` then holds them too.
    """
    pair = np.column_stack([np.zeros(planned.height), staged.final])
    expected = expected_at(pair, needs.demand, needs.terms)  # without an order, and with it
    computed = planned.select(KEY).with_columns(
        **{name: pl.Series(values) for name, values in order_parts(planned, needs, staged).items()},
        **_outcomes(planned, needs, expected, staged.final),
        order_units=pl.Series(staged.final),
        unconstrained_units=pl.Series(needs.alone),
        demand_scenarios=planned.select(demand_basis()).to_series(),
    )
    zeros = ["order_units", "unconstrained_units", *PARTS_ADDED, *PARTS_CUT]
    table = items.join(computed, on=KEY, how="left").with_columns(pl.col(zeros).fill_null(0.0) + 0.0)
    packs = pl.col("order_units") / pl.col("pack_units")
    table = with_held_orders(table, held).with_columns(
        order_packs=pl.when((packs - packs.round()).abs() < 1e-9).then(packs.round().cast(pl.Int64)),
        order_value=pl.when(pl.col("order_units") > 0).then(pl.col("order_units") * pl.col("unit_cost")).otherwise(0.0),
        expected_arrival_on=pl.col("order_day") + pl.duration(days=pl.col("lead_time_days")),
        expected_demand_until_arrival=pl.col("lead_mean_units"),
        expected_demand_until_cover=pl.col("cover_mean_units"),
        reason_code=reason_code(),
        flags=_all_flags(),
    )
    return table.with_columns(sentence=order_sentences(table)).select(ORDER_COLUMNS).sort(KEY)


def _outcomes(planned: pl.DataFrame, needs: ItemNeeds, expected: Expected, units: Floats) -> dict[str, pl.Series]:
    position = needs.terms.position
    lead, lead_levels = quantile_matrix(planned, tuple(LEAD_LEVELS)), np.array(list(LEAD_LEVELS.values()))
    cover, cover_levels = quantile_matrix(planned, tuple(COVER_LEVELS)), np.array(list(COVER_LEVELS.values()))
    before = np.where(planned["lead_mean_units"].to_numpy() > 0, chance_above(lead, lead_levels, position), 0.0)
    without = np.maximum(before, chance_above(cover, cover_levels, position))
    avoided = np.maximum(expected.lost_units[:, 0] - expected.lost_units[:, 1], 0)
    saving = np.where(units > 0, expected.cost[:, 0] - expected.cost[:, 1], 0.0)
    value = units * needs.terms.unit_cost
    rate = needs.demand.rate
    moves = rate > 1e-6  # slower than one piece in three thousand years has no cover worth a number
    after = np.maximum(position - planned["lead_mean_units"].to_numpy(), 0) + units
    return {
        "projected_stock_at_arrival_p10": pl.Series(np.maximum(position - lead[:, 2], 0)),
        "projected_stock_at_arrival_p50": pl.Series(np.maximum(position - lead[:, 1], 0)),
        "projected_stock_at_arrival_p90": pl.Series(np.maximum(position - lead[:, 0], 0)),
        "stockout_chance_before_arrival": pl.Series(before),
        "stockout_chance_without": pl.Series(without),
        "stockout_chance_with": pl.Series(np.maximum(before, chance_above(cover, cover_levels, position + units))),
        "lost_sales_avoided_units": pl.Series(avoided),
        "lost_sales_avoided_value": pl.Series(avoided * planned["unit_price"].to_numpy()),
        "expected_lost_units": pl.Series(expected.lost_units[:, 1]),
        "expected_lost_value": pl.Series(expected.lost_units[:, 1] * planned["unit_price"].to_numpy()),
        "expected_left_units": pl.Series(_left_units(needs, units)),
        "expected_saving": pl.Series(saving),
        "expected_waste_units": pl.Series(np.where(units > 0, expected.waste_units[:, 1], 0.0)),
        "value_per_money": _or_null(saving / np.where(value > 0, value, 1), value > 0),
        "days_of_cover_after": _or_null(after / np.where(moves, rate, 1), moves),
    }


def _left_units(needs: ItemNeeds, units: Floats) -> Floats:
    """Return the mean stock at the end of the cover, after what is there at arrival and the order have served the demand until then."""
    at_arrival = np.maximum(needs.terms.position[:, None] - needs.demand.until_arrival, 0) + units[:, None]
    return np.maximum(at_arrival - needs.demand.after_arrival, 0).mean(axis=1)


def _or_null(values: Floats, known: np.ndarray) -> pl.Series:
    return pl.select(pl.when(pl.Series(known)).then(pl.Series(values))).to_series()


def _all_flags() -> pl.Expr:
    given = pl.when(pl.col("on_hand_flag").fill_null("") != "").then(pl.col("on_hand_flag") + ";").otherwise(pl.lit(""))
    return (given + pl.col("flags").fill_null("") + override_flags()).str.strip_chars(";")
