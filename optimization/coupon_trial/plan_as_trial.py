"""Writes a day's coupon plan as small randomised trials, one per coupon: given to those planned for it, withheld from those held out.

Terms
-----
planned coupon   what the plan means a customer to have, whatever the lot says (see `planned_coupons`)
agreement        share of the customers not held out who got just their planned coupon; the rest are close calls that whole numbers decided
by lot           agreement of at least LEAST_AGREEMENT: only then do hold-outs stand for what would have been, and propensities are told
"""

import polars as pl

from optimization.coupon_trial.planned_coupons import planned_coupons

LEAST_AGREEMENT = 0.95
TRIAL_SCHEMA = {
    "campaign_id": pl.String,
    "customer_key": pl.String,
    "coupon_id": pl.String,
    "planned_coupon_id": pl.String,
    "is_holdout": pl.Boolean,
    "propensity": pl.Float64,
    "agreement_share": pl.Float64,
}


def plan_as_trial(assignments: pl.DataFrame, offers: pl.DataFrame, limits: pl.DataFrame, plan_name: str) -> pl.DataFrame:
    """Return one row per customer who has a coupon or was planned for one and held out (grain: campaign_id, customer_key), sorted.

    assignments: customer_key, coupon_id (null: none), is_holdout, propensity (of the lot). offers, limits: see `planned_coupons`.
    campaign_id is `<plan_name>-<planned coupon>`; coupon_id is null for those held out. propensity is the chance of what happened to the
    customer under the lot; null where the coupon's agreement is too low, and for customers whose coupon is not the planned one.
    """
    planned = planned_coupons(offers, limits)
    told = assignments.select("customer_key", "coupon_id", "is_holdout", "propensity").join(planned, on="customer_key", how="left")
    follows = (pl.col("coupon_id") == pl.col("planned_coupon_id")).fill_null(value=False)
    served = told.filter(~pl.col("is_holdout") & pl.col("planned_coupon_id").is_not_null())
    agreement = served.group_by("planned_coupon_id").agg(agreement_share=follows.mean())
    rows = (
        told.filter(pl.col("coupon_id").is_not_null() | (pl.col("is_holdout") & pl.col("planned_coupon_id").is_not_null()))
        .join(agreement, on="planned_coupon_id", how="left")
        .with_columns(
            propensity=pl.when((pl.col("agreement_share") >= LEAST_AGREEMENT) & (follows | pl.col("is_holdout"))).then("propensity"),
            campaign_id=pl.lit(f"{plan_name}-") + pl.coalesce("coupon_id", "planned_coupon_id"),
        )
    )
    return rows.select(pl.col(name).cast(kind) for name, kind in TRIAL_SCHEMA.items()).sort("campaign_id", "customer_key")
