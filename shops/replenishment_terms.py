"""The sections `[suppliers]`, `[assumptions]`, `[stock]`, `[transfers]` and `[service]` of `shop.toml`: what is assumed of
suppliers, costs and stock, when overstock may move, and which service is wished for."""

from dataclasses import dataclass
from datetime import date

from shops.shop_toml import Section

__all__ = [
    "Assumptions",
    "StockOpening",
    "SupplierTerms",
    "TransferTerms",
    "assumptions",
    "service_targets",
    "stock_opening",
    "supplier_terms",
    "transfer_terms",
]

SERVICE_CLASSES = tuple(abc + xyz for abc in "ABC" for xyz in "XYZ")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


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
class TransferTerms:
    """Whether overstock may move between locations before anything is bought, and what moving costs per unit and per product and lane.

    transfer_days: from the day goods leave until they can be sold at the receiver. whole_packs: only multiples of the pack move.
    """

    enabled: bool = False
    handling_cost_per_unit: float = 0.0
    handling_cost_per_line: float = 0.0
    transfer_days: int = 1
    whole_packs: bool = False


def supplier_terms(section: Section) -> SupplierTerms:
    """Read the section; raises ShopError naming the word and its mend."""
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


def assumptions(section: Section) -> Assumptions:
    """Read the section; raises ShopError naming the word and its mend."""
    return Assumptions(
        cost_share=section.number("cost_share", 0.6, maximum=1.0),
        holding_cost_per_year=section.number("holding_cost_per_year", 0.25),
        lost_sale_cost_share=section.number("lost_sale_cost_share", 1.0),
    )


def stock_opening(section: Section, last_day: date | None) -> StockOpening:
    """Read the section; the ledger opens on the shop's last day where nothing is said. Raises ShopError naming the word and its mend."""
    return StockOpening(
        opening_day=section.day("opening_day", last_day),
        opening_cover_days=section.whole("opening_cover_days", 28),
    )


def transfer_terms(section: Section) -> TransferTerms:
    """Read the section; raises ShopError naming the word and its mend."""
    return TransferTerms(
        enabled=section.flag("enabled", False),
        handling_cost_per_unit=section.number("handling_cost_per_unit", 0.0),
        handling_cost_per_line=section.number("handling_cost_per_line", 0.0),
        transfer_days=section.whole("transfer_days", 1, maximum=365),
        whole_packs=section.flag("whole_packs", False),
    )


def service_targets(section: Section) -> dict[str, float]:
    """`targets.AX = 0.98` for classes AX to CZ: the chance of not running out that is wished for."""
    targets = {name: section.checked_number(f"targets.{name}", value) for name, value in section.table("targets").items()}
    for name, value in targets.items():
        if name not in SERVICE_CLASSES:
            raise section.fault(f"targets.{name}", value, f"name one of {', '.join(SERVICE_CLASSES)}")
        if not 0 < value < 1:
            raise section.fault(f"targets.{name}", value, "give a share above 0 and below 1, such as 0.95")
    return targets
