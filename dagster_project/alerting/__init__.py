"""Alerts on their way out of the house: which go, that each goes once, and to where."""

from dagster_project.alerting.deliver import Delivery, deliver_alerts, queue_failed_run

__all__ = ["Delivery", "deliver_alerts", "queue_failed_run"]
