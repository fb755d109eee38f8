"""How much each member weighs in the combination: learned from the shop's own replays, drawn to what serves most shops.

Two questions have the same answer. Of the *items* (segments smooth and intermittent): how much of LightGBM, ridge regression and TSB
smoothing. Of each *category's course*, day by day: how much of the items' own sum, of Prophet's course and of the smoothed items' sum; a
shop whose replays show a season that only Prophet sees is drawn to it, another is not. The weights (at least 0, together 1) are those with
the least squared error of the weighted sum over all replays: every item counted as WRMSSE counts it (revenue, by its own naive error) and
by how well the defaults do on it, every category likewise, and the total as much as all categories. To this comes a price on leaving the
defaults. The price makes the weights follow the evidence without a threshold at which a plan would jump, and the replays of two trainings
a week apart have most days in common, so that weights drift and never flip. Nothing is chosen per item.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.demand.candidates import SMOOTHER
from learning.demand.direct import BOOSTED, RIDGE
from learning.demand.error_scale import naive_error, recent_revenue
from learning.demand.grid import DemandGrid, Flags, Floats
from learning.demand.segments import INTERMITTENT, SMOOTH
from learning.demand.weekdays import sums_by_day

MEMBERS = (BOOSTED, RIDGE, SMOOTHER)
DEFAULTS = (2 / 3, 0.0, 1 / 3)
SEGMENTS = (SMOOTH, INTERMITTENT)
OWN, PROPHET = "items' own sum", "shared-out Prophet"
COURSE_MEMBERS = (OWN, PROPHET, SMOOTHER)
COURSE_DEFAULTS = (0.5, 0.25, 0.25)
COURSE = "category course"
LEAVING_PRICE = 0.05  # of the mean squared error of the members
COURSE_PRICE = 0.3  # a replay's days of a category tell less than so many items: they err together
WEIGHT_SCHEMA = {"segment": pl.String, "member": pl.String, "weight": pl.Float64, "default_weight": pl.Float64, "series": pl.Int64}


class MemberErrors(Protocol):
    """What the weights are learned from: one replayed origin."""

    @property
    def past(self) -> DemandGrid:
        """What the origin had seen."""
        ...

    @property
    def members(self) -> dict[str, Floats]:
        """Items x horizon by member."""
        ...

    @property
    def course_members(self) -> dict[str, Floats]:
        """Items x horizon by member of the category's course; Prophet may be missing."""
        ...

    @property
    def segment(self) -> NDArray[np.str_]:
        """Per item."""
        ...

    @property
    def actual(self) -> Floats:
        """Items x horizon, units."""
        ...

    @property
    def valid(self) -> Flags:
        """Items x horizon: days that tell demand."""
        ...


@dataclass(frozen=True)
class Weights:
    """table: WEIGHT_SCHEMA; segment: an item segment or COURSE; series: how many replayed series the weights rest on (0: they are the
    defaults)."""

    table: pl.DataFrame

    def of(self, segment: str) -> Floats:
        """In the order of MEMBERS or COURSE_MEMBERS."""
        own = self.table.filter(pl.col("segment") == segment)
        by_member = dict(zip(own["member"].to_list(), own["weight"].to_list(), strict=True))
        return np.array([by_member[name] for name in (COURSE_MEMBERS if segment == COURSE else MEMBERS)])


def default_weights() -> Weights:
    """What holds where there is nothing to learn from."""
    return _weights(dict.fromkeys(SEGMENTS, (np.array(DEFAULTS), 0)), (np.array(COURSE_DEFAULTS), 0))


def learn_weights(replays: Sequence[MemberErrors]) -> Weights:
    """Weights from all replays together; the defaults where no replay has all members."""
    segments: dict[str, tuple[Floats, int]] = {}
    for segment in SEGMENTS:
        told = [_error_products(replay, segment) for replay in replays if set(MEMBERS) <= set(replay.members)]
        segments[segment] = _least_of(told, DEFAULTS, LEAVING_PRICE)
    courses = [_course_products(replay) for replay in replays if set(COURSE_MEMBERS) <= set(replay.course_members)]
    return _weights(segments, _least_of(courses, COURSE_DEFAULTS, COURSE_PRICE))


