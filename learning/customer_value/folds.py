"""Out-of-time folds: models fitted on older snapshots tell the chances of a newer one, whose outcomes they have not seen.

Snapshots stand one horizon apart, so no outcome window of the older ones reaches into the newer one's.

Public: `Folds`, `cut_snapshots`, `sampled`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.customer_value.members import TREE, Members, fit_members
from learning.customer_value.order_history import OrderHistoryModel, fit_order_history
from learning.customer_value.settings import OutlookSettings
from learning.customer_value.snapshots import customer_snapshot, outcomes_after

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Snapshot:
    """Customers at the end of a day, with has_bought, order_days_after and net_revenue_after, and the order history's model of that day."""

    day: date
    rows: pl.DataFrame
    history: OrderHistoryModel | None

    @property
    def bought(self) -> Floats:
        """1 for customers who bought within the outcome window."""
        return self.rows["has_bought"].cast(pl.Float64).to_numpy()


@dataclass(frozen=True)
class Folds:
    """snapshots: newest first."""

    snapshots: Sequence[Snapshot]
    settings: OutlookSettings

    def older_than(self, place: int) -> pl.DataFrame:
        """Rows of all snapshots older than the one at `place` (-1: all)."""
        return pl.concat([each.rows for each in self.snapshots[place + 1 :]])

    def can_hold_out(self, place: int) -> bool:
        """Whether the snapshot at `place` can be told from older ones."""
        return len(self.snapshots) > place + 1 and self._is_enough(self.older_than(place)) and self._is_enough(self.snapshots[place].rows)

    @property
    def can_learn(self) -> bool:
        """Whether there is enough to learn from and to hold out at all."""
        return self.can_hold_out(0)

    def members(self) -> Members:
        """Fitted on everything."""
        return fit_members(self.older_than(-1), self.settings)

    def told(self, place: int) -> dict[str, Floats]:
        """Chances of the snapshot at `place` by the members fitted on older ones."""
        return self._told[place]

    @cached_property
    def _told(self) -> dict[int, dict[str, Floats]]:
        told: dict[int, dict[str, Floats]] = {}
        for place in (0, 1):
            if self.can_hold_out(place):
                newest = self.snapshots[place]
                told[place] = fit_members(self.older_than(place), self.settings).chances(newest.rows, newest.history, self.settings)
        return told

    def _is_enough(self, rows: pl.DataFrame) -> bool:
        bought = int(rows["has_bought"].sum())
        return rows.height >= self.settings.fewest_rows and min(bought, rows.height - bought) >= self.settings.fewest_of_each


def without_tree(told: dict[str, Floats]) -> dict[str, Floats]:
    """The members that may be combined."""
    return {name: chance for name, chance in told.items() if name != TREE}


def sampled(order_days: pl.DataFrame, settings: OutlookSettings) -> pl.DataFrame:
    """Order days of every n-th customer, sorted, so that all snapshots together have at most about `training_rows` rows."""
    customers = order_days["customer_key"].unique().sort()
    every = max(1, -(-customers.len() * settings.snapshots // settings.training_rows))
    if every == 1:
        return order_days
    return order_days.join(customers.gather_every(every).to_frame(), on="customer_key", how="semi", maintain_order="left")


def cut_snapshots(order_days: pl.DataFrame, day: date, days: int, settings: OutlookSettings) -> list[Snapshot]:
    """Return snapshots whose outcome windows of `days` days end by `day`, newest first, one horizon apart.

    order_days: as of `day`. None is earlier than `first_days` after the first order known.
    """
    first = order_days["business_day"].min()
    if not isinstance(first, date):
        return []
    found: list[Snapshot] = []
    for number in range(settings.snapshots):
        at = day - timedelta(days=days + number * settings.horizon_days)
        if at < first + timedelta(days=settings.first_days):
            break
        rows = customer_snapshot(order_days, at)
        if rows.is_empty():
            break
        came = outcomes_after(order_days, rows["customer_key"], at, days).drop("customer_key")
        found.append(Snapshot(at, rows.hstack(came), fit_order_history(rows)))
    return found
