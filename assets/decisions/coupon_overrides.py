"""What merchandisers decided about a day's coupons, and how often one customer may get one.

The plan of day D honours the decisions that were known on D and are valid on D; later ones change nothing of it.
"""

from datetime import date

import polars as pl

from assets.as_of import Versions
from assets.house import House
from optimization.coupons import FrequencyCap

NAMES = ["customer_key", "segment", "coupon_id", "override_action", "override_count"]


def overrides_of(overrides: Versions, day: date) -> pl.DataFrame:
    """The decisions that the plan of `day` honours: override_id and the columns of `optimization.coupons.overrides`.

    Where two of them fix the same count, the one with the greater number (override_id) holds.
    """
    valid = overrides.as_of(day).filter((pl.col("valid_from") <= day) & (pl.col("valid_to") >= day)).select("override_id", *NAMES)
    fixed = valid.filter(pl.col("override_action") == "fix").with_columns(customer_key=pl.lit(None, dtype=pl.String)).sort("override_id")
    others = valid.filter(pl.col("override_action") != "fix")
    return pl.concat([fixed.unique(["segment", "coupon_id"], keep="last"), others]).sort("override_id")


def told_with_numbers(told: pl.DataFrame, overrides: pl.DataFrame) -> pl.DataFrame:
    """What came of the decisions (`CouponAssignment.overrides`), one row per override_id."""
    return overrides.select("override_id", *NAMES).join(told, on=NAMES, how="left", nulls_equal=True).sort("override_id")


def frequency_cap(house: House) -> FrequencyCap | None:
    """The cap that shop.toml sets, None where it sets none."""
    terms = house.shop.coupons
    return FrequencyCap(terms.most_per_customer, terms.frequency_days) if terms.most_per_customer else None
