"""A shop as its folder declares it: `shop.toml` read into frozen values.

Decides which settings a shop has; what they mean, and their defaults, stands in a module per kind of terms (`coupon_terms`,
`replenishment_terms` and so on). A *shop folder* holds `shop.toml` and the shop's data files; a *mapping* says which column of a file holds
a column of the input contract. Money is in the shop's one currency, shares are 0 to 1, days are business days in the shop's time zone.
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
from shops.coupon_terms import CouponTerms, coupon_terms
from shops.csv_terms import CsvFormat, csv_format
from shops.customer_terms import CustomerTerms, customer_terms
from shops.file_terms import file_columns, file_patterns
from shops.limit_terms import Limits, limits
from shops.promotion_terms import PromotionTerms, promotion_terms
from shops.replenishment_terms import (
    Assumptions,
    StockOpening,
    SupplierTerms,
    TransferTerms,
    assumptions,
    service_targets,
    stock_opening,
    supplier_terms,
    transfer_terms,
)
from shops.shop_toml import Section, ShopError

__all__ = ["Shop", "ShopError", "load_shop"]

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
    transfers: TransferTerms = field(default_factory=TransferTerms)
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
        files=file_patterns(sections["files"], document.get("files", {})),
        columns=file_columns(sections["columns"], document.get("columns", {})),
        csv=csv_format(sections["csv"]),
        limits=limits(sections["limits"]),
        suppliers=supplier_terms(sections["suppliers"]),
        assumptions=assumptions(sections["assumptions"]),
        stock=stock_opening(sections["stock"], last_day),
        coupons=coupon_terms(sections["coupons"]),
        transfers=transfer_terms(sections["transfers"]),
        promotions=promotion_terms(sections["promotions"]),
        service_targets=service_targets(sections["service"]),
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
