"""What a customer's own purchases say of a product: how often, how lately, how regularly; one row per customer and product bought.

Public: `OwnPurchases`, `own_purchases`, `HALF_LIVES_DAYS`.
"""

from dataclasses import dataclass

import numpy as np

from learning.recommendations.history import Floats, History, Ints

HALF_LIVES_DAYS = (10, 30, 90, 240)


@dataclass(frozen=True)
class OwnPurchases:
    """key: customer * products + product, sorted; the arrays are parallel to it.

    days: days bought on; last, first: age of the last and first [days]; units, revenue: in sum; last_units: of the last day; decayed: by
    half-life, one column each of HALF_LIVES_DAYS; days_28, days_84: bought on in the last days.
    """

    key: Ints
    products: int
    days: Floats
    last: Ints
    first: Ints
    units: Floats
    revenue: Floats
    last_units: Floats
    decayed: Floats
    days_28: Floats
    days_84: Floats

    @property
    def customer(self) -> Ints:
        """Customer of each row."""
        return self.key // self.products

    @property
    def product(self) -> Ints:
        """Product of each row."""
        return self.key % self.products

    def find(self, customers: Ints, products: Ints) -> Ints:
        """Rows of pairs; -1 where the customer never bought the product."""
        wanted = customers * self.products + products
        place = np.minimum(np.searchsorted(self.key, wanted), max(len(self.key) - 1, 0))
        return np.where(self.key[place] == wanted, place, -1) if len(self.key) else np.full(len(wanted), -1)

    def of(self, customers: Ints) -> Ints:
        """Rows of the sorted customers, in order."""
        low = np.searchsorted(self.key, customers * self.products)
        count = np.searchsorted(self.key, (customers + 1) * self.products) - low
        return np.repeat(low - np.concatenate([[0], np.cumsum(count)[:-1]]), count) + np.arange(count.sum()) if len(customers) else low


def own_purchases(history: History) -> OwnPurchases:
    """Return the own purchases of all customers."""
    products = max(history.shape[1], 1)
    coded = history.customer * products + history.product
    key, starts = np.unique(coded, return_index=True)
    ends = np.append(starts[1:], len(coded))[: len(starts)]

    def sums(values: Floats) -> Floats:
        return np.add.reduceat(values, starts) if len(starts) else np.zeros(0)

    age = history.age
    return OwnPurchases(
        key=key,
        products=products,
        days=(ends - starts).astype(np.float64),
        last=age[ends - 1],
        first=age[starts],
        units=sums(history.units),
        revenue=sums(history.revenue),
        last_units=history.units[ends - 1],
        decayed=np.column_stack([sums(0.5 ** (age / half_life)) for half_life in HALF_LIVES_DAYS]),
        days_28=sums((age < 28).astype(np.float64)),
        days_84=sums((age < 84).astype(np.float64)),
    )
