"""The limits of a promotion calendar: places for promotions, rest between them, and what they may cost."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


def _no_amounts() -> dict[str, float]:
    return {}


def _no_counts() -> dict[str, int]:
    return {}


def _no_weeks() -> dict[int, int]:
    return {}


@dataclass(frozen=True)
class PromotionLimits:
    """All limits are optional; None or an absent name means no limit.

    slots_per_week      most promotions of one week
    week_slots          the same for single weeks, which goes before `slots_per_week`
    category_slots      most promotions of a category in one week
    cool_down_weeks     full weeks without a promotion between two promotions of a product
    budget              price cuts given (on all units sold on promotion) and slot costs of the whole calendar, money
    category_budgets    the same per category
    category_minimums   fewest promotions of a category in the whole calendar
    """

    slots_per_week: int | None = None
    week_slots: Mapping[int, int] = field(default_factory=_no_weeks)
    category_slots: Mapping[str, int] = field(default_factory=_no_counts)
    cool_down_weeks: int = 0
    budget: float | None = None
    category_budgets: Mapping[str, float] = field(default_factory=_no_amounts)
    category_minimums: Mapping[str, int] = field(default_factory=_no_counts)

    def __post_init__(self) -> None:
        """Refuse limits that mean nothing; a limit that is not a number must not become no limit."""
        _expect_count("slots_per_week", self.slots_per_week)
        _expect_count("cool_down_weeks", self.cool_down_weeks)
        _expect_amount("budget", self.budget)
        for name in ("week_slots", "category_slots", "category_minimums"):
            for scope, count in getattr(self, name).items():
                _expect_count(f"{name}[{scope!r}]", count)
        for scope, amount in self.category_budgets.items():
            _expect_amount(f"category_budgets[{scope!r}]", amount)

    def slots(self, week: int) -> int | None:
        """Return the most promotions of a week, None where it has no limit."""
        return self.week_slots.get(week, self.slots_per_week)


def _expect_count(name: str, count: int | None) -> None:
    if count is not None and not (math.isfinite(count) and count >= 0 and count == int(count)):
        raise ValueError(f"Expected {name} to be a whole number of 0 or more, got {count}.")


def _expect_amount(name: str, amount: float | None) -> None:
    if amount is not None and not (math.isfinite(amount) and amount >= 0):
        raise ValueError(f"Expected {name} to be a number of 0 or more, got {amount}.")
