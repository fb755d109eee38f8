"""Review: what came of earlier forecasts and orders, once the day has passed; and what a person should look at today.

`forecast_accuracy` judges, on each business day, every earlier forecast of that day; `forecast_bias` whether they lean to one side.
`decision_value` judges an order line once, on the day the next order could have arrived: what was sold since says how many sales the
order saved. Sales on stock-out days understate demand, and the order is taken to have been placed as advised; both are said in the
column `basis`."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import dagster as dg
import polars as pl

from assets.as_of import read_versions
from assets.house import House
from assets.partitions import partition_window
from assets.review.alerts import DRIFT_DAYS
from assets.review.buyers_page import CHECK, OVERRIDES, buyers_tables
from assets.review.find_alerts import alerts_of_all_days
from assets.review.forecast_bias import DAILY_SCHEMA, daily_bias, with_window
from assets.table_contracts import table_contracts
from assets.warehouse import Warehouse
from assets.windows import Window

ACCURACY, BIAS, VALUE, ALERTS = "review.forecast_accuracy", "review.forecast_bias", "review.decision_value", "review.alerts"
TABLES = (ACCURACY, BIAS, VALUE, OVERRIDES, CHECK, ALERTS)
KEYS = {name: dg.AssetKey(name.split(".")) for name in TABLES}
LONGEST_LOOK_BACK_DAYS = 120
ITEM = ["product_id", "location_id"]
ALERT_SOURCES = (
    *("decisions.plan_certificates", "decisions.stock_position", "demand.training_runs"),
    *("landing.quarantine", "landing.intake_counts", "marts.fct_sales_daily", "marts.dim_calendar"),
)


@dg.multi_asset(
    name="review",
    specs=[
        dg.AssetSpec(
            KEYS[ACCURACY],
            group_name="review",
            kinds={"duckdb"},
            deps=[["demand", "forecast_daily"], ["marts", "sales_panel"]],
            description="Error of earlier forecasts of this day, by how far ahead they were made.",
        ),
        dg.AssetSpec(
            KEYS[BIAS],
            group_name="review",
            kinds={"duckdb"},
            deps=[["demand", "forecast_daily"], ["demand", "training_runs"], ["marts", "sales_panel"], ["marts", "dim_products"]],
            description="Whether earlier forecasts lean to one side, in total and per category.",
        ),
        dg.AssetSpec(
            KEYS[VALUE],
            group_name="review",
            kinds={"duckdb"},
            deps=[["decisions", "replenishment_orders"], ["marts", "sales_panel"]],
            description="What order lines promised and what they were worth.",
        ),
        dg.AssetSpec(
            KEYS[OVERRIDES],
            group_name="review",
            kinds={"duckdb"},
            deps=[
                *(["decisions", "replenishment_orders"], ["decisions", "order_overrides"], ["demand", "lost_demand"]),
                *(["marts", "fct_order_overrides"], ["marts", "sales_panel"]),
            ],
            description="What buyers' decisions came to, beside what was proposed.",
        ),
        dg.AssetSpec(
            KEYS[CHECK],
            group_name="review",
            kinds={"duckdb"},
            deps=[
                *(["decisions", "replenishment_orders"], ["decisions", "replenishment_limits"], ["decisions", "order_overrides"]),
                ["marts", "sales_panel"],
            ],
            description="Which orders a buyer should look at first, and why.",
        ),
        dg.AssetSpec(
            KEYS[ALERTS],
            group_name="review",
            kinds={"duckdb"},
            deps=[source.split(".") for source in ALERT_SOURCES],
            description="What a person should look at today.",
        ),
    ],
    check_specs=[
        dg.AssetCheckSpec(
            "forecasts_are_unbiased",
            asset=KEYS[BIAS],
            description="Over four weeks neither the total nor a category was forecast clearly more or less than was sold.",
        )
    ],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def review(context: dg.AssetExecutionContext, house: House, warehouse: Warehouse) -> Iterator[Any]:
    """Judge the window's days, and later ones that were decided before them, against what was said about them earlier."""
    window = partition_window(context)
    since = window.start - timedelta(days=LONGEST_LOOK_BACK_DAYS)
    days = days_to_judge(warehouse, window)
    panel = read_versions(
        warehouse, "sales_panel", days[-1], ("business_day", *ITEM, "units", "is_censored"), where=f"business_day >= date '{since}'"
    )
    forecasts = warehouse.read(
        "select as_of_day as decided_on, product_id, location_id, business_day, horizon_days, forecast_units, "
        "seasonal_naive_units from demand.forecast_daily where business_day between ? and ? and as_of_day < business_day "
        "order by all",
        [window.start, days[-1]],
    )
    orders = warehouse.read("select * from decisions.replenishment_orders where as_of_day >= ? and order_units > 0 order by all", [since])
    products = read_versions(warehouse, "dim_products", days[-1], ("product_id", "category"))
    accuracy, value = [table_contracts()[ACCURACY].empty()], [table_contracts()[VALUE].empty()]
    daily = [pl.DataFrame(schema=DAILY_SCHEMA)]
    for day in days:
        known = panel.as_of(day)
        sold = known.filter((pl.col("business_day") == day) & ~pl.col("is_censored")).select(*ITEM, "units")
        told = forecasts.filter(pl.col("business_day") == day)
        accuracy.append(forecast_accuracy(told, sold).with_columns(as_of_day=pl.lit(day)).select(accuracy[0].columns))
        daily.append(daily_bias(told, sold, products.as_of(day), day))
        value.append(decision_value(orders, known, day).with_columns(as_of_day=pl.lit(day)).select(value[0].columns))
    frames = {
        ACCURACY: pl.concat(accuracy, how="vertical_relaxed"),
        BIAS: bias_of_days(warehouse, pl.concat(daily), days),
        VALUE: pl.concat(value, how="vertical_relaxed"),
        **buyers_tables(house, warehouse, panel, days, since),
    }
    for name, frame in frames.items():
        warehouse.replace_days(table_contracts()[name], frame, days)
        rows = frame.filter(pl.col("as_of_day").is_in(window.days)).height
        yield dg.MaterializeResult(asset_key=KEYS[name], metadata={"dagster/row_count": rows})
    yield bias_check(frames[BIAS].filter(as_of_day=window.last_day))
    # since when an alert stands may change on days outside the window: the table is small and written whole
    alerts = alerts_of_all_days(house, warehouse, window, _failed_checks(context))
    warehouse.replace_days(table_contracts()[ALERTS], alerts, sorted({*alerts["as_of_day"], *window.days}))
    new = alerts.filter(pl.col("as_of_day").is_between(window.start, window.last_day))
    yield dg.MaterializeResult(asset_key=KEYS[ALERTS], metadata={"dagster/row_count": new.height})


