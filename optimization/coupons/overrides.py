"""What a merchandiser decided about coupons, honoured by the plans.

Overrides (one row per decision): customer_key (text, null: not about one customer), segment (text, null: not about one segment), coupon_id
(text), override_action, override_count (coupons, null unless `fix`). Actions:

give     this customer gets this coupon, whatever the limits say; limits that cannot hold any more give way and are named
forbid   this coupon does not go to this customer, to this segment, or to anybody where neither is named
fix      this segment gets just so many of this coupon

Public: `OVERRIDES_SCHEMA`, `read_overrides`, and what the programs do with them.
"""

from dataclasses import replace

import numpy as np
import polars as pl

from optimization.coupons.limits import CouponLimits
from optimization.coupons.offers import Offers
from optimization.linear_program.arrays import Integers

ASKED = {
    "customer_key": pl.String,
    "segment": pl.String,
    "coupon_id": pl.String,
    "override_action": pl.String,
    "override_count": pl.Int64,
}
OVERRIDES_SCHEMA = {**ASKED, "outcome": pl.String, "given_count": pl.Int64, "given_value": pl.Float64, "sentence": pl.String}
ACTIONS = ("give", "forbid", "fix")


def read_overrides(overrides: pl.DataFrame | None) -> pl.DataFrame:
    """Return the decisions sorted, with the columns of ASKED. Raises ValueError for a decision that says nothing."""
    if overrides is None:
        return pl.DataFrame(schema=ASKED)
    asked = overrides.select([pl.col(name).cast(kind) for name, kind in ASKED.items()]).unique().sort(*ASKED)
    action, customer, segment = pl.col("override_action"), pl.col("customer_key"), pl.col("segment")
    for wrong, what in (
        (~action.is_in(ACTIONS).fill_null(value=False), f"is none of {', '.join(ACTIONS)}"),
        (pl.col("coupon_id").is_null(), "names no coupon"),
        ((action == "give") & customer.is_null(), "gives a coupon to no customer"),
        ((action == "fix") & (segment.is_null() | customer.is_not_null()), "fixes a count for no segment"),
        ((action == "fix") & ~(pl.col("override_count") >= 0).fill_null(value=False), "fixes no count of 0 or more"),
        ((action == "fix") & (pl.struct("segment", "coupon_id", "override_action").is_duplicated()), "fixes two counts for one cell"),
    ):
        found = asked.filter(wrong)
        if found.height:
            raise ValueError(f"The override {found['override_action'][0]!r} of coupon {found['coupon_id'][0]!r} {what}.")
    return asked


def with_fixed_counts(limits: CouponLimits, asked: pl.DataFrame, offered: pl.DataFrame) -> CouponLimits:
    """Return the limits with the counts that were fixed; they take the place of counts for the same cell.

    offered: segment and coupon_id of what is on offer. A count for a cell without any offer is no limit: it would only make every plan
    give way.
    """
    fixed = asked.filter(pl.col("override_action") == "fix")
    if fixed.height:
        fixed = fixed.join(offered.select("segment", "coupon_id").unique(), on=["segment", "coupon_id"], how="semi").sort(*ASKED)
    if fixed.height == 0:
        return limits
    counts = {(segment, coupon): count for segment, coupon, count in fixed.select("segment", "coupon_id", "override_count").rows()}
    return replace(limits, fixed_counts={**limits.fixed_counts, **counts})


