"""The input contract as a page for people: `docs/input_contract.md`, printed from `shops.contract`.

Decides how the contract is told; a test compares the page with what this module prints, so that the two cannot drift apart.
"""

from pathlib import Path

from shops.contract import TABLES, Column, Table
from shops.intake_cells import EMPTY_WORDS
from shops.intake_quarantine import REASONS
from shops.intake_rules import CLAIMS, DAYS_IN_ORDER, EVENTS, FIRST_YEAR_TOO_FAR, LONGEST_PROMOTION_DAYS

PAGE = Path("docs") / "input_contract.md"
LEAVES_AS = {"pseudonym": "a pseudonym", "drop": "nothing: dropped", "": ""}

INTRODUCTION = """# The input contract

<!-- Printed from shops/contract*.py by shops.contract_doc.write_page; edit there. -->

What a shop hands in, table by table. Only `order_lines` (or `daily_sales`) is needed; every other table makes more decisions
possible, and each table below says what is missed without it. `shops.check` reads a shop folder and says what it understood.

## How a shop folder looks

A folder with a `shop.toml` and the tables as Parquet or CSV files. A table is looked for as `<table>.parquet`, else `<table>.csv`,
else as every file of the folder `<table>/`; `[files]` in shop.toml names other files or patterns, and `[columns.<table>]` says which
column of a file holds a column of the contract. Columns the contract does not know are left out.

A `shop.toml` with every setting it knows; only the first four lines of `[shop]` are needed, and a setting left out
takes the value shown; budgets and volumes left out mean no limit, files, columns and formats what is said above and below:

```toml
{example}```

## How values are written

| kind | in Parquet | in CSV |
|---|---|---|
| text | any plain type; 17850.0 is read as 17850 | as it stands, without blanks and invisible marks around it, at most 10,000 characters |
| integer, number, money | any number, or text holding one | `1234.5`; `1234,5` if `[csv] decimal = ","`; no thousands separators |
| day | date or timestamp, or text | `2024-01-31`, or as `[csv] date_format` says |
| timestamp | timestamp or date, or text | `2024-01-31 12:30:00`, `2024-01-31T12:30:00+01:00`, or as `[csv] timestamp_format` says |
| flag | boolean, 0 and 1, or text | true, false, yes, no, 1, 0 |

An empty cell or a missing column takes the default; where a column is required and has none, the row is refused. A text cell
that reads {empty_words} is empty. Text is read in Unicode's normal form C. Identifiers are
compared as written: `a1` and `A1` are two products. A timestamp with
an offset is moved to the shop's time zone; one without is local time already. Money is in the shop's one currency.

## Which day a record belongs to

Every record has an *about day* (the day it speaks of, in the shop's time zone) and `known_on`, the day from which decisions may use
it. `known_on` is the day of `recorded_at`; where that is empty it is the about day, and for reference data the shop's first day. It
is never before the shop's first day, and for what happened it is never before the about day. Rows with the same key are versions of
one record: the version recorded last is in force. A record that is handed in after its day was landed is known from the day it arrived
(a day that is run again takes what the files then hold for it). A purchase order whose receipt is filled in later should therefore be
handed in twice, once recorded when ordered and once when received; handed in once without `recorded_at` it counts as known, receipt
included, from the day it was ordered. A buyer's decision in order_overrides that was recorded by the end of its order day is part of that
order, and counts as known the evening before, when the order was proposed.
"""

