"""Sums of customers' outcomes, small enough to be added up over arms and segments; the library for experiments is fed from them.

`Moments` of two groups that share no customer add up to those of both: a campaign is summed once, by arm and segment, and every comparison
of its arms and segments is an addition.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tea_tasting.aggr import Aggregates

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """count of customers, means and centred cross products of the columns `names`."""

    names: tuple[str, ...]
    count: int
    mean: Floats
    cross: Floats

    @staticmethod
    def of(frame: pl.DataFrame, names: tuple[str, ...]) -> "Moments":
        """Return the moments of the frame's columns `names`; they must be numbers without gaps."""
        values = frame.select(pl.col(name).cast(pl.Float64) for name in names).to_numpy()
        if not np.isfinite(values).all():
            raise ValueError("Outcomes must be finite numbers.")
        mean = values.mean(axis=0) if len(values) else np.zeros(len(names))
        centred = values - mean
        return Moments(names, len(values), mean, centred.T @ centred)

    def __add__(self, other: "Moments") -> "Moments":
        """Return the moments of both groups together (Chan, Golub, LeVeque, The American Statistician 37 (1983), 242-247)."""
        if self.names != other.names:
            raise ValueError("Only moments of the same columns add up.")
        count = self.count + other.count
        if count == 0:
            return self
        apart = other.mean - self.mean
        mean = self.mean + apart * (other.count / count)
        cross = self.cross + other.cross + np.outer(apart, apart) * (self.count * other.count / count)
        return Moments(self.names, count, mean, cross)

    def mean_of(self, name: str) -> float:
        """Mean of one column."""
        return float(self.mean[self.names.index(name)])

    def covariance(self, left: str, right: str) -> float:
        """Sample covariance of two columns; 0 where there is but one customer."""
        return self.cross_of(left, right) / (self.count - 1) if self.count > 1 else 0.0

    def cross_of(self, left: str, right: str) -> float:
        """Centred sum of products of two columns."""
        return float(self.cross[self.names.index(left), self.names.index(right)])

    def combined(self, name: str, factors: Mapping[str, float]) -> "Moments":
        """Return these moments with one column more, `name`: the sum of columns times their factors."""
        factor = np.array([factors.get(each, 0.0) for each in self.names])
        with_all = self.cross @ factor
        cross = np.block([[self.cross, with_all[:, None]], [with_all[None, :], np.array([[max(float(factor @ with_all), 0.0)]])]])
        return Moments((*self.names, name), self.count, np.append(self.mean, self.mean @ factor), cross)

    def aggregates(self, *names: str) -> "Aggregates":
        """Return what tea-tasting works on, for some columns."""
        from tea_tasting.aggr import Aggregates

        used = sorted(set(names))
        return Aggregates(
            count_=self.count,
            mean_={name: self.mean_of(name) for name in used},
            var_={name: self.covariance(name, name) for name in used},
            cov_={(left, right): self.covariance(left, right) for left in used for right in used if left <= right},
        )
