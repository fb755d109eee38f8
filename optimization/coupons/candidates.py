"""Checks and orders the offers that a coupon plan chooses from.

Candidates (grain: customer_key, coupon_id): customer_key, segment (text), coupon_id (text), expected_gain (money: margin that the coupon
adds, before its cost), expected_cost (money: face value times chance of redemption), value (money: gain less cost),
redemption_probability (share), optional category (text: what the coupon is limited to).
"""

import numpy as np
import polars as pl

from optimization.coupons.offers import Codes, Labels, Offers, run_starts
from optimization.linear_program.arrays import Integers

CANDIDATE_SCHEMA = {
    "customer_key": pl.String,
    "segment": pl.String,
    "coupon_id": pl.String,
    "expected_gain": pl.Float64,
    "expected_cost": pl.Float64,
    "value": pl.Float64,
    "redemption_probability": pl.Float64,
}


def prepare_candidates(candidates: pl.DataFrame) -> Offers:
    """Return candidates as arrays sorted by customer, then cheaper coupon, then id; quickest where they come sorted by customer.

    Raises ValueError naming what is wrong.
    """
    missing = sorted(set(CANDIDATE_SCHEMA) - set(candidates.columns))
    if missing:
        raise ValueError(f"Candidates lack the columns {', '.join(missing)}.")
    categories = ["category"] if "category" in candidates.columns else []
    offers = candidates.select([pl.col(name).cast(CANDIDATE_SCHEMA.get(name, pl.String)) for name in (*CANDIDATE_SCHEMA, *categories)])
    numbers = pl.col("expected_gain", "expected_cost", "value", "redemption_probability")
    off_by = (pl.col("value") - (pl.col("expected_gain") - pl.col("expected_cost"))).abs()
    mismatch = (off_by > 1e-6) & (off_by > 1e-6 * (1 + pl.col("value").abs()))
    _refuse(offers, pl.any_horizontal(pl.col(*CANDIDATE_SCHEMA).is_null()), "has an empty field")
    _refuse(offers, ~pl.all_horizontal(numbers.is_finite()), "has a number that is not finite")
    _refuse(offers, pl.col("expected_cost") < 0, "has a negative cost")
    _refuse(offers, ~pl.col("redemption_probability").is_between(0, 1), "has a redemption probability outside 0 to 1")
    _refuse(offers, mismatch, "has a value that is not gain less cost")
    keys, group = _grouped(offers["customer_key"])
    segment, coupon = Labels.of(offers["segment"]), Labels.of(offers["coupon_id"])
    if _has_repeats(group.astype(np.int64) * len(coupon.names) + coupon.codes, len(keys) * len(coupon.names)):
        _refuse(offers, pl.struct("customer_key", "coupon_id").is_duplicated(), "appears twice")
    order = _ordered(group, offers["expected_cost"], coupon.codes)
    group = group[order]
    starts = run_starts(group)
    of_group = segment.codes[order[starts]]
    if (segment.codes[order] != of_group[group]).any():
        _refuse(offers, pl.col("segment").n_unique().over("customer_key") > 1, "belongs to a customer with two segments")
    return Offers(
        keys=keys,
        segment=Labels(of_group, segment.names),
        group=group,
        starts=starts,
        coupon=coupon.at(order),
        category=Labels.of(offers["category"]).at(order) if categories else Labels(np.broadcast_to(np.int32(-1), len(order)), ()),
        value=offers["value"].to_numpy()[order],
        source=order,
        frame=offers,
    )


def prepare_customers(offers: Offers, customers: pl.DataFrame | None) -> pl.DataFrame:
    """Return every customer considered, sorted: customer_key, segment, group (of the offers, null without any offer).

    Customers without an offer come from `customers`.
    """
    with_offers = pl.DataFrame(
        {"customer_key": offers.keys, "segment": offers.segment.text(), "group": np.arange(len(offers.keys), dtype=np.int64)}
    )
    if customers is None:
        return with_offers
    named = customers.select(pl.col("customer_key").cast(pl.String), pl.col("segment").cast(pl.String)).unique()
    known = with_offers.join(named, on="customer_key", how="inner", suffix="_named")
    differs = known.filter(pl.col("segment").ne_missing(pl.col("segment_named")))["customer_key"]
    twice = pl.concat([named.filter(pl.col("customer_key").is_duplicated())["customer_key"], differs]).sort()
    if len(twice):
        raise ValueError(f"Customer {twice[0]!r} has two segments.")
    others = named.join(with_offers, on="customer_key", how="anti").with_columns(group=pl.lit(None, dtype=pl.Int64))
    return pl.concat([with_offers, others]).sort("customer_key") if others.height else with_offers


def _grouped(keys: pl.Series) -> tuple[pl.Series, Codes]:
    """Return the distinct keys, sorted, and per offer the position of its key among them."""
    run = keys.rle_id().to_numpy().astype(np.int32)
    of_run = keys.gather(run_starts(run))
    if of_run.is_sorted():
        return of_run, run
    distinct = of_run.unique().sort()
    position = pl.DataFrame({"key": distinct, "position": np.arange(len(distinct), dtype=np.int32)})
    joined = of_run.alias("key").to_frame().join(position, on="key", how="left", maintain_order="left")
    return distinct, joined["position"].to_numpy()[run]


def _ordered(group: Codes, cost: pl.Series, coupon: Codes) -> Codes:
    """Return the order by group, cost and coupon; where the groups stand together, only those that are out of order are sorted."""
    if (group[1:] < group[:-1]).any():
        return _sorted(group, cost, coupon)
    costs = cost.to_numpy()
    is_later = (costs[1:] < costs[:-1]) | ((costs[1:] == costs[:-1]) & (coupon[1:] < coupon[:-1]))
    out_of_order = np.zeros(int(group[-1]) + 1 if len(group) else 0, dtype=np.bool_)
    out_of_order[group[1:][is_later & (group[1:] == group[:-1])]] = True
    astray = np.flatnonzero(out_of_order[group])
    order = np.arange(len(group), dtype=np.int32)
    order[astray] = astray[_sorted(group[astray], cost.gather(astray), coupon[astray])]
    return order


def _sorted(group: Codes, cost: pl.Series, coupon: Codes) -> Codes:
    frame = pl.DataFrame({"group": group, "cost": cost, "coupon": coupon})
    return frame.select(pl.arg_sort_by("group", "cost", "coupon")).to_series().to_numpy().astype(np.int32)


def _has_repeats(pairs: Integers, size: int) -> bool:
    if size > 64 * max(len(pairs), 1_000):
        return pl.Series(pairs).n_unique() < len(pairs)
    seen = np.zeros(size, dtype=np.bool_)
    seen[pairs] = True
    return int(np.count_nonzero(seen)) < len(pairs)


def _refuse(offers: pl.DataFrame, wrong: pl.Expr, what: str) -> None:
    if not offers.select(wrong.any()).item():
        return
    found = offers.filter(wrong).sort("customer_key", "coupon_id")
    first = found.row(0, named=True)
    raise ValueError(
        f"The offer of coupon {first['coupon_id']!r} to customer {first['customer_key']!r} {what} ({found.height} offers in all)."
    )
