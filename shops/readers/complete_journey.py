"""The Complete Journey (a grocer's household panel, 2017; about 5 % of its order lines) as a shop.

Decides:
- times in the data are UTC (the weeks turn at New York's midnight only then) and are handed over so;
- `sales_value` is what the grocer received. A line's unit_price is the shelf price, (sales_value + loyalty discount + coupon match)
  per unit, and discount_amount the loyalty discount and the match; the maker's own coupon discount is left out, since the maker
  pays it back. So units × unit_price - discount_amount = sales_value. Lines with 0 units go to quarantine as they are;
- a coupon kind is one coupon number in one campaign. Its *face value is an estimate*: the median maker's discount on lines that could
  have redeemed it (its products, in its campaign, by its households), else the median over all lines with such a discount;
- households got books of coupons; the contract holds one coupon per household and campaign, so the campaign's broadest coupon (most
  products, then smallest number) stands for the book. Nobody was drawn by lot: propensity is empty and campaigns are not randomised;
- a redemption gets the basket, and the basket's line the coupon, where exactly one line of that household and day fits;
- the sample holds about one line in twenty, torn over 293 stores: nearly every product-store sold once. So all stores are one location;
- fuel, store coupons, postage and charity are service products. Promotions are known for two stores and some weeks only.
"""

from pathlib import Path

import polars as pl

from shops.readers.complete_journey_coupons import coupon_tables
from shops.readers.shop_folder import write_shop_folder

SERVICE_DEPARTMENTS = ("COUPON", "FUEL", "POSTAL CENTER", "CHARITABLE CONT", "CNTRL/STORE SUP", "GM MERCH EXP", "PROD-WHS SALES")
SERVICE_CATEGORIES = ("COUPON/MISC ITEMS", "COUPON", "COUPONS/STORE & MFG")
LOCATION = "all-stores"
MISWRITTEN_PRODUCT = {"9e+05": "900000"}  # a number that was written in floating point
FIRST_MONDAY = pl.date(2017, 1, 2)  # week 1 is the Sunday before

SHOP_TOML = """[shop]
name = "complete-journey"
currency = "USD"
time_zone = "America/New_York"
country = "US"
first_day = 2017-01-01
last_day = 2017-12-31
source = "The Complete Journey (dunnhumby / 84.51): a sample of about 5 % of the order lines"

[limits]
coupon_budget = 1000.0
purchase_budget = 500.0        # about one sampled day's sales at cost

[suppliers]                    # the data names none; assumed
lead_time_days = 4
review_days = 7

[assumptions]
cost_share = 0.7

[stock]                        # no stock feed: the ledger opens with an assumed position on the last day
opening_day = 2017-12-31
opening_cover_days = 14

[coupons]
pilot_budget = 500.0
"""


def convert_complete_journey(data: Path, folder: Path) -> None:
    """Read the tables in `data` and write the shop into `folder`; raises FileNotFoundError where one is missing."""
    names = (
        "transactions_sample",
        "products",
        "demographics",
        "campaigns",
        "campaign_descriptions",
        "coupons",
        "coupon_redemptions",
        "promotions_sample",
    )
    read = {name: _with_product_ids(pl.read_parquet(Path(data) / f"{name}.parquet")) for name in names}
    lines = _order_lines(read["transactions_sample"])
    coupons, assignments, redemptions, redeemed_lines = coupon_tables(read, lines)
    households = pl.concat([read[name]["household_id"] for name in ("transactions_sample", "campaigns", "coupon_redemptions")]).unique()
    order_lines = (
        lines.drop("maker_discount", "day")
        .join(redeemed_lines, on=["order_id", "line_id"], how="left")
        .sort("order_ts", "order_id", "line_id")
    )
    tables = {
        "order_lines": order_lines,
        "products": _products(read["products"]),
        "customers": _customers(households, read["demographics"]),
        "promotions": _promotions(read["promotions_sample"]),
        "campaigns": _campaigns(read["campaign_descriptions"]),
        "coupons": coupons,
        "coupon_assignments": assignments,
        "coupon_redemptions": redemptions,
        "locations": lines.select("location_id").unique().sort("location_id"),
    }
    write_shop_folder(Path(folder), SHOP_TOML, tables)


