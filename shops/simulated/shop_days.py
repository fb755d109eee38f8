"""The days of the shop: opening days, holidays, events, and how busy each day is.

Terms. *History* is the days up to the shop's last day; the calendar runs on into the future, since holidays are known ahead. A
*day factor* multiplies the order rate; it is 0 on days a kind of location is closed and about 1 on an ordinary day. Stores close
on Sundays and national holidays, the web shop never does. *Christmas* is a ramp from 0 in mid-November to 1 before Christmas Eve.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

FUTURE_DAYS = 120
STORE_WEEKDAYS = np.array([0.90, 0.88, 0.95, 1.02, 1.25, 1.55, 0.0])
WEB_WEEKDAYS = np.array([1.08, 1.00, 0.98, 0.95, 0.88, 0.92, 1.25])
OWN_EVENT_NOTICE_DAYS = 60


@dataclass(frozen=True)
class ShopDays:
    """Arrays over the days of history and future; `n_history` of them are history."""

    days: np.ndarray
    n_history: int
    is_store_open: np.ndarray
    event_name: list[str]
    event_type: list[str]
    store_factor: np.ndarray
    web_factor: np.ndarray
    christmas: np.ndarray
    day_of_year: np.ndarray

    @property
    def last_day(self) -> date:
        return self.days[self.n_history - 1].item()

    @property
    def weekday(self) -> np.ndarray:
        """Monday is 0."""
        return (self.days.astype(int) + 3) % 7


def make_days(n_history: int, last_day: date) -> ShopDays:
    """Days of history and `FUTURE_DAYS` beyond; needs no random numbers."""
    first = last_day - timedelta(days=n_history - 1)
    dates = [first + timedelta(days=offset) for offset in range(n_history + FUTURE_DAYS)]
    days = np.array(dates, dtype="datetime64[D]")
    names, types = _events(dates)
    weekday = (days.astype(int) + 3) % 7
    is_open = np.array([kind != "national" and weekday[i] != 6 for i, kind in enumerate(types)])
    day_of_year = (days - days.astype("datetime64[Y]")).astype(int) + 1
    christmas = np.array([_christmas(day) for day in dates])
    season = 1 + 0.05 * np.cos(2 * np.pi * (day_of_year - 330) / 365) + 0.55 * christmas
    season *= np.where((day_of_year < 25) | (day_of_year > 360), 0.82, 1.0)
    lift = np.array([{"Black Friday": 1.6, "Anniversary Sale": 1.25, "Mother's Day": 1.1}.get(name, 1.0) for name in names])
    eve = np.append(types[1:], "")
    store = STORE_WEEKDAYS[weekday] * np.where(eve == "national", 1.25, 1.0) * is_open
    return ShopDays(
        days=days,
        n_history=n_history,
        is_store_open=is_open,
        event_name=names,
        event_type=types,
        store_factor=store * season * lift,
        web_factor=WEB_WEEKDAYS[weekday] * season * lift * np.where(np.array(types) == "national", 1.1, 1.0),
        christmas=christmas,
        day_of_year=day_of_year,
    )


def _christmas(day: date) -> float:
    """0 until mid-November, rising to 1 shortly before Christmas Eve, 0 after it."""
    before = (date(day.year, 12, 24) - day).days
    return float(np.clip((40 - before) / 35, 0, 1)) if before > 0 else 0.0


def _events(dates: list[date]) -> tuple[list[str], list[str]]:
    import holidays

    national = holidays.country_holidays("DE", years=range(dates[0].year, dates[-1].year + 1))
    names, types = [], []
    for day in dates:
        name, kind = "", ""
        if day in national:
            name, kind = national.get(day, ""), "national"
        elif day.month == 11 and day.weekday() == 4 and 23 <= day.day <= 29:
            name, kind = "Black Friday", "commercial"
        elif day.month == 5 and day.weekday() == 6 and 8 <= day.day <= 14:
            name, kind = "Mother's Day", "commercial"
        elif day.month == 10 and 6 <= day.day <= 12:
            name, kind = "Anniversary Sale", "own"
        names.append(name)
        types.append(kind)
    return names, types


def calendar_table(shop_days: ShopDays, stores: list[str], web: str) -> pl.DataFrame:
    """Contract table `calendar`: a row per day and location, known from the start.

    Own events are announced 60 days ahead by a newer version of their days.
    """
    frames = []
    start = shop_days.days[0]
    for location in [*stores, web]:
        is_open = np.ones(len(shop_days.days), bool) if location == web else shop_days.is_store_open
        is_own = np.array([kind == "own" for kind in shop_days.event_type])
        base = pl.DataFrame(
            {
                "business_day": shop_days.days,
                "location_id": [location] * len(is_open),
                "is_open": is_open,
                "event_name": ["" if own else name for name, own in zip(shop_days.event_name, is_own, strict=True)],
                "event_type": ["" if own else kind for kind, own in zip(shop_days.event_type, is_own, strict=True)],
                "recorded_at": np.full(len(is_open), start.astype("datetime64[us]")),
            }
        )
        announced = np.maximum(shop_days.days - OWN_EVENT_NOTICE_DAYS, start)
        is_known = is_own & (announced <= shop_days.days[shop_days.n_history - 1])
        own = base.with_columns(
            pl.Series("event_name", shop_days.event_name),
            pl.Series("event_type", shop_days.event_type),
            pl.Series("recorded_at", announced.astype("datetime64[us]")).dt.offset_by("9h"),
        ).filter(pl.Series(is_known))
        frames += [base, own]
    return pl.concat(frames)
