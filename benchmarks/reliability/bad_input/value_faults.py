"""Faults of single values: numbers, flags, days and times that cannot be meant."""

from datetime import date, datetime

import polars as pl

from benchmarks.reliability.bad_input.fault import DamagedShop, Expected, Fault, accepted, quarantined
from benchmarks.reliability.bad_input.sound_shop import LAST_DAY, ROWS

SPRING = "2024-03-31"
AUTUMN = "2024-10-27"


def _cell(table: str, column: str, value: str, expected: Expected, name: str, mend: str, *rows: int) -> Fault:
    return Fault(name, table, lambda shop: shop.cell(table, column, value, *rows), expected, mend)


def _longer_history(shop: DamagedShop, value: str, last_day: str, recorded: str = "") -> None:
    shop.settings(f"last_day = {LAST_DAY}", f"last_day = {last_day}")
    shop.cell("order_lines", "order_ts", value)


def _without_last_day(shop: DamagedShop) -> None:
    shop.settings(f"last_day = {LAST_DAY}\n", "")
    shop.cell("order_lines", "order_ts", "2100-01-01 10:00:00")


def _two_local_hours(shop: DamagedShop) -> None:
    """Half past two in the night the clocks went back, once before and once after."""
    shop.settings(f"last_day = {LAST_DAY}", f"last_day = {AUTUMN}")
    times = [f"{AUTUMN}T02:30:00+02:00", f"{AUTUMN}T02:30:00+01:00", *["2024-03-04 10:00:00"] * (ROWS - 2)]
    shop.csv("order_lines", lambda frame: frame.with_columns(order_ts=pl.Series(times)))


def _flags(shop: DamagedShop, *words: str) -> None:
    written = [words[row % len(words)] for row in range(ROWS)]
    shop.csv("customers", lambda frame: frame.with_columns(email_consent=pl.Series(written)))


def _ambiguous(shop: DamagedShop, declared: str) -> None:
    shop.settings("", declared)
    shop.cell("stock_levels", "business_day", "03/04/2024")


