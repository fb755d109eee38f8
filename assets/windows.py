"""Which days a run is about: pure functions over business days.

Terms: a *window* is the half-open range of business days `[start, end)` that a run replaces. A *training day* is the day whose knowledge a
model was trained on: the last Sunday at or before the business day, so that a week of days shares one model.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Window:
    """Business days `[start, end)`."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"Expected a window of at least one day; got [{self.start}, {self.end}).")

    @property
    def days(self) -> list[date]:
        return [self.start + timedelta(days=offset) for offset in range((self.end - self.start).days)]

    @property
    def last_day(self) -> date:
        return self.end - timedelta(days=1)

    def since(self, day: date) -> "Window":
        """The window stretched back to `day`, if that is earlier."""
        return Window(min(day, self.start), self.end)


def training_day(day: date, first_day: date) -> date:
    """The last Sunday at or before `day`, but never before the shop's first day."""
    return max(day - timedelta(days=(day.weekday() + 1) % 7), first_day)


def by_training_day(days: list[date], first_day: date) -> Iterator[tuple[date, list[date]]]:
    """Group business days under the training day they share, in order."""
    groups: dict[date, list[date]] = {}
    for day in sorted(days):
        groups.setdefault(training_day(day, first_day), []).append(day)
    yield from groups.items()


def month_ends(first_day: date, last_day: date) -> list[date]:
    """The last days of months from `first_day` to `last_day`."""
    one_day = timedelta(days=1)
    days = (first_day + timedelta(days=number) for number in range((last_day - first_day).days + 1))
    return [day for day in days if (day + one_day).day == 1]
