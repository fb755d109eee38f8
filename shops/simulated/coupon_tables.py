"""Contract tables of coupons given out and redeemed."""

import numpy as np
import polars as pl

from shops.simulated.coupons import FACES
from shops.simulated.world import World
from shops.simulated.writer import lookup


def assignments_table(world: World, given: dict[str, np.ndarray]) -> pl.DataFrame:
    """Contract table `coupon_assignments`, written in the evening; `propensity` is null where nobody drew lots."""
    day = world.days.days[given["day"]]
    return pl.DataFrame(
        {
            "campaign_id": lookup(pl.Series([campaign.campaign_id for campaign in world.book.campaigns]), given["campaign"]),
            "customer_id": lookup(world.customer_id, given["customer"]),
            "coupon_id": lookup(pl.Series(world.book.coupon_id), given["coupon"]),
            "assigned_on": day,
            "propensity": pl.Series(given["propensity"]).fill_nan(None),
            "recorded_at": day.astype("datetime64[us]") + np.timedelta64(20, "h"),
        }
    )


def redemptions_table(world: World, redeemed: dict[str, np.ndarray]) -> pl.DataFrame:
    """Contract table `coupon_redemptions`, written by the nightly run of the same day."""
    day = world.days.days[redeemed["day"]]
    campaign = pl.Series([campaign.campaign_id for campaign in world.book.campaigns])
    return pl.DataFrame(
        {
            "coupon_id": lookup(pl.Series(world.book.coupon_id), redeemed["coupon"]),
            "customer_id": lookup(world.customer_id, redeemed["customer"]),
            "campaign_id": lookup(campaign, redeemed["coupon"] // len(FACES)),
            "order_id": "O" + pl.Series(redeemed["order"]).cast(pl.String).str.zfill(9),
            "redeemed_on": day,
            "discount_amount": redeemed["off"],
            "recorded_at": day.astype("datetime64[us]") + np.timedelta64(23 * 60 + 55, "m"),
        }
    )
