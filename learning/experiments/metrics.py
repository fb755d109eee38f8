"""What a campaign is judged by: every figure, how it is made of customers' outcomes, and how it is said.

Kinds
-----
mean      mean per customer
ratio     sum over sum, of which the customer is the unit (delta method)
return    what the coupon added over what it cost or how often it was redeemed: (mean with coupon - mean without) / mean of the denominator
          with coupon
level     mean per customer with the coupon alone; without one there is nothing to compare

Outcomes (columns of the frame of outcomes, one row per customer; all of the outcome window so far):
participated, ordered, redeemed (0 or 1), orders, coupon_orders, orders_without_coupon (orders), revenue (net of discounts and returns),
gain (margin before the coupon's discount), cost (the coupon's discount), profit (gain less cost), orders_after (orders in the days after
the window, as many as the window has). Pre-period: orders_28, orders_84, orders_365, revenue_…, margin_… before the coupon was given.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["mean", "ratio", "return", "level"]
PRE_PERIODS = (28, 84, 365)
PRE_MEASURES = ("orders", "revenue", "margin")
COVARIATES = tuple(f"{measure}_{days}" for measure in PRE_MEASURES for days in PRE_PERIODS)
OUTCOMES = (
    *("participated", "ordered", "orders", "revenue", "gain", "cost", "profit"),
    *("redeemed", "coupon_orders", "orders_without_coupon", "orders_after"),
)


@dataclass(frozen=True)
class Metric:
    """One figure.

    numerator, denominator   outcomes it is made of; no denominator: per customer
    pre_measure              what of the pre-period may explain it (orders, revenue or margin); it also sets the clock
    clocked_by               the outcome whose variance, over that of `pre_measure` in the pre-period, is the clock
    null_value               what a p-value is held against
    unit                     share, orders, currency or ratio
    is_after                 True where it is about the days after the window
    """

    name: str
    kind: Kind
    numerator: str
    denominator: str | None
    pre_measure: str
    clocked_by: str
    unit: Literal["share", "orders", "currency", "ratio"]
    words: str
    null_value: float = 0.0
    is_after: bool = False


METRICS = (
    Metric("participation", "mean", "participated", None, "orders", "ordered", "share", "Customers who visited or ordered"),
    Metric("conversion", "mean", "ordered", None, "orders", "ordered", "share", "Customers who ordered"),
    Metric("orders_per_customer", "mean", "orders", None, "orders", "orders", "orders", "Orders per customer"),
    Metric("revenue_per_customer", "mean", "revenue", None, "revenue", "revenue", "currency", "Revenue per customer"),
    Metric("basket_value", "ratio", "revenue", "orders", "revenue", "revenue", "currency", "Revenue per order"),
    Metric("margin_per_customer", "mean", "gain", None, "margin", "gain", "currency", "Margin per customer before the coupon's cost"),
    Metric("profit_per_customer", "mean", "profit", None, "margin", "gain", "currency", "Margin per customer after the coupon's cost"),
    Metric("roi", "return", "gain", "cost", "margin", "gain", "ratio", "Profit added per 1.00 of coupon cost", null_value=1.0),
    Metric("redemption_rate", "level", "redeemed", None, "orders", "ordered", "share", "Coupons redeemed of those given"),
    Metric("redeemed_anyway_share", "return", "orders", "coupon_orders", "orders", "orders", "share", "Redemptions that added no order"),
    Metric("orders_without_coupon", "mean", "orders_without_coupon", None, "orders", "orders", "orders", "Orders that redeemed no coupon"),
    Metric(
        *("orders_after_window", "mean", "orders_after", None, "orders", "orders", "orders"),
        "Orders per customer in the days after the window",
        is_after=True,
    ),
)
