"""Days, suppliers, prices and promotions: what is closed, who takes orders, what is known ahead."""

from datetime import date

import numpy as np
import polars as pl

from shops.simulated.shop_days import make_days


def test_stores_close_on_sundays_and_national_holidays_and_the_web_shop_never() -> None:
    days = make_days(400, date(2025, 12, 31))
    at = {day.item(): position for position, day in enumerate(days.days)}
    for closed in (date(2025, 12, 21), date(2025, 12, 25), date(2025, 5, 1)):
        assert days.store_factor[at[closed]] == 0
        assert not days.is_store_open[at[closed]]
    assert days.is_store_open[at[date(2025, 12, 22)]]
    assert (days.web_factor > 0).all()
    assert days.event_name[at[date(2025, 11, 28)]] == "Black Friday"
    assert days.event_type[at[date(2025, 10, 8)]] == "own"


def test_the_calendar_reaches_into_the_future_and_own_events_are_announced(small) -> None:
    calendar = small.table("calendar")
    assert calendar["business_day"].max() > date(2026, 3, 1)
    own = calendar.filter(pl.col("event_type") == "own")
    assert own.height == 14
    assert ((own["business_day"] - own["recorded_at"].dt.date()).dt.total_days() == 60).all()


def test_every_weekday_some_supplier_takes_orders(small) -> None:
    days = set(",".join(small.table("suppliers")["order_weekdays"]).split(","))
    assert days == {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}


def test_promotions_are_known_14_days_ahead_and_seen_in_the_discounts(small) -> None:
    promotions = small.table("promotions")
    assert ((promotions["starts_on"] - promotions["recorded_at"].dt.date()).dt.total_days() == 14).all()
    assert promotions["starts_on"].max() > date(2025, 12, 31)
    lines = small.honest_lines().filter(
        pl.col("promotion_id").is_not_null() & pl.col("coupon_id").is_null() & (pl.col("line_type") == "sale")
    )
    joined = lines.join(promotions, on=["promotion_id", "product_id", "location_id"], how="left")
    assert joined["discount_share"].null_count() == 0
    assert joined.select(pl.col("business_day").is_between("starts_on", "ends_on").all()).item()
    off = (joined["discount_amount"] / (joined["units"] * joined["unit_price"])).to_numpy()
    np.testing.assert_allclose(off, joined["discount_share"].to_numpy(), atol=0.012)


def test_lines_are_sold_at_the_price_in_force(small) -> None:
    regular = small.table("prices").filter(pl.col("price_type") == "regular").sort("valid_from")
    lines = small.honest_lines().filter((pl.col("line_type") == "sale") & (pl.col("product_id") != "SHIPPING")).sort("business_day")
    joined = lines.join_asof(
        regular, left_on="business_day", right_on="valid_from", by=["product_id", "location_id"], check_sortedness=False
    )
    assert (joined["price"] - joined["unit_price"]).abs().max() < 0.005


def test_on_the_last_day_orders_are_under_way_and_more_is_needed(small) -> None:
    orders = small.table("purchase_orders").sort("recorded_at").unique(["po_id", "line_id"], keep="last")
    in_transit = orders.filter(pl.col("received_on").is_null())
    assert in_transit.height > 5
    assert (in_transit["ordered_on"] < date(2025, 12, 31)).all()
    empty = small.table("stock_levels").filter((pl.col("business_day") == date(2025, 12, 31)) & (pl.col("on_hand") <= 0))
    assert empty.height > 0
