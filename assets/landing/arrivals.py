"""Which day each record lands on: its own, or the day it arrived where its own had been landed before.

Decides for records of days before the run's that were handed in after those days had been landed: they land on the day they arrived,
the run's last, or the newest landed day where the run lies before it, so that running an old day again learns nothing that came after
it. A record that was landed keeps the day it was landed on. The days that are run take what the shop's files hold for them: their records
keep their own day, one by one as in a range. In a first import nothing is landed, so every record keeps its day.

Terms: a record's *own day* is its `known_on` as the intake has it; the *run* is the days asked for, the *window* those and the days before
them that were never landed. Records are compared only on days whose mark (`shops.intake_marks`) is another than when they were last looked
at; no more rows than `ROWS_AT_ONCE` and those that arrived late are held at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from assets.landing.files import LandedFiles
from assets.windows import Window
from shops.intake import row_order
from shops.intake_marks import NO_ROWS, PLACE, day_spans, marks_by_day
from shops.intake_store import StoredIntake

ROWS_AT_ONCE = 1_000_000


@dataclass(frozen=True)
class Arrivals:
    """The records of one table, to be landed on the days of `window` by a run of the days `asked` (part of them)."""

    intake: StoredIntake
    files: LandedFiles
    window: Window
    asked: Window

    def placed(self) -> Iterator[tuple[Window, pl.DataFrame]]:
        """Yield days that follow one another and the rows that land on them (`known_on` is that day); together all days of the window."""
        news = self._news()
        late = self._late(news)
        marks = self.intake.marks.filter(pl.col("known_on").is_between(self.window.start, self.window.last_day))
        ends = [last for _, last in day_spans(marks, ROWS_AT_ONCE)][:-1]
        start = self.window.start
        for last in [*ends, self.window.last_day]:
            rows = self.intake.accepted(start, last)
            if news.height:
                rows = rows.join(news, on=[*self._content, "known_on"], how="anti", nulls_equal=True)
            arrived = late.filter(pl.col("known_on").is_between(start, last))
            if arrived.height:
                rows = pl.concat([rows, arrived]).sort(row_order(self.intake.table))
            yield Window(start, last + timedelta(days=1)), rows
            start = last + timedelta(days=1)

    def looked_at(self) -> dict[date, str]:
        """The marks of the days whose records were all given their place; a later run need not look at them unless they change."""
        now = marks_by_day(self.intake.marks)
        landed = self.files.landed_days()
        days = {day for day in self.window.days if day not in landed or day >= self.asked.start}
        if self._arrived_on in self.window.days:
            days |= {day for day in landed if day < self.asked.start}
        return {day: now.get(day, NO_ROWS) for day in days}

    @property
    def _content(self) -> list[str]:
        return [name for name in self.intake.columns if name not in (*PLACE, "known_on")]

    @property
    def _arrived_on(self) -> date:
        return max([self.asked.last_day, *self.files.landed_days()])

    def _news(self) -> pl.DataFrame:
        """Records of landed days that are not in the file of their own day."""
        now, looked = marks_by_day(self.intake.marks), self.files.looked_at(self.intake.table.name)
        landed = self.files.landed_days()
        inside = set(self.window.days)
        changed = [
            day
            for day, tables in landed.items()
            if (day in inside and now.get(day) != tables.get(self.intake.table.name))
            or (day not in inside and day < self.asked.start and now.get(day, NO_ROWS) != looked[day])
        ]
        marks = self.intake.marks.filter(pl.col("known_on").is_in(changed))
        news = [self.intake.empty()]
        for first, last in day_spans(marks, ROWS_AT_ONCE):
            days = [day for day in changed if first <= day <= last]
            rows = self.intake.accepted_on(days)
            own = self.files.rows_of(self.intake.table.name, days).select(*self._content, "known_on")
            news.append(rows.join(own, on=[*self._content, "known_on"], how="anti", nulls_equal=True))
        return pl.concat(news)

    def _late(self, news: pl.DataFrame) -> pl.DataFrame:
        """Records that land in the window on another day than their own, and those of the window that are new on their own."""
        name, content = self.intake.table.name, self._content
        strangers = self._strangers()
        kept = self.intake.empty()
        if strangers.height:
            kept = self.intake.like(strangers, content).join(strangers, on=content, how="inner", nulls_equal=True)
            kept = kept.with_columns(known_on="landed_on").drop("landed_on")
        fresh = news.join(kept, on=content, how="anti", nulls_equal=True)
        if fresh.height:
            elsewhere = [day for day in self.files.days_after(name, fresh["known_on"].min()) if day not in set(self.window.days)]
            fresh = fresh.join(self.files.like(name, elsewhere, fresh, content), on=content, how="anti", nulls_equal=True)
        came_now = pl.col("known_on") < self.asked.start
        fresh = fresh.with_columns(known_on=pl.when(came_now).then(pl.lit(self._arrived_on)).otherwise("known_on"))
        return pl.concat([kept, fresh]).filter(pl.col("known_on").is_between(self.window.start, self.window.last_day))

    def _strangers(self) -> pl.DataFrame:
        """Contents in the window's files that are no record of the file's day: `landed_on` and the content, each once."""
        name, content = self.intake.table.name, self._content
        found = [self.intake.empty().select(*content, landed_on="known_on")]
        for day in self.files.days_with_rows(name, self.window):
            landed = self.files.rows_of(name, [day])
            own = self.intake.accepted(day, day)
            found.append(landed.join(own, on=content, how="anti", nulls_equal=True).select(*content, landed_on="known_on"))
        return pl.concat(found).unique(content, keep="first", maintain_order=True)
