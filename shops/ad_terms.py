"""The section `[ads]` of `shop.toml`: how ad money is planned and who may be on an audience list.

Money is per week, on average over the weeks planned. Groups are sets of channels that share a budget or a minimum.
"""

from dataclasses import dataclass, field

from shops.shop_toml import Section


@dataclass(frozen=True)
class AdTerms:
    """Terms of the ad plan and its audience lists.

    weeks                    weeks planned ahead
    budget                   all channels together; None: what is spent today
    largest_change           share by which a channel may move away from today's spend
    minimum_marginal_return  margin that the last 1.00 must bring; 1 keeps what does not earn its cost
    groups                   group of a channel
    buys_anyway              chance of buying within the outcome window above which nobody is shown an ad
    unlikely                 chance below which nobody is
    audience_size            most customers on one list; None: no cap
    audience_segments        segments that may be on a list; empty: all
    """

    weeks: int = 4
    budget: float | None = None
    largest_change: float = 0.3
    minimum_marginal_return: float = 1.0
    channel_minimums: dict[str, float] = field(default_factory=dict)
    channel_maximums: dict[str, float] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    group_budgets: dict[str, float] = field(default_factory=dict)
    group_minimums: dict[str, float] = field(default_factory=dict)
    buys_anyway: float = 0.6
    unlikely: float = 0.02
    audience_size: int | None = None
    audience_segments: tuple[str, ...] = ()


def ad_terms(section: Section) -> AdTerms:
    """Read the section; raises ShopError naming what is wrong."""

    def amounts(word: str) -> dict[str, float]:
        return {name: section.checked_number(f"{word}.{name}", value) for name, value in section.table(word).items()}

    terms = AdTerms(
        weeks=section.whole("weeks", 4, minimum=1, maximum=26),
        budget=section.number("budget", None),
        largest_change=section.number("largest_change", 0.3, maximum=10.0),
        minimum_marginal_return=section.number("minimum_marginal_return", 1.0, maximum=100.0),
        channel_minimums=amounts("channel_minimums"),
        channel_maximums=amounts("channel_maximums"),
        groups=_groups(section),
        group_budgets=amounts("group_budgets"),
        group_minimums=amounts("group_minimums"),
        buys_anyway=section.number("buys_anyway", 0.6, maximum=1.0),
        unlikely=section.number("unlikely", 0.02, maximum=1.0),
        audience_size=section.whole("audience_size", 0, maximum=100_000_000) or None,
        audience_segments=tuple(part.strip() for part in section.text("audience_segments", "").split(",") if part.strip()),
    )
    for least, most in (("channel_minimums", "channel_maximums"), ("group_minimums", "group_budgets")):
        upper = getattr(terms, most)
        for name, value in getattr(terms, least).items():
            if value > upper.get(name, value):
                raise section.fault(f"{least}.{name}", value, f"give no more than {most}.{name} of {upper[name]:g}")
    for word in ("group_budgets", "group_minimums"):
        for name, value in getattr(terms, word).items():
            if name not in terms.groups.values():
                raise section.fault(f"{word}.{name}", value, "name a group that some channel belongs to, see [ads.groups]")
    if terms.unlikely >= terms.buys_anyway:
        raise section.fault("unlikely", terms.unlikely, f"give less than buys_anyway of {terms.buys_anyway:g}")
    return terms


def _groups(section: Section) -> dict[str, str]:
    groups = section.table("groups")
    for channel, group in groups.items():
        if not isinstance(group, str) or not group.strip():
            raise section.fault(f"groups.{channel}", group, "give the group's name in quotes")
    return {channel: group.strip() for channel, group in groups.items()}
