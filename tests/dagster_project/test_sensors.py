"""A failed run leaves an alert."""

import json
from pathlib import Path

import dagster as dg
import pytest

from assets.house import House
from dagster_project.sensors import alert_on_failure, write_alert


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(shop_folder=str(tmp_path / "shop"), state_folder=str(tmp_path / "state"), key_file=str(tmp_path / "key"))


def test_a_failed_run_leaves_one_alert_file(house: House) -> None:
    @dg.op
    def breaks() -> None:
        raise ValueError("the shelf fell over")

    @dg.job
    def doomed() -> None:
        breaks()

    with dg.DagsterInstance.ephemeral() as instance:
        result = doomed.execute_in_process(instance=instance, raise_on_error=False)
        context = dg.build_run_status_sensor_context(
            sensor_name="alert_on_failure",
            dagster_instance=instance,
            dagster_run=result.dagster_run,
            dagster_event=result.get_run_failure_event(),
            resources={"house": house},
        ).for_run_failure()
        alert_on_failure()(context)
    files = list((house.state / "alerts").iterdir())
    assert len(files) == 1
    alert = json.loads(files[0].read_text(encoding="utf-8"))
    assert set(alert) == {"raised_at", "kind", "subject", "message"}
    assert (alert["kind"], alert["subject"]) == ("run_failed", f"run {result.run_id[:8]}")
    assert alert["message"]


def test_alerts_never_meet(house: House) -> None:
    for number in range(20):
        write_alert(house, "run_failed", f"run {number}", "…")
    files = list((house.state / "alerts").glob("[!.]*.json"))
    assert len(files) == 20
    assert not list((house.state / "alerts").glob(".*"))


def test_the_sensor_is_on_from_the_start() -> None:
    assert alert_on_failure().default_status is dg.DefaultSensorStatus.RUNNING
