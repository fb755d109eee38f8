"""The chain end to end on a small shop: totals, published tables, meanings, certificates, arithmetic of the decisions."""

import itertools

import polars as pl
import pytest
import sqlalchemy
from polars.testing import assert_frame_equal

from assets.published.exports import EXPORTS
from assets.table_contracts import table_contracts

pytestmark = pytest.mark.xdist_group("chain")
TABLES = [export.name for export in EXPORTS] + ["quarantine", "intake_counts"]
ADDED = ("need_units", "safety_units", "pack_rounding_units", "moq_uplift_units", "supplier_minimum_units", "override_change_units")
TAKEN = (
    "shelf_life_cut_units",
    "not_worth_it_cut_units",
    "calendar_cut_units",
    "supplier_skip_cut_units",
    "budget_cut_units",
    "capacity_cut_units",
)


def test_rows_read_are_rows_accepted_and_rows_quarantined(past_week) -> None:
    counts, quarantine = past_week.published("intake_counts"), past_week.published("quarantine")
    assert counts.filter(pl.col("rows_read") != pl.col("rows_accepted") + pl.col("rows_quarantined")).is_empty()
    assert counts["rows_quarantined"].sum() == quarantine.height > 0
    assert quarantine.select("reason_code", "reason", "source_file").null_count().sum_horizontal().item() == 0
    landed = [
        (table, pl.read_parquet(past_week.state / "landing" / table / "*.parquet").height) for table in counts["table_name"].unique().sort()
    ]
    accepted = counts.group_by("table_name").agg(pl.col("rows_accepted").sum()).sort("table_name").rows()
    assert landed == accepted, "everything accepted has landed, once"


def test_published_sales_are_the_shops_sales(past_week) -> None:
    """Counted again from the shop's file: the version recorded last of each line, without cancelled lines and refused rows."""
    quarantined = past_week.published("quarantine").filter(table_name="order_lines")["source_row"]
    lines = pl.read_parquet(past_week.shop / "order_lines.parquet").with_row_index("row", offset=1)
    sound = lines.filter(~pl.col("row").is_in(quarantined.implode()))
    last = sound.sort("recorded_at", "row").group_by("order_id", "line_id", maintain_order=True).last()
    sold = last.filter(line_type="sale")
    sales = past_week.published("sales_daily")
    assert sales["units"].sum() == pytest.approx(sold["units"].sum())
    by_product = sold.group_by("product_id").agg(pl.col("units").sum().cast(pl.Float64)).sort("product_id")
    published = sales.group_by("product_id").agg(pl.col("units").sum()).filter(pl.col("units") > 0).sort("product_id")
    assert_frame_equal(published, by_product)
    returned = last.filter(line_type="return")
    revenue = (sold["units"] * sold["unit_price"] - sold["discount_amount"]).sum()
    revenue += (returned["units"] * returned["unit_price"] + returned["discount_amount"]).sum()
    assert sales["net_revenue"].sum() == pytest.approx(revenue, abs=0.005)


def test_every_published_table_is_read_through_sqlalchemy(past_week) -> None:
    address = f"duckdb:///{past_week.state / 'bi.duckdb'}"
    engine = sqlalchemy.create_engine(address, connect_args={"read_only": True})
    with engine.connect() as connection:
        views = set(sqlalchemy.inspect(connection).get_view_names())
        for name in (*TABLES, "_published", "data_dictionary"):
            assert name in views
            rows = connection.execute(sqlalchemy.text(f'select count(*) from "{name}"')).scalar_one()
            assert rows == past_week.published(name).height
        day = connection.execute(sqlalchemy.text("select max(as_of_day) from replenishment_orders_latest")).scalar_one()
    engine.dispose()
    assert day.isoformat() == "2025-12-31", "a backfill of the past is not the newest day"


def test_what_is_said_of_published_tables_is_true(past_week) -> None:
    told = past_week.published("_published")
    assert sorted(told["table_name"]) == sorted(TABLES)
    for row in told.to_dicts():
        assert past_week.published(row["table_name"]).height == row["rows"], row["table_name"]
    assert told["run_id"].n_unique() == 1
    assert told["checksum"].null_count() == 0


