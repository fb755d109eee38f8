"""How much a promotion lifts a product's sales, by depth of the price cut: own events drawn to the category's, and those to the shop's.

Of each event the ratio of sold over expected units is taken, with the variance that counts of this size have by chance (Poisson at the
shop's ratio) and what events differ by beyond it. A normal model of three levels (shop, category, product) draws each level to the one
above by how much their members differ (empirical Bayes; Gelman et al., Bayesian Data Analysis, 3rd ed., ch. 5; between-variances by
DerSimonian and Laird, statsmodels). Ratios rather than logarithms: what is planned with are expected units, and small events have no log.

History is observational: a shop promotes what it expects to sell, so a lift is no causal effect.

Public: `EFFECT_SCHEMA`, `depth_band`, `promotion_effects`.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from scipy.stats import norm
from statsmodels.stats.meta_analysis import combine_effects  # pyright: ignore[reportMissingTypeStubs]

from learning.demand.grid import Floats
from learning.demand.promotion_lift import BAND_EDGES, BANDS
from learning.promotions.promotion_events import promotion_events

EFFECT_SCHEMA = {
    "product_id": pl.String,
    "category": pl.String,
    "band": pl.Int64,
    "lift": pl.Float64,
    "lift_low": pl.Float64,
    "lift_high": pl.Float64,
    "events": pl.Int64,
    "category_events": pl.Int64,
    "lift_source": pl.String,
}
CONFIDENCE = 0.8
LOWEST, HIGHEST = 0.5, 10.0


@dataclass(frozen=True)
class _Level:
    """Mean and variance of the lift by name of the group, and how much groups differ."""

    mean: dict[str, float]
    variance: dict[str, float]
    between: float


def depth_band(discount_share: float) -> int:
    """Return the depth band of a price cut: 0 none, then below 15 %, 30 %, 45 %, and deeper."""
    return int(np.digitize(discount_share, BAND_EDGES))


def promotion_effects(panel: pl.DataFrame, as_of_day: date) -> pl.DataFrame:
    """Return the lift of each product of the panel and band in which the shop had any event (grain: product_id, band; `EFFECT_SCHEMA`).

    lift: sales on promotion over sales without, a ratio; lift_low and lift_high hold the product's mean lift with 80 % by the model.
    events and category_events: how many events of the product and of its category stand behind it. lift_source: product, category or shop,
    the nearest level with an event. Sorted; without any event the table is empty. Raises ValueError like `build_grid`.
    """
    events = promotion_events(panel, as_of_day)
    products = panel.group_by("product_id").agg(category=pl.col("category").sort_by("business_day").drop_nulls().last())
    products = products.with_columns(pl.col("category").fill_null("uncategorised")).sort("product_id")
    parts = [_of_band(events.filter(pl.col("band") == band), products, band) for band in range(BANDS)]
    return pl.concat(parts).sort("product_id", "band")


def _of_band(events: pl.DataFrame, products: pl.DataFrame, band: int) -> pl.DataFrame:
    if events.is_empty():
        return pl.DataFrame(schema=EFFECT_SCHEMA)
    expected = events["expected_units"].to_numpy()
    lift = events["sold_units"].to_numpy() / expected
    variance = max(float((lift * expected).sum() / expected.sum()), LOWEST) / expected
    mean, error, spread = _pooled(lift, variance)
    own = variance + spread
    by_category = _group(events["category"].to_list(), lift, own)
    centres = {name: _drawn(by_category, name, mean, error) for name in sorted(set(products["category"].to_list()))}
    usual = np.array([_drawn(by_category, name, mean, error)[0] for name in events["category"].to_list()])
    by_product = _group(events["product_id"].to_list(), lift - usual, own)  # what products differ by within their category
    counts = dict(events.group_by("product_id").len().iter_rows())
    category_counts = dict(events.group_by("category").len().iter_rows())
    z = float(norm.ppf((1 + CONFIDENCE) / 2))
    rows: list[tuple[object, ...]] = []
    for product, category in products.select("product_id", "category").iter_rows():
        above, doubt = centres[category]
        apart, doubt = _drawn(by_product, product, 0.0, doubt)
        centre = above + apart
        source = "product" if product in counts else "category" if category in category_counts else "shop"
        told = (centre, centre - z * np.sqrt(doubt), centre + z * np.sqrt(doubt))
        lifts = tuple(float(np.clip(one, LOWEST, HIGHEST)) for one in told)
        rows.append((product, category, band, *lifts, counts.get(product, 0), category_counts.get(category, 0), source))
    return pl.DataFrame(rows, schema=EFFECT_SCHEMA, orient="row")


def _pooled(effect: Floats, variance: Floats) -> tuple[float, float, float]:
    """Return mean, its variance and the variance between members beyond chance (DerSimonian and Laird)."""
    if len(effect) == 1:
        return float(effect[0]), float(variance[0]), 0.0
    with np.errstate(invalid="ignore", divide="ignore"):  # it computes more than we use, some of it from nothing
        found = combine_effects(effect, variance, method_re="chi2")
    between = max(float(found.tau2), 0.0)  # pyright: ignore[reportAttributeAccessIssue]
    weight = 1 / (variance + between)
    return float((weight * effect).sum() / weight.sum()), float(1 / weight.sum()), between


def _group(names: list[str], effect: Floats, variance: Floats) -> _Level:
    """Return precision-weighted means of groups, and how much groups differ beyond the variance of their means."""
    known, member = np.unique(np.array(names, dtype=object).astype(str), return_inverse=True)
    weight = np.bincount(member, weights=1 / variance)
    mean = np.bincount(member, weights=effect / variance) / weight
    between = _pooled(mean, 1 / weight)[2]
    return _Level(
        dict(zip(known.tolist(), mean.tolist(), strict=True)), dict(zip(known.tolist(), (1 / weight).tolist(), strict=True)), between
    )


def _drawn(level: _Level, name: str, mean: float, variance: float) -> tuple[float, float]:
    """Return mean and variance of one member: its own, drawn to the mean of the level above by their precisions."""
    prior = variance + level.between
    if name not in level.mean:
        return mean, prior
    own = level.variance[name]
    if prior <= 0:
        return mean, 0.0
    precision = 1 / own + 1 / prior
    return (level.mean[name] / own + mean / prior) / precision, 1 / precision
