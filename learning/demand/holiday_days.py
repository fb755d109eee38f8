"""Holidays and shop events as one small frame: business_day, holiday (the name), location_id (null: everywhere).

National holidays come from the `holidays` package (offline rules), the shop's own events from its calendar. Days are known
in advance, so this frame may reach beyond the as-of day.
"""

from collections.abc import Sequence
from datetime import date

import polars as pl

SCHEMA = {"business_day": pl.Date, "holiday": pl.String, "location_id": pl.String}
EVERYWHERE = "all"


def no_holidays() -> pl.DataFrame:
    """An empty holiday frame."""
    return pl.DataFrame(schema=SCHEMA)


def national_holidays(country: str | None, first_day: date, last_day: date) -> pl.DataFrame:
    """National holidays of a country code such as 'DE'; empty without one. Raises ValueError on an unknown code."""
    if not country:
        return no_holidays()
    import holidays

    try:
        days = holidays.country_holidays(country, years=range(first_day.year, last_day.year + 1), language="en_US")
    except NotImplementedError as error:
        raise ValueError(f"Expected a country code that the holidays package knows; got {country!r}.") from error
    rows = sorted((day, name, None) for day, name in days.items() if first_day <= day <= last_day)
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def calendar_events(calendar: pl.DataFrame) -> pl.DataFrame:
    """The named events of a shop calendar (business_day, location_id, event_name, …) as a holiday frame."""
    named = calendar.filter(pl.col("event_name").is_not_null() & (pl.col("event_name") != ""))
    return all_events(named.select("business_day", "location_id", holiday=pl.col("event_name")))


def all_events(*frames: pl.DataFrame) -> pl.DataFrame:
    """Several holiday frames as one, each day, name and location once; a frame without location_id counts everywhere."""
    located = [
        frame if "location_id" in frame.columns else frame.with_columns(location_id=pl.lit(None, dtype=pl.String)) for frame in frames
    ]
    rows = pl.concat([frame.select(SCHEMA.keys()) for frame in located]).with_columns(
        location_id=pl.when(pl.col("location_id") != EVERYWHERE).then(pl.col("location_id"))
    )
    return rows.unique().sort("business_day", "holiday", "location_id")


def general_events(holidays: pl.DataFrame) -> pl.DataFrame:
    """The events that count at every location."""
    return holidays.filter(pl.col("location_id").is_null())


def names_by_day(holidays: pl.DataFrame, days: Sequence[date]) -> list[str]:
    """The name of the event of all locations on each day, '' where there is none; of several names the first in the alphabet."""
    first = general_events(holidays).sort("business_day", "holiday").group_by("business_day", maintain_order=True).first()
    names = dict(zip(first["business_day"].to_list(), first["holiday"].to_list(), strict=True))
    return [names.get(day, "") for day in days]
