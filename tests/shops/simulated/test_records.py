"""How order lines are written down: versions, late records, returns, shipping, and the truth about who is dishonest."""

import polars as pl

KEY = ["order_id", "line_id"]


def versions(small) -> pl.DataFrame:
    lines = small.table("order_lines").filter(pl.col("order_id").str.contains(r"^[OR]\d+$")).unique(maintain_order=True)
    return lines.sort("recorded_at").with_columns(version=pl.int_range(pl.len()).over(KEY))


def test_a_cancellation_repeats_a_sale_and_is_recorded_later(small) -> None:
    lines = versions(small)
    cancelled = lines.filter(pl.col("line_type") == "cancellation")
    assert cancelled.height > 20
    assert (cancelled["version"] > 0).all()
    assert (cancelled["units"] > 0).all()
    first = lines.filter(pl.col("version") == 0).select(*KEY, first_ts="order_ts", first_type="line_type")
    joined = cancelled.join(first, on=KEY)
    assert (joined["order_ts"] == joined["first_ts"]).all()
    assert (joined["first_type"] == "sale").all()


def test_the_cancellation_is_always_the_newest_version(small) -> None:
    newest = (
        versions(small)
        .group_by(KEY, maintain_order=True)
        .agg(pl.col("line_type").last(), voided=(pl.col("line_type") == "cancellation").any())
    )
    assert newest.filter("voided")["line_type"].eq("cancellation").all()


def test_about_two_in_a_hundred_lines_are_recorded_one_to_three_days_late(small) -> None:
    first = versions(small).filter((pl.col("version") == 0) & (pl.col("line_type") == "sale"))
    delay = (first["recorded_at"].dt.date() - first["order_ts"].dt.date()).dt.total_days()
    assert set(delay.unique()) == {0, 1, 2, 3}
    assert 0.012 < (delay > 0).mean() < 0.03
    assert (first["recorded_at"] > first["order_ts"]).all()


def test_corrections_change_price_or_units(small) -> None:
    sales = versions(small).filter(pl.col("line_type") == "sale")
    corrected = sales.filter(pl.len().over(KEY) > 1).sort(*KEY, "version")
    assert corrected.height >= 40
    changed = corrected.group_by(KEY).agg((pl.col("units").n_unique() > 1) | (pl.col("unit_price").n_unique() > 1))
    assert changed["units"].all()


def test_returns_are_negative_without_discount_and_never_refund_more_than_was_asked(small) -> None:
    lines = versions(small)
    returned = lines.filter(pl.col("line_type") == "return")
    assert 0.01 < returned.height / lines.height < 0.08
    assert (returned["units"] < 0).all()
    assert (returned["discount_amount"] == 0).all()
    assert lines.filter(pl.col("line_type") != "return")["units"].min() > 0


def test_shipping_is_charged_on_small_web_orders_only(small) -> None:
    lines = small.honest_lines().filter(pl.col("line_type") == "sale")
    value = pl.col("units") * pl.col("unit_price") - pl.col("discount_amount")
    orders = lines.group_by("order_id").agg(
        goods=value.filter(pl.col("product_id") != "SHIPPING").sum(),
        has_shipping=(pl.col("product_id") == "SHIPPING").any(),
        is_web=(pl.col("channel") != "store").first(),
        lines=pl.len(),
    )
    charged = orders.filter("has_shipping")
    assert charged["is_web"].all()
    assert charged.filter(pl.col("lines") > 1)["goods"].max() < 29
    services = small.table("products").filter("is_service")
    assert services["product_id"].to_list() == ["SHIPPING"]


def test_the_ring_orders_by_night_and_is_cancelled(small) -> None:
    fraud = small.true("true_fraud")
    ring = fraud.filter(pl.col("kind") == "card_testing_ring")["customer_id"]
    lines = small.honest_lines().filter(pl.col("customer_id").is_in(ring.implode()))
    assert lines.height > 5
    assert (lines["order_ts"].dt.hour() == 2).all()
    assert (lines["line_type"] == "cancellation").mean() > 0.9