def days_to_judge(warehouse: Warehouse, window: Window) -> list[date]:
    """The window's days, and the days after it that were decided already: what the window says about them was not there to be judged.

    So the same days decided in any order end in the same review.
    """
    later = warehouse.read(
        "select distinct as_of_day from demand.training_runs where as_of_day > ? and as_of_day <= ?",
        [window.last_day, window.last_day + timedelta(days=LONGEST_LOOK_BACK_DAYS)],
    )
    return sorted({*window.days, *later["as_of_day"]})


def bias_of_days(warehouse: Warehouse, daily: pl.DataFrame, days: list[date]) -> pl.DataFrame:
    """review.forecast_bias of `days`; what was judged in the four weeks before them stands in the table already."""
    span = [days[0] - timedelta(days=DRIFT_DAYS - 1), days[-1]]
    before = daily.clear()
    if warehouse.exists(BIAS):
        stored = warehouse.read(f"select {', '.join(DAILY_SCHEMA)} from {BIAS} where as_of_day between ? and ? order by all", span)
        before = stored.filter(~pl.col("as_of_day").is_in(days)).cast(DAILY_SCHEMA)  # pyright: ignore[reportArgumentType]
    promised = warehouse.read("select as_of_day, bias_total from demand.training_runs where as_of_day between ? and ?", span)
    return with_window(pl.concat([before, daily]), promised, days)


