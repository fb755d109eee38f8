"""Coupons in the shop's files: trials drawn by lot and settled, redemptions that agree with the order lines, live offers."""

from datetime import date, timedelta

import polars as pl

LAST = date(2025, 12, 31)


def test_trials_are_settled_have_a_control_group_and_carry_their_propensities(small) -> None:
    campaigns = small.table("campaigns").filter("is_randomised")
    assert campaigns.height >= 3
    given = small.table("coupon_assignments").join(campaigns, on="campaign_id")
    assert given["propensity"].null_count() == 0
    assert given["assigned_on"].max() + timedelta(days=28 + 7) <= LAST
    shares = given.group_by("campaign_id", "coupon_id").agg(share=pl.len(), p=pl.col("propensity").first())
    shares = shares.with_columns(pl.col("share") / pl.col("share").sum().over("campaign_id"))
    assert shares.group_by("campaign_id").agg(pl.col("coupon_id").is_null().sum().alias("control"))["control"].eq(1).all()
    assert ((shares["share"] - shares["p"]).abs() < 0.09).all()


def test_the_mailing_was_not_drawn_by_lot(small) -> None:
    mailing = small.table("coupon_assignments").filter(pl.col("campaign_id") == "MAILING-1")
    assert mailing.height > 10
    assert mailing["propensity"].null_count() == mailing.height


def test_redemptions_stand_on_order_lines_with_at_least_their_money(small) -> None:
    redeemed = small.table("coupon_redemptions")
    lines = small.honest_lines().filter(pl.col("coupon_id").is_not_null())
    lines = lines.select("order_id", "coupon_id", "customer_id", line_discount="discount_amount")
    both = redeemed.join(lines, on=["order_id", "coupon_id", "customer_id"], how="left")
    late = both.filter(pl.col("line_discount").is_null())
    assert (late["redeemed_on"] > LAST - timedelta(days=4)).all()
    assert (both.drop_nulls()["discount_amount"] <= both.drop_nulls()["line_discount"] + 0.005).all()
    held = redeemed.join(small.table("coupon_assignments"), on=["campaign_id", "customer_id", "coupon_id"])
    assert held.height == redeemed.height
    assert ((held["redeemed_on"] - held["assigned_on"]).dt.total_days().is_between(1, 28)).all()


def test_four_kinds_are_on_offer_on_the_last_day_and_one_is_limited(small) -> None:
    live = small.table("coupons").filter(
        pl.col("campaign_id").str.starts_with("OFFER") & (pl.col("valid_from") <= LAST) & (pl.col("valid_to") > LAST)
    )
    assert live.sort("face_value")["face_value"].to_list() == [3.0, 5.0, 8.0, 12.0]
    assert live["category"].null_count() == 3
    assert (live["issuance_limit"] > 0).all()


def test_true_uplift_rises_with_face_value_and_is_nothing_for_some(small) -> None:
    uplift = small.true("true_uplift").filter(pl.col("as_of_day") == LAST)
    wide = uplift.pivot("face_value", index="customer_id", values="uplift_purchase_chance")
    assert ((wide["5.0"] >= wide["3.0"] - 1e-12) & (wide["8.0"] >= wide["5.0"] - 1e-12)).all()
    assert 0.15 < (uplift["uplift_purchase_chance"] < 0.005).mean() < 0.85
    assert uplift["uplift_purchase_chance"].min() >= 0
    assert (uplift["value"] < 0).mean() > 0.1
    assert (uplift["value"] > 0).mean() > 0.1


def test_trial_buyers_agree_with_the_truth(small) -> None:
    trials = small.table("coupon_assignments").filter(pl.col("propensity").is_not_null())
    orders = small.honest_lines().filter(pl.col("line_type") != "return").select("customer_id", "business_day").unique()
    bought = trials.join(orders, on="customer_id").filter(
        (pl.col("business_day") > pl.col("assigned_on")) & (pl.col("business_day") <= pl.col("assigned_on") + pl.duration(days=28))
    )
    buyers = trials.join(
        bought.select("campaign_id", "customer_id").unique().with_columns(buys=1), on=["campaign_id", "customer_id"], how="left"
    )
    truth = small.true("true_uplift").rename({"as_of_day": "assigned_on"})
    face = pl.col("coupon_id").str.slice(-2).cast(pl.Float64)
    treated = buyers.with_columns(face_value=face).join(truth, on=["assigned_on", "customer_id", "face_value"])
    control = buyers.filter(pl.col("coupon_id").is_null()).join(truth.filter(pl.col("face_value") == 3), on=["assigned_on", "customer_id"])
    assert abs(treated["buys"].fill_null(0).mean() - treated["purchase_chance_with"].mean()) < 0.06
    assert abs(control["buys"].fill_null(0).mean() - control["purchase_chance_without"].mean()) < 0.09
