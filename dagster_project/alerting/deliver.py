"""Which alerts leave the house, and when.

Only errors and warnings of the newest decided day go out, so a backfill of old days sends nothing. An alert that goes on standing is told
once; it is told again after a decided day without it. A failed run is told once for its day and step, unless a newer day is decided
already. Delivery comes after a run and from a sensor of the daemon; it takes a few seconds at most and never fails whoever calls it: what
was not taken waits for the next.
"""

import json
import os
import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
from filelock import FileLock, Timeout

from dagster_project.alerting.outbox import Alert, Outbox
from dagster_project.alerting.webhook import NotDeliveredError, post

LONGEST_SECONDS = 8.0
SENT_SEVERITIES = ("error", "warning")
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)


@dataclass
class Delivery:
    """What came of one delivery. `problem` says why alerts still wait, in words that hold no address; `paused`: not even tried."""

    sent: int = 0
    waiting: int = 0
    problem: str = ""
    paused: bool = False


def deliver_alerts(state: Path, shop: str, webhook: str | None, only_if_due: bool = False, patience: float = LONGEST_SECONDS) -> Delivery:
    """Queue what is new on the newest decided day and send what waits, within `patience` seconds.

    `only_if_due` waits longer after each failure (a sensor); without it a pause is ignored (after a run).
    """
    delivery = Delivery()
    if webhook is None:
        return delivery
    worker = threading.Thread(target=_deliver, args=(state, shop, webhook, only_if_due, delivery), daemon=True)
    worker.start()
    worker.join(patience)
    if worker.is_alive():  # it goes on while this process lives; what it does not finish waits
        return Delivery(delivery.sent, len(Outbox(state / "alerts").pending()), "the webhook is slow")
    return delivery


def queue_failed_run(state: Path, shop: str, webhook: str | None, day: date, step: str, message: str) -> None:
    """Queue the alert of a failed run, unless a newer day is decided: then it was a backfill, and whoever started it sees it fail."""
    newest = newest_decided_day(state / "published")
    if webhook is None or (newest is not None and day < newest):
        return
    Outbox(state / "alerts").queue(Alert(shop, day.isoformat(), "run_failed", step, "error", message, day.isoformat()))


def newest_decided_day(published: Path) -> date | None:
    """The newest day of the published plans."""
    file = published / "plan_certificates.parquet"
    return pl.read_parquet(file, columns=["as_of_day"], memory_map=False)["as_of_day"].max() if file.exists() else None


def newest_alerts(published: Path, shop: str) -> list[Alert]:
    """The alerts of the newest decided day that are worth sending."""
    file, newest = published / "alerts.parquet", newest_decided_day(published)
    if newest is None or not file.exists():
        return []
    alerts = pl.read_parquet(file, memory_map=False)
    if "severity" not in alerts.columns:  # published before alerts had one
        return []
    chosen = alerts.filter((pl.col("as_of_day") == newest) & pl.col("severity").is_in(SENT_SEVERITIES) & (pl.col("kind") != "run_failed"))
    return [
        Alert(shop, str(row["as_of_day"]), row["kind"], row["subject"], row["severity"], row["message"], str(row["first_seen"]))
        for row in chosen.sort("severity", "kind", "subject").to_dicts()
    ]


def _deliver(state: Path, shop: str, webhook: str, only_if_due: bool, delivery: Delivery) -> None:
    folder = state / "alerts"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / "delivery.lock", timeout=0):
            _deliver_alone(state, shop, webhook, only_if_due, delivery)
    except Timeout:
        delivery.paused = True  # another process is delivering
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        delivery.problem = f"the outbox cannot be used ({type(error).__name__})"


def _deliver_alone(state: Path, shop: str, webhook: str, only_if_due: bool, delivery: Delivery) -> None:
    outbox, now = Outbox(state / "alerts"), datetime.now(UTC)
    outbox.forget_old(now)
    for alert in newest_alerts(state / "published", shop):
        outbox.queue(alert)
    waiting = outbox.pending()
    pause = _Pause(state / "alerts" / "pause.json")
    delivery.waiting = len(waiting)
    if waiting and only_if_due and not pause.is_over(now):
        delivery.paused = True
        return
    for file, content in waiting:
        try:
            post(webhook, content)
        except NotDeliveredError as error:
            delivery.problem = str(error)
            if error.is_down:
                break
            continue
        outbox.mark_sent(file)
        delivery.sent += 1
        delivery.waiting -= 1
    if delivery.problem:
        pause.lengthen(now)
    else:
        pause.end()


class _Pause:
    """How long a sensor leaves a failing receiver alone: a minute, doubled with every failure, at most an hour."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def is_over(self, now: datetime) -> bool:
        told = self._read()
        left = datetime.fromisoformat(told["until"]) - now if told else timedelta()
        return not timedelta() < left <= LONGEST_PAUSE  # a longer one was noted under another clock

    def lengthen(self, now: datetime) -> None:
        told = self._read()
        seconds = min(2 * told["seconds"], LONGEST_PAUSE.total_seconds()) if told else FIRST_PAUSE.total_seconds()
        beside = self.file.with_name(f".{self.file.name}.{os.getpid()}")
        beside.write_text(json.dumps({"seconds": seconds, "until": (now + timedelta(seconds=seconds)).isoformat()}), encoding="utf-8")
        os.replace(beside, self.file)

    def end(self) -> None:
        self.file.unlink(missing_ok=True)

    def _read(self) -> dict | None:
        return json.loads(self.file.read_text(encoding="utf-8")) if self.file.exists() else None
