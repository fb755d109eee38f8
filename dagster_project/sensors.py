"""A failed run leaves an alert: one JSON file in the shop's folder `alerts/`."""

import json
from datetime import UTC, datetime

import dagster as dg

from assets.house import House


def alert_on_failure() -> dg.SensorDefinition:
    """The run-failure sensor."""

    @dg.run_failure_sensor(name="alert_on_failure", default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=30)
    def sensor(context: dg.RunFailureSensorContext, house: House) -> None:
        write_alert(
            house,
            "run_failed",
            f"run {context.dagster_run.run_id[:8]}",
            context.failure_event.message or "A run failed; see Runs in the UI.",
        )

    return sensor


def write_alert(house: House, kind: str, subject: str, message: str) -> None:
    """Append one alert as a file of its own, so that two writers never meet."""
    folder = house.state / "alerts"
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC).replace(tzinfo=None)
    alert = {"raised_at": now.isoformat(timespec="seconds"), "kind": kind, "subject": subject, "message": message}
    name = f"{now:%Y%m%dT%H%M%S%f}-{kind}.json"
    (folder / f".{name}").write_text(json.dumps(alert), encoding="utf-8")
    (folder / f".{name}").rename(folder / name)
