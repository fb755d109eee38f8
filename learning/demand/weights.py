"""How much each member weighs in the combination, by segment: learned from the shop's own replays, drawn to what serves most shops.

Members: LightGBM, ridge regression, TSB smoothing. For each of the segments smooth and intermittent the weights (at least 0, together 1)
are those with the least squared error of the weighted sum over all replays, every item counted as WRMSSE counts it (revenue, by its own
naive error) and by how well the defaults do on it; to this comes a price on leaving the defaults. The price makes the weights follow the
evidence without a threshold at which a plan would jump, and the replays of two trainings a week apart have most days in common, so that
weights drift and never flip. Nothing is chosen per item.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.demand.candidates import SMOOTHER
from learning.demand.direct import BOOSTED, RIDGE
from learning.demand.grid import DemandGrid, Flags, Floats
from learning.demand.segments import INTERMITTENT, SMOOTH

MEMBERS = (BOOSTED, RIDGE, SMOOTHER)
DEFAULTS = (2 / 3, 0.0, 1 / 3)
SEGMENTS = (SMOOTH, INTERMITTENT)
LEAVING_PRICE = 0.05  # of the mean squared error of the members
REVENUE_DAYS = 28
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
    """table: WEIGHT_SCHEMA; series: how many replayed series of the segment the weights rest on (0: they are the defaults)."""

    table: pl.DataFrame

    def of(self, segment: str) -> Floats:
        """In the order of MEMBERS."""
        own = self.table.filter(pl.col("segment") == segment)
        by_member = dict(zip(own["member"].to_list(), own["weight"].to_list(), strict=True))
        return np.array([by_member[name] for name in MEMBERS])


def default_weights() -> Weights:
    """What holds where there is nothing to learn from."""
    return _weights(dict.fromkeys(SEGMENTS, (np.array(DEFAULTS), 0)))


def learn_weights(replays: Sequence[MemberErrors]) -> Weights:
    """Weights from all replays together; the defaults where no replay has all members."""
    whole = [replay for replay in replays if set(MEMBERS) <= set(replay.members)]
    learned: dict[str, tuple[Floats, int]] = {}
    for segment in SEGMENTS:
        products, series = np.zeros((len(MEMBERS), len(MEMBERS))), 0
        for replay in whole:
            found, items = _error_products(replay, segment)
            products, series = products + found, series + items
        learned[segment] = (_least(products) if series else np.array(DEFAULTS), series)
    return _weights(learned)


def mean_naive_error(past: DemandGrid) -> Floats:
    """Per item the mean squared error of the one-day naive forecast over its past; nan where there is none."""
    counted = past.valid[:, 1:] & past.valid[:, :-1]
    squares = np.where(counted, np.diff(past.units, axis=1) ** 2, 0.0).sum(axis=1)
    days = counted.sum(axis=1)
    return np.divide(squares, days, out=np.full(days.shape, np.nan), where=days > 0)


def recent_revenue(past: DemandGrid) -> Floats:
    """Per item the net revenue of the last four weeks; an item without a price counts at the mean price, a shop without prices by units."""
    price = np.nan_to_num(past.price[:, -1])
    price = np.where(price > 0, price, price[price > 0].mean() if (price > 0).any() else 1.0)
    return past.units[:, -REVENUE_DAYS:].sum(axis=1) * price


def _error_products(replay: MemberErrors, segment: str) -> tuple[Floats, int]:
    """Members x members: weighted sums of products of their errors over the items of a segment, and the number of items."""
    scale, revenue = mean_naive_error(replay.past), recent_revenue(replay.past)
    days = replay.valid.sum(axis=1)
    kept = (replay.segment == segment) & (np.nan_to_num(scale) > 0) & (revenue > 0) & (days > 0)
    errors = np.stack([(replay.members[name][kept] - replay.actual[kept]) * replay.valid[kept] for name in MEMBERS])
    of_defaults = (np.tensordot(np.array(DEFAULTS), errors, axes=1) ** 2).sum(axis=1) / days[kept]
    usual = of_defaults[of_defaults > 0].mean() if (of_defaults > 0).any() else 1.0
    weight = revenue[kept] / np.sqrt(scale[kept] * np.maximum(of_defaults, 0.01 * usual)) / days[kept]
    return np.einsum("aid,bid,i->ab", errors, errors, weight, optimize=True), int(kept.sum())


def _least(products: Floats) -> Floats:
    """The weights that make w'Qw + price x |w - defaults|^2 least, Q in units of the members' mean error."""
    from scipy.optimize import minimize

    defaults = np.array(DEFAULTS)
    mean = float(np.trace(products)) / len(MEMBERS)
    if mean <= 0:
        return defaults
    scaled = products / mean

    def loss(weights: Floats) -> float:
        return float(weights @ scaled @ weights + LEAVING_PRICE * ((weights - defaults) ** 2).sum())

    def slope(weights: Floats) -> Floats:
        return 2.0 * (scaled @ weights + LEAVING_PRICE * (weights - defaults))

    found = minimize(
        loss,
        defaults,
        jac=slope,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * len(MEMBERS),
        constraints=[{"type": "eq", "fun": lambda weights: float(weights.sum()) - 1.0, "jac": np.ones_like}],
        options={"ftol": 1e-10},
    )
    weights = np.round(np.clip(np.asarray(found.x, dtype=np.float64), 0.0, 1.0), 4)
    return weights / weights.sum()


def _weights(learned: dict[str, tuple[Floats, int]]) -> Weights:
    rows = [
        (segment, member, float(weight), default, series)
        for segment, (weights, series) in learned.items()
        for member, weight, default in zip(MEMBERS, weights, DEFAULTS, strict=True)
    ]
    return Weights(pl.DataFrame(rows, schema=WEIGHT_SCHEMA, orient="row"))
