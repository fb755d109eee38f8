"""Sensors of the daemon: a failed run leaves an alert, and alerts leave the house after runs that were started in the UI."""

from collections.abc import Mapping

import dagster as dg

from assets.house import House
from assets.partitions import days_of_run
from assets.review.failed_runs import note_failed_run, put_into_table
from assets.warehouse import Warehouse
from dagster_project.alerting import deliver_alerts, queue_failed_run
from dagster_project.run_log import failure_reason


def alert_on_failure(webhook: str | None) -> dg.SensorDefinition:
    """The run-failure sensor."""

    @dg.run_failure_sensor(name="alert_on_failure", default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=30)
    def sensor(context: dg.RunFailureSensorContext, house: House) -> None:
        failures = [(str(event.step_key), failure_reason(event)) for event in context.get_step_failure_events()]
        told = failures or [("run", context.failure_event.message or "A run failed; see Runs in the UI.")]
        tell_failure(house, webhook, context.dagster_run.tags, told)

    return sensor


def tell_failure(house: House, webhook: str | None, tags: Mapping[str, str], failures: list[tuple[str, str]]) -> None:
    """Note the failed steps (step, reason) of a run for the last day it was to decide, and queue them for the webhook."""
    days = days_of_run(tags)
    if days is None:
        return
    for step, reason in failures:
        subject, message = note_failed_run(house, days[1], step, reason)
        queue_failed_run(house.state, house.shop.name, webhook, days[1], subject, message)
    put_into_table(house, Warehouse(path=str(house.warehouse), threads=house.threads))


def alert_delivery(webhook: str | None) -> dg.SensorDefinition:
    """Every minute: what is new on the newest decided day goes out, and what waits is tried again."""

    @dg.sensor(name="alert_delivery", default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=60)
    def sensor(house: House) -> dg.SkipReason:
        if webhook is None:
            return dg.SkipReason("No webhook is configured (COUNTINGHOUSE_ALERT_WEBHOOK).")
        done = deliver_alerts(house.state, house.shop.name, webhook, only_if_due=True)
        problem = f": {done.problem}" if done.problem else ""
        return dg.SkipReason(f"{done.sent} alerts sent, {done.waiting} wait{problem}.")

    return sensor
