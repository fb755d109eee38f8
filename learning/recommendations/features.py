"""The features of a candidate: own purchases of the product, the customer, the product, and what the methods say of the pair.

Ages are days before the as-of day. Nothing is filled in: what is not known (a first purchase has no gap) is not a number, and the
re-ranker's trees take it as such.

Public: `FeatureSource`, `feature_source`, `FEATURES`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from learning.recommendations.blend import blend_scores
from learning.recommendations.history import Features, Floats, History, Ints
from learning.recommendations.methods import Scores
from learning.recommendations.own_purchases import HALF_LIVES_DAYS, OwnPurchases
from learning.recommendations.settings import RecommendationSettings

METHOD_FEATURES = ("item_cf", "user_cf", "user_cf_28", "matrix_factorisation", "content", "last_basket")
_OWN = (
    "own_days", "own_last", "own_first", "own_units", "own_revenue", "own_last_units", *(f"own_decayed_{days}" for days in HALF_LIVES_DAYS),
    "own_days_28", "own_days_84", "own_gap", "own_due", "own_due_for_customer", "orders_since", "order_share", "order_share_since_first",
    "decayed_share_30", "decayed_share_90", "decayed_share_240",
)  # fmt: skip
_CUSTOMER = (
    "customer_purchases", "customer_products", "customer_days", "customer_last", "customer_first", "customer_revenue",
    "customer_purchases_28", "customer_purchases_84", "customer_gap", "customer_repeat_share", "customer_basket", "customer_new_share_84",
)  # fmt: skip
_PRODUCT = (
    "product_purchases", "product_customers", "product_first", "product_last", "product_price", "product_units", "product_decayed",
    "product_rank", "product_customers_3", "product_customers_7", "product_customers_14", "product_customers_28", "product_customers_84",
    "product_repeat_share", "product_bought_again", "product_trend_7", "product_trend_28", "product_trend_56", "product_last_year",
    "product_price_change",
)  # fmt: skip
FEATURES = (*_OWN, *_CUSTOMER, *_PRODUCT, "relative_price", "blend", "blend_place", *METHOD_FEATURES, "month")


@dataclass(frozen=True)
class FeatureSource:
    """What features are looked up in: tables of customers and products, own purchases, methods fitted to the history."""

    history: History
    own: OwnPurchases
    methods: dict[str, Scores]
    customers: Floats
    order_weights: Floats
    products: Floats
    settings: RecommendationSettings

    def features(self, customers: Ints, products: Ints) -> Features:
        """Return one row per pair and one column per FEATURES (float32); pairs sorted by customer."""
        own = self._own(customers, products)
        price = self.products[products, _PRODUCT.index("product_price")]
        usual = self.customers[customers, _CUSTOMER.index("customer_revenue")] / np.maximum(self.order_weights[customers, 3], 1e-9)
        blend = blend_scores(self.history, self.own, customers, products, self.settings)
        with np.errstate(divide="ignore", invalid="ignore"):
            relative = np.log(price / usual)
        told = [method.pairs(customers, products) for method in (self.methods[name] for name in METHOD_FEATURES)]
        month = np.full(len(customers), self.history.as_of_day.month)
        columns = [own, self.customers[customers], self.products[products], relative, blend, _places(customers, blend), *told, month]
        return np.column_stack(columns).astype(np.float32)

    def _own(self, customers: Ints, products: Ints) -> Floats:
        row = self.own.find(customers, products)
        known = row >= 0
        o, last, first = self.own, self.own.last[row] * 1.0, self.own.first[row] * 1.0
        days, decayed = o.days[row], o.decayed[row]
        of_customer, weights = self.customers[customers], self.order_weights[customers]
        with np.errstate(divide="ignore", invalid="ignore"):
            gap = np.where(days > 1, (first - last) / (days - 1), np.nan)
            since, possible = self._days_after(customers, o.last[row]), self._days_after(customers, o.first[row]) + 1
            columns = np.column_stack([
                days, last, first, o.units[row], o.revenue[row], o.last_units[row], decayed, o.days_28[row], o.days_84[row], gap,
                last / gap,
                last / of_customer[:, _CUSTOMER.index("customer_gap")], since, days / of_customer[:, _CUSTOMER.index("customer_days")],
                days / possible, decayed[:, 1:] / weights[:, :3],
            ])  # fmt: skip
        columns[~known] = np.nan
        return columns.astype(np.float64)

    def _days_after(self, customers: Ints, age: Ints) -> Floats:
        """Days on which the customer bought anything after a day of that age."""
        customer, ages = self.history.customer_days
        span = int(self.history.age.max(initial=0)) + 1
        coded = customer * span + (span - 1 - ages)
        end = np.searchsorted(coded, (customers + 1) * span)
        return (end - np.searchsorted(coded, customers * span + (span - 1 - age), side="right")).astype(np.float64)


def feature_source(history: History, own: OwnPurchases, methods: dict[str, Scores], settings: RecommendationSettings) -> FeatureSource:
    """Return the source; raises KeyError where a method of METHOD_FEATURES is missing."""
    absent = [name for name in METHOD_FEATURES if name not in methods]
    if absent:
        raise KeyError(f"Features need the methods {absent}.")
    customers, weights = _customers(history, own)
    return FeatureSource(history, own, methods, customers, weights, _products(history, own), settings)


def _customers(history: History, own: OwnPurchases) -> tuple[Floats, Floats]:
    count = history.shape[0]

    def sums(codes: Ints, values: Any = None) -> Floats:
        return np.bincount(codes, weights=values, minlength=count).astype(np.float64)

    customer, ages = history.customer_days
    purchases, products, days = sums(history.customer), sums(own.customer), sums(customer)
    last, first = history.last_age.astype(np.float64), np.zeros(count)
    np.maximum.at(first, history.customer, history.age.astype(np.float64))
    revenue, lately = sums(history.customer, history.revenue), (history.age < 84).astype(np.float64)
    is_first = own.first[own.find(history.customer, history.product)] == history.age
    with np.errstate(divide="ignore", invalid="ignore"):
        new_share = sums(history.customer, lately * is_first) / sums(history.customer, lately)
        gap = np.where(days > 1, (first - last) / (days - 1), np.nan)
        table = np.column_stack([
            purchases, products, days, last, first, revenue, sums(history.customer, (history.age < 28) * 1.0),
            sums(history.customer, lately), gap, 1 - products / purchases, purchases / days, new_share,
        ])  # fmt: skip
    weights = [sums(customer, 0.5 ** (ages / half_life)) for half_life in HALF_LIVES_DAYS[1:]]
    return table, np.column_stack([*weights, sums(history.customer, history.units)])


def _products(history: History, own: OwnPurchases) -> Floats:
    count, product, age = history.shape[1], history.product, history.age

    def sums(values: Any = None, codes: Ints = product) -> Floats:
        return np.bincount(codes, weights=values, minlength=count).astype(np.float64)

    first, last = np.zeros(count), np.full(count, np.inf)
    np.maximum.at(first, product, age.astype(np.float64))
    np.minimum.at(last, product, age.astype(np.float64))
    lately = (age < 28) * 1.0
    purchases, customers, revenue, units = sums(), sums(codes=own.product), sums(history.revenue), sums(history.units)
    decayed = history.popularity(14.0)
    within = {days: sums((own.last < days) * 1.0, own.product) for days in (3, 7, 14, 28, 84)}
    before = sums(((age >= 28) & (age < 56)) * 1.0)
    active = history.last_age[own.customer] < 28
    could, did = active & (own.first >= 28), active & (own.first >= 28) & (own.last < 28)
    with np.errstate(divide="ignore", invalid="ignore"):
        price = revenue / units
        return np.column_stack([
            purchases, customers, first, last, price, units / purchases, decayed, _ranks(decayed), *within.values(),
            1 - customers / purchases,
            (sums(did * 1.0, own.product) + 0.5) / (sums(could * 1.0, own.product) + 5), (within[7] + 1) * 4 / (within[28] + 4),
            (within[28] + 1) * 3 / (within[84] + 3), (within[28] + 1) / (before + 1), sums(((age >= 336) & (age < 364)) * 1.0),
            sums(history.revenue * lately) / sums(history.units * lately) / price,
        ])  # fmt: skip


def _ranks(values: Floats) -> Floats:
    """Return 1 for the greatest; equal values share the mean of their places."""
    ordered, of, count = np.unique(-values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2.0)[of] if len(ordered) else np.zeros(0)


def _places(customers: Ints, scores: Floats) -> Floats:
    """Return the place of each score among its customer's, 1 for the greatest; customers are sorted, ties keep the order of products."""
    order = np.lexsort((-scores, customers))
    places = np.empty(len(scores))
    places[order] = np.arange(len(scores)) - np.searchsorted(customers, customers[order]) + 1
    return places
