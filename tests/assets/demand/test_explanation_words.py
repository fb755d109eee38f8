"""The sentences of an explained forecast, from frames that can be checked by hand."""

from datetime import date, timedelta

import polars as pl
import pytest

from assets.demand.explanation_words import FEATURE_WORDS, amount, days_in_words, feature_in_words, sentences, whole
from learning.demand.features import FEATURES

AS_OF = date(2025, 3, 9)  # a Sunday
NAMES = ("weekday", "promotion", "event", "open", "model", "course")


def coming(
    promoted: range = range(0), closed: range = range(0), level: float = 2.0, model: float = 1.0, event: int | None = None
) -> pl.DataFrame:
    """Two weeks in which Saturday sells twice what the other days do and promotions add a half."""
    rows = []
    for step in range(14):
        weekday = 1.75 if step % 7 == 5 else 0.875
        lift = 1.5 if step in promoted else 1.0
        units = 0.0 if step in closed else level * weekday * lift * model
        factors = (
            dict.fromkeys(NAMES, None)
            if step in closed
            else {**dict.fromkeys(NAMES, 1.0), "weekday": weekday, "promotion": lift, "model": model}
        )
        rows.append(
            {
                "as_of_day": AS_OF,
                "business_day": AS_OF + timedelta(days=step + 1),
                "forecast_units": units * (0.5 if step == event else 1.0),
                "level_units": level,
                **{f"{name}_factor": value for name, value in factors.items()},
                "on_promotion": step in promoted,
                "discount_share": 0.2 if step in promoted else 0.0,
                "event_name": "Market day" if step == event else "",
                "is_closed": step in closed,
                "without_promotion_units": units / lift * (0.5 if step == event else 1.0),
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def history(stockouts: int = 0, every: int = 1) -> pl.DataFrame:
    """Sixteen weeks; the last days of it out of stock."""
    ago = range(111, -1, -1)
    return pl.DataFrame(
        {
            "business_day": [AS_OF - timedelta(days=back) for back in ago],
            "units": [2.0 if back % every == 0 else 0.0 for back in ago],
            "is_open": [True] * 112,
            "is_censored": [back < stockouts for back in ago],
            "on_promotion": [False] * 112,
        }
    )


WEEKS = pl.DataFrame({"units": [13.0, 16.0], "is_forecast": [False, True]})
SUMS = pl.DataFrame({"horizon_days": [3, 10], "mean_units": [5.25, 20.0], "q95": [9.0, 31.2], "calibration": ["backtest", "backtest"]})


def test_level_coming_week_and_weekday() -> None:
    told = sentences("smooth", coming(), history(), WEEKS, SUMS)
    assert told == [
        "Sells 2.0 per open day; the coming week 14 (the last one sold 13), the coming 14 days 28.",
        "Saturday 75 % above the average day.",
        "Until an order of 10 March arrives (3 days) 5.2 expected, at most 9.0 in 95 of 100 cases; "
        "until the order after it does (10 days) 20 expected, at most 31 in 95 of 100 cases.",
    ]


def test_a_promotion_says_its_days_its_depth_and_what_it_adds() -> None:
    told = sentences("smooth", coming(promoted=range(2, 5)), history(), WEEKS, SUMS)
    assert "The promotion from 12 to 14 March (20 % off) adds 50 % to the forecast, 2.6 units." in told


def test_a_promotion_that_the_forecast_does_not_believe_in_says_so() -> None:
    days = coming(promoted=range(4, 5)).with_columns(without_promotion_units="forecast_units")
    assert "The promotion on 14 March (20 % off) hardly changes the forecast." in sentences("smooth", days, history(), WEEKS, SUMS)


def test_closed_days_and_events_are_told_beside_the_weekday() -> None:
    told = sentences("smooth", coming(closed=range(3, 4), event=8), history(), WEEKS, SUMS)
    assert "Thursday, 13 March: closed." in told
    assert "Market day, 18 March: 50 % below a usual Tuesday." in told


def test_models_and_stock_outs_are_told() -> None:
    told = sentences("smooth", coming(model=0.8), history(stockouts=3), WEEKS, SUMS)
    assert "Season, price and recent sales (the models) make it 20 % less than its plain average." in told
    assert "Out of stock on 3 of the last 28 days: these count as unknown, not as sales of 0." in told


@pytest.mark.parametrize(
    ("segment", "level", "begins"),
    [
        ("intermittent", 0.5, "Sells on one day in 4, 0.50 per open day; the coming week 3.5"),
        ("new", 0.5, "New, 112 days known: forecast from products like it"),
        ("dormant", 0.001, "Nothing sold for 16 weeks; the coming week 0.01"),
    ],
)
def test_each_segment_says_how_it_sells(segment: str, level: float, begins: str) -> None:
    assert sentences(segment, coming(level=level), history(every=4), WEEKS, SUMS)[0].startswith(begins)


def test_an_item_that_hardly_sells_is_told_no_weekdays() -> None:
    assert not any("Saturday" in sentence for sentence in sentences("intermittent", coming(level=0.05), history(), WEEKS, SUMS))


def test_an_assumed_spread_is_said() -> None:
    told = sentences("smooth", coming(), history(), WEEKS, SUMS.with_columns(calibration=pl.lit("assumed")))
    assert told[-1].endswith("(spread assumed: too little past to replay).")


def test_every_feature_has_words_and_an_unknown_one_is_readable() -> None:
    assert set(FEATURES) >= set(FEATURE_WORDS)
    assert feature_in_words("days_since_delivery") == "days since delivery"


def test_amounts_have_the_digits_they_deserve() -> None:
    assert [amount(units) for units in (1234.4, 12.4, 9.96, 1.25, 0.25, 0.004)] == ["1,234", "12", "10", "1.2", "0.25", "0"]
    assert [whole(units) for units in (1200.0, 0.0, 1.25)] == ["1,200", "0", "1.2"]


def test_days_in_a_row_are_a_range() -> None:
    days = [AS_OF + timedelta(days=step) for step in (0, 1, 2, 5)]
    assert days_in_words(days) == "2025-03-09 to 2025-03-11, 2025-03-14"
    assert days_in_words([AS_OF + timedelta(days=2 * step) for step in range(9)]).startswith("earlier days, 2025-03-15")
