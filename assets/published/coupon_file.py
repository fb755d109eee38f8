"""The day's coupons as a file that the shop can hand out and hand back: the input contract's `coupon_assignments`, hold-outs included.

Columns campaign_id, customer_id, coupon_id (empty: held out, gets nothing), assigned_on, propensity. Whoever sends the coupons adds the
rows to the shop's own `coupon_assignments`; when the outcome window is over they are a trial with a control group of its own.
"""

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from assets.published.spreadsheet import BYTE_ORDER_MARK
from shops.customer_numbers import customer_numbers
from shops.erased import Erased
from shops.shop import Shop

COLUMNS = ("campaign_id", "customer_id", "coupon_id", "assigned_on", "propensity")


class NoSuchPlanError(ValueError):
    """There is no coupon plan of that day; the message is one sentence."""


@dataclass(frozen=True)
class CouponFile:
    """What was written: rows with a coupon, rows held out, rows drawn by lot, and customers whose number is in no file of the shop."""

    path: Path
    given: int
    held_out: int
    by_lot: int
    without_number: int


def write_coupon_file(database: Path, path: Path, shop: Shop, key: bytes, erased: Erased, day: date | None = None) -> CouponFile:
    """Write the plan decided as of `day` (default: the newest day with one). Raises `NoSuchPlanError` where there is none."""
    with duckdb.connect(str(database), read_only=True) as connection:
        days = [each for (each,) in connection.execute("select distinct as_of_day from coupon_trial order by 1").fetchall()]
        chosen = days[-1] if day is None and days else day
        if chosen not in days:
            span = f"coupons are planned for {len(days)} days from {days[0]} to {days[-1]}" if days else "no day has a coupon plan"
            raise NoSuchPlanError(f"No coupons are planned as of {chosen}; {span}." if day else f"Nothing to hand out: {span}.")
        plan = connection.execute("select * from coupon_trial where as_of_day = ? order by campaign_id, customer_key", [chosen]).pl()
    numbers = customer_numbers(shop, key, plan["customer_key"], erased)
    named = plan.join(numbers, on="customer_key", how="inner").sort("campaign_id", "customer_id")
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes((BYTE_ORDER_MARK + named.select(COLUMNS).write_csv()).encode("utf-8"))
    os.replace(beside, path)
    return CouponFile(
        path=path,
        given=named["coupon_id"].count(),
        held_out=int(named["is_holdout"].sum()),
        by_lot=named["propensity"].count(),
        without_number=plan.height - named.height,
    )
