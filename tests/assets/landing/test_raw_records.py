"""Landing as an asset: windows, missed days, records that were handed in late."""

from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from assets.house import House
from assets.landing.raw_records import landing
from assets.warehouse import Warehouse

TOML = """[shop]
name = "tiny"
currency = "EUR"
time_zone = "Europe/Berlin"
first_day = 2024-03-01
"""
DAYS = dg.DailyPartitionsDefinition("2024-03-01", end_date="2024-04-01")


class GrowingShop:
    """A shop whose daily sales are handed in as one CSV file that grows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "shop").mkdir()
        (folder / "shop" / "shop.toml").write_text(TOML)
        self.house = House(shop_folder=str(folder / "shop"), state_folder=str(folder / "state"), key_file=str(folder / "key"))

    def hand_in(self, *records: str) -> None:
        (self.folder / "shop" / "daily_sales.csv").write_text("\n".join(["business_day,product_id,units,recorded_at", *records]) + "\n")

    def land(self, first: int, last: int | None = None) -> Any:
        asset = landing.map_asset_specs(lambda spec: spec.replace_attributes(partitions_def=DAYS))
        key = f"2024-03-{first:02d}"
        tags = {"dagster/asset_partition_range_start": key, "dagster/asset_partition_range_end": f"2024-03-{last or first:02d}"}
        resources = {"house": self.house, "warehouse": Warehouse(path=str(self.house.warehouse))}
        result = dg.materialize([asset], resources=resources, tags=tags, instance=dg.DagsterInstance.ephemeral())
        assert result.success
        return result

    def landed(self) -> list[tuple[int, str, float]]:
        """(known on, product, units)"""
        frame = pl.read_parquet(self.house.landing / "daily_sales" / "*.parquet")
        return sorted(frame.select(pl.col("known_on").dt.day(), "product_id", "units").rows())


@pytest.fixture
def shop(tmp_path: Path) -> GrowingShop:
    return GrowingShop(tmp_path)


def test_the_first_run_imports_the_whole_past_and_nothing_of_the_future(shop: GrowingShop) -> None:
    shop.hand_in("2024-03-01,tea,1,", "2024-03-03,tea,3,", "2024-03-05,tea,5,")
    shop.land(4)
    assert shop.landed() == [(1, "tea", 1), (3, "tea", 3)]


def test_a_run_lands_the_days_that_were_missed_before_it(shop: GrowingShop) -> None:
    shop.hand_in("2024-03-01,tea,1,")
    shop.land(2)
    shop.hand_in("2024-03-01,tea,1,", "2024-03-04,tea,4,", "2024-03-05,tea,5,")
    shop.land(5)
    assert shop.landed() == [(1, "tea", 1), (4, "tea", 4), (5, "tea", 5)]


def test_an_undated_record_of_an_earlier_day_is_known_on_the_day_it_came(shop: GrowingShop) -> None:
    shop.hand_in("2024-03-01,tea,1,", "2024-03-03,tea,3,")
    shop.land(4)
    shop.hand_in("2024-03-01,tea,1,", "2024-03-03,tea,3,", "2024-03-02,cup,2,")
    shop.land(5)
    shop.land(5)
    assert shop.landed() == [(1, "tea", 1), (3, "tea", 3), (5, "cup", 2)]


def test_a_dated_record_handed_in_after_its_day_was_landed_is_not_lost(shop: GrowingShop) -> None:
    shop.hand_in("2024-03-01,tea,1,2024-03-01 18:00")
    shop.land(4)
    shop.hand_in("2024-03-01,tea,1,2024-03-01 18:00", "2024-03-02,cup,2,2024-03-03 09:00", "2024-03-05,tea,5,2024-03-05 18:00")
    shop.land(5)
    assert {product for _, product, _ in shop.landed()} == {"tea", "cup"}


def test_refused_rows_are_counted_and_do_not_stop_the_run(shop: GrowingShop) -> None:
    shop.hand_in("2024-03-01,tea,1,", "2024-03-01,cup,many,", "soon,cup,1,")
    result = shop.land(2)
    checks = {each.check_name: each for each in result.get_asset_check_evaluations()}
    assert checks["totals_reconcile"].passed
    assert not checks["quarantine_is_small"].passed
    assert checks["quarantine_is_small"].severity is dg.AssetCheckSeverity.WARN
    assert shop.landed() == [(1, "tea", 1)]
    counts = pl.read_parquet(shop.house.landing / "_counts" / "*.parquet").filter(table_name="daily_sales").row(0, named=True)
    assert (counts["rows_read"], counts["rows_accepted"], counts["rows_quarantined"]) == (3, 1, 2)


def test_a_source_day_that_disappears_empties_its_day_and_says_so(shop: GrowingShop) -> None:
    shop.hand_in("2024-03-01,tea,1,", "2024-03-02,tea,2,")
    assert emptied(shop.land(2)) == (True, "")
    shop.hand_in("2024-03-01,tea,1,")
    assert emptied(shop.land(2)) == (False, "daily_sales of 2024-03-02")
    assert shop.landed() == [(1, "tea", 1)]
    assert not (shop.house.landing / "daily_sales" / f"known_on={date(2024, 3, 2)}.parquet").exists()
    assert emptied(shop.land(2)) == (True, ""), "said once, when it happens"


def emptied(result: Any) -> tuple[bool, str]:
    """What the check `no_day_was_emptied` says."""
    check = next(each for each in result.get_asset_check_evaluations() if each.check_name == "no_day_was_emptied")
    assert check.severity is dg.AssetCheckSeverity.WARN
    return check.passed, check.metadata["emptied"].value


@pytest.mark.parametrize("recorded_at", ["", "2024-03-02 18:00"], ids=["undated", "dated"])
def test_an_old_day_run_again_learns_nothing_that_came_after_it(shop: GrowingShop, recorded_at: str) -> None:
    """A record about 2 March turns up when days up to the 6th are landed: it is news of the 6th (or of the next run), not of the 3rd."""
    shop.hand_in("2024-03-01,tea,1,", "2024-03-03,tea,3,")
    shop.land(6)
    shop.hand_in("2024-03-01,tea,1,", "2024-03-03,tea,3,", f"2024-03-02,cup,2,{recorded_at}")
    shop.land(3)
    assert shop.landed() == [(1, "tea", 1), (3, "tea", 3)]
    shop.land(7)
    assert shop.landed() == [(1, "tea", 1), (3, "tea", 3), (7, "cup", 2)]
    shop.land(3)
    assert shop.landed() == [(1, "tea", 1), (3, "tea", 3), (7, "cup", 2)]
