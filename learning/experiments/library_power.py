"""Power of a comparison of two groups, as tea-tasting computes it: two-sided, normal, the same spread on both sides.

Public: `solve`, `share_power`, `detectable_share`.
"""

from typing import Any, Literal

import numpy as np

from learning.experiments.moments import Moments
from learning.experiments.settings import ExperimentSettings

__all__ = ["detectable_share", "share_power", "solve"]

Columns = tuple[str, str | None, str | None, str | None]
SHARE: Columns = ("share", None, None, None)


def solve(
    moments: Moments, columns: Columns, settings: ExperimentSettings, wanted: Literal["power", "effect_size"], **known: float
) -> float:
    """Return power or effect_size for n_obs customers on both sides together, `ratio` times as many treated as control.

    columns: numerator, denominator and their pre-period, None where there is none.
    """
    from tea_tasting import RatioOfMeans

    options: dict[str, Any] = {"alpha": settings.significance, "equal_var": False, "use_t": False, **known}
    if wanted != "power":
        options["power"] = settings.power
    test = RatioOfMeans(columns[0], *columns[1:], **options)
    data = moments.aggregates(*(name for name in columns if name is not None))
    return float(getattr(test.solve_power_from_aggregates(data, wanted)[0], wanted))  # pyright: ignore[reportArgumentType]


def share_power(level: float, difference: float, treated: int, control: int, settings: ExperimentSettings) -> float:
    """Return the chance of finding a difference between two shares of customers; level: the share without, in (0, 1)."""
    sizes = {"ratio": treated / control, "n_obs": treated + control}
    return solve(_share(level, treated + control), SHARE, settings, "power", effect_size=difference, **sizes)


def detectable_share(level: float, treated: int, control: int, settings: ExperimentSettings) -> float:
    """Return the difference that is found with the power of the settings, at most what is left above the level."""
    sizes = {"ratio": treated / control, "n_obs": treated + control}
    return min(solve(_share(level, treated + control), SHARE, settings, "effect_size", **sizes), 1.0 - level)


def _share(level: float, customers: int) -> Moments:
    """Moments of customers of whom that share does something."""
    return Moments((SHARE[0],), customers, np.array([level]), np.array([[level * (1.0 - level) * (customers - 1)]]))
