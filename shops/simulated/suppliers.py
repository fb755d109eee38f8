"""Who delivers: suppliers with lead times, order weekdays, minimum order values and fixed costs.

Each supplier serves one or two departments. Order weekdays are dealt out in turn, so that every weekday has suppliers that take orders.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from shops.simulated.catalogue import Catalogue
from shops.simulated.shop_days import ShopDays
from shops.simulated.sizes import ShopSize, stream

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
ORDER_WEEKDAYS = ((0, 3), (1, 4), (2,), (5,), (6, 2), (4, 1), (3, 0), (2, 5), (0,), (3,), (0, 2, 4))


@dataclass(frozen=True)
class Suppliers:
    """Arrays over suppliers.

    `takes_orders` is (supplier, weekday), `review_days` the longest gap between order days, `of_product` the supplier of each product.
    """

    supplier_id: list[str]
    lead_time_days: np.ndarray
    lead_time_sd_days: np.ndarray
    takes_orders: np.ndarray
    review_days: np.ndarray
    min_order_value: np.ndarray
    fixed_order_cost: np.ndarray
    of_product: np.ndarray


def make_suppliers(size: ShopSize, catalogue: Catalogue, seed: int) -> Suppliers:
    """Draw suppliers and share the products out among them."""
    rng = stream(seed, "suppliers")
    n = size.suppliers
    takes_orders = np.zeros((n, 7), bool)
    for supplier in range(n):
        takes_orders[supplier, list(ORDER_WEEKDAYS[supplier % len(ORDER_WEEKDAYS)])] = True
    scale = max(0.25, size.customers / 6_000 * 21 / n)
    return Suppliers(
        supplier_id=[f"S{s + 1:03d}" for s in range(n)],
        lead_time_days=rng.choice([2, 3, 5, 7, 7, 10, 14, 21], n),
        lead_time_sd_days=np.round(rng.uniform(0.0, 1.8, n), 1),
        takes_orders=takes_orders,
        review_days=np.array([_longest_gap(row) for row in takes_orders]),
        min_order_value=np.round(rng.choice([0, 100, 200, 300, 500], n) * scale, -1),
        fixed_order_cost=rng.choice([0.0, 5.0, 12.0, 20.0], n),
        of_product=_share_out(rng, catalogue.category, n),
    )


def _share_out(rng: np.random.Generator, category: np.ndarray, n: int) -> np.ndarray:
    """Two or three suppliers per category, each product at one of them."""
    per_category = rng.permuted(np.tile(np.arange(n), (int(category.max()) + 1, 1)), axis=1)[:, :2]
    per_category[:, 0] = np.arange(len(per_category)) % n
    return per_category[category, rng.integers(0, 2, len(category))]


def _longest_gap(takes_orders: np.ndarray) -> int:
    days = np.flatnonzero(takes_orders)
    return int(np.diff(np.append(days, days[0] + 7)).max())


def suppliers_table(suppliers: Suppliers, shop_days: ShopDays) -> pl.DataFrame:
    """Contract table `suppliers`."""
    n = len(suppliers.supplier_id)
    return pl.DataFrame(
        {
            "supplier_id": suppliers.supplier_id,
            "supplier_name": [f"Supplier {s + 1}" for s in range(n)],
            "lead_time_days": suppliers.lead_time_days,
            "lead_time_sd_days": suppliers.lead_time_sd_days,
            "review_days": suppliers.review_days,
            "order_weekdays": [",".join(WEEKDAYS[d] for d in np.flatnonzero(row)) for row in suppliers.takes_orders],
            "min_order_value": suppliers.min_order_value,
            "fixed_order_cost": suppliers.fixed_order_cost,
            "recorded_at": np.full(n, shop_days.days[0].astype("datetime64[us]")),
        }
    )
