"""What is known about the coming days of each item: open or closed, promotions announced, events.

A `Coming` never holds sales. Promotions further ahead than the shop's notice are unknown (nan) unless announced all the
same; a model must not learn from promotions it will not know when it is used.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from learning.demand.closing_days import coming_closings, learned_closings
from learning.demand.grid import KEY, DemandGrid, Flags, Floats
from learning.demand.holiday_days import all_events, names_by_day
from learning.demand.settings import DemandSettings


@dataclass(frozen=True)
class Coming:
    """Items x coming days after `origin`: is_open, discount (0 = no promotion, nan = unknown), promoted (0, 1 or nan)."""

    origin: date
    is_open: Flags
    promoted: Floats
    discount: Floats
    events: list[str]

    @property
    def horizon(self) -> int:
        return self.is_open.shape[1]

    @property
    def days(self) -> list[date]:
        return [self.origin + timedelta(days=step + 1) for step in range(self.horizon)]


def close_learned_days(grid: DemandGrid) -> DemandGrid:
    """The grid with closing days that no calendar told: whole locations without a sale."""
    closed = learned_closings(grid.units, grid.codes("location_id"))[grid.codes("location_id")]
    return replace(grid, is_open=grid.is_open & ~closed, valid=grid.valid & ~closed)


def coming_from_history(full: DemandGrid, kept: Flags, origin: int, horizon: int, events: list[str], settings: DemandSettings) -> Coming:
    """What was known at column `origin` of the full grid about the days after it, for the kept items.

    The full grid must hold the calendar's closing days only, not those learned from sales: calendar days are known ahead,
    learned ones are found here again from the days up to the origin. Promotions are cut off at the notice. `events` names
    the event of every day of the full grid.
    """
    columns = slice(origin + 1, origin + 1 + horizon)
    past = close_learned_days(full.part(kept, origin + 1))
    is_open = full.is_open[kept, columns] & ~_habitual_closings(past, events[: origin + 1], events[columns])
    known = announced(full, origin, horizon, events, settings)
    return Coming(known.origin, is_open, known.promoted[kept], known.discount[kept], known.events)


def announced(full: DemandGrid, origin: int, horizon: int, events: list[str], settings: DemandSettings) -> Coming:
    """Promotions and events known at column `origin`, for all items; is_open is the grid's own (for training, never for scoring)."""
    columns = slice(origin + 1, origin + 1 + horizon)
    promoted = full.on_promotion[:, columns].astype(np.float64)
    discount = full.discount[:, columns].copy()
    promoted[:, settings.promotion_notice_days :] = np.nan
    discount[:, settings.promotion_notice_days :] = np.nan
    day = full.first_day + timedelta(days=origin)
    return Coming(day, full.is_open[:, columns], promoted, discount, events[columns])


def coming_from_frame(
    grid: DemandGrid, future: pl.DataFrame | None, holidays: pl.DataFrame, horizon: int, settings: DemandSettings
) -> Coming:
    """What is known at the end of the grid about the next `horizon` days.

    future: business_day, product_id, location_id and any of is_open, on_promotion, discount_share, event_name; rows for
    other items or days are left aside, absent rows mean a regular day (open unless closing is learned, no promotion).
    """
    origin = grid.first_day + timedelta(days=grid.n_days - 1)
    days = [origin + timedelta(days=step + 1) for step in range(horizon)]
    past_days = [grid.first_day + timedelta(days=step) for step in range(grid.n_days)]
    if future is not None and not future.is_empty() and "event_name" in future.columns:
        named = future.filter(pl.col("event_name").is_not_null() & (pl.col("event_name") != ""))
        holidays = all_events(holidays, named.select("business_day", holiday=pl.col("event_name")))
    events = names_by_day(holidays, days)
    is_open = ~_habitual_closings(grid, names_by_day(holidays, past_days), events)
    promoted = np.zeros((grid.n_items, horizon))
    promoted[:, settings.promotion_notice_days :] = np.nan
    discount = promoted.copy()
    if future is not None and not future.is_empty():
        placed = (
            future.join(grid.items.select(KEY).with_row_index("item"), on=KEY, how="inner")
            .with_columns(step=(pl.col("business_day") - origin).dt.total_days() - 1)
            .filter(pl.col("step").is_between(0, horizon - 1))
            .unique(["item", "step"], keep="first", maintain_order=True)
        )
        at = (placed["item"].to_numpy(), placed["step"].to_numpy())
        if "is_open" in placed.columns:
            told = placed["is_open"].to_numpy()
            sure = placed["is_open"].is_not_null().to_numpy()
            is_open[at[0][sure], at[1][sure]] = told[sure].astype(bool)
        if "on_promotion" in placed.columns:
            on = placed["on_promotion"].fill_null(False).to_numpy()
            cut = placed["discount_share"].fill_null(0.0).to_numpy() if "discount_share" in placed.columns else np.zeros(placed.height)
            sure = on | (placed["step"].to_numpy() < settings.promotion_notice_days)
            promoted[at] = np.where(sure, on.astype(np.float64), np.nan)
            discount[at] = np.where(sure, cut * on, np.nan)
    return Coming(origin, is_open, promoted, discount, events)


def _habitual_closings(grid: DemandGrid, past_events: list[str], coming_events: list[str]) -> Flags:
    """Items x coming days: closed by the habit of the item's location; see `closing_days.coming_closings`."""
    return coming_closings(_closed_locations(grid), len(coming_events), past_events, coming_events)[grid.codes("location_id")]


def _closed_locations(grid: DemandGrid) -> Flags:
    """Locations x days: no item of the location was open."""
    locations = grid.codes("location_id")
    opened = np.zeros((int(locations.max()) + 1, grid.n_days), dtype=bool)
    np.logical_or.at(opened, locations, grid.is_open)
    return ~opened