def without_forbidden(
    candidates: pl.DataFrame, customers: pl.DataFrame | None, asked: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """Return the offers left and everybody considered: who loses all offers is still named. A coupon given by name is not forbidden."""
    if asked.height == 0:
        return candidates, customers
    left = candidates.filter(~is_forbidden(asked))
    named = candidates.select("customer_key", "segment").unique()
    return left, named if customers is None else pl.concat([named, customers.select("customer_key", "segment")]).unique()


def is_forbidden(asked: pl.DataFrame) -> pl.Expr:
    """Tell of an offer (customer_key, segment, coupon_id) whether it may not be made."""
    forbidden = asked.filter(pl.col("override_action") == "forbid").select("customer_key", "segment", "coupon_id")
    by_name = asked.filter(pl.col("override_action") == "give").select("customer_key", "coupon_id").unique()
    by_name = by_name.filter(~pl.col("customer_key").is_duplicated())
    found = pl.lit(value=False)
    for customer, segment, coupon in forbidden.rows():
        meant = pl.col("coupon_id") == coupon
        meant = meant if customer is None else meant & (pl.col("customer_key") == customer)
        found |= meant if segment is None else meant & (pl.col("segment") == segment)
    for customer, coupon in by_name.rows():
        found &= ~((pl.col("coupon_id") == coupon) & (pl.col("customer_key") == customer))
    return found


def given_offers(offers: Offers, asked: pl.DataFrame) -> Integers:
    """Return the offers that are given, sorted. Two coupons given to one customer are a contradiction: neither is."""
    gives = asked.filter(pl.col("override_action") == "give").select("customer_key", "coupon_id").unique()
    gives = gives.filter(~pl.col("customer_key").is_duplicated())
    if gives.height == 0:
        return np.zeros(0, dtype=np.int64)
    keys = pl.DataFrame({"customer_key": offers.keys, "group": np.arange(len(offers.keys), dtype=np.int64)})
    found: list[int] = []
    for group, coupon in keys.join(gives, on="customer_key").select("group", "coupon_id").rows():
        first, count = int(offers.starts[group]), int(offers.offers_of_group[group])
        found += [first + slot for slot in range(count) if offers.coupon.names[offers.coupon.codes[first + slot]] == coupon]
    return np.array(sorted(found), dtype=np.int64)


def told(asked: pl.DataFrame, candidates: pl.DataFrame, assignments: pl.DataFrame) -> pl.DataFrame:
    """Return every decision with what came of it, OVERRIDES_SCHEMA.

    outcome: honoured; not_offered (no such offer: an unknown customer or coupon, no consent, no forecast of its effect); contradiction (two
    coupons given to one customer); not_reached (a fixed count that even the last offer does not reach, or that limits made give way).
    given_count: coupons that now go where the decision points; given_value: what they are worth, money.
    """
    rows: list[dict[str, object]] = []
    twice = asked.filter(pl.col("override_action") == "give")
    twice = set(twice.filter(pl.col("customer_key").is_duplicated())["customer_key"].to_list())
    for decision in asked.to_dicts():
        meant = [pl.col("coupon_id") == decision["coupon_id"]]
        meant += [pl.col(name) == decision[name] for name in ("customer_key", "segment") if decision[name] is not None]
        got = assignments.filter(meant)
        outcome = _outcome(decision, candidates.filter(meant).height, got.height, twice)
        worth = float(got["value"].sum())
        rows.append({**decision, "outcome": outcome, "given_count": got.height, "given_value": worth, "sentence": ""})
    frame = pl.DataFrame(rows, schema=OVERRIDES_SCHEMA)
    return frame.with_columns(sentence=pl.struct("*").map_elements(_sentence, return_dtype=pl.String))


def _outcome(decision: dict[str, object], offered: int, given: int, twice: set[object]) -> str:
    if decision["override_action"] == "give" and decision["customer_key"] in twice:
        return "contradiction"
    if offered == 0 and not (decision["override_action"] == "fix" and decision["override_count"] == 0):
        return "not_offered"
    if decision["override_action"] == "fix" and decision["override_count"] != given:
        return "not_reached"
    return "honoured"


def _sentence(row: dict[str, object]) -> str:
    coupon, who = row["coupon_id"], "this customer" if row["customer_key"] else f"segment {row['segment']}" if row["segment"] else "anybody"
    if row["outcome"] == "contradiction":
        return "Two coupons are given to this customer, who can get one: neither is."
    if row["outcome"] == "not_offered":
        return f"There is no offer of coupon {coupon} to {who}, so nothing changes."
    if row["outcome"] == "not_reached":
        return f"{row['given_count']} instead of {row['override_count']} coupons {coupon} go to {who}: more cannot be had under the limits."
    if row["override_action"] == "give":
        return f"Coupon {coupon} goes to this customer; it is worth {row['given_value']:.2f}."
    if row["override_action"] == "fix":
        return f"{row['given_count']} coupons {coupon} go to {who}; they are worth {row['given_value']:.2f}."
    return f"Coupon {coupon} goes to {who} no more." if row["customer_key"] or row["segment"] else f"Coupon {coupon} goes to nobody."
