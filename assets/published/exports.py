"""What is published: for each table its query, grain and source. No version columns, no lists, no personal data.

History tables carry every day that was decided; `_latest` views in `bi.duckdb` show the newest one.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Export:
    """One published table. `day_column` names the column by which a `_latest` view cuts; empty where there is none."""

    name: str
    source: str
    query: str
    day_column: str = ""


def _whole(name: str, source: str, day_column: str = "as_of_day") -> Export:
    return Export(name, source, f"select * from {source}", day_column)


def _newest(name: str, source: str) -> Export:
    return Export(name, source, f"select * from {source} where as_of_day = (select max(as_of_day) from {source})")


EXPORTS: tuple[Export, ...] = (
    _whole("replenishment_orders", "decisions.replenishment_orders"),
    _whole("supplier_orders", "decisions.supplier_orders"),
    _whole("stock_position", "decisions.stock_position"),
    _whole("coupon_budget", "decisions.coupon_budget"),
    _whole("coupon_assignments", "decisions.coupon_assignments"),
    _whole("coupon_budget_curve", "decisions.coupon_budget_curve"),
    _whole("limits", "decisions.limits"),
    _whole("plan_certificates", "decisions.plan_certificates"),
    _newest("demand_forecast", "demand.forecast_daily"),
    _newest("lead_time_demand", "demand.lead_time_quantiles"),
    _whole("training_runs", "demand.training_runs"),
    _newest("backtest_scores", "demand.backtest_scores"),
    _newest("feature_importance", "demand.feature_importance"),
    _whole("trial_effects", "response.trial_effects"),
    _whole("pilot_plan", "response.pilot_plan"),
    _whole("forecast_accuracy", "review.forecast_accuracy"),
    _whole("decision_value", "review.decision_value"),
    _whole("alerts", "review.alerts"),
    _newest("customer_profile", "marts.customer_profile"),
    _newest("product_profile", "marts.product_profile"),
    Export(
        "sales_daily",
        "marts.fct_sales_daily",
        "select * exclude (known_on, superseded_on) from marts.fct_sales_daily where superseded_on is null",
    ),
    Export(
        "products",
        "marts.dim_products",
        "select * exclude (known_on, superseded_on) from marts.dim_products where superseded_on is null",
    ),
)
