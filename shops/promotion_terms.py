"""What `[promotions]` in shop.toml says: which promotions there are, and how many of them the calendar may hold.

Decides defaults and refuses what means nothing; off unless the shop says so.
"""

from dataclasses import dataclass, field

from shops.shop_toml import Section

KINDS = {"10 percent": 0.1, "20 percent": 0.2, "2 for 1": 0.5}
TAKE_UP = {"2 for 1": 0.6}


@dataclass(frozen=True)
class PromotionTerms:
    """Terms of the promotion calendar.

    lead_weeks: full weeks between the day and the calendar's first Monday. budget: money, None for no limit. kinds: price cut by name,
    share. take_up: share of units sold at the cut price by name, 1 where left out. taken_from_others_share: assumed share of extra units
    that customers would have bought as another product of the shop.
    """

    enabled: bool = False
    weeks: int = 12
    lead_weeks: int = 2
    slots_per_week: int = 20
    cool_down_weeks: int = 4
    budget: float | None = None
    slot_cost: float = 0.0
    taken_from_others_share: float = 0.0
    kinds: dict[str, float] = field(default_factory=lambda: dict(KINDS))
    take_up: dict[str, float] = field(default_factory=lambda: dict(TAKE_UP))
    category_slots: dict[str, int] = field(default_factory=dict)
    category_minimums: dict[str, int] = field(default_factory=dict)
    conflicts: tuple[tuple[str, str], ...] = ()


def promotion_terms(section: Section) -> PromotionTerms:
    """Read the section; raises ShopError naming the word and its mend."""
    kinds = section.table("kinds")
    kinds = {name: section.checked_number(f"kinds.{name}", value, maximum=1.0) for name, value in kinds.items()} or dict(KINDS)
    take_up = {name: section.checked_number(f"take_up.{name}", value, maximum=1.0) for name, value in section.table("take_up").items()}
    unknown = sorted(set(take_up) - set(kinds))
    if unknown:
        raise section.fault(f"take_up.{unknown[0]}", take_up[unknown[0]], f"name one of the kinds {', '.join(sorted(kinds))}")
    return PromotionTerms(
        enabled=section.flag("enabled", False),
        weeks=section.whole("weeks", 12, minimum=1, maximum=52),
        lead_weeks=section.whole("lead_weeks", 2, maximum=52),
        slots_per_week=section.whole("slots_per_week", 20, maximum=100_000),
        cool_down_weeks=section.whole("cool_down_weeks", 4, maximum=52),
        budget=section.number("budget", None),
        slot_cost=section.number("slot_cost", 0.0),
        taken_from_others_share=section.number("taken_from_others_share", 0.0, maximum=1.0),
        kinds=kinds,
        take_up=take_up or {name: share for name, share in TAKE_UP.items() if name in kinds},
        category_slots=_counts(section, "category_slots"),
        category_minimums=_counts(section, "category_minimums"),
        conflicts=_pairs(section),
    )


def _counts(section: Section, word: str) -> dict[str, int]:
    counts = section.table(word)
    for name, value in counts.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise section.fault(f"{word}.{name}", value, "give a whole number of 0 or more")
    return counts


def _pairs(section: Section) -> tuple[tuple[str, str], ...]:
    value = section.listed("conflicts")
    for pair in value:
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(name, str) and name for name in pair) or pair[0] == pair[1]:
            raise section.fault("conflicts", pair, 'list pairs of two products, such as [["tea", "coffee"]]')
    return tuple((first, second) for first, second in value)


__all__ = ["PromotionTerms", "promotion_terms"]
