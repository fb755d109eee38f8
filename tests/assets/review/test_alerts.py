"""What is an alert and what is not, worked by hand; and since when it stands."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.review.alerts import (
    SEVERITY,
    alerts_frame,
    failed_checks,
    forecast_drift,
    quarantine_of_reading,
    recent_quarantine,
    stale_data,
    with_standing,
)

TODAY = date(2025, 6, 27)  # a Friday


def back(days: int) -> date:
    return TODAY - timedelta(days=days)


def sales(*days: date, known_on: date | None = None) -> pl.DataFrame:
    return pl.DataFrame(
        {"business_day": list(days), "known_on": [known_on or day for day in days]}, schema={"business_day": pl.Date, "known_on": pl.Date}
    )


def every_day(since: int, until: int, step: int = 1, without: tuple[int, ...] = ()) -> list[date]:
    return [back(each) for each in range(since, until - 1, -step) if back(each).weekday() not in without]


def subjects(alerts: pl.DataFrame) -> list[tuple]:
    return alerts.select("as_of_day", "kind", "subject").rows()


@pytest.mark.parametrize(("newest", "is_stale"), [(0, False), (2, False), (3, True), (30, True)])
def test_sales_older_than_two_trading_days_are_stale(newest: int, is_stale: bool) -> None:
    found = stale_data(sales(*every_day(90, newest)), [], [TODAY])
    assert subjects(found) == ([(TODAY, "stale_data", "sales")] if is_stale else [])


def test_days_on_which_the_shop_never_sells_do_not_count() -> None:
    """Closed on weekends: from Friday the 20th to Tuesday the 24th there are two trading days."""
    weekdays = every_day(90, 7, without=(5, 6))
    assert stale_data(sales(*weekdays), [], [back(3)]).is_empty()
    assert not stale_data(sales(*weekdays), [], [back(2)]).is_empty()


def test_announced_closing_days_do_not_count() -> None:
    closed = [back(each) for each in range(10)]
    assert stale_data(sales(*every_day(90, 10)), closed, [TODAY]).is_empty()


def test_a_shop_with_few_sales_is_not_stale_within_its_usual_gap() -> None:
    seldom = every_day(90, 6, step=6)
    assert stale_data(sales(*seldom), [], [TODAY - timedelta(days=1)]).is_empty()
    assert not stale_data(sales(*seldom), [], [TODAY + timedelta(days=1)]).is_empty()


def test_sales_that_became_known_later_do_not_make_a_day_fresh() -> None:
    late = pl.concat([sales(*every_day(90, 5)), sales(back(1), known_on=TODAY + timedelta(days=1))])
    assert subjects(stale_data(late, [], [TODAY, TODAY + timedelta(days=1)])) == [(TODAY, "stale_data", "sales")]


def test_no_sales_at_all_are_stale() -> None:
    assert stale_data(sales(), [], [TODAY]).height == 1


def refused(table: str, day: date | None, count: int, code: str = "not_a_number", file: str = "a.csv") -> pl.DataFrame:
    return pl.DataFrame(
        {"table_name": [table] * count, "business_day": [day] * count, "reason_code": code, "source_file": file, "reason": "r"},
        schema_overrides={"business_day": pl.Date},
    )


def accepted(table: str, day: date, rows: int, known_on: date | None = None) -> pl.DataFrame:
    return pl.DataFrame({"table_name": [table], "business_day": [day], "known_on": [known_on or day], "rows": [rows]})


@pytest.mark.parametrize(("faulty", "is_alert"), [(4, False), (5, True)])
def test_many_refused_rows_about_the_last_week(faulty: int, is_alert: bool) -> None:
    found = recent_quarantine(refused("prices", back(6), faulty), accepted("prices", TODAY, 100), [TODAY])
    assert subjects(found) == ([(TODAY, "quarantine", "prices")] if is_alert else [])


def test_two_percent_of_a_large_table_are_small() -> None:
    assert recent_quarantine(refused("prices", TODAY, 20), accepted("prices", TODAY, 980), [TODAY]).is_empty()
    found = recent_quarantine(refused("prices", TODAY, 21), accepted("prices", TODAY, 979), [TODAY])
    assert "2.1%" in found["message"][0]
    assert "mostly not_a_number" in found["message"][0]


def test_refused_rows_of_the_week_before_last_and_of_tomorrow_are_no_news() -> None:
    frame = pl.concat([refused("prices", back(7), 50), refused("prices", TODAY + timedelta(days=1), 50)])
    assert recent_quarantine(frame, accepted("prices", TODAY, 1), [TODAY]).is_empty()


def test_rows_of_erased_persons_are_no_fault() -> None:
    frame = pl.concat([refused("customers", TODAY, 50, "erased"), refused("customers", None, 50, "erased")])
    assert recent_quarantine(frame, accepted("customers", TODAY, 1), [TODAY]).is_empty()
    counts = pl.DataFrame({"table_name": ["customers"], "rows_read": [51]})
    assert quarantine_of_reading(frame, counts, TODAY).is_empty()


def test_files_that_cannot_be_read_and_rows_without_a_day() -> None:
    counts = pl.DataFrame({"table_name": ["prices", "order_lines"], "rows_read": [100, 10_000]})
    frame = pl.concat(
        [
            refused("prices", None, 1, "unreadable_file", "prices.parquet"),
            refused("prices", None, 6, "not_a_date"),
            refused("order_lines", None, 6, "not_a_date"),
        ]
    )
    assert subjects(quarantine_of_reading(frame, counts, TODAY)) == [
        (TODAY, "unreadable_file", "prices.parquet"),
        (TODAY, "quarantine", "prices without a day"),
    ]


def judged(days: int, wape: float, bias: float, horizon: int = 1) -> pl.DataFrame:
    dates = [back(each) for each in range(days)]
    return pl.DataFrame(
        {"as_of_day": dates, "horizon_days": horizon, "units": 100.0, "forecast_units": 100.0 * (1 + bias), "wape": wape},
        schema_overrides={"horizon_days": pl.Int64},
    )


def promise(wape: float | None = 0.4, bias: float | None = 0.02) -> pl.DataFrame:
    schema = {"as_of_day": pl.Date, "wape_item": pl.Float64, "bias_total": pl.Float64}
    return pl.DataFrame([(TODAY, wape, bias)], schema=schema, orient="row")


@pytest.mark.parametrize(
    ("wape", "bias", "subject"),
    [
        (0.4, 0.02, []),
        (0.49, 0.16, []),
        (0.51, 0.0, ["error"]),
        (0.4, 0.18, ["bias"]),
        (0.4, -0.14, ["bias"]),
        (0.8, 0.5, ["error", "bias"]),
    ],
)
def test_forecasts_clearly_worse_than_promised(wape: float, bias: float, subject: list[str]) -> None:
    found = forecast_drift(judged(28, wape, bias), promise(), [TODAY])
    assert found["subject"].to_list() == subject


def test_forecasts_nearer_to_the_truth_than_promised_are_no_drift() -> None:
    assert forecast_drift(judged(28, 0.4, -0.02), promise(bias=-0.2), [TODAY]).is_empty()
    assert forecast_drift(judged(28, 0.4, 0.25), promise(bias=-0.2), [TODAY])["subject"].to_list() == ["bias"]
    assert forecast_drift(judged(28, 0.4, 0.19), promise(bias=-0.2), [TODAY])["subject"].to_list() == ["bias"]


def test_too_little_to_judge_is_no_drift() -> None:
    assert forecast_drift(judged(13, 5.0, 5.0), promise(), [TODAY]).is_empty()
    assert forecast_drift(judged(28, 5.0, 5.0, horizon=8), promise(), [TODAY]).is_empty(), "only forecasts up to a week ahead"
    assert forecast_drift(judged(28, 5.0, 5.0), promise(None, None), [TODAY]).is_empty(), "nothing was promised"
    assert forecast_drift(judged(28, 5.0, 5.0), promise(), [back(1)]).is_empty(), "another day's promise"


def test_checks_whose_finding_is_an_alert_of_its_own_are_not_told_twice() -> None:
    failed = [("landing/quarantine", "quarantine_is_small"), ("demand/training_runs", "beats_seasonal_naive")]
    assert failed_checks(failed, TODAY)["subject"].to_list() == ["demand/training_runs: beats_seasonal_naive"]


def standing(rows: list[tuple[int, str]], decided: list[int]) -> list[tuple[int, str, int]]:
    frame = with_standing(alerts_frame([(back(day), "plan_relaxed", name, "m") for day, name in rows]), [back(day) for day in decided])
    found = [((TODAY - row["as_of_day"]).days, row["subject"], (TODAY - row["first_seen"]).days) for row in frame.to_dicts()]
    return sorted(found, reverse=True)


def test_since_when_an_alert_stands() -> None:
    assert standing([(5, "a"), (4, "a"), (2, "a"), (2, "b")], [5, 4, 3, 2]) == [(5, "a", 5), (4, "a", 5), (2, "b", 2), (2, "a", 2)]
    assert standing([(9, "a"), (2, "a")], [9, 2]) == [(9, "a", 9), (2, "a", 9)], "days that were not decided are no gap"


@settings(max_examples=40, deadline=None)
@given(st.permutations([(8, "a"), (7, "a"), (7, "b"), (6, "a"), (4, "b"), (3, "a")]))
def test_the_order_in_which_alerts_are_given_changes_nothing(rows: list[tuple[int, str]]) -> None:
    assert standing(rows, [8, 7, 6, 5, 4, 3]) == standing(sorted(rows), [8, 7, 6, 5, 4, 3])


def test_every_kind_has_a_severity_and_stands_in_the_contract() -> None:
    from assets.table_contracts import table_contracts

    told = next(column.meaning for column in table_contracts()["review.alerts"].columns if column.name == "kind")
    assert set(told.replace(" or ", ", ").split(", ")) == set(SEVERITY)
    assert set(SEVERITY.values()) == {"error", "warning", "info"}
