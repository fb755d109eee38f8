"""Look at these first: at most twenty rows a day that are worth a buyer's minute before the orders go out, by the money they are about.

Decides what is remarkable about a day's orders and what it weighs. What has no money comes first: limits that gave way, and decisions of
buyers that could not be carried out. Then one row per item, under the reason that is about most money:

value_at_risk     sales expected to be lost until the next order could arrive, with the order, at selling price
unusual_quantity  the order beyond the item's usual one (median of its last orders, at least three), or stock beyond eight weeks of recent
                  sales, whichever is more, at cost
no_forecast       four weeks of recent sales of an item that is not planned, at selling price
class_rate        an order that rests on the rate of the item's class, since it is too new for its own, at cost
doubtful_stock    the order (or, where there is none, the demand it would cover) of an item whose stock is in doubt, at cost
pack_or_minimum   what whole packs and the minimum order quantity add, at cost, where it is a quarter of the order or more
override_changed  the difference between what was proposed and what a buyer decided, at cost
"""

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from optimization.replenishment.sentences import number

ITEM = ["product_id", "location_id"]
MOST_ROWS = 20
RECENT_DAYS, LONGEST_COVER_DAYS, LEAST_ORDERS, UNUSUAL_FACTOR = 28, 56, 3, 2.0
LEAST_SHARE_ADDED = 0.25
DOUBTFUL = ("never_counted", "stale_count", "negative_stock_as_0", "ledger_below_0", "no_opening_position", "overdue_delivery")
KINDS = ("value_at_risk", "unusual_quantity", "no_forecast", "class_rate", "doubtful_stock", "pack_or_minimum", "override_changed")
WHY = {
    "calendar": "; the supplier takes no order today",
    "budget_cut": "; the purchase budget cuts the order",
    "capacity_cut": "; the warehouse's volume cuts the order",
    "supplier_minimum": "; the supplier's terms decide the order",
    "not_worth_it": "; the smallest order costs more than it saves",
    "shelf_life": "; more would not sell in time",
    "override": "; a buyer decided so",
}
CHECKED = {
    "rank": pl.Int64(),
    "kind": pl.String(),
    "subject": pl.String(),
    "product_id": pl.String(),
    "location_id": pl.String(),
    "supplier_id": pl.String(),
    "money": pl.Float64(),
    "order_units": pl.Float64(),
    "order_value": pl.Float64(),
    "also": pl.String(),
    "sentence": pl.String(),
}


def orders_to_check(
    orders: pl.DataFrame, past: pl.DataFrame, sales: pl.DataFrame, limits: pl.DataFrame, overrides: pl.DataFrame
) -> pl.DataFrame:
    """The rows of one day (columns CHECKED), by rank.

    orders: the day's decisions.replenishment_orders; past: product_id, location_id, order_units of earlier orders; sales: items with
    recent_units, sold in the last four weeks as known that day; limits: decisions.replenishment_limits of the day; overrides:
    decisions.order_overrides of the day.
    """
    items = _weighed(orders, past, sales)
    rows = [*_without_money(limits, overrides), *(_told(row) for row in items.iter_rows(named=True))][:MOST_ROWS]
    return pl.DataFrame([{**row, "rank": place} for place, row in enumerate(rows, start=1)], schema=CHECKED)


def recent_sales(panel: pl.DataFrame, day: date) -> pl.DataFrame:
    """Units per item of the four weeks that end with `day`: product_id, location_id, recent_units."""
    recent = panel.filter(pl.col("business_day").is_between(day - timedelta(days=RECENT_DAYS - 1), day))
    return recent.group_by(ITEM).agg(recent_units=pl.col("units").sum()).sort(ITEM)


def _weighed(orders: pl.DataFrame, past: pl.DataFrame, sales: pl.DataFrame) -> pl.DataFrame:
    """One row per item with something remarkable: the money of each kind, the largest of them, and the other kinds."""
    usual = past.filter(pl.col("order_units") > 0).group_by(ITEM).agg(usual_units=pl.col("order_units").median(), past_orders=pl.len())
    joined = orders.join(usual, on=ITEM, how="left").join(sales, on=ITEM, how="left").with_columns(pl.col("recent_units").fill_null(0.0))
    weighed = joined.with_columns(**_excess()).with_columns(
        **{kind: money.fill_null(0.0).clip(lower_bound=0.0) for kind, money in _money().items()}
    )
    weighed = weighed.with_columns(money=pl.max_horizontal(KINDS)).filter(pl.col("money") >= 0.005)
    named = [pl.when(pl.col(kind) == pl.col("money")).then(pl.lit(kind)) for kind in KINDS]
    others = [pl.when((pl.col(kind) >= 0.005) & (pl.lit(kind) != pl.col("kind"))).then(pl.lit(kind)) for kind in KINDS]
    return (
        weighed.with_columns(kind=pl.coalesce(named))
        .with_columns(also=pl.concat_str(others, separator=", ", ignore_nulls=True))
        .sort("money", *ITEM, descending=[True, False, False])
        .head(MOST_ROWS)
    )


