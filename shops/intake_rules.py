"""What a row must fulfil beyond its single cells, and when it became known.

Decides the rules that need more than one cell or the shop (currency, sign of units, days in order, the shop's history), the about
day and `known_on`. Terms: *history* is first_day to last_day of the shop; an *event* happened on its about day and must lie in the
history; a *claim* may have begun before it (an order in transit); a *validity* (prices, promotions, campaigns, coupons) may also
lie in the future.
"""

from dataclasses import dataclass

import polars as pl

from shops.contract import Table
from shops.shop import Shop

EVENTS = ("order_lines", "daily_sales", "stock_levels", "coupon_redemptions", "web_events", "ad_spend", "competitor_prices")
CLAIMS = ("purchase_orders", "coupon_assignments")
HAPPENED_BEFORE_KNOWN = ("order_lines", "daily_sales", "stock_levels", "coupon_redemptions", "web_events")
LONGEST_PROMOTION_DAYS = 1_098  # three years: each of its days becomes a row, and 9999-12-31 would become three million
FIRST_YEAR_TOO_FAR = 2100
WEEKDAYS_LISTED = r"(?i)^\s*(?:(?:(?:mon|tue|wed|thu|fri|sat|sun)[^,]*)?(?:,\s*|$))*$"
DAYS_IN_ORDER = {
    "prices": ("valid_from", "valid_to"),
    "promotions": ("starts_on", "ends_on"),
    "promotion_decisions": ("starts_on", "ends_on"),
    "campaigns": ("starts_on", "ends_on"),
    "coupons": ("valid_from", "valid_to"),
    "purchase_orders": ("ordered_on", "received_on"),
    "coupon_overrides": ("valid_from", "valid_to"),
}


@dataclass(frozen=True)
class Rule:
    """A row breaks the rule where `broken` is true; `column` is the cell to quote and `mend` ends the sentence about it."""

    fault: str
    column: str
    broken: pl.Expr
    mend: str


def about_day(table: Table) -> pl.Expr:
    """The about day of each row in the shop's time zone; null for reference data."""
    if table.about is None:
        return pl.lit(None, dtype=pl.Date)
    return pl.col(table.about).dt.date() if table.by_name[table.about].kind == "timestamp" else pl.col(table.about)


def row_rules(table: Table, shop: Shop) -> list[Rule]:
    """The rules of one table, in the order in which they are named to the reader."""
    rules = []
    if "currency" in table.by_name:
        foreign = pl.col("currency").str.to_uppercase() != shop.currency
        rules.append(Rule("wrong_currency", "currency", foreign, f"the shop's currency is {shop.currency}"))
    if table.name == "order_lines":
        units, line_type = pl.col("units"), pl.col("line_type")
        rules += [
            Rule("wrong_sign", "units", (line_type == "sale") & (units <= 0), "a sale has positive units"),
            Rule("wrong_sign", "units", (line_type == "return") & (units >= 0), "a return has negative units"),
        ]
    if table.name in DAYS_IN_ORDER:
        first, last = DAYS_IN_ORDER[table.name]
        rules.append(Rule("out_of_range", last, pl.col(last) < pl.col(first), f"it may not be before {first}"))
    if table.name in ("promotions", "promotion_decisions"):
        days = (pl.col("ends_on") - pl.col("starts_on")).dt.total_days()
        rules.append(
            Rule("out_of_range", "ends_on", days > LONGEST_PROMOTION_DAYS, f"a promotion runs at most {LONGEST_PROMOTION_DAYS:,} days")
        )
    if table.name == "promotion_decisions":
        no_cut = (pl.col("action") == "approve") & pl.col("discount_share").is_null()
        rules.append(Rule("missing_required", "discount_share", no_cut, "an approved promotion says how deep the price cut is"))
    if table.name == "order_overrides":
        no_units = (pl.col("action") == "edit") & pl.col("units").is_null()
        rules.append(Rule("missing_required", "units", no_units, "an edit says how many units to order"))
        before = pl.col("order_day") <= shop.first_day
        rules.append(Rule("outside_history", "order_day", before, f"the first orders go out the day after {shop.first_day}"))
    if table.name == "coupon_overrides":
        action, customer, segment = pl.col("action"), pl.col("customer_id"), pl.col("segment")
        rules += [
            Rule("missing_required", "customer_id", (action == "give") & customer.is_null(), "a coupon is given to a customer"),
            Rule("missing_required", "segment", (action == "fix") & segment.is_null(), "a count is fixed for a segment"),
            Rule("missing_required", "coupons", (action == "fix") & pl.col("coupons").is_null(), "a fixed count says how many"),
        ]
    if table.name == "suppliers":
        no_weekdays = ~pl.col("order_weekdays").str.contains(WEEKDAYS_LISTED)
        rules.append(Rule("not_allowed", "order_weekdays", no_weekdays, "list some of Mon, Tue, Wed, Thu, Fri, Sat, Sun, parted by commas"))
    too_far = f"nothing can have been recorded in {FIRST_YEAR_TOO_FAR} or later"
    rules.append(Rule("out_of_range", "recorded_at", pl.col("recorded_at").dt.year() >= FIRST_YEAR_TOO_FAR, too_far))
    if table.about is not None and table.name in EVENTS:
        rules.append(Rule("outside_history", table.about, about_day(table) < shop.first_day, f"the shop's first day is {shop.first_day}"))
    if table.about is not None and table.name in (*EVENTS, *CLAIMS) and shop.last_day is not None:
        rules.append(Rule("outside_history", table.about, about_day(table) > shop.last_day, f"the shop's last day is {shop.last_day}"))
    if table.about is not None and table.name in (*EVENTS, *CLAIMS):
        too_far = f"nothing can have happened in {FIRST_YEAR_TOO_FAR} or later"
        rules.append(Rule("out_of_range", table.about, about_day(table).dt.year() >= FIRST_YEAR_TOO_FAR, too_far))
    return rules


def known_on(table: Table, shop: Shop) -> pl.Expr:
    """The day from which decisions may use the row; may lie after the shop's last day, never before its first.

    A buyer's decision about an order is part of that order: it goes out the day after the evening whose knowledge it rests on, so what the
    buyer decided by the end of its order day counts as known that evening. What is recorded later is known then, and comes too late.
    """
    recorded = pl.col("recorded_at").dt.date()
    known = pl.coalesce(recorded, about_day(table), pl.lit(shop.first_day))
    if table.name == "order_overrides":
        evening = about_day(table) - pl.duration(days=1)
        known = pl.when(recorded > about_day(table)).then(recorded).otherwise(pl.min_horizontal(recorded, evening))
    if table.name in HAPPENED_BEFORE_KNOWN:
        known = pl.max_horizontal(known, about_day(table))
    return pl.max_horizontal(known, pl.lit(shop.first_day))
