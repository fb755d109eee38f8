"""Totals in the simulated shop: what the outlook says of all customers together, alone and brought to the demand part's sales forecast.

Two years of the medium shop, whose sales have a season. The forecast is made at each cut-off by `learning.demand` on the categories of each
location, 42 days ahead as in the daily run; nothing after the cut-off is known. Lines that the shop cancelled or sent twice are left out
here, where the daily run has dbt for that.
"""

import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from learning.customer_value import NOT_RESCALED, OutlookModel, Rescaling, customer_snapshot, rescaling_to, train_outlook
from learning.customer_value.scores import calibration_error, log_losses
from learning.customer_value.snapshots import outcomes_after

BACK_DAYS = (84, 112, 140, 168)
HORIZON = 42
LINE = ["order_id", "line_id"]


def shop_totals() -> list[dict[str, Any]]:
    """A row per window and way of scaling, and one per way over all windows: sums over what came, log loss and calibration error."""
    with tempfile.TemporaryDirectory() as name:
        order_days, panel, last_day = _shop(Path(name))
    rows: list[dict[str, Any]] = []
    for back in reversed(BACK_DAYS):
        cut_off = last_day - timedelta(days=back)
        known = order_days.filter(pl.col("business_day") <= cut_off)
        model = train_outlook(known, cut_off)
        forecast = _rescaling(model, panel, cut_off)
        rows += [_row(model, known, order_days, cut_off, way) for way in (NOT_RESCALED, forecast)]
    for way in dict.fromkeys(row["rescaled to"] for row in rows):
        own = [row for row in rows if row["rescaled to"] == way]
        came, told = (sum(row[f"net_84d_{what}"] for row in own) for what in ("came", "told"))
        bought, buyers = (sum(row[f"orders_28d_{what}"] for row in own) for what in ("came", "told"))
        means = {name: float(np.mean([row[name] for row in own])) for name in ("log loss", "calibration error", "net error")}
        rows.append({"window": "all", "rescaled to": way, "net_84d_ratio": told / came, "orders_28d_ratio": buyers / bought, **means})
    return rows


def _row(model: OutlookModel, known: pl.DataFrame, order_days: pl.DataFrame, cut_off: date, way: Rescaling) -> dict[str, Any]:
    snapshot = customer_snapshot(known, cut_off)
    told = model.score(snapshot, way)
    near = outcomes_after(order_days, snapshot["customer_key"], cut_off, 28)
    net = outcomes_after(order_days, snapshot["customer_key"], cut_off, 84)["net_revenue_after"].to_numpy()
    bought, chance = near["has_bought"].cast(pl.Float64).to_numpy(), told["p_buy_28d"].to_numpy()
    expected = told["expected_net_84d"].to_numpy()
    return {
        "window": cut_off.isoformat(),
        "rescaled to": way.to,
        "net_84d_ratio": float(expected.sum() / net.sum()),
        "orders_28d_ratio": float(told["expected_orders_28d"].sum() / near["order_days_after"].sum()),
        "log loss": float(log_losses(bought, chance).mean()),
        "calibration error": calibration_error(bought, chance),
        "net error": float(np.abs(expected - net).mean()),
        "net_84d_told": float(expected.sum()),
        "net_84d_came": float(net.sum()),
        "orders_28d_told": float(told["expected_orders_28d"].sum()),
        "orders_28d_came": float(near["order_days_after"].sum()),
    }


def _rescaling(model: OutlookModel, panel: pl.DataFrame, cut_off: date) -> Rescaling:
    from learning.demand import DemandSettings, national_holidays, train

    past = panel.filter(pl.col("business_day") <= cut_off)
    first = past["business_day"].min()
    assert isinstance(first, date)
    holidays = national_holidays("DE", first, cut_off + timedelta(days=366))
    demand = train(past, holidays, DemandSettings(backtest_origins=1), cut_off)
    daily = demand.predict(past, None, cut_off, HORIZON).group_by("business_day").agg(pl.col("forecast_units").sum())
    units = past.group_by("business_day").agg(pl.col("units").sum())
    return rescaling_to(model.order_windows, model.value_windows, units, daily, model.settings)


def _shop(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame, date]:
    """Order days, units per category, location and day, and the last day whose returns have mostly come."""
    from shops.simulated import simulate

    simulate("medium", folder / "shop", folder / "truth")
    needed = [*LINE, "order_ts", "product_id", "units", "unit_price"]
    lines = pl.read_parquet(folder / "shop" / "order_lines" / "*.parquet").drop_nulls(needed)
    cancelled = lines.filter(pl.col("line_type") == "cancellation").select(LINE)
    counted = (
        lines.filter(pl.col("line_type").is_in(["sale", "return"]) & pl.col("units").is_between(0, 1000, closed="right"))
        .join(cancelled, on=LINE, how="anti")
        .sort("recorded_at")
        .unique([*LINE, "line_type"], keep="last", maintain_order=True)
        .with_columns(business_day=pl.col("order_ts").dt.date(), is_sale=pl.col("line_type") == "sale")
        .with_columns(value=(pl.col("units") * pl.col("unit_price") - pl.col("discount_amount").fill_null(0.0)))
    )
    last_day = date(2025, 12, 28)
    counted = counted.filter(pl.col("business_day").is_between(date(2024, 1, 1), last_day))
    named = counted.drop_nulls("customer_id").group_by("customer_id", "business_day")
    order_days = named.agg(
        orders=pl.col("order_id").filter("is_sale").n_unique().cast(pl.Int64),
        sale_revenue=pl.col("value").filter("is_sale").sum(),
        net_revenue=pl.when("is_sale").then("value").otherwise(-pl.col("value")).sum(),
    )
    categories = pl.read_parquet(folder / "shop" / "products.parquet").select("product_id", "category").unique("product_id", keep="last")
    sold = counted.filter("is_sale").join(categories, on="product_id").group_by("business_day", "category", "location_id")
    panel = sold.agg(pl.col("units").sum())
    series = panel.select("category", "location_id").unique()
    days = pl.DataFrame({"business_day": pl.date_range(date(2024, 1, 1), last_day, eager=True)})
    panel = (
        series.join(days, how="cross")
        .join(panel, on=["business_day", "category", "location_id"], how="left")
        .select(
            "business_day",
            "location_id",
            "category",
            product_id="category",
            units=pl.col("units").fill_null(0.0),
            unit_price=pl.lit(1.0),
            is_open=pl.lit(True),
        )
        .sort("product_id", "location_id", "business_day")
    )
    return order_days.rename({"customer_id": "customer_key"}).sort("customer_key", "business_day"), panel, last_day
