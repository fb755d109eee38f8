"""The words of an explained forecast: short sentences made from its numbers, and what the gradient model's features are called.

Decides what is worth a sentence: weekdays 15 % beside the average day and events 5 % beside the weekday (both where a unit a week is
expected), promotions always, what the models or the category's course change from 3 % on. A sentence says what the forecast holds, all
factors together, so that it agrees with the table beside it; none says that the merchant would cause it.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import reduce
from itertools import groupby
from operator import mul

import polars as pl

WEEKDAY_SHARE, EVENT_SHARE, MODEL_SHARE, PROMOTION_SHARE = 0.15, 0.05, 0.03, 0.03
EVENT_DAYS = 14
RECENT_DAYS, SALE_DAYS = 28, 112
TOLD_UNITS = 1.0  # a week: of less, weekdays and events say nothing to a person
MOST_RANGES = 6
PLAIN_FACTORS = ("weekday", "promotion", "event", "open")
FEATURE_WORDS = {
    "mean_7": "sales of the last 7 days",
    "mean_14": "sales of the last 14 days",
    "mean_28": "sales of the last 28 days",
    "mean_112": "sales of the last 16 weeks",
    "zero_share_28": "days without a sale, last 28",
    "zero_share_112": "days without a sale, last 16 weeks",
    "days_since_sale": "days since the last sale",
    "spread_56": "ups and downs of the last 8 weeks",
    "age_days": "how long it has been sold",
    "log_level": "how much it sells",
    "stockout_share_28": "stock-out days, last 28",
    "promotion_share_28": "promoted days, last 28",
    "promoted_today": "on promotion today",
    "price_to_mean_56": "price against its last 8 weeks",
    "price_in_category": "price within its category",
    "category_trend": "trend of its category",
    "smoothed_02": "smoothed sales, very slow",
    "smoothed_05": "smoothed sales, slow",
    "smoothed_10": "smoothed sales",
    "smoothed_25": "smoothed sales, fast",
    "sale_chance_05": "chance of a sale, slow",
    "sale_chance_15": "chance of a sale, fast",
    "sale_size_10": "size of a sale",
    "typical_02": "smoothed sales without bulk orders, very slow",
    "typical_05": "smoothed sales without bulk orders, slow",
    "typical_10": "smoothed sales without bulk orders",
    "horizon": "days ahead",
    "weekday": "weekday",
    "month_day": "day of the month",
    "season_sin": "season, spring or autumn",
    "season_cos": "season, winter or summer",
    "weekday_factor": "its weekday pattern",
    "same_weekday_mean": "sales on the same weekday",
    "promoted": "promotion announced",
    "discount": "depth of the price cut",
    "promotion_lift": "what promotions did in its category",
    "event_lift": "what the event did in its category",
    "is_event": "an event that day",
    "days_to_event": "days to the next event",
    "days_since_event": "days since the last event",
    "last_year_ratio": "the same days last year",
    "last_year_category_ratio": "its category last year",
}


def sentences(segment: str, days: pl.DataFrame, history: pl.DataFrame, weeks: pl.DataFrame, deliveries: pl.DataFrame) -> list[str]:
    """What the numbers of one item say; frames as in `explanation.ItemExplanation`, history its panel rows by day."""
    is_told = days["forecast_units"].mean() * 7 >= TOLD_UNITS
    found = [
        f"{_how_it_sells(segment, days, history)}; {_coming(days, weeks)}.",
        *([_weekdays(days)] if is_told else []),
        *_promotions(days),
        *(_events(days) if is_told else []),
        _models(days) if segment != "dormant" else "",
        _stockouts(history, days["as_of_day"][0]),
        _deliveries(deliveries, days["as_of_day"][0]),
    ]
    return [sentence for sentence in found if sentence]


def feature_in_words(feature: str) -> str:
    """What a feature of the gradient model is called."""
    return FEATURE_WORDS.get(feature, feature.replace("_", " "))


def amount(units: float) -> str:
    """Units with as many digits as they deserve."""
    return f"{units:,.0f}" if units >= 9.95 else f"{units:.1f}" if units >= 0.995 else f"{units:.2f}" if units >= 0.005 else "0"


def whole(units: float) -> str:
    """Units sold: whole ones without a decimal point, weighed ones with one digit."""
    return f"{units:,.0f}" if units == round(units) else f"{units:,.1f}"


def more_or_less(ratio: float) -> str:
    """A ratio as `12 % more` or `12 % less`."""
    return _beside(ratio, "more", "less")


def days_in_words(days: Iterable[date]) -> str:
    """ISO days, those in a row as a range, at most the newest six ranges."""
    ranges = [f"{run[0]}" if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in _runs(sorted(days))]
    return ("" if len(ranges) <= MOST_RANGES else "earlier days, ") + ", ".join(ranges[-MOST_RANGES:])


def _how_it_sells(segment: str, days: pl.DataFrame, history: pl.DataFrame) -> str:
    level = amount(days["level_units"][0])
    sellable = history.filter(pl.col("is_open") & ~pl.col("is_censored"))
    if segment == "new":
        known = f"New, {sellable.height} days known"
        return f"{known}: forecast from products like it (category, location, price third) and past launches, {level} per open day"
    if segment == "dormant":
        return "Nothing sold for 16 weeks"
    if segment == "intermittent":
        recent = sellable.tail(SALE_DAYS)
        every = recent.height / max(int((recent["units"] > 0).sum()), 1)
        return f"Sells on one day in {every:.0f}, {level} per open day"
    return f"Sells {level} per open day"


def _coming(days: pl.DataFrame, weeks: pl.DataFrame) -> str:
    week, horizon = days["forecast_units"].head(7).sum(), days["forecast_units"].sum()
    last = weeks.filter(~pl.col("is_forecast")).tail(1)
    sold = f" (the last one sold {whole(last['units'][0])})" if last.height else ""
    return f"the coming week {amount(week)}{sold}, the coming {days.height} days {amount(horizon)}"


def _weekdays(days: pl.DataFrame) -> str:
    """Weekdays clearly beside the average day, in the forecast without events and promotions."""
    shape = _usual_by_weekday(days)
    if not shape or (mean := sum(shape.values()) / len(shape)) <= 0:
        return ""
    names = {weekday: f"{date(2024, 1, weekday):%A}" for weekday in shape}  # the first of January 2024 was a Monday
    parts = []
    for word, is_far in (("above", lambda share: share >= WEEKDAY_SHARE), ("below", lambda share: share <= -WEEKDAY_SHARE)):
        shares = {names[weekday]: units / mean - 1 for weekday, units in sorted(shape.items()) if is_far(units / mean - 1)}
        if shares:
            parts.append(f"{_and(list(shares))} {_span([abs(share) for share in shares.values()])} {word}")
    return f"{', '.join(parts)} the average day." if parts else ""


def _promotions(days: pl.DataFrame) -> list[str]:
    rows = {row["business_day"]: row for row in days.to_dicts()}
    told = []
    for run in _runs([day for day, row in rows.items() if row["on_promotion"]]):
        with_it = sum(rows[day]["forecast_units"] for day in run)
        without = sum(rows[day]["without_promotion_units"] for day in run)
        cut = max(rows[day]["discount_share"] for day in run)
        name = f"The promotion {_from_to(run)}" + (f" ({_percent(cut)} off)" if cut >= 0.005 else "")
        share = with_it / without - 1 if without > 0 else 0.0
        if abs(share) < PROMOTION_SHARE:
            told.append(f"{name} hardly changes the forecast.")
        else:
            change = "adds {} to" if share > 0 else "takes {} from"
            told.append(f"{name} {change.format(_percent(abs(share)))} the forecast, {amount(abs(with_it - without))} units.")
    return told


def _events(days: pl.DataFrame) -> list[str]:
    """Named days of the next two weeks beside what their weekday usually gives."""
    usual = _usual_by_weekday(days)
    told = []
    for row in days.head(EVENT_DAYS).filter((pl.col("event_name") != "") | pl.col("is_closed")).to_dicts():
        day = row["business_day"]
        label = f"{row['event_name']}, {_day(day)}" if row["event_name"] else f"{day:%A}, {_day(day)}"
        expected = usual.get(day.isoweekday(), 0.0)
        if row["is_closed"] and (row["event_name"] or expected > 0):  # not a weekday that is always closed
            told.append(f"{label}: closed.")
        elif not row["is_closed"] and expected > 0 and abs(row["without_promotion_units"] / expected - 1) >= EVENT_SHARE:
            told.append(f"{label}: {_beside(row['without_promotion_units'] / expected, 'above', 'below')} a usual {day:%A}.")
    return told


def _models(days: pl.DataFrame) -> str:
    """What the models and the category's course make of the plain average, over the whole horizon."""
    plain = reduce(mul, (pl.col(f"{name}_factor") for name in PLAIN_FACTORS), pl.col("level_units"))
    told = days.drop_nulls("model_factor").select(
        plain=plain.sum(), own=(plain * pl.col("model_factor")).sum(), combined=pl.col("forecast_units").sum()
    )
    plain_units, own, combined = told.row(0)
    if min(plain_units, own, combined) <= 0:
        return ""
    parts = []
    if abs(own / plain_units - 1) >= MODEL_SHARE:
        parts.append(f"season, price and recent sales (the models) make it {more_or_less(own / plain_units)} than its plain average")
    if abs(combined / own - 1) >= MODEL_SHARE:
        parts.append(f"the course of its category makes it {more_or_less(combined / own)}")
    return f"{'; '.join(parts)}.".capitalize() if parts else ""


