"""The maximum of a smooth likelihood over logarithms of positive parameters, and whether it was found.

Public: `highest`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_BOUND = 16.0  # of the logarithms: far beyond it the likelihood is flat
_STEEPEST = 1e-4  # largest slope of the mean log likelihood per logarithm at which a maximum is believed
_OPTIONS = {"maxiter": 2000, "ftol": 1e-14, "gtol": 1e-8}


def highest(likelihood: Callable[[Floats], tuple[float, Floats]], starts: Sequence[Sequence[float]]) -> tuple[Floats, float, bool]:
    """Return the parameters, the mean log likelihood there, and whether that is a maximum inside the bounds.

    likelihood: of positive parameters, the mean log likelihood per customer and its slopes. starts: logarithms; the next one is tried
    only where the best so far is no maximum.
    """
    from scipy.optimize import minimize
    from threadpoolctl import threadpool_limits

    def loss(logs: Floats) -> tuple[float, Floats]:
        parameters = np.exp(logs)
        value, slopes = likelihood(parameters)
        return -value, -slopes * parameters

    best: Any = None
    with threadpool_limits(limits=1):  # a few numbers: more threads only burn time
        for start in starts:
            bounds = [(-_BOUND, _BOUND)] * len(start)
            found = minimize(loss, np.array(start), jac=True, method="L-BFGS-B", bounds=bounds, options=_OPTIONS)
            if best is None or found.fun < best.fun:
                best = found
            if _is_inside(best):
                break
    return np.exp(best.x), -float(best.fun), _is_inside(best)


def _is_inside(found: Any) -> bool:
    return bool(np.all(np.abs(found.x) < _BOUND - 0.5)) and float(np.abs(np.asarray(found.jac)).max()) <= _STEEPEST
