"""The tables of an ad plan: what each channel gets in each period, and what every limit is worth.

Public: `BUDGET_SCHEMA`, `budget_frame`, `ad_limits_frame`.
"""

import numpy as np
import polars as pl

from optimization.ad_budget.ad_problem import AdProblem
from optimization.ad_budget.collisions import Collision
from optimization.ad_budget.polish import LimitPrices
from optimization.limits_schema import LIMITS_SCHEMA
from optimization.linear_program.arrays import Floats

BUDGET_SCHEMA = {
    "channel": pl.String,
    "channel_group": pl.String,
    "period": pl.Int64,
    "spend_today": pl.Float64,
    "spend_planned": pl.Float64,
    "spend_change": pl.Float64,
    "exposure": pl.Float64,
    "expected_response": pl.Float64,
    "expected_response_low": pl.Float64,
    "expected_response_high": pl.Float64,
    "response_after_plan": pl.Float64,
    "marginal_return": pl.Float64,
    "marginal_return_low": pl.Float64,
    "marginal_return_high": pl.Float64,
    "lowest_spend": pl.Float64,
    "highest_spend": pl.Float64,
    "reason_code": pl.String,
    "sentence": pl.String,
}
_SAME = 1e-3  # share of today's spend that counts as no change
_TOUCHES = 1e-6  # of a limit: nearer than this a plan lies at it
_NO_PRICE = 1e-6
_ALIKE = 0.005  # returns that differ by less are told as the same


def budget_frame(
    channels: pl.DataFrame, problem: AdProblem, spend: Floats, prices: LimitPrices, intervals: dict[str, Floats]
) -> pl.DataFrame:
    """Return one row per channel and period (BUDGET_SCHEMA); channels are prepared, intervals as `plan_intervals` gives them."""
    asked = np.full(problem.shape, problem.price)
    for row, price in zip(problem.rows, prices.rows.tolist(), strict=True):
        asked = asked + np.where(row.cells & (not row.is_minimum), price, 0.0)
    response, marginal, exposure = problem.response(spend), problem.marginal_return(spend), problem.exposure(spend)
    periods = problem.shape[1]
    rows: list[dict[str, object]] = []
    for index, row in enumerate(channels.select("channel", "channel_group").iter_rows(named=True)):
        for period in range(periods):
            cell = (index, period)
            today, planned = float(problem.today[cell]), float(spend[cell])
            reason, sentence = _reason(problem, cell, planned, float(marginal[cell]), float(asked[cell]))
            rows.append(
                {
                    "channel": row["channel"],
                    "channel_group": row["channel_group"],
                    "period": period + 1,
                    "spend_today": today,
                    "spend_planned": planned,
                    "spend_change": planned - today,
                    "exposure": float(exposure[cell]),
                    "expected_response": float(response[cell]),
                    "response_after_plan": float(response[index, periods:].sum()) if period == periods - 1 else 0.0,
                    "marginal_return": float(marginal[cell]),
                    "lowest_spend": float(problem.lower[cell]),
                    "highest_spend": float(problem.upper[cell]),
                    "reason_code": reason,
                    "sentence": sentence,
                    **{name: float(values[cell]) for name, values in intervals.items()},
                }
            )
    return pl.DataFrame(rows, schema=BUDGET_SCHEMA).fill_nan(None)


def ad_limits_frame(problem: AdProblem, spend: Floats, prices: LimitPrices, collision: Collision | None) -> pl.DataFrame:
    """Return one row per limit (grain: limit_name, scope; LIMITS_SCHEMA).

    Bounds of channels are money per period: used is the least (or most) of any period, the price is that of 1.00 in every period. The floor
    on marginal return is not among them: it is the price at which spend is counted.
    """
    colliding = set(collision.limits) if collision is not None else set[tuple[str, str]]()
    rows = [
        _limit(row.limit_name, row.scope, row.allowed, float(spend[row.cells].sum()), row.is_minimum, abs(price), problem.price, colliding)
        for row, price in zip(problem.rows, prices.rows.tolist(), strict=True)
    ]
    for index, channel in enumerate(problem.channels):
        lower_name, lower, least = problem.lower_name[index], float(problem.lower[index, 0]), float(spend[index].min())
        upper_name, upper, most = problem.upper_name[index], float(problem.upper[index, 0]), float(spend[index].max())
        if lower_name in ("held", "largest_decrease", "channel_minimum"):
            price = float(-prices.lower[index].sum())
            rows.append(_limit(lower_name, channel, lower, least, True, price, problem.price, colliding))
        if upper_name in ("largest_increase", "largest_spend_tried", "channel_maximum"):
            price = float(prices.upper[index].sum())
            rows.append(_limit(upper_name, channel, upper, most, False, price, problem.price, colliding))
    return pl.DataFrame(rows, schema=LIMITS_SCHEMA)


