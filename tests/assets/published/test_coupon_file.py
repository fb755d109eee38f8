"""The coupon file goes round: written with customer numbers, handed back by the shop, taken in row by row, and learned from as a trial."""

from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

from assets.published.coupon_file import NoSuchPlanError, write_coupon_file
from learning.response import FEATURES, ResponseSettings
from learning.response.trial import read_trial
from optimization.coupon_trial import plan_as_trial
from shops.erased import Erased
from shops.intake import read_table
from shops.pseudonym import pseudonymise
from shops.shop import Shop, load_shop

KEY = b"0123456789abcdef0123456789abcdef"  # pragma: allowlist secret
DAY = date(2024, 3, 3)
NUMBERS = [f"C{number:04d}" for number in range(1, 1201)]
SHOP_TOML = """[shop]
name = "tiny"
currency = "EUR"
time_zone = "Europe/Berlin"
first_day = 2024-03-01
last_day = 2024-03-14
"""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "shop.toml").write_text(SHOP_TOML)
    pl.DataFrame({"customer_id": NUMBERS[:-1]}).write_csv(folder / "customers.csv")
    return load_shop(folder)


@pytest.fixture
def keys() -> pl.Series:
    return pseudonymise(pl.Series(NUMBERS), KEY)


@pytest.fixture
def database(tmp_path: Path, keys: pl.Series) -> Path:
    held = pl.Series(np.random.default_rng(1).random(len(keys)) < 0.1)
    assignments = pl.DataFrame({"customer_key": keys, "is_holdout": held}).with_columns(
        coupon_id=pl.when("is_holdout").then(None).otherwise(pl.lit("ten")), propensity=pl.when("is_holdout").then(0.1).otherwise(0.9)
    )
    offers = assignments.select("customer_key", coupon_id=pl.lit("ten"), expected_cost=pl.lit(1.0))
    offers = offers.with_columns(value=2.0 + pl.int_range(pl.len()) / 1e4, segment=pl.lit("all"), category=pl.lit(None, dtype=pl.String))
    limits = pl.DataFrame({"limit_name": ["total_budget"], "scope": ["all"], "shadow_price": [0.5]})
    trial = plan_as_trial(assignments, offers, limits, f"plan-{DAY}").with_columns(as_of_day=pl.lit(DAY), assigned_on=date(2024, 3, 4))
    trial.write_parquet(tmp_path / "coupon_trial.parquet")
    file = tmp_path / "bi.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(f"create view coupon_trial as from read_parquet('{tmp_path}/coupon_trial.parquet')")
    return file


def test_what_is_handed_back_is_a_trial_with_its_own_control_group(shop: Shop, database: Path, keys: pl.Series) -> None:
    written = write_coupon_file(database, shop.path / "coupon_assignments.csv", shop, KEY, Erased(shop.name, KEY))
    assert written.without_number == 1, "the last customer is in no file"
    assert written.given + written.held_out == written.by_lot == len(NUMBERS) - 1
    taken = read_table(shop, "coupon_assignments", KEY)
    assert taken.quarantine.is_empty()
    back = taken.accepted
    assert set(back["customer_key"]) == set(keys[:-1])
    assert back["coupon_id"].null_count() == written.held_out
    outcomes = {"face_value": 10.0, "outcome_orders": 1, "outcome_margin": 5.0, "redeemed": False, "redemption_discount": 0.0}
    facts = back.select("campaign_id", "customer_key", "coupon_id", "propensity").with_columns(
        **{name: pl.lit(value) for name, value in (outcomes | dict.fromkeys(FEATURES, 1.0)).items()}
    )
    reading = read_trial(facts, ResponseSettings())
    assert reading.trial is not None
    assert reading.trial.campaigns == (f"plan-{DAY}-ten",)
    assert np.bincount(reading.trial.arm).tolist() == [written.held_out, written.given]
    assert not reading.sample_ratio["alarm"].any()


def test_an_erased_person_is_not_written(shop: Shop, database: Path, keys: pl.Series) -> None:
    nobody = Erased(shop.name, KEY)
    gone = Erased(shop.name, KEY, frozenset([nobody.mark(keys[0])]))
    write_coupon_file(database, shop.path / "out.csv", shop, KEY, gone)
    text = (shop.path / "out.csv").read_text(encoding="utf-8-sig")
    assert NUMBERS[0] not in text
    assert NUMBERS[1] in text


def test_the_same_plan_gives_the_same_bytes(shop: Shop, database: Path) -> None:
    files = [shop.path / name for name in ("a.csv", "b.csv")]
    for file in files:
        write_coupon_file(database, file, shop, KEY, Erased(shop.name, KEY), DAY)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_day_without_a_plan_is_refused(shop: Shop, database: Path) -> None:
    with pytest.raises(NoSuchPlanError, match="coupons are planned for 1 days"):
        write_coupon_file(database, shop.path / "a.csv", shop, KEY, Erased(shop.name, KEY), date(2024, 3, 9))
