"""The outbox: one file per alert, first in `alerts/pending/`, then in `alerts/sent/`.

An alert is written to `pending` before it is sent and renamed into `sent` once the receiver has taken it. A process killed between the two
sends it again under the same key (at least once); a receiver that knows the key drops the repetition. What stays pending for two weeks is
forgotten: nobody wants last month's alarm, and one that still stands is queued anew.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

FORGET_PENDING_AFTER = timedelta(days=14)
FORGET_SENT_AFTER = timedelta(days=400)


@dataclass(frozen=True)
class Alert:
    """One finding of one day, as a receiver gets it. Days are ISO 8601."""

    shop: str
    as_of_day: str
    kind: str
    subject: str
    severity: str
    message: str
    first_seen: str

    @property
    def key(self) -> str:
        """The same for the same finding of the same day, however often it is found."""
        text = "\0".join((self.shop, self.as_of_day, self.kind, self.subject))
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def as_json(self) -> dict[str, str]:
        """What is sent; `text` is what chat programs show."""
        text = f"{self.shop}, {self.as_of_day}: {self.severity} {self.kind} ({self.subject}). {self.message}"
        return {"key": self.key, **asdict(self), "text": text}


class Outbox:
    """The folder `alerts/` of one shop's state."""

    def __init__(self, folder: Path) -> None:
        self.pending_folder, self.sent_folder = folder / "pending", folder / "sent"

    def queue(self, alert: Alert) -> bool:
        """Put the alert into `pending` unless its finding was told on a day of the same unbroken stretch; returns whether it was put."""
        if self._was_told(alert):
            return False
        _write(self.pending_folder / _name(alert), alert.as_json())
        return True

    def pending(self) -> list[tuple[Path, dict[str, Any]]]:
        """What waits, oldest first."""
        return [(file, json.loads(file.read_text(encoding="utf-8"))) for file in _files(self.pending_folder)]

    def mark_sent(self, file: Path) -> None:
        self.sent_folder.mkdir(parents=True, exist_ok=True)
        os.replace(file, self.sent_folder / file.name)

    def forget_old(self, now: datetime) -> None:
        """Remove what waited too long, and what was sent so long ago that it cannot stand any more."""
        for folder, age in ((self.pending_folder, FORGET_PENDING_AFTER), (self.sent_folder, FORGET_SENT_AFTER)):
            for file in _files(folder):
                if datetime.fromtimestamp(file.stat().st_mtime, UTC) < now - age:
                    file.unlink(missing_ok=True)

    def _was_told(self, alert: Alert) -> bool:
        """Sent or waiting on a day from `first_seen` to the alert's own."""
        first, last = date.fromisoformat(alert.first_seen), date.fromisoformat(alert.as_of_day)
        for file in (*_files(self.pending_folder), *_files(self.sent_folder)):
            if not first <= date.fromisoformat(file.name[:10]) <= last:
                continue
            told = json.loads(file.read_text(encoding="utf-8"))
            if (told["kind"], told["subject"]) == (alert.kind, alert.subject):
                return True
        return False


def _name(alert: Alert) -> str:
    return f"{alert.as_of_day}-{alert.kind}-{alert.key}.json"


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("[!.]*.json"))


def _write(file: Path, content: dict[str, str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    beside.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    os.replace(beside, file)