def test_every_published_column_has_a_meaning_and_a_plain_type(past_week) -> None:
    dictionary = past_week.published("data_dictionary")
    there = {(name, column) for name in TABLES for column in past_week.published(name).columns}
    assert set(dictionary.select("table_name", "column_name").rows()) == there
    assert dictionary.filter((pl.col("meaning").str.strip_chars() == "") | pl.col("meaning").is_null()).is_empty()
    assert dictionary.filter(pl.col("grain").str.strip_chars() == "").is_empty()
    nested = [(name, column) for name in TABLES for column, kind in past_week.published(name).schema.items() if kind.is_nested()]
    assert nested == []


def test_tables_in_the_warehouse_are_those_of_their_contracts(past_week) -> None:
    for name, contract in table_contracts().items():
        frame = past_week.read(f"select * from {name}")
        assert frame.schema == contract.empty().schema, name


def test_every_plan_is_checked_and_proven(past_week) -> None:
    certificates = past_week.published("plan_certificates")
    assert set(certificates["plan"]) == {"replenishment", "coupon_budget", "coupon_assignments", "ad_budget"}
    assert certificates.group_by("as_of_day").len()["len"].to_list() == [4] * 7
    assert certificates["checked"].all()
    assert certificates.filter(pl.col("violations") != "").is_empty()
    solved = certificates.filter(pl.col("gap").is_not_null())
    assert solved["solver"].str.contains("HiGHS").any()
    assert solved["gap"].max() <= 0.01
    assert solved.filter(status="optimal")["gap"].max() <= 5e-3
    apart = (pl.col("bound") - pl.col("value")).abs() / pl.max_horizontal(pl.col("value").abs(), pl.col("bound").abs(), 1e-9)
    assert solved.filter((apart - pl.col("gap")).abs() > 1e-4).is_empty(), "the gap is that between value and bound"
    stopped_early = solved.filter(pl.col("gap") > 5e-3).select("as_of_day", "plan").rows()
    alerts = past_week.published("alerts").filter(kind="plan_unproven").select("as_of_day", "subject").rows()
    assert sorted(alerts) == sorted(stopped_early), "a plan that stopped early is on the list of what to look at"


def test_parts_of_every_order_add_up(past_week) -> None:
    orders = past_week.published("replenishment_orders")
    parts = pl.sum_horizontal(pl.col(name) for name in ADDED) - pl.sum_horizontal(pl.col(name) for name in TAKEN)
    off = orders.with_columns(parts=parts).filter((pl.col("parts") - pl.col("order_units")).abs() > 1e-6)
    assert off.is_empty(), off
    assert orders.filter(pl.col("order_units") > 0).height > 0


def test_every_order_says_why(past_week) -> None:
    orders = past_week.published("replenishment_orders")
    assert orders.filter(pl.col("sentence").str.strip_chars().str.len_chars() < 20).is_empty()
    assert (
        orders.select("sentence", "reason_code", "flags", "model_version", "input_version", "run_id").null_count().sum_horizontal()[0] == 0
    )
    assert orders.select("as_of_day", "product_id", "location_id").is_unique().all()


def test_orders_keep_packs_minimum_quantities_order_days_and_the_budget(past_week) -> None:
    orders = past_week.published("replenishment_orders")
    bought = orders.filter(pl.col("order_units") > 0).join(past_week.published("products"), on="product_id")
    planned = bought.filter(pl.col("override_action").is_null())  # a buyer's quantity is ordered as it is, and flagged
    assert 0 < planned.height < bought.height
    assert planned.filter((pl.col("order_units") % pl.col("pack_units")) != 0).is_empty()
    assert planned.filter(pl.col("order_units") < pl.col("moq_units")).is_empty()
    assert bought.filter(pl.col("order_packs") * pl.col("pack_units") != pl.col("order_units")).is_empty()
    assert ((bought["order_units"] * bought["unit_cost"]) - bought["order_value"]).abs().max() < 0.005
    weekdays = dict(past_week.read("select supplier_id, order_weekdays from marts.dim_suppliers where superseded_on is null").rows())
    assert all(f"{day:%a}" in weekdays[supplier].split(",") for supplier, day in planned.select("supplier_id", "order_day").iter_rows())
    spent = orders.group_by("as_of_day").agg(pl.col("order_value").sum())
    assert spent["order_value"].max() <= budget_of(past_week, "purchase_budget") + 0.005
    limits = past_week.published("limits").filter(pl.col("allowed").is_not_null())
    assert limits.filter(pl.col("used") > pl.col("allowed") + 0.005, pl.col("limit_name").str.contains("budget")).is_empty()


