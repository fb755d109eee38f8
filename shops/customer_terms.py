"""The section `[customers]` of `shop.toml`: how long customer snapshots are kept and how often a customer may be contacted."""

from dataclasses import dataclass

from shops.shop_toml import Section


@dataclass(frozen=True)
class CustomerTerms:
    """Terms of profiles, segments, outlooks, recommendations and audiences.

    snapshot_days     days for which daily snapshots of all of them are kept; of older days the last of each month is
    contact_days      days in which contacts are counted
    most_contacts     contacts a customer may get in them, coupons and ads together
    audience_size     most customers on one audience list; None: no cap
    cost_per_contact  money
    assumed_lift      assumed where no trial says it: share of those who would not buy otherwise who do once they are contacted
    """

    snapshot_days: int = 92
    contact_days: int = 28
    most_contacts: int = 2
    audience_size: int | None = None
    cost_per_contact: float = 0.0
    assumed_lift: float = 0.02


def customer_terms(section: Section) -> CustomerTerms:
    """Read the section; raises ShopError naming what is wrong."""
    return CustomerTerms(
        snapshot_days=section.whole("snapshot_days", 92, minimum=1),
        contact_days=section.whole("contact_days", 28, minimum=1, maximum=365),
        most_contacts=section.whole("most_contacts", 2, minimum=1, maximum=1_000),
        audience_size=section.whole("audience_size", 0, maximum=100_000_000) or None,
        cost_per_contact=section.number("cost_per_contact", 0.0),
        assumed_lift=section.number("assumed_lift", 0.02, maximum=1.0),
    )