def bias_check(rows: pl.DataFrame) -> dg.AssetCheckResult:
    """Judges the newest day of the run."""
    biased = rows.filter("is_biased").sort(pl.col("bias").abs(), descending=True)
    leans = ((node, "nothing sold" if bias is None else f"{bias:+.0%}") for node, bias in biased.select("node", "bias").rows())
    said = ", ".join(f"{node} {lean}" for node, lean in leans) or "none"
    return dg.AssetCheckResult(
        check_name="forecasts_are_unbiased",
        asset_key=KEYS[BIAS],
        passed=biased.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"biased over 28 days": said, "judged": rows.height},
    )


def _failed_checks(context: dg.AssetExecutionContext) -> list[tuple[str, str]]:
    """(asset, name) of the checks that did not pass in this run so far."""
    records = context.instance.all_logs(context.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    evaluations = [record.get_dagster_event().asset_check_evaluation_data for record in records]
    return sorted({(each.asset_key.to_user_string(), each.check_name) for each in evaluations if not each.passed})


def forecast_accuracy(forecasts: pl.DataFrame, sold: pl.DataFrame) -> pl.DataFrame:
    """One row per horizon: items judged, units, and the errors of forecast and seasonal naive (stock-out items are left out)."""
    judged = forecasts.join(sold, on=ITEM)
    miss, naive_miss = (
        (pl.col("forecast_units") - pl.col("units")).abs().sum(),
        (pl.col("seasonal_naive_units") - pl.col("units")).abs().sum(),
    )
    total = pl.col("units").sum()
    return (
        judged.group_by("horizon_days")
        .agg(
            items=pl.len().cast(pl.Int64),
            units=total,
            forecast_units=pl.col("forecast_units").sum(),
            wape=pl.when(total > 0).then(miss / total),
            wape_seasonal_naive=pl.when(total > 0).then(naive_miss / total),
            bias=pl.when(total > 0).then(pl.col("forecast_units").sum() / total - 1),
        )
        .sort("horizon_days")
    )


def decision_value(orders: pl.DataFrame, panel: pl.DataFrame, day: Any) -> pl.DataFrame:
    """Order lines whose cover ended the evening before `day`: promised and realised lost sales avoided. Orders older than the longest look
    back are not judged, whether the day is run alone or in a range that begins earlier.

    Realised: what was sold from the order day on, beyond the stock and receipts there were without the order, at most the order itself.
    """
    arrival_after_next = pl.col("next_order_day") + (pl.col("expected_arrival_on") - pl.col("order_day"))
    is_recent = pl.col("as_of_day") >= day - timedelta(days=LONGEST_LOOK_BACK_DAYS)
    due = orders.filter((arrival_after_next == day) & is_recent).select(
        *ITEM,
        *("order_day", "order_units", "order_value", "on_hand", "in_transit_units", "lost_sales_avoided_units", "stock_source"),
        decided_on="as_of_day",
        expected_units="expected_demand_until_cover",
    )
    sales = (
        due.select("decided_on", "order_day", *ITEM)
        .join(panel, on=ITEM)
        .filter((pl.col("business_day") >= pl.col("order_day")) & (pl.col("business_day") < day))
    )
    came = sales.group_by("decided_on", *ITEM).agg(
        sold_units=pl.col("units").sum(), stockout_days=pl.col("is_censored").sum().cast(pl.Int64)
    )
    joined = due.join(came, on=["decided_on", *ITEM], how="left").with_columns(pl.col("sold_units", "stockout_days").fill_null(0))
    without = pl.col("on_hand") + pl.col("in_transit_units")
    return joined.with_columns(
        promised_lost_sales_avoided_units="lost_sales_avoided_units",
        # a buyer may have ordered what was never counted: then nobody knows
        realised_lost_sales_avoided_units=pl.when(without.is_not_null()).then(
            pl.min_horizontal(pl.max_horizontal(pl.col("sold_units") - without, 0.0), "order_units")
        ),
        basis=pl.when(pl.col("stockout_days") > 0)
        .then(pl.lit("understated: stock-out days in between"))
        .otherwise(pl.lit("order taken to be placed as advised")),
    ).sort("decided_on", *ITEM)
