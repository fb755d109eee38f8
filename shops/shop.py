"""A shop as its folder declares it: `shop.toml` read into frozen values, with every default in one place.

Decides which settings a shop has and what they mean when left out. A *shop folder* holds `shop.toml` and the shop's data
files; a *mapping* says which column of a file holds a column of the input contract. Money is in the shop's one currency,
shares are 0 to 1, days are business days in the shop's time zone.
"""

import re
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from shops.ad_terms import AdTerms, ad_terms
from shops.contract import TABLES
from shops.customer_terms import CustomerTerms, customer_terms
from shops.shop_promotions import PromotionTerms, promotion_terms
from shops.shop_toml import Section, ShopError

__all__ = [
    "Assumptions",
    "CouponTerms",
    "CsvFormat",
    "Limits",
    "PromotionTerms",
    "Shop",
    "ShopError",
    "StockOpening",
    "SupplierTerms",
    "load_shop",
]

SERVICE_CLASSES = tuple(abc + xyz for abc in "ABC" for xyz in "XYZ")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SECTIONS = (
    "shop",
    "files",
    "columns",
    "csv",
    "limits",
    "suppliers",
    "assumptions",
    "stock",
    "coupons",
    "transfers",
    "promotions",
    "service",
    "ads",
    "customers",
)


@dataclass(frozen=True)
class CsvFormat:
    """How the shop's CSV files are written. Formats are strftime patterns for days and times that are not ISO 8601."""

    delimiter: str = ","
    encoding: str = "utf-8"
    decimal: str = "."
    date_format: str | None = None
    timestamp_format: str | None = None


@dataclass(frozen=True)
class Limits:
    """Budgets in money and volumes in m³; None or absent means no limit. Purchase budgets hold for any `purchase_budget_days` days in a
    row together."""

    coupon_budget: float | None = None
    purchase_budget: float | None = None
    coupon_segment_budgets: dict[str, float] = field(default_factory=dict)
    warehouse_volume_m3: dict[str, float] = field(default_factory=dict)
    purchase_budget_categories: dict[str, float] = field(default_factory=dict)
    purchase_budget_days: int = 1


@dataclass(frozen=True)
class SupplierTerms:
    """Terms of the one supplier assumed where the shop has no suppliers table."""

    lead_time_days: int = 7
    review_days: int = 7
    min_order_value: float = 0.0
    order_weekdays: str = ""


@dataclass(frozen=True)
class Assumptions:
    """What is assumed where the shop does not say; `cost_share` and `holding_cost_per_year` are shares of price and of unit cost."""

    cost_share: float = 0.6
    holding_cost_per_year: float = 0.25
    lost_sale_cost_share: float = 1.0


@dataclass(frozen=True)
class StockOpening:
    """Where the stock ledger starts when there is no stock feed; None means there is no ledger yet."""

    opening_day: date | None = None
    opening_cover_days: int = 28


@dataclass(frozen=True)
class CouponTerms:
    """Days after an assignment in which orders count as its outcome, the share of customers held out, and a pilot's budget.

    most_per_customer: coupons a customer may get within `frequency_days`, 0 for no cap.
    """

    outcome_window_days: int = 28
    holdout_share: float = 0.1
    pilot_budget: float = 500.0
    most_per_customer: int = 0
    frequency_days: int = 28


@dataclass(frozen=True)
class TransferTerms:
    """Whether overstock may move between locations before anything is bought, and what moving costs per unit and per product and lane.

    transfer_days: from the day goods leave until they can be sold at the receiver. whole_packs: only multiples of the pack move.
    """

    enabled: bool = False
    handling_cost_per_unit: float = 0.0
    handling_cost_per_line: float = 0.0
    transfer_days: int = 1
    whole_packs: bool = False


