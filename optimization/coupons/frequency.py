"""Frequency caps: who has had so many coupons lately that no other may go out yet.

A filter before any program: whether a customer may be written to again does not depend on what others get.

Public: `FrequencyCap`, `had_enough`.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl


@dataclass(frozen=True)
class FrequencyCap:
    """At most `most_coupons` coupons per customer within `days` days, the day of the plan included."""

    most_coupons: int
    days: int

    def __post_init__(self) -> None:
        """Refuse a cap that means nothing."""
        if self.most_coupons < 1 or self.days < 1:
            raise ValueError(f"Expected most_coupons and days of 1 or more, got {self.most_coupons} and {self.days}.")


def had_enough(issued: pl.DataFrame, cap: FrequencyCap | None, day: date) -> pl.Series:
    """Return the keys of customers who may get no coupon that goes out on `day`, sorted.

    issued: customer_key, coupon_id (null: the row is a control group's, no coupon), assigned_on; one row per coupon given out.
    """
    if cap is None:
        return pl.Series("customer_key", [], dtype=pl.String)
    recent = pl.col("assigned_on").is_between(day - timedelta(days=cap.days - 1), day)
    counted = issued.filter(pl.col("coupon_id").is_not_null() & recent).group_by("customer_key").len()
    return counted.filter(pl.col("len") >= cap.most_coupons)["customer_key"].sort()
