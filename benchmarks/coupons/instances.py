"""Seeded markets for one coupon plan: offers and fourteen joint limits of any size, in the shape `assign_coupons` reads.

Customers differ in chance to buy, basket margin and sensitivity to coupons; dearer coupons add more, with falling returns; 57.5 % of the
pairs of customer and coupon are offers (4.6 per customer with eight coupons), some of which lose money: minimums may ask for them. The cost
of an offer includes customers who would have bought anyway. Customer keys are 32 digits, as pseudonyms are.

The fourteen rows (`full_limits`): the total budget, four segment budgets, four issuance caps, one minimum issuance, the return, three
minimum shares of segments; their sizes are shares of what customers would take without limits.

`random_instance` draws a tiny market with a random choice of all kinds of limits, for proofs.

Public: `CouponInstance`, `coupon_instance`, `random_instance`.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from optimization.coupons import CouponLimits

FACES = np.array([2.0, 3.0, 4.0, 5.0, 6.5, 8.0, 10.0, 12.0])
OFFERED_SHARE = 0.575
SEGMENTS = 6
CHUNK = 100_000  # customers drawn at a time, so that the generator's own memory stays below the plan's


@dataclass(frozen=True)
class CouponInstance:
    """Offers (grain: customer_key, coupon_id; see `optimization.coupons.candidates`) and limits."""

    candidates: pl.DataFrame
    limits: CouponLimits


def coupon_instance(customers: int, seed: int = 7, budget_share: float = 0.35) -> CouponInstance:
    """Return a market of `customers` customers and eight coupons; the same arguments give the same instance."""
    rng = np.random.default_rng(seed)
    parts = [_offers(rng, first, min(CHUNK, customers - first)) for first in range(0, customers, CHUNK)]
    candidates = pl.concat(parts).rechunk()
    return CouponInstance(candidates, full_limits(candidates, budget_share))


def full_limits(candidates: pl.DataFrame, budget_share: float) -> CouponLimits:
    """Return all fourteen limits, each tight enough to matter in a plan of `budget_share` of the cost of everybody's own best offer."""
    best = (
        candidates.lazy()
        .filter(pl.col("value") > 0)
        .group_by("customer_key")
        .agg(pl.col("segment", "coupon_id", "expected_cost").get(pl.col("value").arg_max()))
        .collect()
    )
    budget = budget_share * float(best["expected_cost"].sum())
    spent = dict(best.group_by("segment").agg(pl.col("expected_cost").sum()).iter_rows())
    wanted = dict(best.group_by("coupon_id").len().iter_rows())
    gain = candidates.filter(pl.col("value") > 0)
    typical_return = float(gain["expected_gain"].sum() / gain["expected_cost"].sum())
    shares = {"s0": 0.5, "s1": 0.7, "s2": 0.85, "s3": 0.95}
    return CouponLimits(
        total_budget=budget,
        segment_budgets={name: share * budget_share * spent.get(name, 0.0) for name, share in shares.items()},
        issuance={name: int(share * wanted.get(name, 0)) for name, share in {"c0": 0.9, "c1": 0.6, "c2": 0.42, "c4": 0.15}.items()},
        minimum_return=1.85 * typical_return,
        minimum_issuance={"c6": int(0.9 * budget_share * wanted.get("c6", 0))},
        minimum_segment_share={"s3": 0.5, "s4": 0.58, "s5": 0.62},
    )


def random_instance(seed: int) -> CouponInstance:
    """Return a tiny market (8 to 40 customers, categories on its coupons) under a random choice of all kinds of limits."""
    rng = np.random.default_rng(seed)
    candidates = _offers(rng, 0, int(rng.integers(8, 41))).with_columns(
        category=pl.concat_str(pl.lit("k"), pl.col("coupon_id").str.slice(1, 1))
    )
    candidates = candidates.with_columns(
        category=pl.col("category").replace({f"k{number}": f"k{number % 3}" for number in range(len(FACES))})
    )
    best = candidates.sort("value", "coupon_id").group_by("customer_key", maintain_order=True).last()
    spent, given = float(best["expected_cost"].sum()), best.height
    segments, coupons = candidates["segment"].unique().sort().to_list(), candidates["coupon_id"].unique().sort().to_list()
    sometimes = rng.random(8) < 0.6

    def some(names: list[str], most: int) -> list[str]:
        return sorted(rng.choice(names, min(int(rng.integers(1, most + 1)), len(names)), replace=False).tolist())

    issuance = {name: int(rng.integers(1, 1 + max(given // 4, 2))) for name in some(coupons, 3)} if sometimes[3] else {}
    least = {name: int(rng.integers(0, 1 + min(3, issuance.get(name, 3)))) for name in some(coupons, 2)} if sometimes[5] else {}
    cells = (
        {(segment, coupon): int(rng.integers(0, 3)) for segment in some(segments, 1) for coupon in some(coupons, 2)} if sometimes[7] else {}
    )
    limits = CouponLimits(
        total_budget=spent * rng.uniform(0.2, 0.9) if sometimes[0] else None,
        segment_budgets={name: spent * rng.uniform(0.03, 0.3) for name in some(segments, 3)} if sometimes[1] else {},
        category_budgets={name: spent * rng.uniform(0.1, 0.5) for name in some(["k0", "k1", "k2"], 2)} if sometimes[2] else {},
        issuance=issuance,
        minimum_return=rng.uniform(1.0, 3.0) if sometimes[4] else None,
        minimum_issuance=least,
        minimum_segment_share={name: rng.uniform(0.0, 0.4) for name in some(segments, 2)} if sometimes[6] else {},
        fixed_counts=cells,
    )
    return CouponInstance(candidates, limits)


def _offers(rng: np.random.Generator, first: int, count: int) -> pl.DataFrame:
    base, margin = rng.beta(2, 6, (count, 1)), rng.gamma(4, 4.5, (count, 1))
    sensitivity, taste = rng.gamma(1.6, 0.6, (count, 1)), rng.lognormal(0.0, 0.35, (count, len(FACES)))
    segment = rng.choice(SEGMENTS, count, p=(0.1, 0.15, 0.2, 0.2, 0.15, 0.2))
    uplift = np.clip(0.06 * sensitivity * taste * np.log1p(FACES) * (1 - base) * (0.7 + 0.12 * segment[:, None]), 0, 1 - base)
    redeems = np.clip(base * (0.25 + 0.02 * FACES) + uplift, 0, 1)
    low = np.arange(first, first + count, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    keys = [f"{number:012x}{word:020x}" for number, word in zip(range(first, first + count), low.tolist(), strict=True)]
    customer, coupon = np.nonzero(rng.random((count, len(FACES))) < OFFERED_SHARE)
    gain, cost = (uplift * margin)[customer, coupon], (FACES * redeems)[customer, coupon]
    return pl.DataFrame(
        {
            "customer_key": pl.Series(keys).gather(customer),
            "segment": pl.Series([f"s{number}" for number in range(SEGMENTS)]).gather(segment[customer]),
            "coupon_id": pl.Series([f"c{number}" for number in range(len(FACES))]).gather(coupon),
            "expected_gain": gain,
            "expected_cost": cost,
            "value": gain - cost,
            "redemption_probability": redeems[customer, coupon],
        }
    )