def _stockouts(history: pl.DataFrame, as_of_day: date) -> str:
    recent = history.filter(pl.col("business_day") > as_of_day - timedelta(days=RECENT_DAYS))
    out = int((recent["is_censored"] & recent["is_open"]).sum())
    return f"Out of stock on {out} of the last {RECENT_DAYS} days: these count as unknown, not as sales of 0." if out else ""


def _deliveries(deliveries: pl.DataFrame, as_of_day: date) -> str:
    rows = deliveries.filter(pl.col("horizon_days") > 0).drop_nulls("mean_units").sort("horizon_days").to_dicts()
    if not rows:
        return ""
    first = f"Until an order of {_day(as_of_day + timedelta(days=1))} arrives"
    parts = [
        f"{said} ({row['horizon_days']} days) {amount(row['mean_units'])} expected, at most {amount(row['q95'])} in 95 of 100 cases"
        for said, row in zip((first, "until the order after it does"), rows, strict=False)
    ]
    assumed = " (spread assumed: too little past to replay)" if any(row["calibration"] == "assumed" for row in rows) else ""
    return f"{'; '.join(parts)}{assumed}."


def _usual_by_weekday(days: pl.DataFrame) -> dict[int, float]:
    """Mean forecast of the open days without event, promotions taken out, by ISO weekday."""
    calm = days.filter(~pl.col("is_closed"), pl.col("event_name") == "")
    means = calm.group_by(pl.col("business_day").dt.weekday().cast(pl.Int64).alias("weekday")).agg(pl.col("without_promotion_units").mean())
    return dict(means.sort("weekday").rows())


def _runs(days: Sequence[date]) -> list[list[date]]:
    """Days in a row together."""
    numbered = groupby(enumerate(days), lambda pair: pair[1].toordinal() - pair[0])
    return [[day for _, day in run] for _, run in numbered]


def _from_to(run: Sequence[date]) -> str:
    first, last = run[0], run[-1]
    if first == last:
        return f"on {_day(first)}"
    return f"from {first.day} to {_day(last)}" if first.month == last.month else f"from {_day(first)} to {_day(last)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B}"


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _span(shares: Sequence[float]) -> str:
    low, high = round(100 * min(shares)), round(100 * max(shares))
    return f"{low} %" if low == high else f"{low} to {high} %"


def _percent(share: float) -> str:
    return f"{round(100 * share)} %"


def _beside(ratio: float, above: str, below: str) -> str:
    return f"{_percent(abs(ratio - 1))} {above if ratio >= 1 else below}"
