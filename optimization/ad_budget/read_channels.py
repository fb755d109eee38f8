"""Read channels and limits into an ad problem.

Channels (grain: channel): channel (text), channel_group (text or null), most (margin per day at full saturation, money), half_saturation
(adstock, money), shape (1 or more), memory (share left the next day), opening_adstock (money), spend_today and largest_spend (money per
period; largest_spend: the most that was ever tried, null for no such limit), is_held (stays at today's spend, because nothing is known
of it).

Public: `CHANNEL_SCHEMA`, `prepare_channels`, `build_problem`, `without_change_limits`.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl

from optimization.ad_budget.ad_problem import AdProblem, LimitRow
from optimization.ad_budget.carry_over import carried, tail_periods
from optimization.ad_budget.response_curve import Curve
from optimization.ad_budget.settings import AdLimits, AdSettings
from optimization.linear_program.arrays import Flags, Floats

CHANNEL_SCHEMA = {
    "channel": pl.String,
    "channel_group": pl.String,
    "most": pl.Float64,
    "half_saturation": pl.Float64,
    "shape": pl.Float64,
    "memory": pl.Float64,
    "opening_adstock": pl.Float64,
    "spend_today": pl.Float64,
    "largest_spend": pl.Float64,
    "is_held": pl.Boolean,
}
_OPTIONAL = ("channel_group", "largest_spend")


def prepare_channels(channels: pl.DataFrame) -> pl.DataFrame:
    """Return the channels sorted by name with exactly the columns of CHANNEL_SCHEMA. Raises ValueError naming what is wrong."""
    missing = sorted(set(CHANNEL_SCHEMA) - set(channels.columns))
    if missing:
        raise ValueError(f"Ad channels lack the columns {', '.join(missing)}.")
    ordered = channels.select(pl.col(name).cast(kind) for name, kind in CHANNEL_SCHEMA.items()).sort("channel")
    needed = [name for name in CHANNEL_SCHEMA if name not in _OPTIONAL]
    numbers = [name for name, kind in CHANNEL_SCHEMA.items() if kind == pl.Float64]
    _refuse(ordered, pl.any_horizontal(pl.col(*needed).is_null()), "has an empty field")
    _refuse(ordered, pl.col("channel").is_duplicated(), "appears twice")
    _refuse(ordered, ~pl.all_horizontal(pl.col(*numbers).is_finite().fill_null(value=True)), "has a number that is not finite")
    _refuse(ordered, pl.any_horizontal(pl.col(*numbers) < 0), "has a number below 0")
    _refuse(ordered, pl.col("half_saturation") <= 0, "has a half saturation that is not above 0")
    _refuse(ordered, pl.col("shape") < 1, "has a shape below 1")
    _refuse(ordered, pl.col("memory") >= 1, "has a memory that is not below 1")
    return ordered


def build_problem(channels: pl.DataFrame, limits: AdLimits, settings: AdSettings) -> AdProblem:
    """Return the problem of prepared channels. Raises ValueError for limits of channels or groups that are not there."""
    names = tuple(channels["channel"].to_list())
    _known(limits.channel_minimums, names, "channel_minimums")
    _known(limits.channel_maximums, names, "channel_maximums")
    groups = tuple(channels["channel_group"].drop_nulls().unique().sort().to_list())
    _known(limits.group_budgets, groups, "group_budgets")
    _known(limits.group_minimums, groups, "group_minimums")
    memory = channels["memory"].to_numpy()
    tail, days = tail_periods(memory, settings.days_per_period), settings.days_per_period
    parts = [carried(float(each), settings.periods, tail, days) for each in memory]
    bounds = [_bounds(row, limits) for row in channels.iter_rows(named=True)]
    length = settings.periods + tail
    problem = AdProblem(
        channels=names,
        curves=tuple(
            Curve(most * days, half, shape) for most, half, shape in channels.select("most", "half_saturation", "shape").iter_rows()
        ),
        per_unit=np.array([part[0] for part in parts]).reshape(len(names), length, settings.periods),
        opening=np.array([part[1] for part in parts]).reshape(len(names), length) * channels["opening_adstock"].to_numpy()[:, None],
        lower=_every_period([bound[0] for bound in bounds], settings),
        upper=_every_period([bound[1] for bound in bounds], settings),
        lower_name=tuple(bound[2] for bound in bounds),
        upper_name=tuple(bound[3] for bound in bounds),
        today=_every_period(channels["spend_today"].to_list(), settings),
        rows=tuple(_rows(channels, limits, settings)),
        price=limits.minimum_marginal_return,
    )
    return _made_finite(problem)


def without_change_limits(channels: pl.DataFrame, limits: AdLimits) -> tuple[pl.DataFrame, AdLimits]:
    """Return channels and limits in which nothing but the merchandiser's own limits holds: any change, any spend, no channel held.

    A channel of which nothing is known gets no more than today: what more of it brings is not known.
    """
    free = channels.with_columns(
        is_held=pl.lit(value=False), largest_spend=pl.when("is_held").then("spend_today").otherwise(pl.lit(None, dtype=pl.Float64))
    )
    return free, replace(limits, largest_change=None)


def _bounds(row: dict[str, object], limits: AdLimits) -> tuple[float, float, str, str]:
    """Lower and upper spend of a channel per period, and which limit each comes from."""
    channel, today = str(row["channel"]), _number(row["spend_today"])
    least, most = limits.channel_minimums.get(channel, 0.0), limits.channel_maximums.get(channel, np.inf)
    lower, upper, lower_name, upper_name = 0.0, np.inf, "none", "none"
    if row["is_held"]:
        lower, upper, lower_name, upper_name = today, today, "held", "held"
    else:
        if limits.largest_change is not None:
            lower, upper = today * max(1.0 - limits.largest_change, 0.0), today * (1.0 + limits.largest_change)
            lower_name, upper_name = "largest_decrease", "largest_increase"
        tried = max(_number(row["largest_spend"]), today) if row["largest_spend"] is not None else np.inf
        if tried < upper:
            upper, upper_name = tried, "largest_spend_tried"
    if least > lower:
        lower, lower_name = least, "channel_minimum"
    if most < upper:
        upper, upper_name = most, "channel_maximum"
    if lower > upper and lower_name == "channel_minimum":  # what somebody asked for goes before caution
        upper, upper_name = lower, "channel_minimum"
    if lower > upper:
        lower, lower_name = upper, "channel_maximum"
    return lower, upper, lower_name, upper_name


def _rows(channels: pl.DataFrame, limits: AdLimits, settings: AdSettings) -> Iterator[LimitRow]:
    shape = (channels.height, settings.periods)
    if limits.total_budget is not None:
        yield LimitRow("total_budget", "all", limits.total_budget, False, np.ones(shape, dtype=np.bool_))
    for period in range(settings.periods if limits.period_budget is not None else 0):
        cells = np.zeros(shape, dtype=np.bool_)
        cells[:, period] = True
        yield LimitRow("period_budget", str(period + 1), limits.period_budget or 0.0, False, cells)
    for name, amounts, is_minimum in (
        ("group_budget", limits.group_budgets, False),
        ("group_minimum", limits.group_minimums, True),
    ):
        for group, allowed in sorted(amounts.items()):
            yield LimitRow(name, group, allowed, is_minimum, _of_group(channels, group, settings.periods))


def _of_group(channels: pl.DataFrame, group: str, periods: int) -> Flags:
    inside = (channels["channel_group"] == group).fill_null(value=False).to_numpy()
    return np.repeat(inside[:, None], periods, axis=1)


def _made_finite(problem: AdProblem) -> AdProblem:
    """Give every cell a largest spend: what the budgets allow, or what full saturation everywhere could pay for."""
    upper = problem.upper
    for row in problem.rows:
        if not row.is_minimum:
            upper = np.where(row.cells, np.minimum(upper, np.maximum(row.allowed, problem.lower)), upper)
    if np.isinf(upper).any():
        if problem.price == 0:
            raise ValueError("Spend without end earns most: give a budget, channel maximums or a minimum marginal return.")
        whole = sum(curve.height for curve in problem.curves) * problem.per_unit.shape[1] / problem.price
        upper = np.where(np.isinf(upper), np.maximum(problem.lower, whole + float(problem.lower.sum())), upper)
    return replace(problem, upper=upper)


def _every_period(numbers: list[float], settings: AdSettings) -> Floats:
    return np.repeat(np.array(numbers, dtype=np.float64)[:, None], settings.periods, axis=1)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _known(amounts: object, names: tuple[str, ...], what: str) -> None:
    strangers = sorted(set(amounts) - set(names)) if isinstance(amounts, dict) else []
    if strangers:
        raise ValueError(f"{what} names {', '.join(strangers)}, which is none of {', '.join(names) or 'the channels'}.")


def _refuse(channels: pl.DataFrame, wrong: pl.Expr, what: str) -> None:
    found = channels.filter(wrong)
    if found.height:
        raise ValueError(f"Ad channel {found['channel'][0]!r} {what} ({found.height} channels in all).")
