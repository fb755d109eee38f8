"""Which of a shop's sales can tell what advertising adds, and what one unit of it is worth.

Few sales that ads bring drown in many that they do not. So the narrowest group of sales with enough of them is the outcome, and sales that
ads hardly move are the control that takes out the season. What ads bring outside the group is not counted: the estimate errs to the low
side.

Public: `AdOutcome`, `OUTCOMES`, `choose_outcome`.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

_FEWEST_PER_DAY = 0.3
_WORTH_DAYS = 90

OUTCOMES = (
    ("anonymous_online_orders", "known_online_orders"),
    ("online_orders", "other_orders"),
    ("orders", ""),
    ("online_revenue", "other_revenue"),
    ("revenue", ""),
)
"""Outcome and control, the first that fits is taken; no control where it is empty."""


@dataclass(frozen=True)
class AdOutcome:
    """name: one of OUTCOMES, empty where nothing was sold. days: business_day without gaps, outcome, control (null where there is none).
    margin_per_unit: margin of one unit of outcome, money."""

    name: str
    days: pl.DataFrame
    margin_per_unit: float


def choose_outcome(sales: pl.DataFrame) -> AdOutcome:
    """Return the outcome of daily sales.

    sales (grain: business_day): the columns named in OUTCOMES, and for each outcome its margin as `<outcome>_margin`; columns that the
    shop cannot fill are null. An outcome fits where 0.3 units of it or more are sold on a mean day. A day without a row had no sales.
    """
    named = {name for pair in OUTCOMES for name in pair if name} | {f"{name}_margin" for name, _ in OUTCOMES}
    missing = sorted(named - set(sales.columns))
    if missing:
        raise ValueError(f"Daily sales lack the columns {', '.join(missing)}.")
    whole = _every_day(sales)
    for name, control in OUTCOMES:
        if whole.height == 0 or sales[name].null_count() == sales.height:
            continue
        if float(whole[name].mean() or 0.0) < _FEWEST_PER_DAY:  # pyright: ignore[reportArgumentType]
            continue
        has_control = bool(control) and float(whole[control].sum()) > 0
        days = whole.select(
            "business_day",
            outcome=pl.col(name).cast(pl.Float64),
            control=pl.col(control).cast(pl.Float64) if has_control else pl.lit(None, dtype=pl.Float64),
        )
        recent = whole.tail(_WORTH_DAYS)
        units = float(recent[name].sum())
        margin = max(float(recent[f"{name}_margin"].sum()) / units, 0.0) if units > 0 else 0.0
        return AdOutcome(name, days, margin)
    schema = {"business_day": pl.Date, "outcome": pl.Float64, "control": pl.Float64}
    return AdOutcome("", pl.DataFrame(schema=schema), 0.0)


def _every_day(sales: pl.DataFrame) -> pl.DataFrame:
    if sales.height == 0:
        return sales
    ordered = sales.sort("business_day")
    days = pl.DataFrame(
        {"business_day": pl.date_range(ordered["business_day"][0], ordered["business_day"][-1], timedelta(days=1), eager=True)}
    )
    return days.join(ordered, on="business_day", how="left", maintain_order="left").with_columns(pl.exclude("business_day").fill_null(0.0))