VALUE_FAULTS = (
    _cell("order_lines", "units", "NaN", quarantined("not_finite", 1), "NaN in a number of CSV text", "Leave the line out, or fill it."),
    _cell("order_lines", "unit_price", "1e400", quarantined("not_finite", 1), "A number too large for any machine", "Export it again."),
    _cell(
        "order_lines",
        "unit_price",
        "-3.50",
        quarantined("out_of_range", 1, "at least 0"),
        "A negative price",
        "A return has negative units.",
    ),
    _cell("prices", "price", "-0.01", quarantined("out_of_range", 1), "A negative list price", "Mend the price."),
    _cell("products", "unit_cost", "-1", quarantined("out_of_range", 1), "A negative cost", "Leave a cost that is not known empty."),
    _cell(
        "order_lines", "units", "0", quarantined("wrong_sign", 1, "a sale has positive units"), "A sale of no units", "Leave the line out."
    ),
    _cell(
        "order_lines",
        "units",
        "-2",
        quarantined("wrong_sign", 1),
        "A sale of negative units",
        "Say `line_type = return`, a line of its own.",
    ),
    _cell(
        "order_lines",
        "line_type",
        "gift",
        quarantined("not_allowed", 1, "allowed are sale, return"),
        "A kind of line nobody knows",
        "Say sale.",
    ),
    _cell("order_lines", "units", "100001", quarantined("out_of_range", 1), "More units than any shop sells at once", "Mend the number."),
    _cell("daily_sales", "units", "0", accepted(), "A day's sales of no units", "It says that nothing was sold."),
    _cell(
        "stock_levels",
        "on_hand",
        "-3",
        accepted(holds=lambda rows: rows["on_hand"].min() == -3.0),
        "A negative stock",
        "Lands as it is; the marts take it as nothing and set `was_negative`.",
    ),
    _cell(
        "competitor_prices", "price", "€3.50", quarantined("not_a_number", 1), "A currency sign before a price", "Export the bare number."
    ),
    _cell(
        "order_overrides", "units", "-6", quarantined("out_of_range", 1, "at least 0"), "A buyer who orders less than nothing", "Reject it."
    ),
    _cell("order_overrides", "units", "", quarantined("missing_required", 1), "An edited order without a quantity", "Say how many.", 1),
    _cell(
        "order_overrides",
        "action",
        "cancel",
        quarantined("not_allowed", 1, "allowed are approve, edit, reject"),
        "A decision about an order that nobody knows",
        "Say reject.",
    ),
    _cell(
        "promotion_decisions",
        "discount_share",
        "",
        quarantined("missing_required", 1),
        "An approval without a price cut",
        "Say how deep.",
        0,
    ),
    _cell(
        "promotion_decisions",
        "action",
        "perhaps",
        quarantined("not_allowed", 1, "allowed are approve, reject"),
        "A decision about a promotion that is none",
        "Leave the line out until it is decided.",
    ),
    _cell(
        "coupon_overrides",
        "action",
        "push",
        quarantined("not_allowed", 1, "allowed are give, forbid, fix"),
        "A decision about coupons that nobody knows",
        "Say give, forbid or fix.",
    ),
    _cell("promotions", "discount_share", "10 %", quarantined("not_a_number", 1), "A share in per cent", "Export 0.1."),
    _cell("promotions", "discount_share", "10", quarantined("out_of_range", 1, "at most 1"), "A share above one", "Export 0.1."),
    _cell("suppliers", "lead_time_days", "a week", quarantined("not_a_number", 1), "A lead time in words", "Export days."),
    _cell(
        "suppliers",
        "order_weekdays",
        "Mo,Do",
        quarantined("not_allowed", 1, "list some of Mon, Tue"),
        "Weekdays in another language",
        "Mon, Tue, Wed, Thu, Fri, Sat, Sun, as words or their beginnings.",
    ),
    Fault(
        "Flags as yes and no",
        "customers",
        lambda shop: _flags(shop, "yes", "No", "TRUE", "f", "1", "0"),
        accepted(holds=lambda rows: rows["email_consent"].sum() == ROWS // 2),
        "Read as true and false.",
    ),
    Fault(
        "Flags in another language",
        "customers",
        lambda shop: _flags(shop, "ja", "no", "yes"),
        quarantined("not_allowed", ROWS // 3, "allowed are true, false"),
        "Export true and false.",
    ),
    _cell(
        "order_lines",
        "order_ts",
        "1970-01-01 00:00:00",
        quarantined("outside_history", 1, "the shop's first day"),
        "An order in 1970",
        "A time that was never set; export it again.",
    ),
    _cell(
        "order_lines",
        "order_ts",
        "2100-01-01 10:00:00",
        quarantined("outside_history", 1, "the shop's last day"),
        "An order in 2100",
        "Mend the time.",
    ),
    Fault(
        "An order in 2100 in a shop without a last day",
        "order_lines",
        _without_last_day,
        quarantined("out_of_range", 1, "nothing can have happened in 2100 or later"),
        "Mend the time.",
    ),
    _cell(
        "prices",
        "recorded_at",
        "2101-01-01 00:00:00",
        quarantined("out_of_range", 1, "nothing can have been recorded in 2100 or later"),
        "A record written in 2101",
        "It would never come into force; mend the time.",
    ),
    _cell(
        "products", "launched_on", "1899-12-31", quarantined("out_of_range", 1), "A day before 1900", "Leave a day that is not known empty."
    ),
    _cell("products", "launched_on", "1970-01-01", accepted(), "A launch in 1970", "Reference data may be old."),
    _cell("coupons", "valid_to", "9999-12-31", accepted(), "A last day in 9999", "It says that there is no end."),
    _cell(
        "promotions",
        "ends_on",
        "9999-12-31",
        quarantined("out_of_range", 1, "a promotion runs at most 1,098 days"),
        "A promotion without an end",
        "Each of its days is a row; hand in a price instead.",
    ),
    _cell(
        "campaigns",
        "ends_on",
        "2024-02-01",
        quarantined("out_of_range", 1, "may not be before starts_on"),
        "An end before its beginning",
        "Mend the day.",
    ),
    Fault(
        "A day that can be read two ways",
        "stock_levels",
        lambda shop: _ambiguous(shop, ""),
        quarantined("not_a_date", 1, "a day such as 2024-01-31 was expected"),
        "Set `[csv] date_format`. A day is never guessed at.",
    ),
    Fault(
        "A day that is read as declared",
        "stock_levels",
        lambda shop: _ambiguous(shop, '\n[csv]\ndate_format = "%m/%d/%Y"\n'),
        accepted(holds=lambda rows: rows["business_day"].min() == date(2024, 3, 2) and date(2024, 3, 4) in rows["business_day"]),
        "`%m/%d/%Y` makes 03/04/2024 the fourth of March; ISO days are read beside it.",
    ),
    _cell("stock_levels", "business_day", "2024-02-30", quarantined("not_a_date", 1), "A day no month has", "Mend the day."),
    _cell("stock_levels", "business_day", "45353", quarantined("not_a_date", 1), "A day as Excel counts them", "Export it as 2024-03-02."),
    _cell(
        "order_lines",
        "order_ts",
        "2024-03-02T23:30:00Z",
        accepted(holds=lambda rows: datetime(2024, 3, 3, 0, 30) in rows["order_ts"]),
        "A time with a zone",
        "Moved to the shop's time zone; its day may become the next.",
    ),
    _cell("order_lines", "order_ts", "2024-03-02T12:00:00+99:00", quarantined("not_a_date", 1), "A zone no place has", "Mend the offset."),
    _cell(
        "web_events",
        "event_ts",
        "2024-03-02 24:00:00",
        quarantined("not_a_date", 1),
        "An hour no day has",
        "Midnight is 00:00:00 of the next day.",
    ),
    Fault(
        "An hour the clocks left out",
        "order_lines",
        lambda shop: _longer_history(shop, f"{SPRING} 02:30:00", "2024-04-05"),
        accepted(holds=lambda rows: datetime(2024, 3, 31, 2, 30) in rows["order_ts"]),
        "Local time without an offset is taken as it is; its day is certain.",
    ),
    Fault(
        "An hour the clocks went through twice",
        "order_lines",
        _two_local_hours,
        accepted(holds=lambda rows: rows.filter(pl.col("order_ts") == datetime(2024, 10, 27, 2, 30)).height == 2),
        "Both are half past two on that day.",
    ),
)