def _excess() -> dict[str, pl.Expr]:
    """Units of the order beyond the usual order, and of stock with it beyond eight weeks of recent sales."""
    units = pl.col("order_units")
    is_unusual = (pl.col("past_orders") >= LEAST_ORDERS) & (units > UNUSUAL_FACTOR * pl.col("usual_units"))
    there = pl.col("on_hand").fill_null(0.0) + pl.col("in_transit_units").fill_null(0.0) + units
    covered = pl.col("recent_units") / RECENT_DAYS * LONGEST_COVER_DAYS
    return {
        "above_usual": pl.when(is_unusual).then(units - pl.col("usual_units")).otherwise(0.0).fill_null(0.0),
        "above_cover": pl.min_horizontal(units, (there - covered).clip(lower_bound=0.0)),
    }


def _money() -> dict[str, pl.Expr]:
    cost, ordered, value = pl.col("unit_cost"), pl.col("order_units") > 0, pl.col("order_value")
    in_doubt = pl.any_horizontal(pl.col("flags").fill_null("").str.split(";").list.contains(flag) for flag in DOUBTFUL)
    added = pl.col("pack_rounding_units").clip(lower_bound=0.0) + pl.col("moq_uplift_units")
    is_padded = ordered & (added >= LEAST_SHARE_ADDED * pl.col("order_units"))
    return {
        "value_at_risk": pl.col("expected_lost_value"),
        "unusual_quantity": pl.max_horizontal("above_usual", "above_cover") * cost,
        "no_forecast": pl.when(pl.col("reason_code") == "no_forecast").then(pl.col("recent_units") * pl.col("unit_price")),
        "class_rate": pl.when(ordered & pl.col("forecast_model").str.contains("class rate")).then(value),
        "doubtful_stock": pl.when(in_doubt & ordered).then(value).when(in_doubt).then(pl.col("expected_demand_until_cover") * cost),
        "pack_or_minimum": pl.when(is_padded & pl.col("override_action").is_null()).then(added * cost),
        "override_changed": pl.col("override_change_units").abs() * cost,
    }


def _without_money(limits: pl.DataFrame, overrides: pl.DataFrame) -> Sequence[dict[str, object]]:
    gave_way = limits.filter(pl.col("relaxed_by") > 0).sort("limit_name", "scope").iter_rows(named=True)
    unplanned = overrides.filter(pl.col("outcome") == "not_planned").sort(ITEM).iter_rows(named=True)
    return [
        *(_row(row, "limit_gave_way", f"{row['limit_name']}: {row['scope']}") for row in gave_way),
        *({**_row(row, "override_not_planned", _name(row)), **{name: row[name] for name in ITEM}} for row in unplanned),
    ]


def _row(row: dict[str, object], kind: str, subject: str) -> dict[str, object]:
    return {**dict.fromkeys(CHECKED), "kind": kind, "subject": subject, "also": "", "sentence": row["sentence"]}


def _name(row: dict[str, object]) -> str:
    return f"{row['product_id']} at {row['location_id']}"


def _told(row: dict[str, object]) -> dict[str, object]:
    kept = {name: row[name] for name in CHECKED if name not in ("rank", "subject", "sentence")}
    return {**kept, "subject": _name(row), "sentence": _sentence(row)}


def _sentence(row: dict) -> str:  # a row holds numbers and texts
    kind, units, money = row["kind"], number(row["order_units"]), number(row["money"], 2)
    if kind == "value_at_risk":
        chance = f"{row['stockout_chance_with'] or 0.0:.0%} chance to run out"
        return f"Sales worth {money} are expected to be lost with {units} ordered; {chance}{WHY.get(row['reason_code'], '')}."
    if kind == "unusual_quantity" and row["above_usual"] >= row["above_cover"]:
        usual = f"{number(row['usual_units'])} usually are (median of {row['past_orders']} orders)"
        return f"{units} are ordered, {usual}: worth {money} more than usual."
    if kind == "unusual_quantity":
        sold = f"{number(row['recent_units'])} were sold in four weeks"
        return f"{units} are ordered and {sold}: goods worth {money} of it lie longer than {LONGEST_COVER_DAYS} days at that rate."
    if kind == "no_forecast":
        return f"Nothing is planned without a forecast, but {number(row['recent_units'])} were sold in four weeks, worth {money}."
    if kind == "class_rate":
        return f"{units} worth {money} are ordered at the rate of the item's class: it is too new for a forecast of its own."
    if kind == "doubtful_stock":
        doubts = ", ".join(flag for flag in str(row["flags"]).split(";") if flag in DOUBTFUL)
        return f"{units} are ordered, but the stock is in doubt ({doubts}); it is about {money}. Count it."
    if kind == "pack_or_minimum":
        added = number(max(row["pack_rounding_units"], 0) + row["moq_uplift_units"])
        return f"{added} of the {units} ordered come from whole packs and the minimum order quantity: {money}."
    return f"A buyer decided on {units}, {number(row['proposed_units'])} were proposed: a difference of {money}."