def budget_of(house, name: str) -> float:
    from shops.shop import load_shop

    value = getattr(load_shop(house.shop).limits, name)
    assert value is not None
    return value


def test_orders_and_supplier_orders_say_the_same(past_week) -> None:
    orders = past_week.published("replenishment_orders").filter(pl.col("order_units") > 0)
    key = ["as_of_day", "supplier_id"]
    lines = orders.group_by(key).agg(
        order_lines=pl.len().cast(pl.Int64), order_units=pl.col("order_units").sum(), order_value=pl.col("order_value").sum()
    )
    suppliers = past_week.published("supplier_orders").filter(pl.col("order_lines") > 0)
    assert_frame_equal(suppliers.select(lines.columns).sort(key), lines.sort(key))
    assert suppliers.filter(pl.col("order_value") < pl.col("min_order_value") - 0.005).is_empty()


def test_coupons_keep_budget_stock_and_hold_out(past_week) -> None:
    assignments = past_week.published("coupon_assignments")
    assert assignments.select("as_of_day", "customer_key").is_unique().all()
    given = assignments.filter(pl.col("coupon_id").is_not_null())
    assert given.height > 0
    assert given.filter(pl.col("is_holdout")).is_empty()
    assert assignments.filter(pl.col("sentence").str.len_chars() < 10).is_empty()
    budget = budget_of(past_week, "coupon_budget")
    assert given.group_by("as_of_day").agg(pl.col("expected_cost").sum())["expected_cost"].max() <= budget + 0.005
    planned = past_week.published("coupon_budget")
    assert planned.group_by("as_of_day").agg(pl.col("expected_cost").sum())["expected_cost"].max() <= budget + 0.005
    issuance = past_week.read("select coupon_id, issuance_limit from marts.dim_coupons where superseded_on is null")
    for frame, number in ((given, pl.len()), (planned, pl.col("issued").sum())):
        issued = frame.group_by("as_of_day", "coupon_id").agg(issued=number).join(issuance, on="coupon_id")
        assert issued.filter(pl.col("issued") > pl.col("issuance_limit")).is_empty()
    no_consent = past_week.published("customer_profile").filter(~pl.col("email_consent"))["customer_key"]
    latest = given.filter(pl.col("as_of_day") == given["as_of_day"].max())
    assert latest.filter(pl.col("customer_key").is_in(no_consent.implode())).is_empty()


def test_each_item_has_a_forecast_for_every_coming_day(past_week) -> None:
    forecast = past_week.read("select * from demand.forecast_daily")
    assert forecast.select("forecast_units").null_count().item() == 0
    assert forecast["forecast_units"].min() >= 0
    spans = forecast.group_by("as_of_day", "product_id", "location_id").agg(
        days=pl.col("horizon_days").n_unique(), first=pl.col("horizon_days").min(), last=pl.col("horizon_days").max()
    )
    assert set(spans.select("days", "first", "last").rows()) == {(42, 1, 42)}
    ahead = (pl.col("business_day") - pl.col("as_of_day")).dt.total_days()
    assert forecast.filter(ahead != pl.col("horizon_days")).is_empty()


def test_quantiles_rise(past_week) -> None:
    sums = past_week.read("select * from demand.lead_time_quantiles")
    levels = [name for name in sums.columns if name.startswith("q")]
    assert len(levels) == 10
    for low, high in itertools.pairwise(levels):
        assert sums.filter(pl.col(low) > pl.col(high)).is_empty()
    assert sums["q05"].min() >= 0


