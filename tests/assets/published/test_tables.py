"""The asset that publishes: where its last check fails, the run fails, for no alert of a day could say so any more."""

from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from assets.house import House
from assets.published import tables
from assets.warehouse import Warehouse

PARTITIONS = dg.DailyPartitionsDefinition("2025-01-01", end_date="2025-01-10")


def published_when_decided_is(newest: date, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dg.ExecuteInProcessResult:
    """One run of the asset whose published orders end on 3 January, while the warehouse says that `newest` is decided."""
    house = House(shop_folder=str(tmp_path), state_folder=str(tmp_path), key_file=str(tmp_path / "key"))

    def publish(*_: Any) -> tuple[list[dict[str, Any]], date]:
        house.published.mkdir(exist_ok=True)
        pl.DataFrame({"as_of_day": [date(2025, 1, 2), date(2025, 1, 3)]}).write_parquet(house.published / "replenishment_orders.parquet")
        return [], newest

    monkeypatch.setattr(tables, "publish", publish)
    asset = tables.published.map_asset_specs(lambda spec: spec.replace_attributes(partitions_def=PARTITIONS))
    with dg.DagsterInstance.ephemeral() as instance:
        resources = {"house": house, "warehouse": Warehouse(path=str(house.warehouse), threads=1)}
        return dg.materialize([asset], instance=instance, resources=resources, partition_key="2025-01-03", raise_on_error=False)


def test_a_publication_with_the_newest_day_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert published_when_decided_is(date(2025, 1, 3), tmp_path, monkeypatch).success


def test_a_publication_without_the_newest_day_fails_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = published_when_decided_is(date(2025, 1, 4), tmp_path, monkeypatch)
    assert not result.success
    (check,) = result.get_asset_check_evaluations()
    assert (check.check_name, check.passed) == ("newest_day_is_published", False)
    (failure,) = [event for event in result.all_events if event.event_type_value == "STEP_FAILURE"]
    assert "newest_day_is_published" in failure.step_failure_data.error.message
