"""A failed run leaves an alert, in the table where it can and in a file in any case; what waits is sent by the daemon."""

import json
from datetime import date
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
import pytest
from filelock import FileLock

from assets.house import House
from assets.review.alerts import alerts_frame, with_standing
from assets.table_contracts import table_contracts
from assets.warehouse import Warehouse
from dagster_project.sensors import alert_delivery, alert_on_failure, tell_failure

DAY = date(2024, 3, 14)
ALERTS = table_contracts()["review.alerts"]
RANGE = {"dagster/asset_partition_range_start": "2024-03-10", "dagster/asset_partition_range_end": "2024-03-14"}
TOML = '[shop]\nname = "tiny"\ncurrency = "EUR"\ntime_zone = "Europe/Berlin"\nfirst_day = 2024-03-01\nlast_day = 2024-03-14\n'


@pytest.fixture
def house(tmp_path: Path) -> House:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "shop.toml").write_text(TOML)
    (tmp_path / "state").mkdir()
    return House(shop_folder=str(tmp_path / "shop"), state_folder=str(tmp_path / "state"), key_file=str(tmp_path / "key"))


@pytest.fixture
def warehouse(house: House) -> Warehouse:
    """A warehouse in which one alert of an earlier day stands."""
    warehouse = Warehouse(path=str(house.warehouse), threads=1)
    earlier = with_standing(alerts_frame([(date(2024, 3, 13), "plan_relaxed", "replenishment", "Limits collide.")]), [date(2024, 3, 13)])
    warehouse.replace_days(ALERTS, earlier, [date(2024, 3, 13)])
    return warehouse


def failed_alerts(warehouse: Warehouse) -> list[tuple]:
    return warehouse.read(
        "select as_of_day, subject, message, severity, first_seen from review.alerts where kind = 'run_failed' order by all"
    ).rows()


def evaluated(house: House, tags: dict[str, str]) -> str:
    """A job that fails, and the sensor's look at it; returns the run's id."""

    @dg.op
    def breaks() -> None:
        raise ValueError("the shelf fell over")

    @dg.job
    def doomed() -> None:
        breaks()

    with dg.DagsterInstance.ephemeral() as instance:
        result = doomed.execute_in_process(instance=instance, raise_on_error=False, tags=tags)
        context = dg.build_run_status_sensor_context(
            sensor_name="alert_on_failure",
            dagster_instance=instance,
            dagster_run=result.dagster_run,
            dagster_event=result.get_run_failure_event(),
            resources={"house": house},
        ).for_run_failure()
        alert_on_failure(None)(context)
    return result.run_id


def test_a_failed_run_lands_in_the_table_and_says_why(house: House, warehouse: Warehouse) -> None:
    evaluated(house, RANGE)
    assert failed_alerts(warehouse) == [(DAY, "breaks", "ValueError: the shelf fell over", "error", DAY)]


def test_failing_again_adds_nothing(house: House, warehouse: Warehouse) -> None:
    for _ in range(3):
        evaluated(house, {"dagster/partition": "2024-03-14"})
    assert len(failed_alerts(warehouse)) == 1
    assert [file.name for file in (house.state / "alerts" / "failed").iterdir()] == ["2024-03-14-breaks.json"]


def test_a_run_without_a_day_leaves_none(house: House, warehouse: Warehouse) -> None:
    evaluated(house, {})
    assert failed_alerts(warehouse) == []


def test_where_the_warehouse_is_in_use_the_file_waits_for_the_next_run(house: House, warehouse: Warehouse, monkeypatch) -> None:
    monkeypatch.setattr("assets.review.failed_runs.PATIENCE_SECONDS", 0.1)
    with FileLock(house.warehouse.with_suffix(".lock")):
        tell_failure(house, None, RANGE, [("marts", "a test did not pass")])
    assert failed_alerts(warehouse) == []
    (file,) = (house.state / "alerts" / "failed").iterdir()
    assert json.loads(file.read_text(encoding="utf-8"))["message"] == "a test did not pass"
    from assets.review.failed_runs import failed_runs

    nothing = alerts_frame([])
    assert failed_runs(house.state, [date(2024, 3, 20)], nothing).rows() == [(DAY, "run_failed", "marts", "a test did not pass")]
    assert failed_runs(house.state, [DAY], nothing).is_empty(), "once the day is decided it has not failed"
    assert not list((house.state / "alerts" / "failed").iterdir())


def test_a_warehouse_made_before_alerts_had_a_severity_takes_them(house: House) -> None:
    with duckdb.connect(str(house.warehouse)) as connection:
        connection.execute(
            "create schema review; create table review.alerts (as_of_day date, kind varchar, subject varchar, message varchar)"
        )
    warehouse = Warehouse(path=str(house.warehouse), threads=1)
    tell_failure(house, None, RANGE, [("landing", "no such folder")])
    assert failed_alerts(warehouse) == [(DAY, "landing", "no such folder", "error", DAY)]


def test_the_daemon_sends_what_waits_and_says_nothing_of_where(house: House, warehouse: Warehouse) -> None:
    published = house.published
    published.mkdir()
    pl.DataFrame({"as_of_day": [DAY]}).write_parquet(published / "plan_certificates.parquet")
    stale = with_standing(alerts_frame([(DAY, "stale_data", "sales", "Old.")]), [DAY])
    stale.write_parquet(published / "alerts.parquet")
    told = alert_delivery("http://127.0.0.1:9/hooks/secret")(dg.build_sensor_context(resources={"house": house}))
    assert "0 alerts sent, 1 wait: the webhook did not answer" in str(told.skip_message)
    assert "secret" not in str(told.skip_message)
    assert "No webhook" in str(alert_delivery(None)(dg.build_sensor_context(resources={"house": house})).skip_message)


def test_the_sensors_are_on_from_the_start() -> None:
    assert alert_on_failure(None).default_status is dg.DefaultSensorStatus.RUNNING
    assert alert_delivery(None).default_status is dg.DefaultSensorStatus.RUNNING
