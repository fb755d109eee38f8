"""The frames of the order outlook: a shop's coming weeks as the rolling horizon reads them, and what it answers as tables.

Week 0 is the seven days after the as-of day. Only full weeks of the daily forecast are planned. Lead times are rounded to weeks, half weeks
to the even one; a shelf life is rounded down, to one week at the least. Today's orders are decided: they arrive as receipts and are taken
off the first week's budgets, and a supplier orders again in the week of its next order day. There is no safety stock: demand is its mean.

Public: `WEEK`, `Outlook`, `outlook_items`, `outlook_periods`, `order_periods`, `weekly_limits`, `outlook_suppliers`, `plan_outlook`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from optimization.certificate import PlanCertificate

KEY = ["product_id", "location_id"]
WEEK = 7
MOST_WEEKS = 8
MOST_ITEMS_WITH_TERMS = 10_000  # the largest size that was measured with terms: two minutes (docs/decisions/0014)


@dataclass(frozen=True)
class Outlook:
    """plan: one row per item and week. limits: one per limit and week. suppliers_terms: 'kept', 'left out' or 'none'. items, left_out: how
    many are planned and how many lack a forecast, a cost, a price or a stock, or are discontinued."""

    plan: pl.DataFrame
    limits: pl.DataFrame
    certificate: PlanCertificate
    suppliers_terms: str
    weeks: int
    items: int
    left_out: int


def outlook_items(
    orders: pl.DataFrame, products: pl.DataFrame, forecast: pl.DataFrame, holding_cost_per_year: float, lost_sale_cost_share: float
) -> pl.DataFrame:
    """The items that can be planned (grain product_id, location_id; the horizon's ITEM_COLUMNS).

    orders: today's rows of replenishment_orders. products: product_id, category, volume_m3, shelf_life_days, lead_time_days,
    discontinued_on of the day. forecast: rows of forecast_daily; an item without any is left out. Unknown volumes count as 0.
    """
    terms = products.select("product_id", "category", "volume_m3", "shelf_life_days", "lead_time_days", "discontinued_on")
    known = pl.col("unit_cost").is_not_null() & (pl.col("unit_cost") > 0) & pl.col("unit_price").is_not_null()
    living = pl.col("discontinued_on").is_null() | (pl.col("discontinued_on") >= pl.col("order_day"))
    margin = (pl.col("unit_price") - pl.col("unit_cost")).clip(lower_bound=0.0)
    weeks = (pl.col("shelf_life_days") / WEEK).floor().clip(lower_bound=1)
    return (
        orders.join(terms, on="product_id")
        .filter(known & living & pl.col("on_hand").is_not_null())
        .join(forecast.select(KEY).unique(), on=KEY, how="semi")
        .select(
            *KEY,
            "supplier_id",
            "category",
            "unit_cost",
            pl.col("volume_m3").fill_null(0.0).clip(lower_bound=0.0),
            pl.col("pack_units").fill_null(1).clip(lower_bound=1),
            pl.col("moq_units").fill_null(0).clip(lower_bound=0),
            lead_time_periods=(pl.col("lead_time_days") / WEEK).round(mode="half_to_even").cast(pl.Int64),
            on_hand="on_hand",
            holding_cost=pl.col("unit_cost") * holding_cost_per_year * WEEK / 365,
            lost_sale_cost=margin * lost_sale_cost_share * pl.col("shortage_weight").fill_null(1.0),
            order_line_cost=pl.lit(0.0),
            shelf_life_periods=weeks.cast(pl.Int64),
            safety_stock_units=pl.lit(0, dtype=pl.Int64),
            safety_stock_penalty=pl.lit(0.0),
        )
        .sort(KEY)
    )


def outlook_periods(items: pl.DataFrame, forecast: pl.DataFrame, due: pl.DataFrame, day: date) -> pl.DataFrame:
    """One row per item and full week of the forecast, eight at most (the horizon's PERIOD_COLUMNS).

    due: product_id, location_id, due_on, due_units, several rows per item allowed; what is due after the last week is not seen.
    Raises ValueError where the forecast covers no full week.
    """
    last = forecast["business_day"].max()
    weeks = min(MOST_WEEKS, (last - day).days // WEEK) if isinstance(last, date) else 0
    if weeks < 1:
        raise ValueError(f"The forecast of {day} covers no full week; an outlook needs one at the least.")
    grid = items.select(KEY).join(pl.DataFrame({"period": range(weeks)}, schema={"period": pl.Int64}), how="cross")
    demand, receipts = (
        frame.with_columns(period=(pl.col(when) - day).dt.total_days().sub(1).floordiv(WEEK))
        .group_by(*KEY, "period")
        .agg(pl.col(units).clip(lower_bound=0.0).sum().alias(name))
        for frame, when, units, name in (
            (forecast, "business_day", "forecast_units", "demand_units"),
            (due, "due_on", "due_units", "receipt_units"),
        )
    )
    told = grid.join(demand, on=[*KEY, "period"], how="left").join(receipts, on=[*KEY, "period"], how="left")
    return told.with_columns(pl.col("demand_units", "receipt_units").fill_null(0.0)).sort(*KEY, "period")


def order_periods(suppliers: pl.DataFrame, day: date, weeks: int) -> pl.DataFrame:
    """supplier_id, period: the weeks with an order day of the supplier after today's. A supplier without any has a row after the last week,
    so that the horizon does not take it for one that is always open."""
    rows: list[tuple[str, int]] = []
    for name, next_day, review in suppliers.select("supplier_id", "next_order_day", "review_days").sort("supplier_id").iter_rows():
        first, step = (next_day - day).days - 1, max(review, WEEK)
        found = {(first + step * number) // WEEK for number in range(weeks)}
        rows += [(name, period) for period in sorted(period for period in found if period < weeks) or [weeks]]
    return pl.DataFrame(rows, schema={"supplier_id": pl.String, "period": pl.Int64}, orient="row")


def weekly_limits(
    weeks: int,
    budget: float | None,
    categories: Mapping[str, float],
    budget_days: int,
    volumes: Mapping[str, float],
    spent: pl.DataFrame,
) -> pl.DataFrame:
    """limit_name, scope, period, allowed: budgets of `budget_days` days in proportion to a week, less today's orders in week 0 (never below
    0), and the volume of every location in every week.

    spent: category, order_value of today's orders.
    """
    share = WEEK / budget_days
    total = float(spent["order_value"].sum())
    by_category = dict(spent.drop_nulls("category").group_by("category").agg(pl.col("order_value").sum()).iter_rows())
    money = [] if budget is None else [("purchase_budget", "all", budget * share, total)]
    money += [("category_budget", name, given * share, by_category.get(name, 0.0)) for name, given in sorted(categories.items())]
    rows = [
        (name, scope, period, max(allowed - (used if period == 0 else 0.0), 0.0))
        for name, scope, allowed, used in money
        for period in range(weeks)
    ]
    rows += [("warehouse_volume", place, period, room) for place, room in sorted(volumes.items()) for period in range(weeks)]
    schema = {"limit_name": pl.String, "scope": pl.String, "period": pl.Int64, "allowed": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def outlook_suppliers(suppliers: pl.DataFrame, items: int) -> tuple[pl.DataFrame, str]:
    """The suppliers' minimums and fixed costs, and in a word whether they are kept: 'left out' above MOST_ITEMS_WITH_TERMS items."""
    terms = suppliers.select("supplier_id", "min_order_value", "fixed_order_cost")
    if terms.filter((pl.col("min_order_value") > 0) | (pl.col("fixed_order_cost") > 0)).is_empty():
        return terms, "none"
    if items <= MOST_ITEMS_WITH_TERMS:
        return terms, "kept"
    return terms.with_columns(min_order_value=pl.lit(0.0), fixed_order_cost=pl.lit(0.0)), "left out"


def plan_outlook(
    items: pl.DataFrame, periods: pl.DataFrame, suppliers: pl.DataFrame, limits: pl.DataFrame, day: date, left_out: int
) -> Outlook:
    """Plan the weeks and say them in the tables' columns; suppliers as `Supply.suppliers_on` gives them."""
    from optimization.replenishment_horizon import plan_horizon

    weeks = int(periods.select(pl.col("period").max()).item()) + 1
    used = suppliers.join(items.select("supplier_id").unique(), on="supplier_id", how="semi")
    terms, said = outlook_suppliers(used, items.height)
    planned = plan_horizon(items, periods, terms, order_periods(used, day, weeks + 1), limits if limits.height else None)
    start = pl.lit(day + timedelta(days=1)) + pl.duration(days=pl.col("period") * WEEK)
    lead = items.select(*KEY, "supplier_id", "lead_time_periods")
    plan = planned.plan.join(lead, on=KEY, how="left").select(
        *KEY,
        "supplier_id",
        "period",
        period_start=start,
        period_end=start + pl.duration(days=WEEK - 1),
        expected_demand_units="demand_units",
        receipts_units="receipt_units",
        arriving_units="arriving_units",
        planned_order_units="order_units",
        planned_order_packs="order_packs",
        planned_order_value="order_value",
        arrives_in_period="arrival_period",
        arrival_is_seen=pl.col("period") + pl.col("lead_time_periods") < weeks,
        lost_units="lost_units",
        stock_end_units="end_stock_units",
        suppliers_terms=pl.lit(said),
    )
    parts = pl.col("scope").str.extract_groups(r"^(?<scope>.*) in period (?<period>\d+)$")
    told = planned.limits.with_columns(parts.alias("parts")).with_columns(
        scope=pl.col("parts").struct.field("scope"), period=pl.col("parts").struct.field("period").cast(pl.Int64)
    )
    told = told.drop("parts").with_columns(period_start=start).sort("limit_name", "scope", "period")
    return Outlook(plan, told, planned.certificate, said, weeks, items.height, left_out)


__all__ = [
    "WEEK",
    "Outlook",
    "order_periods",
    "outlook_items",
    "outlook_periods",
    "outlook_suppliers",
    "plan_outlook",
    "weekly_limits",
]
