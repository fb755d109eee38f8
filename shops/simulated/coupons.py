"""Coupons: randomised trials in the past, one targeted mailing, and the coupon kinds on offer.

Terms. A *trial* draws by lot, among customers who may be written to, who gets which of four coupons and who gets none (control);
`propensity` is the chance of the arm at the draw. The *targeted mailing* went to recent buyers and is not randomised, so its raw
results mislead. *Offers* are the four kinds of coupon a plan may give out; a new series begins every four weeks, one is running on
the last day, and nobody has been given one yet. A coupon works from the day after it is given, for 28 days or until redeemed.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from shops.simulated.catalogue import Catalogue
from shops.simulated.shop_days import ShopDays
from shops.simulated.sizes import ShopSize

WINDOW_DAYS = 28
FACES = np.array([3.0, 5.0, 8.0, 12.0])
MIN_BASKETS = np.array([5.0, 8.0, 12.0, 15.0])
LIMITED_FACE = 3
LIMITED_CATEGORY = 0
ARM_PROPENSITY = np.array([0.32, 0.17, 0.17, 0.17, 0.17])
SERIES_STEP_DAYS = 28
SERIES_VALID_DAYS = 28
CURRENT_SERIES_AGE_DAYS = 6
NOTICE_DAYS = 14


@dataclass(frozen=True)
class Campaign:
    """One campaign; `given_on` is the position of the day its coupons go out; offers are given by the shop's plan, hence None."""

    campaign_id: str
    name: str
    starts: int
    ends: int
    is_randomised: bool
    given_on: int | None
    faces: tuple[int, ...]


@dataclass(frozen=True)
class CouponBook:
    """All campaigns; coupon number = 4 × campaign number + face number."""

    campaigns: tuple[Campaign, ...]
    coupon_id: list[str]

    def given_on(self, day: int) -> list[int]:
        return [number for number, campaign in enumerate(self.campaigns) if campaign.given_on == day]


@dataclass
class Wallets:
    """What each customer holds: coupon number (-1: none), day until it works, chance per day that it alone brings an order."""

    coupon: np.ndarray
    until: np.ndarray
    extra_chance: np.ndarray


def make_coupon_book(size: ShopSize, shop_days: ShopDays) -> CouponBook:
    """Lay the campaigns out in time; needs no random numbers."""
    last = shop_days.n_history - 1
    campaigns = [
        Campaign(f"TRIAL-{number + 1}", f"Coupon trial {number + 1}", last - age, last - age + WINDOW_DAYS, True, last - age, (0, 1, 2, 3))
        for number, age in enumerate(sorted(size.trial_ages_days, reverse=True))
    ]
    mailing = last - 78
    campaigns.append(Campaign("MAILING-1", "Thank you to recent customers", mailing, mailing + WINDOW_DAYS, False, mailing, (1,)))
    first_series = last - CURRENT_SERIES_AGE_DAYS - SERIES_STEP_DAYS * ((last - CURRENT_SERIES_AGE_DAYS) // SERIES_STEP_DAYS)
    for start in range(first_series, last + NOTICE_DAYS, SERIES_STEP_DAYS):
        name = f"OFFER-{shop_days.days[start]}"
        campaigns.append(Campaign(name, "Coupons on offer", start, start + SERIES_VALID_DAYS - 1, False, None, (0, 1, 2, 3)))
    ids = [f"{campaign.campaign_id}-F{int(face):02d}" for campaign in campaigns for face in FACES]
    return CouponBook(tuple(campaigns), ids)


def draw_assignments(
    rng: np.random.Generator, campaign_number: int, campaign: Campaign, may_be_written_to: np.ndarray, days_since_order: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Customers, coupon numbers (-1: control) and propensities (NaN: not by lot) of one campaign."""
    customers = np.flatnonzero(may_be_written_to)
    if campaign.is_randomised:
        arm = rng.choice(len(ARM_PROPENSITY), len(customers), p=ARM_PROPENSITY)
        coupon = np.where(arm == 0, -1, campaign_number * len(FACES) + arm - 1)
        return customers, coupon, ARM_PROPENSITY[arm]
    customers = customers[(days_since_order[customers] < 21) & (rng.random(len(customers)) < 0.6)]
    return customers, np.full(len(customers), campaign_number * len(FACES) + campaign.faces[0]), np.full(len(customers), np.nan)


def campaigns_table(book: CouponBook, shop_days: ShopDays) -> pl.DataFrame:
    """Contract table `campaigns`, recorded 14 days ahead."""
    starts = shop_days.days[[campaign.starts for campaign in book.campaigns]]
    return pl.DataFrame(
        {
            "campaign_id": [campaign.campaign_id for campaign in book.campaigns],
            "campaign_name": [campaign.name for campaign in book.campaigns],
            "campaign_type": ["coupon"] * len(book.campaigns),
            "channel": ["email"] * len(book.campaigns),
            "starts_on": starts,
            "ends_on": shop_days.days[[campaign.ends for campaign in book.campaigns]],
            "is_randomised": [campaign.is_randomised for campaign in book.campaigns],
            "recorded_at": (starts - NOTICE_DAYS).astype("datetime64[us]"),
        }
    ).with_columns(pl.col("recorded_at").dt.offset_by("11h"))


def coupons_table(book: CouponBook, catalogue: Catalogue, shop_days: ShopDays, size: ShopSize) -> pl.DataFrame:
    """Contract table `coupons`, recorded 14 days ahead; the dearest kind is limited to one category."""
    rows = [
        {
            "coupon_id": book.coupon_id[number * len(FACES) + face],
            "campaign_id": campaign.campaign_id,
            "face_value": FACES[face],
            "min_basket": MIN_BASKETS[face],
            "category": catalogue.categories[LIMITED_CATEGORY].name if face == LIMITED_FACE else None,
            "valid_from": shop_days.days[campaign.starts].item(),
            "valid_to": shop_days.days[campaign.ends].item(),
            "issuance_limit": size.customers if campaign.given_on is not None else int(size.customers * (0.30, 0.20, 0.12, 0.08)[face]),
        }
        for number, campaign in enumerate(book.campaigns)
        for face in campaign.faces
    ]
    recorded = pl.col("valid_from").dt.offset_by(f"-{NOTICE_DAYS}d").cast(pl.Datetime("us")).dt.offset_by("11h")
    return pl.DataFrame(rows, infer_schema_length=None).with_columns(recorded_at=recorded)
