"""Writes a day's coupon plan as small randomised trials with control groups of their own.

Where customers differ, there is one trial per coupon: given to those planned for it, withheld from those held out. Where many have the very
same offers (average effects for everybody), the plan tells them apart by their pseudonym alone, a keyed hash: who of them gets which coupon
is then a lot itself, and the whole class is one trial.

Terms
-----
planned coupon   what the plan means a customer to have, whatever the lot says (see `planned_coupons`)
agreement        share of the customers not held out who got just their planned coupon; the rest are close calls that whole numbers decided
by lot           agreement of at least LEAST_AGREEMENT: only then do hold-outs stand for what would have been, and propensities are told
class            at least SMALLEST_CLASS customers of one segment with the same coupons, values and costs
"""

import polars as pl

from optimization.coupon_trial.planned_coupons import planned_coupons

LEAST_AGREEMENT, SMALLEST_CLASS = 0.95, 100
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
    """Return one row per customer with a coupon, held out from one, or of a class (grain: campaign_id, customer_key), sorted.

    assignments: customer_key, coupon_id (null: none), is_holdout, propensity (of the lot). offers, limits: see `planned_coupons`.
    campaign_id is `<plan_name>-<coupon>`, for a class `<plan_name>-<segment>-<first digits of its smallest pseudonym>`; coupon_id is null
    for those without. propensity is the chance of what happened to the customer; null where the coupon's agreement is too low, and for
    customers whose coupon is not the planned one. planned_coupon_id and agreement_share are null in a class.
    """
    classes = _classes(offers)
    told = assignments.select("customer_key", "coupon_id", "is_holdout", "propensity")
    alike = _trials_of_classes(told.join(classes, on="customer_key"), plan_name)
    apart = _trials_of_coupons(told.join(classes, on="customer_key", how="anti"), offers, limits, plan_name)
    return pl.concat([alike, apart]).sort("campaign_id", "customer_key")


def _classes(offers: pl.DataFrame) -> pl.DataFrame:
    """Return customer_key, class_name of the customers in classes."""
    same = pl.concat_str("coupon_id", pl.col("value").round(9), pl.col("expected_cost").round(9), separator="|")
    in_order = offers.sort("customer_key", "coupon_id")
    of_customer = in_order.group_by("customer_key", "segment", maintain_order=True).agg(offered=same.str.join(";"))
    sized = of_customer.with_columns(
        size=pl.len().over("segment", "offered"), first=pl.col("customer_key").min().over("segment", "offered")
    )
    name = pl.concat_str(pl.col("segment").fill_null("all"), pl.col("first").str.slice(0, 8), separator="-")
    return sized.filter(pl.col("size") >= SMALLEST_CLASS).select("customer_key", class_name=name)


def _trials_of_classes(members: pl.DataFrame, plan_name: str) -> pl.DataFrame:
    """One trial per class that got some coupon: its arms are the coupons and none, held out or not."""
    got_some = pl.col("coupon_id").is_not_null().any().over("class_name")
    arm = pl.len().over("class_name", "coupon_id") / pl.len().over("class_name")
    nothing = {name: pl.lit(None, dtype=TRIAL_SCHEMA[name]) for name in ("planned_coupon_id", "agreement_share")}
    rows = members.filter(got_some).with_columns(propensity=arm, campaign_id=pl.lit(f"{plan_name}-") + pl.col("class_name"), **nothing)
    return rows.select(pl.col(name).cast(kind) for name, kind in TRIAL_SCHEMA.items())


def _trials_of_coupons(told: pl.DataFrame, offers: pl.DataFrame, limits: pl.DataFrame, plan_name: str) -> pl.DataFrame:
    """One trial per coupon, among customers who are not in a class."""
    told = told.join(planned_coupons(offers, limits), on="customer_key", how="left")
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
    return rows.select(pl.col(name).cast(kind) for name, kind in TRIAL_SCHEMA.items())
