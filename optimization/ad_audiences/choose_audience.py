"""Decides who is on a campaign's audience list: those whom an ad may still sway, those with most at stake first where the list is capped.

Nobody is listed who would buy anyway (chance above `buys_anyway`), who hardly ever would (below `unlikely`), who has not said yes to being
written to, or who is held out by lot so that the campaign can be measured. What an ad adds to a single customer is not known without a
trial: the order of the list, margin at stake times chance times chance of not buying, is an assumption (largest where a purchase is
undecided) and the table says so.

Public: `AUDIENCE_SCHEMA`, `AudienceSettings`, `check_customers`, `choose_audience`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from optimization.coupons.holdout import held_out

AUDIENCE_SCHEMA = {
    "campaign_id": pl.String,
    "customer_key": pl.String,
    "is_in": pl.Boolean,
    "segment": pl.String,
    "purchase_probability": pl.Float64,
    "expected_uplift": pl.Float64,
    "uplift_source": pl.String,
    "rank_score": pl.Float64,
    "reason_code": pl.String,
    "sentence": pl.String,
}
_NEEDED = ("customer_key", "segment", "purchase_probability", "margin_per_order", "has_consent")


@dataclass(frozen=True)
class AudienceSettings:
    """buys_anyway, unlikely: chances between which a customer may be listed. most: cap of the list, None for none. segments: allowed ones,
    empty for all. holdout_share: kept off the list by lot; the lot depends on customer, campaign and seed only, so it stays for days."""

    buys_anyway: float = 0.6
    unlikely: float = 0.02
    most: int | None = None
    segments: tuple[str, ...] = ()
    holdout_share: float = 0.1
    seed: int = 7

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        if not 0 <= self.unlikely < self.buys_anyway <= 1:
            raise ValueError(f"Expected 0 <= unlikely < buys_anyway <= 1, got {self.unlikely} and {self.buys_anyway}.")
        if not 0 <= self.holdout_share < 1:
            raise ValueError(f"Expected holdout_share in [0, 1), got {self.holdout_share}.")
        if self.most is not None and self.most < 0:
            raise ValueError(f"Expected most of 0 or more, got {self.most}.")


def choose_audience(campaign_id: str, customers: pl.DataFrame, settings: AudienceSettings) -> pl.DataFrame:
    """Return one row per customer (grain: customer_key; AUDIENCE_SCHEMA), sorted by customer.

    customers: customer_key, segment, purchase_probability (chance of buying anyway, null where not known), margin_per_order (money, null
    counts as 0), has_consent (flag; null is no consent). Held-out customers are drawn among those who would be listed, so that both groups
    can be compared. Raises ValueError for missing columns, a customer named twice and chances outside 0 to 1.
    """
    check_customers(customers, _NEEDED)
    chance = pl.col("purchase_probability")
    ordered = customers.select(_NEEDED).sort("customer_key")
    known = ordered.with_columns(
        is_holdout=held_out(ordered["customer_key"], settings.holdout_share, f"ads-{campaign_id}", settings.seed),
        rank_score=pl.col("margin_per_order").fill_null(0.0).clip(lower_bound=0.0) * chance * (1 - chance),
    )
    in_segment = pl.col("segment").is_in(settings.segments) if settings.segments else pl.lit(value=True)
    barred = (
        pl.when(~pl.col("has_consent").fill_null(value=False))
        .then(pl.lit("no_consent"))
        .when(~in_segment.fill_null(value=False))
        .then(pl.lit("segment"))
        .when(chance.is_null())
        .then(pl.lit("not_known"))
        .when(chance > settings.buys_anyway)
        .then(pl.lit("buys_anyway"))
        .when(chance < settings.unlikely)
        .then(pl.lit("unlikely"))
    )
    ranked = known.with_columns(reason_code=barred).sort("rank_score", "customer_key", descending=[True, False], nulls_last=True)
    eligible = pl.col("reason_code").is_null()
    listed_so_far = (eligible & ~pl.col("is_holdout")).cum_sum() - (eligible & ~pl.col("is_holdout"))
    beyond = pl.lit(value=False) if settings.most is None else listed_so_far >= settings.most
    decided = ranked.with_columns(
        reason_code=pl.when(~eligible)
        .then("reason_code")
        .when(beyond)
        .then(pl.lit("size_cap"))
        .when("is_holdout")
        .then(pl.lit("holdout"))
        .otherwise(pl.lit("undecided"))
    )
    return _told(decided, campaign_id, settings).sort("customer_key")


def check_customers(customers: pl.DataFrame, needed: Sequence[str]) -> None:
    """Raise ValueError for missing columns, a customer named twice and purchase probabilities outside 0 to 1."""
    missing = [name for name in needed if name not in customers.columns]
    if missing:
        raise ValueError(f"Customers lack the columns {', '.join(missing)}.")
    if customers["customer_key"].is_duplicated().any():
        raise ValueError("A customer is named twice.")
    if not customers["purchase_probability"].is_between(0, 1).fill_null(value=True).all():
        raise ValueError("A purchase probability lies outside 0 to 1.")


def _told(decided: pl.DataFrame, campaign_id: str, settings: AudienceSettings) -> pl.DataFrame:
    reason, chance = pl.col("reason_code"), (pl.col("purchase_probability") * 100).round(0).cast(pl.Int64)
    sentence = (
        pl.when(reason == "undecided")
        .then(pl.format("Listed: buys with a chance of {} % anyway, so an ad may still make the difference.", chance))
        .when(reason == "buys_anyway")
        .then(pl.format(f"Not listed: buys with a chance of {{}} % anyway, above {settings.buys_anyway:.0%}.", chance))
        .when(reason == "unlikely")
        .then(pl.lit(f"Not listed: hardly ever buys, with a chance below {settings.unlikely:.1%}."))
        .when(reason == "holdout")
        .then(pl.lit("Not listed: held out by lot, so that the campaign's effect can be measured."))
        .when(reason == "size_cap")
        .then(pl.lit(f"Not listed: the list is full at {settings.most} customers with more at stake."))
        .when(reason == "no_consent")
        .then(pl.lit("Not listed: this customer has not consented to being written to."))
        .when(reason == "segment")
        .then(pl.lit("Not listed: the segment is not one of those the campaign is for."))
        .otherwise(pl.lit("Not listed: nothing is known of how likely this customer is to buy."))
    )
    return decided.with_columns(
        campaign_id=pl.lit(campaign_id),
        is_in=reason == "undecided",
        expected_uplift=pl.lit(None, dtype=pl.Float64),
        uplift_source=pl.lit("not known"),
        sentence=sentence,
    ).select([pl.col(name).cast(kind) for name, kind in AUDIENCE_SCHEMA.items()])
