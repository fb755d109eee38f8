"""The sales of a replay folder as matrices of items x periods, and as the daily panel that demand learning reads.

A week is told to demand learning as seven days that share its units evenly: level, trend, season and price of the year are found as for
days, and the distribution of sums over whole weeks is calibrated on sums of whole weeks.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from shops.replay_folder import KEY, ReplayFolder, periods

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class History:
    """items: item_id, location_id, category, sorted. starts: first days of the periods. units, in_stock, started: items x periods (started:
    from an item's first row of sales on). daily: the shop's own daily panel, where there is one, of these items and maybe
    others to learn from; events: business_day, holiday,
    location_id."""

    items: pl.DataFrame
    starts: list[date]
    period_days: int
    units: Floats
    in_stock: Flags
    started: Flags
    daily: pl.DataFrame | None = None
    events: pl.DataFrame | None = None

    @property
    def known(self) -> Flags:
        """Cells whose units are demand: on sale and in stock."""
        return self.started & self.in_stock

    def last_day(self, period: int) -> date:
        """The day on which a period ends."""
        return self.starts[period] + timedelta(days=self.period_days - 1)

    def panel(self, period: int) -> pl.DataFrame:
        """The daily sales panel of all periods up to and with `period` (see `learning.demand.grid.build_grid`)."""
        if self.daily is not None:
            return self.daily.filter(pl.col("business_day") <= self.last_day(period))
        item, at = np.nonzero(self.started[:, : period + 1])
        days = self.period_days
        rows = np.repeat(np.arange(item.size), days)
        first = np.array([start.toordinal() for start in self.starts])[at] - date(1970, 1, 1).toordinal()
        labels = self.items[item.tolist()].select(product_id="item_id", location_id="location_id", category="category")
        frame = labels.with_columns(units=pl.Series(self.units[item, at] / days), is_censored=pl.Series(~self.in_stock[item, at]))
        day = pl.Series((np.repeat(first, days) + np.tile(np.arange(days), item.size)).astype(np.int32)).cast(pl.Date)
        return frame[rows.tolist()].with_columns(business_day=day)


def read_history(folder: ReplayFolder) -> History:
    """Every item of sales or state, every period from the first sale to score_to."""
    first = folder.sales["period_start"].min()
    assert isinstance(first, date)
    starts = periods(folder.terms, first)
    keys = pl.concat([folder.sales.select(KEY), folder.state.select(KEY)]).unique().sort(KEY)
    items = keys.join(folder.items, on="item_id", how="left", maintain_order="left")
    items = items.with_columns(pl.col("category").fill_null("uncategorised"))
    places = items.select(KEY).with_row_index("item")
    rows = folder.sales.filter(pl.col("period_start") <= starts[-1]).join(places, on=KEY)
    at = rows["item"].to_numpy(), ((rows["period_start"] - first).dt.total_days() // folder.terms.period_days).to_numpy()
    shape = (items.height, len(starts))
    units, in_stock, told = np.zeros(shape), np.ones(shape, dtype=bool), np.zeros(shape, dtype=bool)
    units[at], in_stock[at], told[at] = rows["units"].to_numpy(), rows["in_stock"].to_numpy(), True
    started = told.cumsum(axis=1) > 0
    return History(items, starts, folder.terms.period_days, units, in_stock, started)