def test_sample_paths_have_the_published_distribution_and_orders_are_weighed_over_them(past_week) -> None:
    key = ["as_of_day", "product_id", "location_id"]
    paths = past_week.read("select * from demand.lead_time_paths order by all")
    assert paths.select(key).is_unique().all()
    assert set(paths["until_arrival_units"].list.len()) == set(paths["until_cover_units"].list.len()) == {32}
    rows = paths.explode("until_arrival_units", "until_cover_units")
    assert rows.filter(pl.col("until_arrival_units") > pl.col("until_cover_units")).is_empty()
    sums = past_week.read("select * from demand.lead_time_quantiles where mean_units is not null")
    cover = sums.group_by(key).agg(pl.col("horizon_days", "q25", "q50", "q90").sort_by("horizon_days").last())
    both = rows.join(cover, on=key, how="full", coalesce=True)
    assert both.height == rows.height
    assert both.filter(pl.col("horizon_days") != pl.col("until_cover_days")).is_empty()
    for name, below in (("q25", 8), ("q50", 16), ("q90", 28)):
        # how many of the 32 paths lie below: up to the level of a quantile that is no tie, all of a stretch of equal quantiles
        count = both.group_by(key).agg((pl.col("until_cover_units") < pl.col(name) * (1 - 1e-6)).sum().alias("count"))
        assert count["count"].max() <= below + 1
        assert count["count"].median() >= below - 1
    orders = past_week.published("replenishment_orders")
    weighed = orders.filter(pl.col("expected_saving").is_not_null())
    assert set(weighed["demand_scenarios"]) == {"sample paths"}
    assert orders.filter(pl.col("expected_saving").is_null())["demand_scenarios"].null_count() == orders.height - weighed.height


def test_what_was_lost_is_told_for_the_shelves_that_ran_empty(past_week) -> None:
    lost = past_week.published("lost_demand")
    key = ["as_of_day", "product_id", "location_id"]
    ran_out = past_week.read(
        "select business_day as as_of_day, product_id, location_id, units from marts.sales_panel "
        "where is_censored and is_open and known_on <= business_day and (superseded_on is null or superseded_on > business_day)"
    )
    both = lost.join(ran_out, on=key, how="full", coalesce=True).filter(pl.col("as_of_day").is_in(lost["as_of_day"].unique().implode()))
    assert lost.height > 0
    assert both.null_count().select("units", "sold_units").sum_horizontal().item() == 0
    assert (both["sold_units"] == both["units"].cast(pl.Float64)).all()
    assert (lost["lost_units"] >= 0).all()
    assert lost["lost_units"].sum() > 0
    assert lost.filter((pl.col("demand_units") - pl.col("sold_units") - pl.col("lost_units")).abs() > 1e-9).is_empty()


def test_a_backfill_trains_the_models_of_its_own_week(past_week) -> None:
    serving = dict(past_week.published("training_runs").select("as_of_day", "trained_as_of").sort("as_of_day").rows())
    assert {f"{day:%d}": f"{trained:%m-%d}" for day, trained in serving.items()} == {
        **{str(day): "11-23" for day in range(23, 29)},
        "31": "12-28",
    }


def test_the_page_names_the_newest_day_and_where_the_tables_lie(last_day, past_week) -> None:
    for said in (last_day.said, past_week.said):
        assert "as of 2025-12-31" in said
        assert "bi.duckdb" in said
        assert "data_dictionary" in said
        assert "None" not in said
        assert "nan" not in said.split()
    status, page = past_week.command("status")
    assert status == 0
    assert "as of 2025-12-31" in page


def test_no_temporary_file_is_left_and_the_pipeline_leaves_the_warehouse_free(past_week) -> None:
    hidden = [file for folder in ("landing", "published", "learning") for file in (past_week.state / folder).rglob(".*")]
    assert hidden == []
    assert not list(past_week.state.glob(".bi*"))
    assert past_week.read("select 1 as one")["one"].to_list() == [1]
    assert not list((past_week.state / "dbt" / "runs").glob("*")), "dbt's folders of single runs are cleaned up"