EXAMPLE_TOML = """[shop]
name = "corner-shop"             # letters, digits, - and _
currency = "EUR"
time_zone = "Europe/Berlin"
first_day = 2024-01-01
country = "DE"                   # whose holidays count
last_day = 2025-12-31            # leave out for a shop that grows daily
source = "till export"           # one line: where the data comes from

[files]
order_lines = "orders/*.csv"     # or a list of patterns

[columns.order_lines]
order_id = "Invoice"             # contract column = column in the file

[csv]
delimiter = ","
encoding = "utf-8"
decimal = "."
date_format = "%d.%m.%Y"         # only where days are not written 2024-01-31
timestamp_format = "%d.%m.%Y %H:%M"

[limits]
coupon_budget = 5000.0           # cost of one coupon plan
purchase_budget = 40000.0        # value of the purchase orders of ...
purchase_budget_days = 1         # ... this many days in a row together

[limits.coupon_segment_budgets]  # segment = money
at_risk = 1500.0

[limits.purchase_budget_categories] # category = money, over the same days
drinks = 9000.0

[limits.warehouse_volume_m3]     # location = m³; else locations.volume_capacity_m3
main = 120.0

[suppliers]                      # where there is no suppliers table
lead_time_days = 7
review_days = 7
min_order_value = 0.0
order_weekdays = ""              # e.g. "Mon,Thu"; empty: every day

[assumptions]
cost_share = 0.6                 # unit cost as a share of the price where products carry none
holding_cost_per_year = 0.25     # as a share of unit cost
lost_sale_cost_share = 1.0       # as a share of the unit margin

[stock]                          # where there is no stock feed
opening_day = 2025-12-01         # when left out: last_day
opening_cover_days = 28

[coupons]
outcome_window_days = 28
holdout_share = 0.1
pilot_budget = 500.0

[transfers]                      # overstock between locations, before anything is bought
enabled = false
handling_cost_per_unit = 0.0
handling_cost_per_line = 0.0     # per product and pair of locations
transfer_days = 1                # from leaving until it can be sold
whole_packs = false

[promotions]                     # a proposed calendar of promotions, weekly
enabled = false
weeks = 12
lead_weeks = 2                   # full weeks between the day and the calendar's first Monday
slots_per_week = 20
cool_down_weeks = 4              # weeks without a promotion between two of a product
budget = 8000.0                  # price cuts given and slot costs; left out: no limit
slot_cost = 0.0                  # per promotion and week
taken_from_others_share = 0.0    # assumed: extra units that customers would have bought as another product here
conflicts = [["tea", "coffee"]]  # products never promoted in one week

[promotions.kinds]               # name = price cut
"10 percent" = 0.1
"20 percent" = 0.2
"2 for 1" = 0.5

[promotions.take_up]             # name = share of units sold at the cut price; left out: 1
"2 for 1" = 0.6

[promotions.category_slots]      # most per category and week
drinks = 5

[promotions.category_minimums]   # fewest per category in the calendar
drinks = 2

[ads]                            # money per week, on average over the weeks planned
weeks = 4
budget = 1200.0                  # when left out: what is spent today
largest_change = 0.3             # how far a channel may move away from today's spend, as a share of it
minimum_marginal_return = 1.0    # margin that the last 1.00 must bring
buys_anyway = 0.6                # chance of buying within the outcome window above which nobody is on an audience list
unlikely = 0.02                  # and below which nobody is
audience_size = 0                # most customers on one list; 0: no cap
audience_segments = ""           # e.g. "slipping_away,dormant"; empty: all
channel_minimums = { search = 100.0 }
channel_maximums = { display = 300.0 }
groups = { social = "video", display = "video" }
group_budgets = { video = 600.0 }
group_minimums = { video = 50.0 }

[customers]                      # profiles, segments, outlooks, recommendations and audience lists
snapshot_days = 92               # daily snapshots are kept that long; of older days the last of each month is
contact_days = 28
most_contacts = 2                # to one customer in that many days, coupons and ads together
audience_size = 0                # most customers on one list; 0: no cap
cost_per_contact = 0.0
assumed_lift = 0.02              # where no trial says it: share of those who would not buy otherwise who do once contacted
"""

PRIVACY = """## What becomes of personal data

Customer numbers leave the intake as keyed pseudonyms (`customer_key`: HMAC-SHA-256 of the number in one spelling, 32 hexadecimal
digits). The key lies in a file of its own that only its owner may read. Columns marked *dropped* are never written anywhere, and
in the quarantine personal values read `<withheld>`.
"""


