"""Purchase propensity in the small shop: its features are those of the customer profile, its chances are shares, and lists rest on them."""

from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.response.purchase_propensity import SNAPSHOT_ROWS
from learning.purchase_propensity import FEATURES

pytestmark = pytest.mark.xdist_group("chain")
LAST_DAY = date(2025, 12, 31)


def test_snapshots_say_of_a_customer_what_the_profile_says(last_day) -> None:
    """dbt's profile is the oracle: the snapshot of the day itself has the same features."""
    import duckdb

    of_the_day = SNAPSHOT_ROWS.replace("generate_series(1, $snapshots)", "generate_series(0, $snapshots)")
    with duckdb.connect(str(last_day.state / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute(of_the_day, {"day": LAST_DAY, "outcome_days": 28, "snapshots": 0}).pl()
    columns = f"customer_key, {', '.join(FEATURES)}"
    profile = last_day.read(f"select {columns} from marts.customer_profile where as_of_day = date '{LAST_DAY}' order by all")
    assert profile.height > 100
    assert_frame_equal(rows.select("customer_key", *FEATURES).sort(pl.all()), profile.sort(pl.all()), check_dtypes=False)
    assert not rows["has_bought"].any()  # nothing after the day is known


def test_every_customer_has_a_chance_and_lists_leave_out_who_buys_anyway(last_day) -> None:
    scores = last_day.read(f"select * from response.purchase_propensity where as_of_day = date '{LAST_DAY}'")
    lists = last_day.read(f"select * from decisions.ad_audiences where as_of_day = date '{LAST_DAY}'")
    assert scores["purchase_probability"].is_between(0, 1).all()
    assert set(lists["customer_key"]) == set(scores["customer_key"])
    assert lists.select("campaign_id", "customer_key").is_unique().all()
    listed = lists.filter("is_in")
    assert listed.height > 0
    assert (listed["purchase_probability"] <= 0.6).all()
    assert {"buys_anyway", "holdout", "no_consent"} & set(lists["reason_code"])
