"""An independent check of a coupon assignment: recomputes every limit from the inputs and shares no code with the program."""

import polars as pl

from optimization.coupons.limits import CouponLimits
from optimization.coupons.settings import CouponSettings

_TOLERANCE = 1e-6
_AT_ONCE = 500_000  # offers


def check_assignments(
    candidates: pl.DataFrame,
    limits: CouponLimits,
    settings: CouponSettings,
    assignments: pl.DataFrame,
    limits_table: pl.DataFrame,
    overrides: pl.DataFrame | None = None,
) -> list[str]:
    """Return one sentence per violation, none for a plan that holds. Limits that gave way (relaxed_by > 0) are checked as relaxed."""
    if assignments["customer_key"].n_unique() < assignments.height:
        return ["A customer has two rows."]
    pair = ["customer_key", "coupon_id"]
    told = assignments.select(*pair, "segment", "value", "expected_cost", "expected_gain", "is_holdout")
    given = told.filter(pl.col("coupon_id").is_not_null())
    joined = _offers_given(candidates, given)
    found: list[str] = []
    absent = given.join(joined, on=pair, how="anti") if joined.height != given.height else given.clear()
    found += [
        f"Customer {key} got coupon {coupon}, which was not on offer." for key, coupon in absent.select("customer_key", "coupon_id").rows()
    ]
    wrong = (
        ((pl.col("value") - pl.col("worth")).abs() > _TOLERANCE)
        | ((pl.col("expected_cost") - pl.col("cost")).abs() > _TOLERANCE)
        | ((pl.col("expected_gain") - pl.col("gain")).abs() > _TOLERANCE)
    )
    found += [f"The numbers of customer {key} differ from the offer." for key in joined.filter(wrong)["customer_key"].to_list()]
    found += [f"Customer {key} is held out but has a coupon." for key in given.filter("is_holdout")["customer_key"].to_list()]
    if settings.holdout_share == 0 and assignments["is_holdout"].any():
        found.append("Customers are held out although the hold-out share is 0.")
    found += _override_violations(overrides, candidates, given)
    return found + _limit_violations(joined, assignments, limits, limits_table)


def _offers_given(candidates: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
    """Return `given` (one row per customer) with the offer's own gain, cost, worth and category, without rows that were not on offer.

    A join on customer and coupon would write out both keys of every offer; offers of a customer mostly stand together, so customers are
    looked up once per run of them, and the coupon is compared offer by offer.
    """
    categories = ["category"] if "category" in candidates.columns else []
    run = candidates["customer_key"].rle_id()
    heads = candidates.select(customer_key=pl.col("customer_key").filter(run.ne_missing(run.shift(1))))
    place = given.select("customer_key", "coupon_id").with_row_index("place")
    holding = heads.join(place, on="customer_key", how="left", maintain_order="left").drop("customer_key")
    del heads, place
    parts = []
    for first in range(0, max(candidates.height, 1), _AT_ONCE):
        part = candidates.slice(first, _AT_ONCE)
        held = holding[run.slice(first, _AT_ONCE)]
        is_given = part["coupon_id"] == held["coupon_id"]
        offered = part.select(*categories, gain="expected_gain", cost="expected_cost", worth="value")
        parts.append(given[held["place"].filter(is_given)].hstack(offered.filter(is_given)))
    return pl.concat(parts)


def _override_violations(overrides: pl.DataFrame | None, candidates: pl.DataFrame, given: pl.DataFrame) -> list[str]:
    """A coupon that was given is the one its customer has, and a forbidden one goes to nobody whom the decision names."""
    if overrides is None:
        return []
    gives = overrides.filter(pl.col("override_action") == "give").select("customer_key", wanted="coupon_id").unique()
    gives = gives.filter(~pl.col("customer_key").is_duplicated())
    on_offer = gives.join(candidates, left_on=["customer_key", "wanted"], right_on=["customer_key", "coupon_id"], how="semi")
    passed_over = on_offer.join(given, left_on=["customer_key", "wanted"], right_on=["customer_key", "coupon_id"], how="anti")
    found = [f"Customer {key} did not get coupon {coupon}, which was given." for key, coupon in passed_over.sort("customer_key").rows()]
    others = given.join(gives, left_on=["customer_key", "coupon_id"], right_on=["customer_key", "wanted"], how="anti")
    for one in overrides.filter(pl.col("override_action") == "forbid").to_dicts():
        meant = others.filter([pl.col(name) == one[name] for name in ("customer_key", "segment", "coupon_id") if one[name] is not None])
        found += [f"Customer {key} got coupon {one['coupon_id']}, which was forbidden." for key in meant["customer_key"].to_list()]
    return found


def _limit_violations(joined: pl.DataFrame, assignments: pl.DataFrame, limits: CouponLimits, limits_table: pl.DataFrame) -> list[str]:
    eased = {(name, scope): eased for name, scope, eased in limits_table.select("limit_name", "scope", "relaxed_by").rows()}
    stated = {(name, scope): used for name, scope, used in limits_table.select("limit_name", "scope", "used").rows()}
    found: list[str] = []

    def expect(name: str, scope: str, used: float, allowed: float, *, at_least: bool = False) -> None:
        if (name, scope) not in stated:
            found.append(f"The limit {name} of {scope} is missing from the table of limits.")
            return
        room = _TOLERANCE * max(1.0, abs(allowed)) + eased[name, scope]
        over = allowed - used if at_least else used - allowed
        if over > room:
            found.append(f"The limit {name} of {scope} allows {allowed:.6g} but {used:.6g} is used.")
        if abs(stated[name, scope] - used) > _TOLERANCE * max(1.0, abs(used)):
            found.append(f"The table says {stated[name, scope]:.6g} of {name} of {scope} is used; recomputed it is {used:.6g}.")

    def total(column: str, **where: str) -> float:
        chosen = joined
        for name, value in where.items():
            chosen = chosen.filter(pl.col(name) == value) if name in chosen.columns else chosen.clear()
        return float(chosen[column].sum())

    def count(**where: str) -> float:
        return float(joined.filter([pl.col(name) == value for name, value in where.items()]).height)

    if limits.total_budget is not None:
        expect("total_budget", "all", total("cost"), limits.total_budget)
    for segment, budget in limits.segment_budgets.items():
        expect("segment_budget", segment, total("cost", segment=segment), budget)
    for category, budget in limits.category_budgets.items():
        expect("category_budget", category, total("cost", category=category), budget)
    for coupon_id, stock in limits.issuance.items():
        expect("issuance", coupon_id, count(coupon_id=coupon_id), float(stock))
    if limits.minimum_return is not None:
        expect("minimum_return", "all", total("gain") - limits.minimum_return * total("cost"), 0.0, at_least=True)
    for coupon_id, least in limits.minimum_issuance.items():
        expect("minimum_issuance", coupon_id, count(coupon_id=coupon_id), float(least), at_least=True)
    for (segment, coupon_id), fixed in limits.fixed_counts.items():
        issued, scope = count(segment=segment, coupon_id=coupon_id), f"{coupon_id} for {segment}"
        expect("fixed_count", scope, issued, float(fixed))
        expect("fixed_count_at_least", scope, issued, float(fixed), at_least=True)
    for segment, share in limits.minimum_segment_share.items():
        served = assignments.filter((pl.col("segment") == segment) & ~pl.col("is_holdout")).height
        expect("minimum_segment_share", segment, count(segment=segment), share * served, at_least=True)
    return found
