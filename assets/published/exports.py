"""What is published: for each table its query, grain and source. No version columns, no lists, no personal data.

History tables carry every day that was decided; `_latest` views in `bi.duckdb` show the newest one. A table that may have no row on a day
(no coupon to give out, nothing to look at) takes the newest day from the certificates: its rows of an older day are not the latest.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Export:
    """One published table. `day_column` names the column by which a `_latest` view cuts; empty where there is none.

    `may_be_empty`: a decided day may have no row.
    """

    name: str
    source: str
    query: str
    day_column: str = ""
    may_be_empty: bool = False


def _whole(name: str, source: str, may_be_empty: bool = False) -> Export:
    return Export(name, source, f"select * from {source}", "as_of_day", may_be_empty)


def _newest(name: str, source: str) -> Export:
    return Export(name, source, f"select * from {source} where as_of_day = (select max(as_of_day) from {source})")


EXPORTS: tuple[Export, ...] = (
    _whole("replenishment_orders", "decisions.replenishment_orders"),
    _whole("supplier_orders", "decisions.supplier_orders", may_be_empty=True),
    _whole("transfers", "decisions.transfers", may_be_empty=True),
    _whole("order_overrides", "decisions.order_overrides", may_be_empty=True),
    _whole("stock_position", "decisions.stock_position"),
    _whole("coupon_budget", "decisions.coupon_budget", may_be_empty=True),
    _whole("coupon_assignments", "decisions.coupon_assignments", may_be_empty=True),
    _whole("coupon_trial", "decisions.coupon_trial", may_be_empty=True),
    _whole("coupon_budget_curve", "decisions.coupon_budget_curve", may_be_empty=True),
    _whole("coupon_next_money", "decisions.coupon_next_money", may_be_empty=True),
    _whole("coupon_overrides", "decisions.coupon_overrides", may_be_empty=True),
    _whole("coupon_collisions", "decisions.coupon_collisions", may_be_empty=True),
    _whole("ad_budget", "decisions.ad_budget", may_be_empty=True),
    _whole("ad_budget_curve", "decisions.ad_budget_curve", may_be_empty=True),
    _newest("ad_audiences", "decisions.ad_audiences"),
    _newest("ad_curves", "response.ad_curves"),
    _whole("limits", "decisions.limits"),
    _whole("plan_certificates", "decisions.plan_certificates"),
    _newest("order_outlook", "decisions.order_outlook"),
    _newest("order_outlook_limits", "decisions.order_outlook_limits"),
    _newest("promotion_calendar", "decisions.promotion_calendar"),
    _newest("promotion_calendar_limits", "decisions.promotion_calendar_limits"),
    _newest("demand_forecast", "demand.forecast_daily"),
    _newest("lead_time_demand", "demand.lead_time_quantiles"),
    _whole("training_runs", "demand.training_runs"),
    _newest("backtest_scores", "demand.backtest_scores"),
    _newest("feature_importance", "demand.feature_importance"),
    _newest("forecast_drivers", "demand.forecast_drivers"),
    _whole("lost_demand", "demand.lost_demand", may_be_empty=True),
    _newest("arima_diagnosis", "demand.arima_diagnosis"),
    _whole("trial_effects", "response.trial_effects", may_be_empty=True),
    _newest("coupon_model_scores", "response.model_scores"),
    _newest("uplift_drivers", "response.uplift_drivers"),
    _whole("pilot_plan", "response.pilot_plan", may_be_empty=True),
    _whole("forecast_accuracy", "review.forecast_accuracy", may_be_empty=True),
    _whole("forecast_bias", "review.forecast_bias", may_be_empty=True),
    _whole("decision_value", "review.decision_value", may_be_empty=True),
    _whole("order_override_review", "review.order_overrides", may_be_empty=True),
    _whole("orders_to_check", "review.orders_to_check", may_be_empty=True),
    _whole("campaign_readout", "review.campaign_readout", may_be_empty=True),
    _whole("promised_realised", "review.promised_realised", may_be_empty=True),
    _whole("experiment_power", "review.experiment_power"),
    _whole("alerts", "review.alerts", may_be_empty=True),
    _newest("purchase_outlook", "customers.purchase_outlook"),
    _newest("outlook_scores", "customers.outlook_scores"),
    _newest("lifecycle_transitions", "customers.lifecycle_transitions"),
    Export("outlook_outcomes", "customers.outlook_outcomes", "select * from customers.outlook_outcomes"),
    _newest("recommendations", "customers.recommendations"),
    _newest("recommendation_scores", "customers.recommendation_scores"),
    _newest("basket_rules", "customers.basket_rules"),
    _newest("customer_profile", "marts.customer_profile"),
    _newest("customer_segments", "customers.segments"),
    _newest("segment_profiles", "customers.segment_profiles"),
    _newest("segment_scores", "customers.segment_scores"),
    _newest("segment_models", "customers.segment_models"),
    _newest("customer_audiences", "decisions.audiences"),
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