def _error_products(replay: MemberErrors, segment: str) -> tuple[Floats, int]:
    """Members x members: weighted sums of products of their errors over the items of a segment, and the number of items."""
    scale, revenue = naive_error(replay.past.units, replay.past.valid), recent_revenue(replay.past)
    days = replay.valid.sum(axis=1)
    kept = (replay.segment == segment) & (np.nan_to_num(scale) > 0) & (revenue > 0) & (days > 0)
    errors = np.stack([(replay.members[name][kept] - replay.actual[kept]) * replay.valid[kept] for name in MEMBERS])
    of_defaults = (np.tensordot(np.array(DEFAULTS), errors, axes=1) ** 2).sum(axis=1) / days[kept]
    usual = of_defaults[of_defaults > 0].mean() if (of_defaults > 0).any() else 1.0
    weight = revenue[kept] / np.sqrt(scale[kept] * np.maximum(of_defaults, 0.01 * usual)) / days[kept]
    return np.einsum("aid,bid,i->ab", errors, errors, weight, optimize=True), int(kept.sum())


def _course_products(replay: MemberErrors) -> tuple[Floats, int]:
    """The same over the days of categories and of the total."""
    past, category = replay.past, replay.past.codes("category")
    misses = [(replay.course_members[name] - replay.actual) * replay.valid for name in COURSE_MEMBERS]
    products, series = np.zeros((len(COURSE_MEMBERS), len(COURSE_MEMBERS))), 0
    revenue = recent_revenue(past)
    for group in (category, np.zeros_like(category)):
        history, known = sums_by_day(group, past.units * past.valid), sums_by_day(group, past.valid.astype(np.float64)) > 0
        scale = naive_error(history, known)
        errors = np.stack([sums_by_day(group, each) for each in misses])
        weight = np.bincount(group, weights=revenue) / max(revenue.sum(), 1e-9)
        kept = (np.nan_to_num(scale) > 0) & (weight > 0)
        of_defaults = (np.tensordot(np.array(COURSE_DEFAULTS), errors[:, kept], axes=1) ** 2).mean(axis=1)
        counted = weight[kept] / np.sqrt(scale[kept] * np.maximum(of_defaults, 1e-6 * scale[kept]))
        products += np.einsum("aid,bid,i->ab", errors[:, kept], errors[:, kept], counted, optimize=True)
        series += int(kept.sum())
    return products, series


def _least_of(told: list[tuple[Floats, int]], defaults: tuple[float, ...], price: float) -> tuple[Floats, int]:
    series = sum(count for _, count in told)
    if not series:
        return np.array(defaults), 0
    return _least(np.sum([products for products, _ in told], axis=0), np.array(defaults), price), series


def _least(products: Floats, defaults: Floats, price: float) -> Floats:
    """The weights that make w'Qw + price x |w - defaults|^2 least, Q in units of the members' mean error."""
    from scipy.optimize import minimize

    mean = float(np.trace(products)) / defaults.size
    if mean <= 0:
        return defaults
    scaled = products / mean

    def loss(weights: Floats) -> float:
        return float(weights @ scaled @ weights + price * ((weights - defaults) ** 2).sum())

    def slope(weights: Floats) -> Floats:
        return 2.0 * (scaled @ weights + price * (weights - defaults))

    found = minimize(
        loss,
        defaults,
        jac=slope,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * defaults.size,
        constraints=[{"type": "eq", "fun": lambda weights: float(weights.sum()) - 1.0, "jac": np.ones_like}],
        options={"ftol": 1e-10},
    )
    weights = np.round(np.clip(np.asarray(found.x, dtype=np.float64), 0.0, 1.0), 4)
    return weights / weights.sum()


def _weights(segments: dict[str, tuple[Floats, int]], course: tuple[Floats, int]) -> Weights:
    learned: list[tuple[str, tuple[str, ...], tuple[float, ...], tuple[Floats, int]]] = []
    learned += [(name, MEMBERS, DEFAULTS, found) for name, found in segments.items()]
    learned.append((COURSE, COURSE_MEMBERS, COURSE_DEFAULTS, course))
    rows = [
        (segment, member, float(weight), default, series)
        for segment, members, defaults, (weights, series) in learned
        for member, weight, default in zip(members, weights, defaults, strict=True)
    ]
    return Weights(pl.DataFrame(rows, schema=WEIGHT_SCHEMA, orient="row"))
