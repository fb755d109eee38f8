"""An independent check of a coupon budget: recomputes every limit from the cells and shares no code with the program."""

from collections.abc import Mapping

import polars as pl

from optimization.coupons.limits import CouponLimits

_TOLERANCE = 1e-6


def check_coupon_budget(
    cells: pl.DataFrame, limits: CouponLimits, segment_customers: Mapping[str, int], budget: pl.DataFrame, limits_table: pl.DataFrame
) -> list[str]:
    """Return one sentence per violation, none for a plan that holds. Limits that gave way (relaxed_by > 0) are checked as relaxed."""
    plan = budget.select("segment", "coupon_id", "issued", "expected_cost", "expected_gain", "expected_profit").join(
        cells, on=["segment", "coupon_id"], how="left", validate="1:1"
    )
    found: list[str] = []
    if plan.height != cells.height or plan["mean_cost"].null_count():
        found.append("The budget's cells are not the cells that were given.")
    for segment, coupon, issued, customers in plan.select("segment", "coupon_id", "issued", "customers").rows():
        if not 0 <= issued <= customers:
            found.append(f"Segment {segment} gets {issued} coupons {coupon} for {customers} eligible customers.")
    for segment, issued in plan.group_by("segment").agg(pl.col("issued").sum()).rows():
        if issued > segment_customers[segment]:
            found.append(f"Segment {segment} gets {issued} coupons for {segment_customers[segment]} customers.")
    for stated, each in (("expected_cost", "mean_cost"), ("expected_gain", "mean_gain"), ("expected_profit", "mean_value")):
        if ((pl.Series(plan[stated]) - plan["issued"] * plan[each]).abs() > _TOLERANCE * (1 + plan[stated].abs())).any():
            found.append(f"The column {stated} is not issued times {each}.")
    return found + _limit_violations(plan, limits, segment_customers, limits_table)


def _limit_violations(
    plan: pl.DataFrame, limits: CouponLimits, segment_customers: Mapping[str, int], limits_table: pl.DataFrame
) -> list[str]:
    eased = {(name, scope): by for name, scope, by in limits_table.select("limit_name", "scope", "relaxed_by").rows()}
    cost, gain, issued = pl.col("issued") * pl.col("mean_cost"), pl.col("issued") * pl.col("mean_gain"), pl.col("issued")

    def total(what: pl.Expr, column: str, name: str) -> float:
        return float(plan.filter(pl.col(column) == name).select(what.sum()).item()) if column in plan.columns else 0.0

    tested: list[tuple[str, str, float, float, int]] = []
    if limits.total_budget is not None:
        tested.append(("total_budget", "all", float(plan.select(cost.sum()).item()), limits.total_budget, 1))
    if limits.minimum_return is not None:
        surplus = float(plan.select((gain - limits.minimum_return * cost).sum()).item())
        tested.append(("minimum_return", "all", surplus, 0.0, -1))
    tested += [("segment_budget", name, total(cost, "segment", name), most, 1) for name, most in limits.segment_budgets.items()]
    tested += [("category_budget", name, total(cost, "category", name), most, 1) for name, most in limits.category_budgets.items()]
    tested += [("issuance", name, total(issued, "coupon_id", name), float(most), 1) for name, most in limits.issuance.items()]
    tested += [
        ("minimum_issuance", name, total(issued, "coupon_id", name), float(least), -1) for name, least in limits.minimum_issuance.items()
    ]
    tested += [
        ("minimum_segment_share", name, total(issued, "segment", name), share * segment_customers.get(name, 0), -1)
        for name, share in limits.minimum_segment_share.items()
    ]
    for (segment, coupon_id), fixed in limits.fixed_counts.items():
        in_cell = (pl.col("segment") == segment) & (pl.col("coupon_id") == coupon_id)
        count, scope = float(plan.filter(in_cell)["issued"].sum()), f"{coupon_id} for {segment}"
        tested += [("fixed_count", scope, count, float(fixed), 1), ("fixed_count_at_least", scope, count, float(fixed), -1)]
    found: list[str] = []
    for name, scope, used, allowed, sign in tested:
        if (name, scope) not in eased:
            found.append(f"The limit {name} of {scope} is missing from the table of limits.")
        elif sign * (used - allowed) > _TOLERANCE * max(1.0, abs(allowed)) + eased[name, scope]:
            found.append(f"The limit {name} of {scope} allows {allowed:.6g} but {used:.6g} is used.")
    return found
