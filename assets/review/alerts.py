"""Alerts: what a person should look at, day by day, and since when it stands.

Decides which findings are alerts and how grave they are. Most are about a decided day and follow from what was known that day: old sales,
many refused rows about the last week, forecasts worse than promised, plans that gave way or stopped early, doubtful stock. Some are about
the run and what it read: refused rows and files without a readable day, checks that did not pass. They belong to the newest day that can be
decided (the shop's last day, or yesterday) and to no other, so that a backfill of old days raises none of them. A failed run is noted for
the last day it was to decide and goes when that day is decided.

Terms: an alert is one (kind, subject) on one day. It *stands* on consecutive decided days; `first_seen` is the first of them.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import polars as pl

from shops.erased import REASON as ERASED

SEVERITY = {
    "run_failed": "error",
    "stale_data": "error",
    "unreadable_file": "error",
    "quarantine": "warning",
    "check_failed": "warning",
    "forecast_drift": "warning",
    "plan_relaxed": "warning",
    "plan_unproven": "warning",
    "overdue_deliveries": "info",
    "doubtful_stock": "info",
}
SCHEMA = {"as_of_day": pl.Date(), "kind": pl.String(), "subject": pl.String(), "message": pl.String()}
STALE_AFTER_DAYS, STALE_LOOK_BACK_DAYS = 2, 56
QUARANTINE_SHARE, QUARANTINE_ROWS, QUARANTINE_DAYS = 0.02, 5, 7
DRIFT_DAYS, DRIFT_LEAST_DAYS, DRIFT_HORIZON_DAYS = 28, 14, 7
DRIFT_WAPE_FACTOR, DRIFT_WAPE_POINTS, DRIFT_BIAS_POINTS = 1.25, 0.05, 0.15
CHECKS_WITH_OWN_ALERT = ("quarantine_is_small", "newest_day_is_known", "no_limit_gave_way")


def alerts_frame(rows: Iterable[tuple[date, str, str, str]]) -> pl.DataFrame:
    """Rows (as-of day, kind, subject, message) as a frame."""
    return pl.DataFrame(list(rows), schema=SCHEMA, orient="row")


def stale_data(sales_days: pl.DataFrame, closed_days: Iterable[date], days: Sequence[date]) -> pl.DataFrame:
    """Days whose newest sale is too old. `sales_days`: business_day, known_on (first day on which a sale of the day was known).

    Counted are trading days since the newest sale: not announced as closed, and of a weekday with sales in the eight weeks before. Too old
    is more than two of them and more than the longest gap of those weeks, so that a shop with few sales is not called stale every week.
    """
    closed = set(closed_days)
    rows = []
    for day in days:
        known = set(sales_days.filter((pl.col("known_on") <= day) & (pl.col("business_day") <= day))["business_day"])
        newest = max(known, default=None)
        if newest is None:
            rows.append((day, "stale_data", "sales", "No sales are known at all. Does the shop hand in order lines?"))
            continue
        past = [newest - timedelta(days=back) for back in range(STALE_LOOK_BACK_DAYS)]
        weekdays = {each.weekday() for each in past if each in known}
        trading = [each for each in past if each.weekday() in weekdays and each not in closed and each >= min(known)]
        since = [newest + timedelta(days=step + 1) for step in range((day - newest).days)]
        missing = sum(each.weekday() in weekdays and each not in closed for each in since)
        if missing > max(STALE_AFTER_DAYS, _longest_gap(trading, known)):
            said = f"The newest sale is of {newest}, {missing} trading days before {day}. Is the export still running?"
            rows.append((day, "stale_data", "sales", said))
    return alerts_frame(rows)


def _longest_gap(trading: Sequence[date], known: set[date]) -> int:
    longest = gap = 0
    for day in trading:
        gap = 0 if day in known else gap + 1
        longest = max(longest, gap)
    return longest


def recent_quarantine(quarantine: pl.DataFrame, accepted: pl.DataFrame, days: Sequence[date]) -> pl.DataFrame:
    """Tables with many refused rows about the last week. `accepted`: table_name, business_day, known_on, rows."""
    faulty = quarantine.filter((pl.col("reason_code") != ERASED) & pl.col("business_day").is_not_null())
    rows = []
    for day in days:
        since = day - timedelta(days=QUARANTINE_DAYS - 1)
        recent = faulty.filter(pl.col("business_day").is_between(since, day))
        for (table,), part in recent.group_by("table_name", maintain_order=True):
            taken = accepted.filter(
                pl.col("table_name") == table, pl.col("business_day").is_between(since, day), pl.col("known_on") <= day
            )["rows"].sum()
            share = part.height / (part.height + taken)
            if share > QUARANTINE_SHARE and part.height >= QUARANTINE_ROWS:
                said = (
                    f"{share:.1%} of the rows about the last {QUARANTINE_DAYS} days were refused ({part.height:,}), mostly {_mostly(part)}."
                )
                rows.append((day, "quarantine", table, f"{said} See quarantine."))
    return alerts_frame(rows)


def quarantine_of_reading(quarantine: pl.DataFrame, counts: pl.DataFrame, day: date) -> pl.DataFrame:
    """What was refused without a readable day: files, and tables of which more than 2 % cannot be dated."""
    undated = quarantine.filter((pl.col("reason_code") != ERASED) & pl.col("business_day").is_null())
    files = undated.filter(reason_code="unreadable_file")
    rows = [(day, "unreadable_file", each["source_file"], f"{each['table_name']}: {each['reason']}") for each in files.to_dicts()]
    read = dict(counts.group_by("table_name").agg(pl.col("rows_read").sum()).rows())
    for (table,), part in undated.filter(pl.col("reason_code") != "unreadable_file").group_by("table_name", maintain_order=True):
        share = part.height / max(read.get(table, 0), 1)
        if share > QUARANTINE_SHARE and part.height >= QUARANTINE_ROWS:
            said = f"{share:.1%} of all rows ({part.height:,}) were refused and say no day, mostly {_mostly(part)}. See quarantine."
            rows.append((day, "quarantine", f"{table} without a day", said))
    return alerts_frame(rows)


def _mostly(refused: pl.DataFrame) -> str:
    return refused.group_by("reason_code").len().sort(["len", "reason_code"], descending=[True, False])["reason_code"][0]


def forecast_drift(accuracy: pl.DataFrame, promised: pl.DataFrame, days: Sequence[date]) -> pl.DataFrame:
    """Days on which the last four weeks' forecasts were clearly worse than the replayed ones promised.

    `accuracy`: review.forecast_accuracy; `promised`: as_of_day, wape_item, bias_total of demand.training_runs. Judged are forecasts up to a
    week ahead, from two weeks of judged days on. Worse is an error a quarter and 5 points above, or a bias 15 points away, unless it
    is nearer to 0 than the replayed one and within 15 points of it.
    """
    rows = []
    told = {row["as_of_day"]: row for row in promised.to_dicts()}
    near = accuracy.filter((pl.col("horizon_days") <= DRIFT_HORIZON_DAYS) & pl.col("wape").is_not_null())
    for day in days:
        recent = near.filter(pl.col("as_of_day").is_between(day - timedelta(days=DRIFT_DAYS - 1), day))
        promise = told.get(day)
        units = float(recent["units"].sum())
        if promise is None or promise["wape_item"] is None or units <= 0 or recent["as_of_day"].n_unique() < DRIFT_LEAST_DAYS:
            continue
        wape = float((recent["wape"] * recent["units"]).sum()) / units
        bias = float(recent["forecast_units"].sum()) / units - 1
        if wape > max(DRIFT_WAPE_FACTOR * promise["wape_item"], promise["wape_item"] + DRIFT_WAPE_POINTS):
            promised_wape = f"replayed ones promised {promise['wape_item']:.1%}"
            said = f"Forecasts of the last {DRIFT_DAYS} days were off by {wape:.1%} of units; {promised_wape}."
            rows.append((day, "forecast_drift", "error", said))
        usual = promise["bias_total"] or 0.0
        is_worse = abs(bias) > min(abs(usual), DRIFT_BIAS_POINTS)
        if abs(bias - usual) > DRIFT_BIAS_POINTS and is_worse:
            said = f"Forecasts of the last {DRIFT_DAYS} days were {bias:+.1%} beside what was sold; replayed ones were {usual:+.1%}."
            rows.append((day, "forecast_drift", "bias", said))
    return alerts_frame(rows)


def failed_checks(failed: Iterable[tuple[str, str]], day: date) -> pl.DataFrame:
    """Checks (asset, name) that did not pass in the run, but for those whose finding is an alert of its own."""
    rows = {
        (day, "check_failed", f"{asset}: {name}", f"Check {name} of {asset} did not pass. See Checks of the asset in the UI.")
        for asset, name in failed
        if name not in CHECKS_WITH_OWN_ALERT
    }
    return alerts_frame(sorted(rows))


def with_standing(alerts: pl.DataFrame, decided: Iterable[date]) -> pl.DataFrame:
    """Add severity and first_seen, the first of the decided days in a row on which an alert stood.

    `alerts` are all there are, of every day, so that the same decided days give the same answer in whatever order they were decided.
    """
    position = {day: number for number, day in enumerate(sorted(set(decided)))}
    rows = []
    standing: dict[tuple[str, str], tuple[int, date]] = {}
    for row in alerts.sort("as_of_day", "kind", "subject", "message").to_dicts():
        number = position.get(row["as_of_day"])
        before = standing.get((row["kind"], row["subject"]))
        first = row["as_of_day"] if before is None or number is None or before[0] < number - 1 else before[1]
        if number is not None:
            standing[row["kind"], row["subject"]] = (number, first)
        rows.append({**row, "severity": SEVERITY.get(row["kind"], "warning"), "first_seen": first})
    return pl.DataFrame(rows, schema={**SCHEMA, "severity": pl.String(), "first_seen": pl.Date()})
