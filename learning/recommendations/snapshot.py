"""A history with its methods and features, and the candidates of a window whose end is known.

Public: `Snapshot`, `Examples`, `snapshot_of`, `examples`, `bought_within`, `missed_by`.
"""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.recommendations.candidates import candidates
from learning.recommendations.features import FeatureSource, feature_source
from learning.recommendations.history import Features, History, Ints, history_of
from learning.recommendations.methods import (
    Neighbourly,
    Scores,
    content,
    item_cf,
    last_basket,
    matrix_factorisation,
    neighbour_pool,
    user_cf,
)
from learning.recommendations.own_purchases import OwnPurchases, own_purchases
from learning.recommendations.settings import RecommendationSettings


@dataclass(frozen=True)
class Snapshot:
    """What is known of `asked` customers (positions, sorted) at the end of a day. `methods` by name."""

    history: History
    own: OwnPurchases
    asked: Ints
    methods: dict[str, Scores] = field(repr=False)
    source: FeatureSource = field(repr=False)
    settings: RecommendationSettings

    def candidates(self, customers: Ints, allowed: NDArray[np.bool_] | None = None, always: Ints | None = None) -> tuple[Ints, Ints]:
        """Return customer and product positions of every candidate (see `candidates.candidates`)."""
        similar, alike = self.methods["item_cf"], self.methods["user_cf"]
        assert isinstance(similar, Neighbourly)
        assert isinstance(alike, Neighbourly)
        return candidates(self.history, self.own, similar, alike, customers, self.settings, allowed, always)


@dataclass(frozen=True)
class Examples:
    """Candidates of one window, sorted by customer: features, whether the product was bought, and the customer's position."""

    features: Features
    bought: NDArray[np.bool_]
    customer: Ints


def snapshot_of(history: History, products: pl.DataFrame, settings: RecommendationSettings, asked: Ints | None = None) -> Snapshot:
    """Fit every method to the history.

    products (grain: product_id): product_id, words (see `methods.content`). asked: customers to be served, all where None.
    """
    everybody = np.arange(history.shape[0]) if asked is None else np.sort(asked)
    own = own_purchases(history)
    alike = user_cf(history, settings, everybody)
    lately = history.matrix(within_days=settings.window_days)
    methods: dict[str, Scores] = {
        "item_cf": item_cf(history, settings),
        "user_cf": alike,
        "user_cf_28": replace(alike, right=lately[neighbour_pool(history, settings)]),
        "matrix_factorisation": matrix_factorisation(history, settings),
        "content": content(history, products),
        "last_basket": last_basket(history, settings),
    }
    return Snapshot(history, own, everybody, methods, feature_source(history, own, methods, settings), settings)


def examples(lines: pl.DataFrame, products: pl.DataFrame, last_known_day: date, settings: RecommendationSettings) -> list[Examples]:
    """Return the candidates of the training windows, the newest window ending on `last_known_day`; windows without history are left out.

    Customers are those who bought in the window and before, `most_training_customers` of them by lot.
    """
    found: list[Examples] = []
    for back in range(settings.training_windows):
        end = last_known_day - timedelta(days=settings.training_step_days * back)
        day = end - timedelta(days=settings.window_days)
        history = history_of(lines, day)
        buyers, bought = bought_within(lines, history, day, end)
        if not len(buyers):
            continue
        if len(buyers) > settings.most_training_customers:
            chosen = np.random.default_rng(settings.seed).choice(len(buyers), settings.most_training_customers, replace=False)
            buyers = np.sort(buyers[chosen])
        at = snapshot_of(history, products, settings, buyers)
        customer, product = at.candidates(buyers)
        is_bought = np.isin(customer * at.own.products + product, bought)
        found.append(Examples(at.source.features(customer, product), is_bought, customer))
    return found


def bought_within(lines: pl.DataFrame, history: History, after: date, until: date) -> tuple[Ints, Ints]:
    """Return customers of the history who bought after `after` and until `until`, and their pairs (customer * products + product)."""
    window = lines.filter(
        pl.col("business_day") > after, pl.col("business_day") <= until, pl.col("units") > 0, pl.col("customer_key").is_not_null()
    )
    customer, product = history.positions(window["customer_key"]), history.product_positions(window["product_id"])
    known = (customer >= 0) & (product >= 0)
    return np.unique(customer[customer >= 0]), np.unique(customer[known] * max(history.shape[1], 1) + product[known])


def missed_by(lines: pl.DataFrame, history: History, after: date, until: date) -> Ints:
    """Return the customers of purchases in the window of products that nobody had bought before, one entry per customer and product."""
    window = lines.filter(pl.col("business_day") > after, pl.col("business_day") <= until, pl.col("units") > 0)
    fresh = window.filter(~pl.col("product_id").is_in(history.products.implode())).select("customer_key", "product_id").unique()
    customer = history.positions(fresh["customer_key"])
    return np.sort(customer[customer >= 0])
