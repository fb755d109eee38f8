"""How sure the expected figures are: the same plan valued on every curve that the bootstrap drew.

Draws (grain: channel, draw): channel, draw (integer), most, half_saturation, shape, memory, opening_adstock, as channels have them. Draws
of one number belong together: they come from the same sample of days.

Public: `DRAWS_SCHEMA`, `PlanIntervals`, `plan_intervals`.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from optimization.ad_budget.ad_problem import AdProblem
from optimization.ad_budget.carry_over import carried
from optimization.ad_budget.response_curve import Curve, slopes_of, values_of
from optimization.ad_budget.settings import AdSettings
from optimization.linear_program.arrays import Floats

DRAWS_SCHEMA = {
    "channel": pl.String,
    "draw": pl.Int64,
    "most": pl.Float64,
    "half_saturation": pl.Float64,
    "shape": pl.Float64,
    "memory": pl.Float64,
    "opening_adstock": pl.Float64,
}


@dataclass(frozen=True)
class PlanIntervals:
    """cells: columns of the budget table, channels x periods each. gain, low, high: margin less spend of the plan over today's plan.
    chance_better: share of draws in which it is above 0, None where the plan is today's. All None without draws."""

    cells: dict[str, Floats]
    gain_low: float | None = None
    gain_high: float | None = None
    chance_better: float | None = None


def plan_intervals(problem: AdProblem, spend: Floats, draws: pl.DataFrame, settings: AdSettings) -> PlanIntervals:
    """Return the intervals of a plan; channels without draws get none."""
    draws = draws.select(pl.col(name).cast(kind) for name, kind in DRAWS_SCHEMA.items()).sort("channel", "draw")
    ends = [(1 - settings.confidence) / 2, (1 + settings.confidence) / 2]
    cells = {
        f"{name}_{end}": np.full(problem.shape, np.nan) for name in ("expected_response", "marginal_return") for end in ("low", "high")
    }
    periods, length = problem.shape[1], problem.per_unit.shape[1]
    gains = dict[int, float]()
    for index, channel in enumerate(problem.channels):
        own = draws.filter(pl.col("channel") == channel)
        if own.height == 0:
            continue
        curves = tuple(
            Curve(most * settings.days_per_period, half, shape)
            for most, half, shape in own.select("most", "half_saturation", "shape").iter_rows()
        )
        kept = {memory: carried(memory, periods, length - periods, settings.days_per_period) for memory in own["memory"].unique().to_list()}
        per_unit = np.array([kept[memory][0] for memory in own["memory"].to_list()])
        opening = np.array([kept[memory][1] for memory in own["memory"].to_list()]) * own["opening_adstock"].to_numpy()[:, None]
        exposure, before = opening + per_unit @ spend[index], opening + per_unit @ problem.today[index]
        response = values_of(curves, exposure)
        slopes = np.einsum("dw,dwv->dv", slopes_of(curves, exposure), per_unit)
        for name, values in (("expected_response", response[:, :periods]), ("marginal_return", slopes)):
            low, high = np.quantile(values, ends, axis=0)
            cells[f"{name}_low"][index], cells[f"{name}_high"][index] = low, high
        gained = (response - values_of(curves, before)).sum(axis=1) - problem.price * float((spend - problem.today)[index].sum())
        for draw, gain in zip(own["draw"].to_list(), gained.tolist(), strict=True):
            gains[draw] = gains.get(draw, 0.0) + gain
    if not gains:
        return PlanIntervals(cells)
    every = np.array(list(gains.values()))
    low, high = np.quantile(every, ends)
    moves = bool((np.abs(spend - problem.today) > 1e-9 * np.maximum(problem.today, 1.0)).any())
    return PlanIntervals(cells, float(low), float(high), float((every > 0).mean()) if moves else None)
