"""The ad budget as arrays: channels x periods of spend, exposures that follow from it, and the limits.

maximise   sum over channels and periods of response(exposure) less minimum_marginal_return * spend
subject to budgets of all, of periods and of groups, minimums of groups, and bounds per channel and period

Counting each 1.00 spent at the floor on marginal return is the same as stopping where the next 1.00 brings less than the floor.

Public: `AdProblem`, `LimitRow`.
"""

from dataclasses import dataclass, replace

import numpy as np

from optimization.ad_budget.response_curve import Curve, slopes_of, values_of
from optimization.linear_program.arrays import Flags, Floats

_TOLERANCE = 1e-7
_UNITS = 1000.0


@dataclass(frozen=True)
class LimitRow:
    """A budget (`is_minimum` False: never exceeded) or a minimum over some cells. cells: channels x periods, True where it counts."""

    limit_name: str
    scope: str
    allowed: float
    is_minimum: bool
    cells: Flags


@dataclass(frozen=True)
class AdProblem:
    """Arrays over channels (sorted by name) and periods; spend is money per period.

    per_unit     channels x (periods + tail) x periods: exposure per 1.00 spent
    opening      channels x (periods + tail): exposure from what was spent before the plan
    lower_name   which limit the lower bound of a channel comes from; upper_name likewise
    today        today's plan, the same in every period
    shortage     money by which minimums and lower bounds must fall short in all because they collide with budgets; 0 as a rule
    """

    channels: tuple[str, ...]
    curves: tuple[Curve, ...]
    per_unit: Floats
    opening: Floats
    lower: Floats
    upper: Floats
    lower_name: tuple[str, ...]
    upper_name: tuple[str, ...]
    today: Floats
    rows: tuple[LimitRow, ...]
    price: float
    shortage: float = 0.0

    @property
    def shape(self) -> tuple[int, int]:
        """Channels and periods."""
        return self.today.shape[0], self.today.shape[1]

    @property
    def money_unit(self) -> float:
        """Money in which programs are written, so that solvers see numbers of some hundreds whatever the currency; it knows no budget."""
        largest = max(float(self.today.max(initial=0.0)), *(curve.half for curve in self.curves), 0.0)
        return largest / _UNITS if largest > 0 else 1.0

    def in_units(self, unit: float) -> "AdProblem":
        """Return the same problem with money counted in `unit`; returns and prices stay what they are."""
        return replace(
            self,
            curves=tuple(Curve(curve.height / unit, curve.half / unit, curve.shape) for curve in self.curves),
            opening=self.opening / unit,
            lower=self.lower / unit,
            upper=self.upper / unit,
            today=self.today / unit,
            rows=tuple(replace(row, allowed=row.allowed / unit) for row in self.rows),
            shortage=self.shortage / unit,
        )

    def exposure(self, spend: Floats) -> Floats:
        """Return channels x (periods + tail)."""
        return self.opening + np.einsum("cwv,cv->cw", self.per_unit, spend)

    def response(self, spend: Floats) -> Floats:
        """Return channels x (periods + tail): margin expected in each period, money."""
        return values_of(self.curves, self.exposure(spend))

    def value(self, spend: Floats) -> float:
        """Return the objective, money."""
        return float(self.response(spend).sum() - self.price * spend.sum())

    def marginal_return(self, spend: Floats) -> Floats:
        """Return channels x periods: margin that one more 1.00 brings, in its own and all later periods."""
        return np.einsum("cw,cwv->cv", slopes_of(self.curves, self.exposure(spend)), self.per_unit)

    def holds(self, spend: Floats) -> bool:
        """True where the plan keeps every limit; a shortage that is allowed may be used."""
        short = float(np.maximum(self.lower - spend, 0.0).sum())
        for row in self.rows:
            used = float(spend[row.cells].sum())
            if row.is_minimum:
                short += max(row.allowed - used, 0.0)
            elif used > row.allowed + _TOLERANCE * max(row.allowed, 1.0):
                return False
        over = spend - self.upper
        return bool((over <= _TOLERANCE * np.maximum(self.upper, 1.0)).all()) and short <= self.shortage + _TOLERANCE * max(
            float(self.lower.sum()), 1.0
        )

    def within_budgets(self, spend: Floats) -> Floats:
        """Return the plan with rounding taken out: clipped to bounds, and moved towards the lower bounds where a budget is exceeded."""
        floor = np.minimum(self.lower, spend) if self.shortage > 0 else self.lower
        plan = np.clip(spend, np.maximum(floor, 0.0), self.upper)
        for row in self.rows:
            used = float(plan[row.cells].sum())
            if row.is_minimum or used <= row.allowed:
                continue
            base = np.where(row.cells, np.minimum(floor, plan), plan)
            free = used - float(base[row.cells].sum())
            if free > 0:
                share = np.clip((row.allowed - float(base[row.cells].sum())) / free, 0.0, 1.0)
                plan = np.where(row.cells, base + (plan - base) * share, plan)
        return plan