def _with_product_ids(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col("product_id").replace(MISWRITTEN_PRODUCT)) if "product_id" in frame.columns else frame


def _order_lines(transactions: pl.DataFrame) -> pl.DataFrame:
    """One row per line (a product stands once in a basket); `maker_discount` and local `day` are for the coupon tables."""
    own_discount = pl.col("retail_disc") + pl.col("coupon_match_disc")
    time = pl.col("transaction_timestamp").dt.replace_time_zone("UTC")
    return transactions.select(
        order_id="basket_id",
        line_id="product_id",
        order_ts=time,
        product_id="product_id",
        location_id=pl.lit(LOCATION),
        customer_id="household_id",
        units="quantity",
        unit_price=(pl.col("sales_value") + own_discount) / pl.when(pl.col("quantity") > 0).then("quantity").otherwise(1.0),
        discount_amount=own_discount,
        maker_discount="coupon_disc",
        day=time.dt.convert_time_zone("America/New_York").dt.date(),
    )


def _products(products: pl.DataFrame) -> pl.DataFrame:
    return products.select(
        "product_id",
        product_name=pl.concat_str("product_type", "package_size", separator=", ", ignore_nulls=True),
        category="product_category",
        department="department",
        brand=pl.format("{} {}", "brand", "manufacturer_id"),
        is_service=(pl.col("department").is_in(SERVICE_DEPARTMENTS) | pl.col("product_category").is_in(SERVICE_CATEGORIES)).fill_null(
            False
        ),
    ).sort("product_id")


def _customers(households: pl.Series, demographics: pl.DataFrame) -> pl.DataFrame:
    """Every household seen; the grouping is its composition where the household told."""
    told = demographics.select("household_id", "household_comp")
    return (
        households.to_frame()
        .join(told, on="household_id", how="left")
        .select(customer_id="household_id", customer_group="household_comp")
        .sort("customer_id")
    )


def _promotions(promotions: pl.DataFrame) -> pl.DataFrame:
    """One promotion per week; the type says whether a product was on display, in the mailer, or both."""
    on_display, in_mailer = pl.col("display_location") != "0", pl.col("mailer_location") != "0"
    monday = FIRST_MONDAY + pl.duration(days=7 * (pl.col("week").cast(pl.Int64) - 2))
    return (
        promotions.sort("product_id", "week", "store_id")
        .select(
            promotion_id=pl.format("week-{}", pl.col("week").cast(pl.String).str.zfill(2)),
            product_id="product_id",
            location_id=pl.lit(LOCATION),
            starts_on=pl.max_horizontal(monday, pl.date(2017, 1, 1)),
            ends_on=pl.min_horizontal(monday + pl.duration(days=6), pl.date(2017, 12, 31)),
            promotion_type=pl.when(on_display & in_mailer)
            .then(pl.lit("display and mailer"))
            .when(on_display)
            .then(pl.lit("display"))
            .otherwise(pl.lit("mailer")),
        )
        .unique(["promotion_id", "product_id", "location_id"], keep="first", maintain_order=True)
        .sort("promotion_id", "product_id", "location_id")
    )


def _campaigns(descriptions: pl.DataFrame) -> pl.DataFrame:
    return descriptions.select(
        campaign_id="campaign_id",
        campaign_name=pl.format("Campaign {}", "campaign_id"),
        campaign_type="campaign_type",
        channel=pl.lit("mail"),
        starts_on="start_date",
        ends_on="end_date",
        is_randomised=pl.lit(False),
    ).sort("campaign_id")
