"""The section `[coupons]` of `shop.toml`: how long a coupon's outcome is waited for, who is held out, how many a customer may get."""

from dataclasses import dataclass

from shops.shop_toml import Section

__all__ = ["CouponTerms", "coupon_terms"]


@dataclass(frozen=True)
class CouponTerms:
    """Days after an assignment in which orders count as its outcome, the share of customers held out, and a pilot's budget.

    most_per_customer: coupons a customer may get within `frequency_days`, 0 for no cap.
    """

    outcome_window_days: int = 28
    holdout_share: float = 0.1
    pilot_budget: float = 500.0
    most_per_customer: int = 0
    frequency_days: int = 28


def coupon_terms(section: Section) -> CouponTerms:
    """Read the section; raises ShopError naming the word and its mend."""
    return CouponTerms(
        outcome_window_days=section.whole("outcome_window_days", 28, minimum=1, maximum=365),
        holdout_share=section.number("holdout_share", 0.1, maximum=0.9),
        pilot_budget=section.number("pilot_budget", 500.0),
        most_per_customer=section.whole("most_per_customer", 0, maximum=1_000),
        frequency_days=section.whole("frequency_days", 28, minimum=1, maximum=3_650),
    )