def contract_page() -> str:
    """Return the whole page as Markdown."""
    parts = [
        INTRODUCTION.replace("{example}", EXAMPLE_TOML).replace("{empty_words}", ", ".join(f"`{word}`" for word in EMPTY_WORDS)),
        _tables_overview(),
        PRIVACY,
        _refusals(),
        *[_table_section(table) for table in TABLES.values()],
    ]
    return "\n".join(parts)


def write_page(root: Path) -> Path:
    """Write the page below the repository root and return its path."""
    page = root / PAGE
    page.write_text(contract_page(), encoding="utf-8")
    return page


def _tables_overview() -> str:
    rows = [f"| [{table.name}](#{table.name}) | {table.grain} | {table.need} |" for table in TABLES.values()]
    return "\n".join(["## The tables", "", "| table | one row is | need |", "|---|---|---|", *rows, ""])


def _refusals() -> str:
    reasons = [f"| `{code}` | {meaning} |" for code, meaning in REASONS.items()]
    orders = [f"`{table}`: `{last}` is not before `{first}`" for table, (first, last) in DAYS_IN_ORDER.items()]
    return "\n".join(
        [
            "## Which rows are refused",
            "",
            "Every row read is either accepted or kept in quarantine with its file, row number, one of these reasons and a sentence;",
            "the two always add up. One bad row, line or file never stops the others.",
            "",
            "| reason | meaning |",
            "|---|---|",
            *reasons,
            "",
            f"The about day lies between the shop's first and last day in {_names(EVENTS)}; in {_names(CLAIMS)} it may be earlier but not",
            "later; prices, promotions, campaigns and coupons may also begin after the last day. In order_lines a sale has positive and a",
            "return negative units. The currency of a row, where given, is the shop's: nothing is converted. A promotion runs at most",
            f"{LONGEST_PROMOTION_DAYS:,} days; `order_weekdays` names weekdays; an edit in order_overrides has units, and its order day",
            "comes after the shop's first day; an approval in promotion_decisions has a discount_share; nothing was recorded, ordered or",
            f"sold in the year {FIRST_YEAR_TOO_FAR} or later.",
            "What particular faults come to is told one by one in [bad_input.md](guides/bad_input.md).",
            "",
            "Days in order:",
            "",
            *[f"- {order}" for order in orders],
            "",
        ]
    )


def _names(tables: tuple[str, ...]) -> str:
    return ", ".join(tables[:-1]) + " and " + tables[-1]


def _table_section(table: Table) -> str:
    about = f"The about day is that of `{table.about}`." if table.about else "Reference data: it has no about day."
    return "\n".join(
        [
            f"## {table.name}",
            "",
            f"One row is {table.grain}. Key: {', '.join(f'`{name}`' for name in table.key)}. {about}",
            "",
            f"Without it: {table.without}.",
            "",
            "| column | kind | required | meaning | unit | values | default | lands as |",
            "|---|---|---|---|---|---|---|---|",
            *[_column_row(column) for column in table.columns],
            "",
        ]
    )


def _column_row(column: Column) -> str:
    default = "" if column.default in (None, "") else f"`{_plain(column.default)}`"
    cells = [
        f"`{column.name}`",
        column.kind,
        "yes" if column.required else "",
        column.meaning,
        column.unit,
        _values(column),
        default,
        "nothing: only checked" if column.checked_only else LEAVES_AS[column.personal],
    ]
    return "| " + " | ".join(cells) + " |"


def _values(column: Column) -> str:
    if column.allowed:
        return ", ".join(column.allowed)
    if column.minimum is not None and column.maximum is not None:
        return f"{column.minimum:,.12g} to {column.maximum:,.12g}"
    if column.minimum is not None:
        return f"at least {column.minimum:,.12g}"
    return f"at most {column.maximum:,.12g}" if column.maximum is not None else ""


def _plain(default: str | float | bool) -> str:
    return str(default).lower() if isinstance(default, bool) else f"{default:g}" if isinstance(default, float) else str(default)
