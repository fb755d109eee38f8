"""Advertising: daily spend per channel and the guest orders it truly brings to the web shop.

Terms. *Adstock* is spend with memory: today's spend plus a decaying part of yesterday's adstock. The response saturates:
guest orders per day = `max_orders` × adstock / (adstock + `half_saturation`), all for a shop of 6,000 customers and scaled from there.
Spend varies from week to week, and now and then a channel is switched off or doubled for a week, so that the curve can be learned.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from shops.simulated.shop_days import ShopDays
from shops.simulated.sizes import ShopSize, stream

AD_CHANNELS = ("search", "social", "display")
MEAN_SPEND = np.array([70.0, 50.0, 35.0])
MAX_ORDERS = np.array([14.0, 9.0, 3.0])
HALF_SATURATION = np.array([90.0, 140.0, 180.0])
MEMORY = np.array([0.2, 0.6, 0.75])


@dataclass(frozen=True)
class Ads:
    """`spend` in currency and `expected_orders` per (channel, day); `scale` is the shop's size relative to 6,000 customers."""

    spend: np.ndarray
    expected_orders: np.ndarray
    scale: float


def make_ads(size: ShopSize, shop_days: ShopDays, seed: int) -> Ads:
    """Draw spend for all days of history and derive the orders it brings."""
    rng = stream(seed, "ads")
    n_days, scale = shop_days.n_history, size.customers / 6_000
    weeks = n_days // 7 + 1
    level = rng.lognormal(0, 0.35, (3, weeks)) * rng.choice([0.0, 1.0, 2.0], (3, weeks), p=[0.07, 0.83, 0.10])
    daily = np.repeat(level, 7, axis=1)[:, :n_days] * rng.lognormal(0, 0.12, (3, n_days))
    spend = np.round(daily * MEAN_SPEND[:, None] * (1 + 0.5 * shop_days.christmas[:n_days]), 2)
    adstock = np.zeros_like(spend)
    for day in range(n_days):
        adstock[:, day] = spend[:, day] + (MEMORY * adstock[:, day - 1] if day else 0)
    expected = MAX_ORDERS[:, None] * adstock / (adstock + HALF_SATURATION[:, None])
    return Ads(np.round(spend * scale, 2), expected * scale, scale)


def ad_spend_table(ads: Ads, shop_days: ShopDays, seed: int) -> pl.DataFrame:
    """Contract table `ad_spend`: the bill of a day comes in the next morning."""
    rng = stream(seed, "ad records")
    n_days = ads.spend.shape[1]
    spend = ads.spend.ravel()
    impressions = rng.poisson(spend * np.repeat([45, 160, 380], n_days))
    return pl.DataFrame(
        {
            "business_day": np.tile(shop_days.days[:n_days], len(AD_CHANNELS)),
            "channel": np.repeat(AD_CHANNELS, n_days),
            "campaign_id": ["always-on"] * len(spend),
            "spend": spend,
            "impressions": impressions,
            "clicks": rng.binomial(impressions, np.repeat([0.03, 0.009, 0.003], n_days)),
            "recorded_at": np.tile(shop_days.days[:n_days] + 1, len(AD_CHANNELS)).astype("datetime64[us]"),
        }
    ).with_columns(pl.col("recorded_at").dt.offset_by("4h"))


def true_ads_table(ads: Ads, shop_days: ShopDays) -> pl.DataFrame:
    """Truth: per day and channel the spend, the expected guest orders, and the curve's parameters in this shop's money."""
    n_days = ads.spend.shape[1]
    return pl.DataFrame(
        {
            "business_day": np.tile(shop_days.days[:n_days], len(AD_CHANNELS)),
            "channel": np.repeat(AD_CHANNELS, n_days),
            "spend": ads.spend.ravel(),
            "expected_orders": ads.expected_orders.ravel(),
            "max_orders": np.repeat(MAX_ORDERS * ads.scale, n_days),
            "half_saturation": np.repeat(HALF_SATURATION * ads.scale, n_days),
            "memory": np.repeat(MEMORY, n_days),
        }
    )