@dataclass(frozen=True)
class Shop:
    """One shop. `files` maps a table to patterns within the folder, `columns` a table to {contract column: file column}."""

    name: str
    path: Path
    currency: str
    time_zone: str
    country: str | None
    first_day: date
    last_day: date | None
    source: str
    files: dict[str, tuple[str, ...]]
    columns: dict[str, dict[str, str]]
    csv: CsvFormat
    limits: Limits
    suppliers: SupplierTerms
    assumptions: Assumptions
    stock: StockOpening
    coupons: CouponTerms
    transfers: TransferTerms = TransferTerms()
    promotions: PromotionTerms = field(default_factory=PromotionTerms)
    service_targets: dict[str, float] = field(default_factory=dict)
    ads: AdTerms = field(default_factory=AdTerms)
    customers: CustomerTerms = field(default_factory=CustomerTerms)

    def newest_day(self, now: datetime | None = None) -> date:
        """The newest business day that can be decided: the day before `now` (with its zone) where the shop is, at most its last day."""
        yesterday = (now or datetime.now(UTC)).astimezone(ZoneInfo(self.time_zone)).date() - timedelta(days=1)
        return min(self.last_day or yesterday, yesterday)


def load_shop(path: Path) -> Shop:
    """Read the shop folder `path` (or its shop.toml) and return the shop; raises `ShopError` with one sentence naming file and mend."""
    path = Path(path)
    file = path if path.suffix == ".toml" else path / "shop.toml"
    document = _read_toml(file)
    sections = {name: Section(file, name, document.get(name, {})) for name in SECTIONS}
    about = sections["shop"]
    first_day = about.day("first_day")
    last_day = about.day("last_day", None)
    if last_day is not None and last_day < first_day:
        raise about.fault("last_day", last_day.isoformat(), f"give a day on or after first_day {first_day}")
    shop = Shop(
        name=_matching(about, "name", r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", "use letters, digits, - and _ only, 64 at most"),
        path=file.parent,
        currency=_matching(about, "currency", r"[A-Z]{3}", "give the three capital letters of ISO 4217, such as EUR"),
        time_zone=_time_zone(about),
        country=_country(about),
        first_day=first_day,
        last_day=last_day,
        source=about.text("source", ""),
        files=_files(sections["files"], document.get("files", {})),
        columns=_columns(sections["columns"], document.get("columns", {})),
        csv=_csv_format(sections["csv"]),
        limits=_limits(sections["limits"]),
        suppliers=_supplier_terms(sections["suppliers"]),
        assumptions=Assumptions(
            cost_share=sections["assumptions"].number("cost_share", 0.6, maximum=1.0),
            holding_cost_per_year=sections["assumptions"].number("holding_cost_per_year", 0.25),
            lost_sale_cost_share=sections["assumptions"].number("lost_sale_cost_share", 1.0),
        ),
        stock=StockOpening(
            opening_day=sections["stock"].day("opening_day", last_day),
            opening_cover_days=sections["stock"].whole("opening_cover_days", 28),
        ),
        coupons=CouponTerms(
            outcome_window_days=sections["coupons"].whole("outcome_window_days", 28, minimum=1, maximum=365),
            holdout_share=sections["coupons"].number("holdout_share", 0.1, maximum=0.9),
            pilot_budget=sections["coupons"].number("pilot_budget", 500.0),
            most_per_customer=sections["coupons"].whole("most_per_customer", 0, maximum=1_000),
            frequency_days=sections["coupons"].whole("frequency_days", 28, minimum=1, maximum=3_650),
        ),
        transfers=TransferTerms(
            enabled=sections["transfers"].flag("enabled", False),
            handling_cost_per_unit=sections["transfers"].number("handling_cost_per_unit", 0.0),
            handling_cost_per_line=sections["transfers"].number("handling_cost_per_line", 0.0),
            transfer_days=sections["transfers"].whole("transfer_days", 1, maximum=365),
            whole_packs=sections["transfers"].flag("whole_packs", False),
        ),
        promotions=promotion_terms(sections["promotions"]),
        service_targets=_service_targets(sections["service"]),
        ads=ad_terms(sections["ads"]),
        customers=customer_terms(sections["customers"]),
    )
    for name, section in sections.items():
        if name not in ("files", "columns"):
            section.done()
    return shop


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        if file.is_dir():
            raise ShopError(f"{file} is a folder; put a file of that name into the shop's folder.")
        document = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        raise ShopError(f"{file} does not exist; put a shop.toml with a [shop] section into the shop's folder.") from None
    except OSError as error:
        raise ShopError(f"{file} cannot be read ({error.strerror}); give the user who runs this the right to.") from None
    except UnicodeDecodeError as error:
        raise ShopError(f"{file} is not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8.") from None
    except ValueError as error:  # TOMLDecodeError, and integers of thousands of digits
        raise ShopError(f"{file} is not valid TOML ({error}); correct that line.") from None
    except RecursionError:
        raise ShopError(f"{file} is not valid TOML (brackets nested too deeply); correct it.") from None
    unknown = sorted(set(document) - set(SECTIONS))
    if unknown:
        raise ShopError(f"{file} has sections nobody knows ({', '.join(unknown)}); use {', '.join(SECTIONS)}.")
    return document


def _matching(section: Section, word: str, pattern: str, mend: str) -> str:
    value = section.text(word)
    if not re.fullmatch(pattern, value):
        raise section.fault(word, value, mend)
    return value


def _time_zone(section: Section) -> str:
    """A zone that Python knows and Polars too, which has no `localtime` or `Factory`."""
    name = section.text("time_zone")
    try:
        ZoneInfo(name)
        pl.Series([0], dtype=pl.Datetime("us", "UTC")).dt.convert_time_zone(name)
    except (KeyError, ValueError, OSError, pl.exceptions.PolarsError):
        raise section.fault("time_zone", name, "give a name of the time zone database, such as Europe/Berlin") from None
    return name


def _country(section: Section) -> str | None:
    country = section.text("country", None)
    if country is not None and country not in _countries():
        raise section.fault("country", country, "give the two letters of ISO 3166, such as DE, or leave it out")
    return country


@cache
def _countries() -> frozenset[str]:
    """Countries whose holidays are known."""
    import holidays

    return frozenset(holidays.list_supported_countries())


def _files(section: Section, values: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    patterns = {}
    for table, value in values.items():
        _known_table(section, table)
        listed = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else ()
        if not listed or not all(_is_pattern_inside(section.file.parent, item) for item in listed):
            raise section.fault(table, value, "give a file name or pattern inside the shop's folder, or a list of them")
        patterns[table] = listed
    return patterns


def _is_pattern_inside(folder: Path, item: Any) -> bool:
    if not isinstance(item, str) or not item or "\0" in item or Path(item).is_absolute() or ".." in Path(item).parts:
        return False
    try:
        next(folder.glob(item), None)
    except (ValueError, NotImplementedError, IndexError):  # no pattern, such as **x or .
        return False
    return True


def _columns(section: Section, values: dict[str, Any]) -> dict[str, dict[str, str]]:
    for table, mapping in values.items():
        contract_columns = _known_table(section, table).by_name
        if not isinstance(mapping, dict):
            raise section.fault(table, mapping, f'write a section `[columns.{table}]` with lines `contract_column = "column in the file"`')
        for column, file_column in mapping.items():
            if column not in contract_columns:
                raise section.fault(f"{table}.{column}", file_column, f"{table} has no such column, only {', '.join(contract_columns)}")
            if not isinstance(file_column, str) or not file_column:
                raise section.fault(f"{table}.{column}", file_column, "give the file's column name in quotes")
    return values


def _known_table(section: Section, table: str) -> Any:
    if table not in TABLES:
        raise ShopError(f"{section.file}: [{section.name}] names a table {table!r} nobody knows; use one of {', '.join(TABLES)}.")
    return TABLES[table]


def _csv_format(section: Section) -> CsvFormat:
    csv = CsvFormat(
        delimiter=section.text("delimiter", ","),
        encoding=section.text("encoding", "utf-8"),
        decimal=section.text("decimal", "."),
        date_format=section.text("date_format", None),
        timestamp_format=section.text("timestamp_format", None),
    )
    if len(csv.delimiter) != 1 or csv.delimiter in '"\r\n\0':
        raise section.fault("delimiter", csv.delimiter, "give exactly one character, and neither a quote nor a line end")
    if csv.decimal not in (".", ","):
        raise section.fault("decimal", csv.decimal, 'give "." or ","')
    try:
        if "a,1\n".encode(csv.encoding).decode(csv.encoding) != "a,1\n":
            raise LookupError
    except (LookupError, ValueError):
        raise section.fault("encoding", csv.encoding, "give a known encoding, such as utf-8 or latin-1") from None
    _must_read_back(section, "date_format", csv.date_format, "%d.%m.%Y")
    _must_read_back(section, "timestamp_format", csv.timestamp_format, "%d.%m.%Y %H:%M")
    return csv


def _must_read_back(section: Section, word: str, pattern: str | None, example: str) -> None:
    """Refuse a pattern that does not tell year, month and day: what is written with it must be read back. Offsets (%z) need no pattern."""
    if pattern is None:
        return
    day = pl.Series([datetime(2024, 10, 31)], dtype=pl.Datetime("us"))
    try:
        written = day.dt.strftime(pattern).str
        read = written.to_date(pattern) if word == "date_format" else written.to_datetime(pattern, time_unit="us")
    except pl.exceptions.PolarsError:
        read = day.clear()
    if read.dtype == pl.Datetime("us", "UTC") or read.cast(pl.Date).to_list() != day.cast(pl.Date).to_list():
        raise section.fault(word, pattern, f"give a pattern that tells year, month and day and no offset, such as {example}")


def _limits(section: Section) -> Limits:
    def amounts(word: str) -> dict[str, float]:
        return {name: section.checked_number(f"{word}.{name}", value) for name, value in section.table(word).items()}

    return Limits(
        coupon_budget=section.number("coupon_budget", None),
        purchase_budget=section.number("purchase_budget", None),
        coupon_segment_budgets=amounts("coupon_segment_budgets"),
        warehouse_volume_m3=amounts("warehouse_volume_m3"),
        purchase_budget_categories=amounts("purchase_budget_categories"),
        purchase_budget_days=section.whole("purchase_budget_days", 1, minimum=1, maximum=366),
    )


def _service_targets(section: Section) -> dict[str, float]:
    """`targets.AX = 0.98` for classes AX to CZ: the chance of not running out that is wished for."""
    targets = {name: section.checked_number(f"targets.{name}", value) for name, value in section.table("targets").items()}
    for name, value in targets.items():
        if name not in SERVICE_CLASSES:
            raise section.fault(f"targets.{name}", value, f"name one of {', '.join(SERVICE_CLASSES)}")
        if not 0 < value < 1:
            raise section.fault(f"targets.{name}", value, "give a share above 0 and below 1, such as 0.95")
    return targets


def _supplier_terms(section: Section) -> SupplierTerms:
    weekdays = section.text("order_weekdays", "")
    days = [day.strip() for day in weekdays.split(",") if day.strip()]
    if any(day not in WEEKDAYS for day in days):
        raise section.fault("order_weekdays", weekdays, f"list some of {', '.join(WEEKDAYS)}, separated by commas")
    return SupplierTerms(
        lead_time_days=section.whole("lead_time_days", 7, maximum=365),
        review_days=section.whole("review_days", 7, minimum=1, maximum=365),
        min_order_value=section.number("min_order_value", 0.0),
        order_weekdays=",".join(days),
    )
