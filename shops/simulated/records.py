"""How the shop's system writes order lines down: promptly, late, wrongly and corrected, and voided.

Terms. A record's `recorded_at` is some minutes after the order; 2 % of lines reach the system one to three days late. 0.3 % are first
written with a wrong unit price or one unit too many and corrected by a newer version one to five days later. A cancellation is a
newer version of the same key with line type `cancellation`; it keeps the order's own time.
"""

import numpy as np
import polars as pl

from shops.simulated.catalogue import Catalogue
from shops.simulated.coupons import CouponBook
from shops.simulated.orders import CHANNELS
from shops.simulated.prices import Prices
from shops.simulated.till import SHIPPING_ID, SoldLines
from shops.simulated.writer import lookup, seconds_to_timestamp

SALE, RETURN, CANCELLATION = range(3)
LINE_TYPES = pl.Series(["sale", "return", "cancellation"])
DAY_SECONDS = 86_400
LATE_SHARE = 0.02
CORRECTED_SHARE = 0.003
COLUMNS = (
    "order", "line", "second", "line_type", "item", "customer", "units", "unit_price", "discount", "coupon", "wave", "channel", "recorded"
)  # fmt: skip
Lines = dict[str, np.ndarray]


def sale_records(rng: np.random.Generator, sold: SoldLines, first_order: int, day: int) -> Lines:
    """All versions of the day's sale lines; seconds count from the first day of history, orders from `first_order`."""
    n = len(sold.order)
    second = day * DAY_SECONDS + sold.second
    recorded = np.minimum(second + rng.integers(10, 900, n), (day + 1) * DAY_SECONDS - 1)
    is_late = rng.random(n) < LATE_SHARE
    recorded = np.where(is_late, (day + rng.integers(1, 4, n)) * DAY_SECONDS + 5 * 3600 + rng.integers(0, 3600, n), recorded)
    lines: Lines = {
        "order": first_order + sold.order,
        "line": sold.line,
        "second": second,
        "line_type": np.full(n, SALE),
        "item": sold.item,
        "customer": sold.customer,
        "units": sold.units.astype(np.float64),
        "unit_price": sold.unit_price,
        "discount": sold.discount,
        "coupon": sold.coupon,
        "wave": sold.wave,
        "channel": sold.channel,
        "recorded": recorded,
    }
    wrong = np.flatnonzero(rng.random(n) < CORRECTED_SHARE)
    corrected = _take(lines, wrong)
    corrected["recorded"] = corrected["recorded"] // DAY_SECONDS * DAY_SECONDS + rng.integers(1, 6, len(wrong)) * DAY_SECONDS + 16 * 3600
    is_price = rng.random(len(wrong)) < 0.5
    lines["unit_price"] = lines["unit_price"].copy()
    lines["unit_price"][wrong] = np.where(is_price, corrected["unit_price"] * 1.1, corrected["unit_price"]).round(2)
    lines["units"][wrong] += ~is_price
    voided = np.flatnonzero(sold.cancelled_after >= 0)
    cancelled = _take({**lines, "unit_price": sold.unit_price, "units": sold.units.astype(np.float64)}, voided)
    cancelled["line_type"] = np.full(len(voided), CANCELLATION)
    evening = (day + sold.cancelled_after[voided]) * DAY_SECONDS + DAY_SECONDS - 60
    latest = recorded[voided]
    latest[np.isin(voided, wrong)] += 6 * DAY_SECONDS
    cancelled["recorded"] = np.maximum(evening, latest + 30)
    return {name: np.concatenate([lines[name], corrected[name], cancelled[name]]) for name in COLUMNS}


def return_records(rng: np.random.Generator, returned: Lines, first_order: int, day: int) -> Lines:
    """Return lines of one day, one order each; `returned` has item, customer, units (positive), unit_price, channel."""
    n = len(returned["item"])
    second = day * DAY_SECONDS + np.sort(rng.integers(10 * 3600, 18 * 3600, n))
    none = np.full(n, -1)
    return {
        "order": first_order + np.arange(n),
        "line": np.ones(n, np.int64),
        "second": second,
        "line_type": np.full(n, RETURN),
        "item": returned["item"],
        "customer": returned["customer"],
        "units": -returned["units"].astype(np.float64),
        "unit_price": returned["unit_price"],
        "discount": np.zeros(n),
        "coupon": none,
        "wave": none,
        "channel": returned["channel"],
        "recorded": second + rng.integers(10, 600, n),
    }


def _take(lines: Lines, rows: np.ndarray) -> Lines:
    return {name: values[rows].copy() for name, values in lines.items()}


def order_lines_table(
    lines: Lines, first_second: int, catalogue: Catalogue, prices: Prices, book: CouponBook, customer_id: pl.Series
) -> pl.DataFrame:
    """Contract table `order_lines`."""
    product = np.append(catalogue.item_product, len(catalogue.product_id))[lines["item"]]
    location = np.append(catalogue.item_location, catalogue.web)[lines["item"]]
    order = pl.Series("order", lines["order"]).cast(pl.String).str.zfill(9)
    return pl.DataFrame(
        {
            "order_id": lookup(pl.Series(["O", "R"]), (lines["line_type"] == RETURN).astype(int)) + order,
            "line_id": pl.Series(lines["line"]).cast(pl.String),
            "order_ts": seconds_to_timestamp(lines["second"] + first_second),
            "line_type": lookup(LINE_TYPES, lines["line_type"]),
            "product_id": lookup(pl.Series([*catalogue.product_id, SHIPPING_ID]), product),
            "location_id": lookup(pl.Series(catalogue.location_id), location),
            "customer_id": lookup(customer_id, lines["customer"]),
            "units": lines["units"],
            "unit_price": lines["unit_price"].round(2),
            "discount_amount": lines["discount"],
            "coupon_id": lookup(pl.Series(book.coupon_id), lines["coupon"]),
            "promotion_id": lookup(pl.Series(prices.wave_id), lines["wave"]),
            "channel": lookup(pl.Series(CHANNELS), lines["channel"]),
            "currency": pl.repeat("EUR", len(order), eager=True),
            "recorded_at": seconds_to_timestamp(lines["recorded"] + first_second),
        }
    )
