"""Prices of joint limits.

Public: `Prices`.
"""

from dataclasses import dataclass

from optimization.replenishment_horizon.horizon_problem import Floats


@dataclass(frozen=True)
class Prices:
    """room: money per unit of each room. minimum: suppliers x periods, money per unit of value above the minimum. All 0 or more."""

    room: Floats
    minimum: Floats

    def between(self, other: "Prices") -> "Prices":
        """Return the prices half way to others."""
        return Prices((self.room + other.room) / 2, (self.minimum + other.minimum) / 2)
