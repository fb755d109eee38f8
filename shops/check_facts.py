"""What a check of a shop folder finds out, as plain values; see `shops.check`."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal


@dataclass(frozen=True)
class TableCheck:
    """One contract table: its files, rows, and the days its accepted rows are about (None for reference data)."""

    name: str
    files: int
    rows_read: int
    rows_accepted: int
    rows_quarantined: int
    first_day: date | None
    last_day: date | None
    known_after_last_day: int
    recorded_share: float


@dataclass(frozen=True)
class Problem:
    """Rows of one file refused for one reason, with up to three of the sentences that say why."""

    table_name: str
    source_file: str
    reason_code: str
    rows: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class DecisionCheck:
    """Whether a decision can be made from the shop's data, and why or why not."""

    decision: str
    possible: Literal["yes", "with assumptions", "no"]
    why: str


@dataclass(frozen=True)
class ShopFacts:
    """Counts the decisions rest on; days are inclusive. A settled assignment is one whose outcome window closed within the history."""

    history_days: int = 0
    products: int = 0
    products_without_cost: int = 0
    products_unlisted: int = 0
    locations: int = 0
    customers: int = 0
    rows_with_customer_share: float = 0.0
    live_coupons: int = 0
    settled_assignments: int = 0
    settled_with_propensity: int = 0
    settled_controls: int = 0


@dataclass(frozen=True)
class ShopCheck:
    """The whole check: what was understood, what is wrong, what can be decided. `notes` are remarks that refuse no row."""

    name: str
    folder: str
    currency: str
    time_zone: str
    first_day: date
    last_day: date | None
    facts: ShopFacts
    tables: tuple[TableCheck, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    decisions: tuple[DecisionCheck, ...]
    missing: dict[str, str] = field(default_factory=dict)

    @property
    def is_usable(self) -> bool:
        """True where at least forecasts are possible."""
        return any(decision.decision == "forecasts" and decision.possible != "no" for decision in self.decisions)