def _limit(
    name: str,
    scope: str,
    allowed: float,
    used: float,
    is_minimum: bool,
    price: float,
    floor: float,
    colliding: set[tuple[str, str]],
) -> dict[str, object]:
    slack = used - allowed if is_minimum else allowed - used
    short = max(-slack, 0.0) if is_minimum else 0.0
    short = short if short > _TOUCHES * max(allowed, 1.0) else 0.0
    price = 0.0 if slack > _TOUCHES * max(allowed, 1.0) or price < _NO_PRICE else price
    told = {"held": "spend held at today's"}.get(name, _plain(name))
    words = told + ("" if scope == "all" else f" of week {scope}" if name == "period_budget" else f" of {scope}")
    if short > 0:
        sentence = f"The limits collide: the {words} of {allowed:.2f} falls {short:.2f} short, because budgets and maximums hold no more."
    elif (name, scope) in colliding:
        sentence = f"The limits collide: the {words} of {allowed:.2f} does not hold all minimums; it stands and they fall short."
    elif price == 0:
        sentence = f"The {words} stops nothing: {used:.2f} of {allowed:.2f}."
    elif name.startswith("group") and is_minimum:
        sentence = f"{words[0].upper()}{words[1:]}: 1.00 less gains {price:.2f}."
    elif name.endswith("budget"):
        sentence = f"One more 1.00 of the {words} earns {price + floor:.2f} of margin, {price:.2f} more than the {floor:.2f} asked of it."
    else:
        step = "less" if is_minimum else "more"
        sentence = f"{words[0].upper()}{words[1:]}: 1.00 {step} in every week gains {price:.2f} over what is asked of it."
    return {
        "limit_name": name,
        "scope": scope,
        "allowed": allowed,
        "used": used,
        "slack": slack,
        "shadow_price": price,
        "unit": "money",
        "relaxed_by": short,
        "sentence": sentence,
    }


def _reason(problem: AdProblem, cell: tuple[int, int], planned: float, marginal: float, asked: float) -> tuple[str, str]:
    """Reason code and sentence of one cell; asked: what the last 1.00 must bring here, the floor and the prices of the budgets together."""
    index, today, lower, upper = cell[0], float(problem.today[cell]), float(problem.lower[cell]), float(problem.upper[cell])
    change = planned - today
    moved = "raised" if change > _SAME * max(today, 1.0) else "lowered" if change < -_SAME * max(today, 1.0) else "kept"
    verb = f"Kept at {planned:.2f}" if moved == "kept" else f"{moved.capitalize()} from {today:.2f} to {planned:.2f}"
    earns = f"one more 1.00 here brings {marginal:.2f} of margin"
    bar = f"the {asked:.2f} asked of the last 1.00" if asked <= problem.price + _NO_PRICE else f"the {asked:.2f} that it brings elsewhere"
    edge, near = _TOUCHES * max(upper, 1.0), _ALIKE * max(asked, 1e-3)
    if problem.lower_name[index] == "held" and planned >= lower - edge:
        return "held", f"Kept at {planned:.2f}: what this channel adds is not known, so nothing is moved on it."
    if planned < lower - edge:
        return "short", f"{verb}, below the {lower:.2f} asked for: the budgets hold no more."
    if planned >= upper - edge and marginal > asked + near:
        return f"{moved}_to_limit", f"{verb}: {earns}, more than {bar}, but the {_plain(problem.upper_name[index])} allows no more."
    if planned <= lower + edge and marginal < asked - near:
        end = "" if lower == 0 else f"; the {_plain(problem.lower_name[index])} allows no less"
        return ("nothing" if lower == 0 else f"{moved}_to_limit"), f"{verb}: {earns}, less than {bar}{end}."
    if marginal < asked - near:
        return "asked_by_minimum", f"{verb}: {earns}, less than {bar}; a minimum asks for it."
    if asked > problem.price + _NO_PRICE:
        return f"{moved}_by_budget", f"{verb}: {earns}, as much as in every other channel that could take it; the budget allows no more."
    return f"{moved}_to_floor", f"{verb}: {earns}, just what is asked of the last 1.00."


def _plain(name: str) -> str:
    return name.replace("_", " ")
