"""The frequency blend: the customer's own decayed count of a product, plus a small share of what everybody buys just now.

score = own + w * (p / max p) ** g, own = sum over days bought of 0.5 ** (age / own half-life), p the same over all customers with the
popularity's half-life. Whoever bought a product often and lately gets it again; ties and new products go by popularity, which decides more
than any cleverer method does. Without own purchases the score is the popularity.

Public: `blend_scores`, `popularity_scores`.
"""

import numpy as np

from learning.recommendations.history import Floats, History, Ints
from learning.recommendations.own_purchases import HALF_LIVES_DAYS, OwnPurchases
from learning.recommendations.settings import RecommendationSettings


def popularity_scores(history: History, settings: RecommendationSettings) -> Floats:
    """Return the blend's second term for every product, from 0 to `popularity_weight`."""
    popularity = history.popularity(settings.popularity_half_life_days)
    return settings.popularity_weight * (popularity / max(popularity.max(initial=0.0), 1e-12)) ** settings.popularity_exponent


def blend_scores(history: History, own: OwnPurchases, customers: Ints, products: Ints, settings: RecommendationSettings) -> Floats:
    """Return the blend of each pair of the parallel arrays."""
    row = own.find(customers, products)
    decayed = own_decayed(history, own, settings)
    counted = np.where(row >= 0, decayed[row], 0.0) if len(decayed) else np.zeros(len(row))
    return counted + popularity_scores(history, settings)[products]


def own_decayed(history: History, own: OwnPurchases, settings: RecommendationSettings) -> Floats:
    """Return the blend's first term for every row of `own`."""
    if settings.own_half_life_days in HALF_LIVES_DAYS:
        return own.decayed[:, HALF_LIVES_DAYS.index(int(settings.own_half_life_days))]
    weight = 0.5 ** (history.age / settings.own_half_life_days)
    row = own.find(history.customer, history.product)
    return np.bincount(row, weights=weight, minlength=len(own.key)).astype(np.float64)
