"""How spend becomes exposure: money spent evenly within a period stays in memory for later ones.

adstock of day t = spend of day t + memory * adstock of day t - 1; the exposure of a period is the mean adstock of its days. Exposure is
linear in spend, so a program can plan with it. Taking the curve at the mean of a period instead of day by day errs to the high side by the
curve's bend within a period, which is little: spend is even, and only what is carried over changes from day to day.

Public: `carried`, `tail_periods`.
"""

import numpy as np

from optimization.linear_program.arrays import Floats

_FORGOTTEN = 0.01
_MOST_TAIL = 12
_NOTHING = 1e-8  # solvers drop coefficients not much smaller, and a row that loses some can no longer hold


def tail_periods(memory: Floats, days: int) -> int:
    """Return the periods after the plan in which it still works: until less than one hundredth of the adstock is left, 12 at most."""
    longest = float(memory.max()) if len(memory) else 0.0
    if longest == 0:
        return 0
    return min(int(np.ceil(np.log(_FORGOTTEN) / (np.log(longest) * days))), _MOST_TAIL)


def carried(memory: float, periods: int, tail: int, days: int) -> tuple[Floats, Floats]:
    """Return (per unit, from before).

    per unit: (periods + tail) x periods, exposure in the row's period per 1.00 spent in the column's. from before: exposure of each period
    per 1.00 of adstock on the last day before the plan.
    """
    length = periods + tail
    day = np.arange(length * days)
    decay = memory ** (day + 1.0) if memory > 0 else np.zeros(len(day))
    before = decay.reshape(length, days).mean(axis=1)
    level = np.zeros(length * days)
    today = 0.0
    for index in range(len(level)):  # 1.00 spent evenly over the first period
        today = memory * today + (1.0 / days if index < days else 0.0)
        level[index] = today
    response = level.reshape(length, days).mean(axis=1)
    response = np.where(response < _NOTHING, 0.0, response)
    per_unit = np.zeros((length, periods))
    for period in range(periods):
        per_unit[period:, period] = response[: length - period]
    return per_unit, before
