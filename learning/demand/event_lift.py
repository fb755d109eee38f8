"""How much recurring events move sales: pay days, food-stamp days, market days, of all locations or of one.

Decides the factor of a day on which an event is known to fall, by event and category: units sold on its past days over what the weeks
before and the weekday would give, drawn to the whole shop and to 1. An event counts as recurring from `RECURRING_DAYS` past days on;
rarer ones (Christmas, once a year) tell no ratio by themselves and are left to Prophet's events and to the gradient model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from learning.demand.grid import Codes, DemandGrid, Flags, Floats
from learning.demand.weekdays import sum_by, weekday_pattern
from learning.demand.windows import Windows

RECURRING_DAYS = 8
SHRINK_UNITS = 300.0
BASE_DAYS = 56
LOWEST, HIGHEST = 0.3, 4.0
TABLE_SCHEMA = {"holiday": pl.String, "category": pl.String, "lift": pl.Float64, "expected_units": pl.Float64}


@dataclass(frozen=True)
class EventLift:
    """table: holiday, category, lift (ratio to usual), expected_units (evidence). occurrences: business_day, holiday, location_id (null:
    everywhere), past and known coming days of the recurring events."""

    table: pl.DataFrame
    occurrences: pl.DataFrame

    def factors(self, items: pl.DataFrame, first_day: date, n_days: int) -> Floats:
        """Items x days from `first_day` on; 1 on days without a recurring event, the product where several fall together."""
        factors = np.ones((items.height, n_days))
        categories = [str(name) for name in items["category"]]
        for (name,), rows in self.table.group_by("holiday", maintain_order=True):
            lift = dict(zip(rows["category"].to_list(), rows["lift"].to_list(), strict=True))
            own = np.array([lift.get(category, 1.0) for category in categories])
            here = event_days(self.occurrences, str(name), items["location_id"].to_list(), first_day, n_days)
            factors *= np.where(here, own[:, None], 1.0)
        return factors


def no_event_lift() -> EventLift:
    """Nothing known of any event: every factor is 1."""
    return EventLift(
        pl.DataFrame(schema=TABLE_SCHEMA), pl.DataFrame(schema={"business_day": pl.Date, "holiday": pl.String, "location_id": pl.String})
    )


def recurring_events(holidays: pl.DataFrame, days: Sequence[date]) -> pl.DataFrame:
    """The rows of events that fell on `RECURRING_DAYS` or more of the days."""
    past = holidays.filter(pl.col("business_day").is_in(list(days)))
    counted = past.group_by("holiday").agg(pl.col("business_day").n_unique().alias("days"))
    names = counted.filter(pl.col("days") >= RECURRING_DAYS)["holiday"]
    return holidays.filter(pl.col("holiday").is_in(names.implode())).sort("business_day", "holiday", "location_id")


def learn_event_lift(grid: DemandGrid, past_lift: Floats, holidays: pl.DataFrame, weekday_weeks: int) -> EventLift:
    """Lift of every recurring event per category. past_lift: items x days, what promotions did, divided out first."""
    days = [grid.first_day + timedelta(days=step) for step in range(grid.n_days)]
    occurrences = recurring_events(holidays, days)
    if occurrences.is_empty():
        return no_event_lift()
    locations = grid.items["location_id"].to_list()
    on = {
        str(name): event_days(occurrences, str(name), locations, grid.first_day, grid.n_days)
        for name in occurrences["holiday"].unique().sort()
    }
    any_event = np.logical_or.reduce(list(on.values()))
    units = grid.units / past_lift
    calm = Windows(units, grid.valid & ~any_event)
    total, count = calm.trailing(BASE_DAYS)
    mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    pattern = weekday_pattern(Windows(units, grid.valid), grid.n_days - 1, grid, weekday_weeks)
    usual = mean * pattern[:, (np.arange(grid.n_days) - (grid.n_days - 1)) % 7]
    category = grid.codes("category")
    names = sorted(set(grid.items["category"].to_list()))
    # what the method makes of days without any event: its own bias is not the event's
    calm_ratio = _ratio(units, usual, grid.valid & ~any_event & ~np.isnan(usual), np.zeros_like(category), 1)[0]
    rows = [row for name, here in on.items() for row in _lifts(name, units, usual * calm_ratio, here & grid.valid, category, names)]
    return EventLift(pl.DataFrame(rows, schema=TABLE_SCHEMA, orient="row"), occurrences)


def event_days(occurrences: pl.DataFrame, name: str, locations: Sequence[str], first_day: date, n_days: int) -> Flags:
    """Items x days: whether the event falls on the day at the item's location."""
    rows = occurrences.filter(pl.col("holiday") == name).with_columns(step=(pl.col("business_day") - first_day).dt.total_days())
    rows = rows.filter(pl.col("step").is_between(0, n_days - 1))
    everywhere = np.zeros(n_days, dtype=bool)
    everywhere[rows.filter(pl.col("location_id").is_null())["step"].to_numpy()] = True
    known = sorted(set(locations))
    at = {location: index for index, location in enumerate(known)}
    days = np.repeat(everywhere[None, :], len(known), axis=0)
    local = rows.filter(pl.col("location_id").is_in(known))
    for location, step in zip(local["location_id"].to_list(), local["step"].to_list(), strict=True):
        days[at[location], step] = True
    return days[np.array([at[location] for location in locations], dtype=np.int64)]


def _lifts(name: str, units: Floats, usual: Floats, here: Flags, category: Codes, names: list[str]) -> list[tuple[str, str, float, float]]:
    counted = here & ~np.isnan(usual)
    sold, expected = _sums(units, counted, category, len(names)), _sums(usual, counted, category, len(names))
    whole = (sold.sum() + SHRINK_UNITS) / (expected.sum() + SHRINK_UNITS)
    lift = np.clip((sold + SHRINK_UNITS * whole) / (expected + SHRINK_UNITS), LOWEST, HIGHEST)
    return [(name, each, float(lift[code]), float(expected[code])) for code, each in enumerate(names)]


def _ratio(units: Floats, usual: Floats, counted: Flags, group: Codes, groups: int) -> Floats:
    sold, expected = _sums(units, counted, group, groups), _sums(usual, counted, group, groups)
    return np.divide(sold, expected, out=np.ones(groups), where=expected > 0)


def _sums(values: Floats, counted: Flags, group: Codes, groups: int) -> Floats:
    return sum_by(group, np.where(counted, np.nan_to_num(values), 0.0).sum(axis=1), groups)
