"""Read a horizon problem from frames: what columns there are, what is rounded, what raises.

Plans are made in whole units: demand and receipts are rounded so that their running sums stay within half a unit of the given ones,
stock is
rounded down, negative stock counts as 0. Nothing missing is guessed: it raises.

Public: `ITEM_COLUMNS`, `PERIOD_COLUMNS`, `SUPPLIER_COLUMNS`, `LIMIT_COLUMNS`, `HorizonInput`, `read_horizon`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from optimization.replenishment_horizon.horizon_problem import Flags, Floats, HorizonProblem, Integers

KEY = ("product_id", "location_id")
ITEM_COLUMNS: Mapping[str, pl.DataType] = {
    "product_id": pl.String(),
    "location_id": pl.String(),
    "supplier_id": pl.String(),
    "category": pl.String(),
    "unit_cost": pl.Float64(),
    "volume_m3": pl.Float64(),
    "pack_units": pl.Int64(),
    "moq_units": pl.Int64(),
    "lead_time_periods": pl.Int64(),
    "on_hand": pl.Float64(),
    "holding_cost": pl.Float64(),
    "lost_sale_cost": pl.Float64(),
    "order_line_cost": pl.Float64(),
    "shelf_life_periods": pl.Int64(),
    "safety_stock_units": pl.Int64(),
    "safety_stock_penalty": pl.Float64(),
}
PERIOD_COLUMNS: Mapping[str, pl.DataType] = {
    "product_id": pl.String(),
    "location_id": pl.String(),
    "period": pl.Int64(),
    "demand_units": pl.Float64(),
    "receipt_units": pl.Float64(),
}
SUPPLIER_COLUMNS: Mapping[str, pl.DataType] = {
    "supplier_id": pl.String(),
    "min_order_value": pl.Float64(),
    "fixed_order_cost": pl.Float64(),
}
ORDER_PERIOD_COLUMNS: Mapping[str, pl.DataType] = {"supplier_id": pl.String(), "period": pl.Int64()}
LIMIT_COLUMNS: Mapping[str, pl.DataType] = {
    "limit_name": pl.String(),
    "scope": pl.String(),
    "period": pl.Int64(),
    "allowed": pl.Float64(),
}
LIMIT_NAMES = ("purchase_budget", "category_budget", "warehouse_volume")
_OPTIONAL = ("category", "shelf_life_periods")


@dataclass(frozen=True)
class HorizonInput:
    """items: sorted by key. periods: sorted by key and period. problem: the same in arrays; names of suppliers, categories and places by
    position."""

    items: pl.DataFrame
    periods: pl.DataFrame
    problem: HorizonProblem
    suppliers: list[str]
    categories: list[str]
    places: list[str]


def read_horizon(
    items: pl.DataFrame,
    periods: pl.DataFrame,
    suppliers: pl.DataFrame,
    order_periods: pl.DataFrame | None = None,
    limits: pl.DataFrame | None = None,
) -> HorizonInput:
    """Return the problem in arrays; see `plan_horizon` for the frames. Raises ValueError naming what is wrong."""
    rows = _typed(items, ITEM_COLUMNS, "Items", KEY, _OPTIONAL)
    if not rows.height:
        raise ValueError("Expected at least one item.")
    cells = _typed(periods, PERIOD_COLUMNS, "Periods", (*KEY, "period"), ())
    count = _whole_grid(rows, cells)
    terms = _typed(suppliers, SUPPLIER_COLUMNS, "Suppliers", ("supplier_id",), ())
    names = rows["supplier_id"].unique().sort().to_list()
    missing = sorted(set(names) - set(terms["supplier_id"].to_list()))
    if missing:
        raise ValueError(f"Suppliers lack {missing[:5]}.")
    terms = terms.filter(pl.col("supplier_id").is_in(names)).sort("supplier_id")
    given = _limits(limits, count)
    categories = sorted(given.filter(pl.col("limit_name") == "category_budget")["scope"].unique().to_list())
    places = sorted(given.filter(pl.col("limit_name") == "warehouse_volume")["scope"].unique().to_list())
    table = {name: rows[name].to_numpy() for name in ITEM_COLUMNS if name not in (*KEY, "supplier_id", *_OPTIONAL)}
    demand, receipts = (_whole_units(cells[name].to_numpy().reshape(-1, count)) for name in ("demand_units", "receipt_units"))
    moq_packs = np.maximum(-(-table["moq_units"] // table["pack_units"]), 1)
    shelf_life = rows["shelf_life_periods"].fill_null(0).to_numpy()
    problem = HorizonProblem(
        demand=demand,
        receipts=receipts,
        most_stock=most_stock(demand, table["pack_units"] * moq_packs, table["safety_stock_units"], shelf_life),
        on_hand=np.floor(np.maximum(table["on_hand"], 0) + 1e-9).astype(np.int64),
        pack=table["pack_units"],
        moq_packs=moq_packs,
        lead=table["lead_time_periods"],
        safety=table["safety_stock_units"],
        safety_penalty=table["safety_stock_penalty"],
        holding=table["holding_cost"],
        lost_cost=table["lost_sale_cost"],
        line_cost=table["order_line_cost"],
        unit_cost=table["unit_cost"],
        unit_volume=table["volume_m3"],
        supplier=_positions(rows["supplier_id"], names),
        place=_positions(rows["location_id"], places),
        category=_positions(rows["category"], categories),
        may_order=_calendar(order_periods, names, count),
        minimum=terms["min_order_value"].to_numpy(),
        fixed=terms["fixed_order_cost"].to_numpy(),
        budget=_room(given, "purchase_budget", ["all"], count)[0],
        category_budget=_room(given, "category_budget", categories, count),
        volume=_room(given, "warehouse_volume", places, count),
    )
    return HorizonInput(rows, cells, problem, names, categories, places)


def most_stock(demand: Integers, smallest_order: Integers, safety: Integers, shelf_life: Integers) -> Integers:
    """Return items x periods: the most stock there may be when an order arrives, units.

    Without shelf life (0): all demand to the last period and the safety stock, rounded up by less than the smallest order, since more is
    never
    sold within the horizon. With one: the demand within it; beyond the last period demand goes on at its mean.
    """
    items, periods = demand.shape
    left = np.cumsum(demand[:, ::-1], axis=1)[:, ::-1]
    free = left + (safety + smallest_order - 1)[:, None]
    total = np.concatenate([np.zeros((items, 1), dtype=np.int64), np.cumsum(demand, axis=1)], axis=1)
    start = np.arange(periods)[None, :]
    end = start + shelf_life[:, None]
    within = np.take_along_axis(total, np.minimum(end, periods), axis=1) - total[:, :periods]
    beyond = np.rint(np.maximum(end - periods, 0) * demand.mean(axis=1)[:, None]).astype(np.int64)
    return np.where(shelf_life[:, None] > 0, np.minimum(within + beyond, free), free)


def _typed(
    frame: pl.DataFrame, columns: Mapping[str, pl.DataType], what: str, key: tuple[str, ...], optional: tuple[str, ...]
) -> pl.DataFrame:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise ValueError(f"{what} lack the columns {missing}.")
    typed = frame.select(pl.col(column).cast(kind) for column, kind in columns.items()).sort(key)
    if typed.select(pl.struct(key).is_duplicated().any()).item():
        raise ValueError(f"{what} repeat a key; expected one row per {', '.join(key)}.")
    for column, kind in columns.items():
        values = typed[column]
        if column not in optional and values.null_count():
            raise ValueError(f"{what} have no {column} on {values.null_count()} rows.")
        if kind == pl.Float64() and not bool(values.is_finite().all()):
            raise ValueError(f"{what} have a {column} that is no finite number.")
        least = {"pack_units": 1, "shelf_life_periods": 1, "on_hand": -np.inf, "allowed": -np.inf, "period": 0}.get(column, 0)
        if kind != pl.String() and bool((values < least).any()):
            raise ValueError(f"{what} have a {column} below {least}.")
    return typed


def _whole_grid(items: pl.DataFrame, cells: pl.DataFrame) -> int:
    """Return the number of periods; raise unless there is exactly one row per item and period from 0 on."""
    count = int(cells["period"].max() or 0) + 1  # type: ignore[arg-type]
    expected = items.select(KEY).join(pl.DataFrame({"period": np.arange(count)}), how="cross")
    if not expected.sort(*KEY, "period").equals(cells.select(*KEY, "period")):
        raise ValueError(f"Expected one row per item and period 0..{count - 1} in periods, for the items given and no others.")
    return count


def _whole_units(given: Floats) -> Integers:
    running = np.rint(np.round(np.cumsum(given, axis=1), 9)).astype(np.int64)
    return np.diff(running, axis=1, prepend=0)


def _limits(limits: pl.DataFrame | None, count: int) -> pl.DataFrame:
    if limits is None:
        return pl.DataFrame(schema=LIMIT_COLUMNS)
    typed = _typed(limits, LIMIT_COLUMNS, "Limits", ("limit_name", "scope", "period"), ())
    unknown = sorted(set(typed["limit_name"].to_list()) - set(LIMIT_NAMES))
    if unknown:
        raise ValueError(f"Expected limit_name of {list(LIMIT_NAMES)}, got {unknown}.")
    if typed.filter((pl.col("limit_name") == "purchase_budget") & (pl.col("scope") != "all")).height:
        raise ValueError("Expected scope 'all' for purchase_budget.")
    if typed.filter(pl.col("period") >= count).height:
        raise ValueError(f"Limits name a period after the last, {count - 1}.")
    return typed


def _room(limits: pl.DataFrame, name: str, scopes: list[str], count: int) -> Floats:
    room = np.full((len(scopes), count), np.inf)
    own = limits.filter(pl.col("limit_name") == name)
    room[_positions(own["scope"], scopes), own["period"].to_numpy()] = own["allowed"].to_numpy()
    return room


def _calendar(order_periods: pl.DataFrame | None, names: list[str], count: int) -> Flags:
    may_order = np.ones((len(names), count), dtype=np.bool_)
    if order_periods is not None:
        given = _typed(order_periods, ORDER_PERIOD_COLUMNS, "Order periods", ("supplier_id", "period"), ())
        given = given.filter(pl.col("supplier_id").is_in(names) & (pl.col("period") < count))
        named = _positions(given["supplier_id"], names)
        may_order[np.unique(named)] = False
        may_order[named, given["period"].to_numpy()] = True
    return may_order


def _positions(values: pl.Series, names: list[str]) -> Integers:
    """Return each value's position in `names`, -1 where it is none of them."""
    known = pl.DataFrame({"name": names, "position": np.arange(len(names))}, schema={"name": pl.String, "position": pl.Int64})
    joined = pl.DataFrame({"name": values}).join(known, on="name", how="left", maintain_order="left")
    return joined["position"].fill_null(-1).to_numpy()
