"""The customer outlook in the small shop: its features are those of the customer profile, everybody has an outlook, MLflow knows the
champion."""

from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.customers.order_days import ORDERS, OrderVersions
from learning.customer_value import customer_snapshot, lifecycle_of

pytestmark = pytest.mark.xdist_group("chain")
LAST_DAY = date(2025, 12, 31)
SHARED = ["recency_days", "tenure_days", "orders_lifetime", "gap_mean_days", "gap_sd_days", "due_ratio"]
MONEY = ["net_revenue_28", "net_revenue_84", "net_revenue_365", "net_revenue_lifetime"]


def order_days(house, day: date) -> pl.DataFrame:
    import duckdb

    with duckdb.connect(str(house.state / "warehouse.duckdb"), read_only=True) as connection:
        return OrderVersions(connection.execute(ORDERS, {"first_day": day, "last_day": day}).pl()).as_of(day)


def test_snapshots_say_of_a_customer_what_the_profile_says(last_day) -> None:
    """dbt's profile is the oracle of features, gaps and lifecycle."""
    snapshot = customer_snapshot(order_days(last_day, LAST_DAY), LAST_DAY)
    snapshot = snapshot.with_columns(lifecycle_of(snapshot), due_ratio=pl.when(pl.col("gap_mean_days").is_not_null()).then("due_ratio"))
    columns = ["customer_key", *SHARED, *MONEY, "lifecycle"]
    profile = last_day.read(
        f"select {', '.join(columns)} from marts.customer_profile where as_of_day = date '{LAST_DAY}' order by customer_key"
    )
    assert profile.height > 100
    assert profile["lifecycle"].n_unique() >= 3
    assert_frame_equal(snapshot.select(columns), profile, check_dtypes=False, abs_tol=1e-6)


def test_every_customer_has_an_outlook_from_a_model_that_saw_no_later_day(last_day) -> None:
    outlook = last_day.read(f"select * from customers.purchase_outlook where as_of_day = date '{LAST_DAY}'")
    profile = last_day.read(f"select customer_key from marts.customer_profile where as_of_day = date '{LAST_DAY}'")
    assert set(outlook["customer_key"]) == set(profile["customer_key"])
    assert outlook["customer_key"].is_unique().all()
    assert outlook["p_buy_28d"].is_between(0, 1).all()
    assert set(outlook["rescaled_to"]) == {"nothing"}  # the small shop is younger than a year
    assert outlook["model_version"].str.contains("outlook-2025-12-28-").all()
    scores = last_day.read(f"select * from customers.outlook_scores where as_of_day = date '{LAST_DAY}'")
    assert scores["window_last_day"].max() <= date(2025, 12, 28)
    served = {True: "combined", False: "logistic"}[scores["passed_check"][0]]
    assert set(outlook["score_source"]) == {served}
    assert last_day.published("purchase_outlook").height == outlook.height


def test_an_outlook_of_84_days_before_is_held_against_what_the_profile_says(decided_again) -> None:
    outcomes = decided_again.outcomes
    assert set(outcomes["measure"]) == {"net_revenue_84d"}
    assert set(outcomes["as_of_day"]) == {date(2025, 11, 28)}
    before = decided_again.before[date(2025, 11, 28)]
    everybody = outcomes.filter(pl.col("lifecycle") == "all").row(0, named=True)
    assert everybody["expected"] == pytest.approx(before["customers.purchase_outlook"]["expected_net_84d"].sum())
    net = decided_again.house.read("select sum(net_revenue_84) from marts.customer_profile where as_of_day = date '2025-11-28'").item()
    assert everybody["came"] == pytest.approx(float(net))
    assert everybody["came"] > 0


def test_moves_add_up_to_the_customers_of_the_day(last_day) -> None:
    moves = last_day.read(f"select * from customers.lifecycle_transitions where as_of_day = date '{LAST_DAY}'")
    now = moves.group_by("from_lifecycle").agg(pl.col("customers_now").first())
    profile = last_day.read(
        f"select lifecycle, count(*) from marts.customer_profile where as_of_day = date '{LAST_DAY}' group by lifecycle"
    )
    assert dict(profile.rows()).items() <= dict(now.rows()).items()


def test_the_champion_is_the_combination_only_where_it_passed(last_day) -> None:
    from mlflow import MlflowClient

    uri = f"sqlite:///{last_day.state / 'mlflow' / 'tracking.db'}"
    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    versions = client.search_model_versions("name = 'customer_outlook'")
    assert versions
    aliases = client.get_registered_model("customer_outlook").aliases
    passed = [each for each in versions if each.tags["passed_check"] == "true"]
    assert ("champion" in aliases) == bool(passed)
    run = client.get_run(versions[0].run_id)
    children = client.search_runs([run.info.experiment_id], f"tags.mlflow.parentRunId = '{run.info.run_id}'")
    assert {"bg_nbd parameters", "gamma_gamma parameters"} <= {child.info.run_name for child in children}
