"""The coupon tables of the Complete Journey; see `shops.readers.complete_journey` for what they mean and what is estimated.

Terms: a *coupon kind* is a coupon number in a campaign, its id `<number>-<campaign>`; the *maker's discount* is what the product's
maker took off a line; a line *fits* a coupon kind if its product is on the coupon.
"""

import polars as pl


def coupon_tables(read: dict[str, pl.DataFrame], lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return coupons, coupon_assignments, coupon_redemptions as in the contract, and `order_id, line_id, coupon_id` of redeemed lines.

    `read` holds the data set's tables by name; `lines` has order_id, line_id, product_id, customer_id, day and maker_discount.
    """
    kinds = read["coupons"].with_columns(_coupon_id()).unique()
    periods = read["campaign_descriptions"].select("campaign_id", valid_from="start_date", valid_to="end_date")
    discounted = lines.filter(pl.col("maker_discount") > 0)
    faces = _face_values(kinds, periods, read["campaigns"], discounted)
    coupons = (
        kinds.join(read["products"].select("product_id", "product_category"), on="product_id", how="left")
        .group_by("coupon_id", "campaign_id")
        .agg(pl.col("product_category").unique().alias("categories"))
        .with_columns(pl.when(pl.col("categories").list.len() == 1).then(pl.col("categories").list.first()).alias("category"))
        .join(periods, on="campaign_id")
        .join(faces, on="coupon_id", how="left")
        .with_columns(pl.col("face_value").fill_null(round(discounted["maker_discount"].median(), 2)))
        .select("coupon_id", "campaign_id", "face_value", "category", "valid_from", "valid_to")
        .sort("coupon_id")
    )
    redemptions, redeemed_lines = _redemptions(read["coupon_redemptions"].with_columns(_coupon_id()), kinds, discounted)
    return coupons, _assignments(read["campaigns"], kinds, periods), redemptions, redeemed_lines


def _coupon_id() -> pl.Expr:
    return pl.format("{}-{}", "coupon_upc", "campaign_id").alias("coupon_id")


def _face_values(kinds: pl.DataFrame, periods: pl.DataFrame, reached: pl.DataFrame, discounted: pl.DataFrame) -> pl.DataFrame:
    """Median maker's discount per coupon kind over the lines that could have redeemed it; kinds without such a line are absent."""
    could_redeem = (
        discounted.join(kinds, on="product_id")
        .join(periods, on="campaign_id")
        .filter(pl.col("day").is_between("valid_from", "valid_to"))
        .join(reached, left_on=["campaign_id", "customer_id"], right_on=["campaign_id", "household_id"], how="semi")
    )
    return could_redeem.group_by("coupon_id").agg(pl.col("maker_discount").median().round(2).alias("face_value"))


def _assignments(reached: pl.DataFrame, kinds: pl.DataFrame, periods: pl.DataFrame) -> pl.DataFrame:
    """One row per campaign and household, on the campaign's first day, with the campaign's broadest coupon kind."""
    broadest = (
        kinds.group_by("campaign_id", "coupon_id")
        .len("products")
        .sort("campaign_id", "products", "coupon_id", descending=[False, True, False])
        .unique("campaign_id", keep="first")
    )
    return (
        reached.join(broadest, on="campaign_id", how="left")
        .join(periods, on="campaign_id")
        .select("campaign_id", customer_id="household_id", coupon_id="coupon_id", assigned_on="valid_from")
        .sort("campaign_id", "customer_id")
    )


def _redemptions(redeemed: pl.DataFrame, kinds: pl.DataFrame, discounted: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The redemptions, with basket and amount where one line fits; and those lines."""
    fitting = redeemed.join(kinds.select("coupon_id", "product_id"), on="coupon_id").join(
        discounted,
        left_on=["household_id", "redemption_date", "product_id"],
        right_on=["customer_id", "day", "product_id"],
    )
    of_redemption, of_line = ["coupon_id", "household_id", "redemption_date"], ["order_id", "line_id"]
    only_one = (pl.len().over(of_redemption) == 1) & (pl.len().over(of_line) == 1)
    matched = fitting.filter(only_one).select(*of_redemption, *of_line, "maker_discount")
    redemptions = (
        redeemed.join(matched, on=of_redemption, how="left")
        .select(
            "coupon_id",
            customer_id="household_id",
            campaign_id="campaign_id",
            order_id="order_id",
            redeemed_on="redemption_date",
            discount_amount="maker_discount",
        )
        .sort("redeemed_on", "coupon_id", "customer_id")
    )
    return redemptions, matched.select("order_id", "line_id", "coupon_id")
