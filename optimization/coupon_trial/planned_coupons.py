"""What the plan means for a customer, held out or not: the best offer at the limits' prices.

value after prices = value - sum over the limits it uses of (shadow price x use)

With the right prices this is what the plan does for everybody but a few close calls (Lagrangian relaxation; Fisher, Management Science 27
(1981), 1-18). It does not depend on the lot, and so tells which coupon a held-out customer would have got.
"""

import polars as pl

# what one offer uses of a limit, and the column that its scope must equal
USES = {
    "total_budget": (pl.col("expected_cost"), None),
    "segment_budget": (pl.col("expected_cost"), "segment"),
    "category_budget": (pl.col("expected_cost"), "category"),
    "issuance": (pl.lit(1.0), "coupon_id"),
}


def planned_coupons(offers: pl.DataFrame, limits: pl.DataFrame) -> pl.DataFrame:
    """Return customer_key, planned_coupon_id for customers whom some offer is worth more than its price (grain: customer_key), sorted.

    offers: customer_key, segment, coupon_id, category, value, expected_cost (money). limits: limit_name, scope, shadow_price; a missing
    price counts as 0, and so does that of a limit not named in USES: `plan_as_trial` finds out whether the plan can be told without
    it. Ties go to the cheaper coupon, then the smaller id.
    """
    priced = limits.filter(pl.col("limit_name").is_in(list(USES)) & (pl.col("shadow_price").fill_null(0.0) != 0))
    charge = pl.lit(0.0)
    for limit_name, scope, price in priced.sort("limit_name", "scope").select("limit_name", "scope", "shadow_price").rows():
        use, column = USES[limit_name]
        holds = pl.lit(value=True) if column is None else (pl.col(column) == scope).fill_null(value=False)
        charge = charge + pl.when(holds).then(use * price).otherwise(0.0)
    left = offers.with_columns(left=pl.col("value") - charge).filter(pl.col("left") > 0)
    best = left.sort(["customer_key", "left", "expected_cost", "coupon_id"], descending=[False, True, False, False])
    return best.unique("customer_key", keep="first", maintain_order=True).select("customer_key", planned_coupon_id="coupon_id")
