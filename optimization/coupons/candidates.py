"""Checks and orders the offers that a coupon plan chooses from.

Candidates (grain: customer_key, coupon_id): customer_key, segment (text), coupon_id (text), expected_gain (money: margin that the coupon
adds, before its cost), expected_cost (money: face value times chance of redemption), value (money: gain less cost),
redemption_probability (share), optional category (text: what the coupon is limited to).
"""

import polars as pl

CANDIDATE_SCHEMA = {
    "customer_key": pl.String,
    "segment": pl.String,
    "coupon_id": pl.String,
    "expected_gain": pl.Float64,
    "expected_cost": pl.Float64,
    "value": pl.Float64,
    "redemption_probability": pl.Float64,
}


def prepare_candidates(candidates: pl.DataFrame) -> pl.DataFrame:
    """Return candidates sorted by customer, then cheaper coupon, then id, with a category column.

    Raises ValueError naming what is wrong.
    """
    missing = sorted(set(CANDIDATE_SCHEMA) - set(candidates.columns))
    if missing:
        raise ValueError(f"Candidates lack the columns {', '.join(missing)}.")
    category = pl.col("category").cast(pl.String) if "category" in candidates.columns else pl.lit(None, dtype=pl.String).alias("category")
    offers = candidates.select([pl.col(name).cast(kind) for name, kind in CANDIDATE_SCHEMA.items()] + [category])
    offers = offers.sort("customer_key", "expected_cost", "coupon_id")
    _refuse(offers, pl.any_horizontal(pl.col(*CANDIDATE_SCHEMA).is_null()), "has an empty field")
    numbers = pl.col("expected_gain", "expected_cost", "value", "redemption_probability")
    _refuse(offers, ~pl.all_horizontal(numbers.is_finite()), "has a number that is not finite")
    _refuse(offers, pl.col("expected_cost") < 0, "has a negative cost")
    _refuse(offers, ~pl.col("redemption_probability").is_between(0, 1), "has a redemption probability outside 0 to 1")
    mismatch = (pl.col("value") - (pl.col("expected_gain") - pl.col("expected_cost"))).abs() > 1e-6 * (1 + pl.col("value").abs())
    _refuse(offers, mismatch, "has a value that is not gain less cost")
    _refuse(offers, pl.struct("customer_key", "coupon_id").is_duplicated(), "appears twice")
    _refuse(offers, pl.col("segment").n_unique().over("customer_key") > 1, "belongs to a customer with two segments")
    return offers


def prepare_customers(offers: pl.DataFrame, customers: pl.DataFrame | None) -> pl.DataFrame:
    """Return every customer considered, sorted: customer_key, segment. Customers without an offer come from `customers`."""
    with_offers = offers.select("customer_key", "segment").unique()
    if customers is None:
        return with_offers.sort("customer_key")
    named = customers.select(pl.col("customer_key").cast(pl.String), pl.col("segment").cast(pl.String))
    everyone = pl.concat([with_offers, named]).unique().sort("customer_key", "segment", nulls_last=True)
    twice = everyone.filter(pl.col("customer_key").is_duplicated())
    if twice.height:
        raise ValueError(f"Customer {twice['customer_key'][0]!r} has two segments.")
    return everyone


def _refuse(offers: pl.DataFrame, wrong: pl.Expr, what: str) -> None:
    found = offers.filter(wrong)
    if found.height:
        first = found.row(0, named=True)
        raise ValueError(
            f"The offer of coupon {first['coupon_id']!r} to customer {first['customer_key']!r} {what} ({found.height} offers in all)."
        )
