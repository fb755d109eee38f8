"""A receiver of alerts on the loopback address, and published tables to take alerts from."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import polars as pl
import pytest

TOKEN = "canary-token-of-the-webhook"
Publish = Callable[..., Path]


@dataclass
class Receiver:
    """What came, and how the next requests are answered (`statuses` first to last, then 200)."""

    address: str = ""
    bodies: list[dict] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    delay_seconds: float = 0.0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    came = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(came.delay_seconds)
            status = came.statuses.pop(0) if came.statuses else 200
            if status == 200:
                came.bodies.append(json.loads(body))
                came.keys.append(self.headers["Idempotency-Key"])
            self.send_response(status)
            self.send_header("Content-Length", "0")
            if status == 302:
                self.send_header("Location", f"{came.address}/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    came.address = f"http://127.0.0.1:{server.server_port}/hooks/{TOKEN}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield came
    server.shutdown()
    server.server_close()


@pytest.fixture
def publish(tmp_path: Path) -> Publish:
    """Publish decided days and alerts (day, kind, subject, severity, first_seen) and return the state folder."""

    def write(decided: list[date], *alerts: tuple[date, str, str, str, date]) -> Path:
        folder = tmp_path / "state" / "published"
        folder.mkdir(parents=True, exist_ok=True)
        pl.DataFrame({"as_of_day": decided}, schema={"as_of_day": pl.Date}).write_parquet(folder / "plan_certificates.parquet")
        schema = {"as_of_day": pl.Date, "kind": pl.String, "subject": pl.String, "severity": pl.String, "first_seen": pl.Date}
        frame = pl.DataFrame(list(alerts), schema=schema, orient="row").with_columns(message=pl.lit("Look at it."))
        frame.write_parquet(folder / "alerts.parquet")
        return folder.parent

    return write
