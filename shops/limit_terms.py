"""The section `[limits]` of `shop.toml`: what all decisions of a day together may use up."""

from dataclasses import dataclass, field

from shops.shop_toml import Section

__all__ = ["Limits", "limits"]


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


def limits(section: Section) -> Limits:
    """Read the section; raises ShopError naming the word and its mend."""

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
