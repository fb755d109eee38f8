"""Check a horizon plan without knowing how it was made: every rule and the cost are recomputed from the frames.

Public: `check_horizon`.
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from optimization.replenishment.check_plan import Violation
from optimization.replenishment_horizon.read_frames import ITEM_COLUMNS, KEY

TOLERANCE = 1e-6
_AMOUNTS = ("order_units", "order_packs", "arriving_units", "receipt_units", "stock_units", "demand_units", "lost_units", "end_stock_units")


def check_horizon(
    items: pl.DataFrame,
    periods: pl.DataFrame,
    suppliers: pl.DataFrame,
    order_periods: pl.DataFrame | None,
    limits: pl.DataFrame | None,
    plan: pl.DataFrame,
    value: float,
) -> list[Violation]:
    """Return everything that is wrong with `plan` (see `plan_table`) and its cost `value`, empty where nothing is."""
    cells = periods.select(*KEY, "period", given_demand="demand_units", given_receipt="receipt_units")
    if plan.height != cells.height or plan.join(cells, on=[*KEY, "period"], how="anti").height:
        return [Violation("rows", "all", "The plan does not hold exactly one row per item and period.")]
    rows = plan.join(cells, on=[*KEY, "period"], how="left").join(items.select(list(ITEM_COLUMNS)), on=KEY, how="left")
    rows = rows.sort(*KEY, "period").with_columns(
        before=pl.col("end_stock_units").shift(1).over(KEY),
        last=pl.col("period").max().over(KEY),
        ordered_then=_ordered_a_lead_time_ago(),
        # whole units: the running sums of demand and receipts may be off by half a unit, and no more
        **{
            f"drift_{name}": (pl.col(f"{name}_units") - pl.col(f"given_{name}")).cum_sum().over(KEY).abs() for name in ("demand", "receipt")
        },
    )
    found = [
        *_cell_rules(rows),
        *_calendar_rule(rows, order_periods),
        *_shelf_rule(rows),
        *_supplier_rule(rows, suppliers),
        *_limit_rule(rows, limits),
        *_cost_rule(rows, suppliers, value),
    ]
    return sorted(found, key=lambda one: (one.rule, one.scope))


def _ordered_a_lead_time_ago() -> pl.Expr:
    # rows are sorted, so that the order of a lead time ago is that many rows above
    return pl.col("order_units").gather((pl.int_range(pl.len()) - pl.col("lead_time_periods")).clip(lower_bound=0)).over(KEY) * (
        pl.col("period") >= pl.col("lead_time_periods")
    ).cast(pl.Int64)


def _cell_rules(rows: pl.DataFrame) -> Iterator[Violation]:
    order, stock = pl.col("order_units"), pl.col("stock_units")
    start = pl.col("before").fill_null(pl.col("on_hand").clip(lower_bound=0).floor())
    rules = {
        "units": (pl.any_horizontal(pl.col(name).is_null() | (pl.col(name) < 0) for name in _AMOUNTS), "holds no number of units"),
        "pack": (order != pl.col("order_packs") * pl.col("pack_units"), "orders no whole number of packs"),
        "moq": ((order > 0) & (order < pl.col("moq_units")), "orders less than the minimum order quantity"),
        "horizon": (
            (order > 0) & (pl.col("period") + pl.col("lead_time_periods") > pl.col("last")),
            "orders what arrives after the last period",
        ),
        "arrival": (pl.col("arriving_units") != pl.col("ordered_then"), "receives what was not ordered a lead time ago"),
        "stock": (
            stock != start + pl.col("receipt_units") + pl.col("arriving_units"),
            "has a stock that does not follow from the period before",
        ),
        "lost": (pl.col("lost_units") != (pl.col("demand_units") - stock).clip(lower_bound=0), "has wrong lost sales"),
        "end_stock": (pl.col("end_stock_units") != (stock - pl.col("demand_units")).clip(lower_bound=0), "has a wrong end stock"),
        "demand": (pl.col("drift_demand") > 0.5 + TOLERANCE, "plans another demand than was given"),
        "receipt": (pl.col("drift_receipt") > 0.5 + TOLERANCE, "plans other receipts than were given"),
        "value": (
            (pl.col("order_value") - order * pl.col("unit_cost")).abs() > TOLERANCE * (1 + pl.col("order_value").abs()),
            "has a wrong order value",
        ),
    }
    for rule, (broken, message) in rules.items():
        for product, location, period in rows.filter(broken.fill_null(True)).select(*KEY, "period").iter_rows():
            yield Violation(rule, f"{product} at {location} in period {period}", f"{product} at {location} {message} in period {period}.")


def _calendar_rule(rows: pl.DataFrame, order_periods: pl.DataFrame | None) -> Iterator[Violation]:
    if order_periods is None:
        return
    named = rows.filter((pl.col("order_units") > 0) & pl.col("supplier_id").is_in(order_periods["supplier_id"].unique().to_list()))
    for product, location, period in named.join(order_periods, on=["supplier_id", "period"], how="anti").select(*KEY, "period").iter_rows():
        scope = f"{product} at {location} in period {period}"
        yield Violation("calendar", scope, f"{product} at {location} orders in period {period}, when its supplier takes no orders.")


def _shelf_rule(rows: pl.DataFrame) -> Iterator[Violation]:
    """An order may not lift the stock above the demand within the shelf life; beyond the last period demand goes on at its mean."""
    own = rows.filter(pl.col("shelf_life_periods").is_not_null())
    for (product, location), item in own.group_by(KEY, maintain_order=True):
        demand, life = item["demand_units"].to_numpy(), int(item["shelf_life_periods"][0])
        for period, (arriving, stock) in enumerate(item.select("arriving_units", "stock_units").iter_rows()):
            within = demand[period : period + life].sum() + round(max(period + life - len(demand), 0) * float(demand.mean()))
            if arriving > 0 and stock > within:
                message = (
                    f"{product} at {location} holds {stock} in period {period}, more than the {within} that sell within its shelf life."
                )
                yield Violation("shelf_life", f"{product} at {location} in period {period}", message)


def _supplier_rule(rows: pl.DataFrame, suppliers: pl.DataFrame) -> Iterator[Violation]:
    values = (
        rows.filter(pl.col("order_units") > 0)
        .group_by("supplier_id", "period")
        .agg(value=(pl.col("order_units") * pl.col("unit_cost")).sum())
    )
    joined = values.join(suppliers, on="supplier_id", how="left")
    short = joined.filter(pl.col("value") < pl.col("min_order_value") * (1 - TOLERANCE) - TOLERANCE)
    for name, period, value, minimum in short.select("supplier_id", "period", "value", "min_order_value").iter_rows():
        message = f"The order of {value:.2f} at {name} in period {period} is below its minimum of {minimum:.2f}."
        yield Violation("supplier_minimum", f"{name} in period {period}", message)


def _limit_rule(rows: pl.DataFrame, limits: pl.DataFrame | None) -> Iterator[Violation]:
    if limits is None or not limits.height:
        return
    money, volume = (pl.col("order_units") * pl.col("unit_cost")).sum(), (pl.col("stock_units") * pl.col("volume_m3")).sum()
    uses = {
        "purchase_budget": rows.group_by(pl.lit("all").alias("scope"), "period").agg(used=money),
        "category_budget": rows.group_by(pl.col("category").alias("scope"), "period").agg(used=money),
        "warehouse_volume": rows.group_by(pl.col("location_id").alias("scope"), "period").agg(used=volume),
    }
    used = pl.concat([frame.with_columns(limit_name=pl.lit(name)) for name, frame in uses.items()])
    joined = limits.with_columns(pl.col("period").cast(pl.Int64)).join(used, on=["limit_name", "scope", "period"], how="inner")
    over = joined.filter(pl.col("used") > pl.col("allowed") + TOLERANCE * pl.max_horizontal(pl.col("allowed").abs(), 1.0))
    for name, scope, period, taken, allowed in over.select("limit_name", "scope", "period", "used", "allowed").iter_rows():
        message = f"{taken:.3f} is used of the {name} of {allowed:.3f} ({scope}, period {period})."
        yield Violation(name, f"{scope} in period {period}", message)


def _cost_rule(rows: pl.DataFrame, suppliers: pl.DataFrame, value: float) -> Iterator[Violation]:
    short = (pl.col("safety_stock_units") - pl.col("end_stock_units")).clip(lower_bound=0)
    cost = (
        pl.col("holding_cost") * pl.col("end_stock_units")
        + pl.col("lost_sale_cost") * pl.col("lost_units")
        + pl.col("safety_stock_penalty") * short
        + pl.col("order_line_cost") * (pl.col("order_units") > 0)
    )
    used = rows.filter(pl.col("order_units") > 0).select("supplier_id", "period").unique()
    fixed = used.join(suppliers, on="supplier_id", how="left")["fixed_order_cost"].sum()
    total = float(rows.select(cost.sum()).item()) + float(fixed)
    if not np.isfinite(value) or abs(total - value) > TOLERANCE * max(abs(total), 1.0):
        yield Violation("cost", "all", f"The plan costs {total:.6f}, not {value:.6f}.")
