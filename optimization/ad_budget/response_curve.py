"""The response curve height * x^shape / (x^shape + half^shape) and straight lines that lie nowhere below it.

A curve of shape 1 is concave. Above 1 it is S-shaped: convex up to its inflection, concave after it. On an interval the tightest concave
function above the curve is, from the left: the chord from the left end to the point where it touches (the tangency), then the curve itself.

Public: `Curve`, `Line`, `values_of`, `slopes_of`.
"""

from dataclasses import dataclass

import numpy as np

from optimization.linear_program.arrays import Floats

_HALVINGS = 80
_NOTHING, _HUGE = 1e-12, 1e100  # shares of the half exposure: powers stay finite

Line = tuple[float, float]
"""Slope and intercept."""


@dataclass(frozen=True)
class Curve:
    """height: money per period at full saturation. half: exposure at which half of it is reached. shape: 1 or more."""

    height: float
    half: float
    shape: float

    def value(self, x: float) -> float:
        """Return the response to an exposure of 0 or more, money per period."""
        if x <= 0:
            return 0.0
        powered = self._powered(x)
        return self.height * (powered / (1.0 + powered))

    def slope(self, x: float) -> float:
        """Return the response that one more unit of exposure adds."""
        if x <= _NOTHING * self.half:
            return self.height / self.half if self.shape == 1.0 else 0.0
        powered = self._powered(x)
        return self.height * self.shape * (powered / (1.0 + powered)) / (1.0 + powered) / x

    def _powered(self, x: float) -> float:
        return min(x / self.half, _HUGE ** (1.0 / self.shape)) ** self.shape

    @property
    def inflection(self) -> float:
        """Exposure up to which the curve is convex: half * ((shape - 1) / (shape + 1))^(1 / shape)."""
        return self.half * ((self.shape - 1.0) / (self.shape + 1.0)) ** (1.0 / self.shape) if self.shape > 1.0 else 0.0

    def tangency(self, low: float, high: float) -> float:
        """Return where the concave envelope on [low, high] meets the curve again: `low` where it never leaves it, `high` if only there."""
        if low >= self.inflection:
            return low
        if high <= self.inflection or self._bends_after(low, high):
            return high
        left, right = self.inflection, high
        for _ in range(_HALVINGS):
            middle = 0.5 * (left + right)
            if self._bends_after(low, middle):
                left = middle
            else:
                right = middle
        return right

    def lines_above(self, low: float, high: float, touching: list[float]) -> list[Line]:
        """Return lines whose minimum is nowhere below the curve on [low, high]; those right of the tangency touch it at `touching`."""
        if high - low <= 1e-12 * max(high, 1.0):
            return [(0.0, self.value(high))]
        meets = self.tangency(low, high)
        found: list[Line] = []
        if meets > low:
            slope = (self.value(meets) - self.value(low)) / (meets - low)
            found.append((slope, self.value(low) - slope * low))
        if meets < high:
            for point in sorted({meets, high, *(x for x in touching if meets < x < high)}):
                slope = self.slope(point)
                found.append((slope, self.value(point) - slope * point))
        return found

    def _bends_after(self, low: float, x: float) -> bool:
        """True where a line from `low` to the curve at x still gets steeper as x grows."""
        return self.slope(x) * (x - low) > self.value(x) - self.value(low)


def values_of(curves: tuple[Curve, ...], exposure: Floats) -> Floats:
    """Return the responses of many curves at once; exposure: curves x anything."""
    powered, height, _ = _parts(curves, exposure)
    return height * (powered / (1.0 + powered))


def slopes_of(curves: tuple[Curve, ...], exposure: Floats) -> Floats:
    """Return what one more unit of exposure adds; exposure: curves x anything."""
    powered, height, shape = _parts(curves, exposure)
    half = _column([curve.half for curve in curves])
    safe = np.where(exposure <= _NOTHING * half, 1.0, exposure)
    inside = height * shape * (powered / (1.0 + powered)) / (1.0 + powered) / safe
    return np.where(exposure <= _NOTHING * half, np.where(shape == 1.0, height / half, 0.0), inside)


def _parts(curves: tuple[Curve, ...], exposure: Floats) -> tuple[Floats, Floats, Floats]:
    shape = _column([curve.shape for curve in curves])
    ratio = np.maximum(exposure, 0.0) / _column([curve.half for curve in curves])
    return np.minimum(ratio, _HUGE ** (1.0 / shape)) ** shape, _column([curve.height for curve in curves]), shape


def _column(numbers: list[float]) -> Floats:
    return np.array(numbers, dtype=np.float64).reshape(-1, 1)
