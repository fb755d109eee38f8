"""Every kind of alert is provoked, and each reaches the receiver once, whatever is repeated, killed or down.

A tiny shop whose export stopped, with a damaged file and refused rows, is decided by the command line. What no shop provokes on demand (a
plan that gave way or stopped early, forecasts gone bad, a check, a failed run) is put into the tables that the review reads.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import polars as pl

from assets.published.tables import publish
from assets.review.find_alerts import alerts_of_all_days
from assets.table_contracts import table_contracts
from assets.windows import Window
from benchmarks.reliability.houses import Place, started
from benchmarks.reliability.outcome import Outcome, trial
from benchmarks.reliability.tiny_shop import LAST_DAY, TinyShop, tiny_shop
from dagster_project.alerting import deliver_alerts
from dagster_project.sensors import tell_failure

TODAY = Window(LAST_DAY, LAST_DAY + timedelta(days=1))
DAYS, STALE_DAYS, OLD_DAYS = 3, 3, 60
REPEATS = {"small": 5, "full": 50}
KILLS = {"small": 2, "full": 10}
FROM_THE_SHOP = {"stale_data", "unreadable_file", "quarantine"}
FROM_TABLES = {"plan_relaxed", "plan_unproven", "forecast_drift", "check_failed", "run_failed"}
FAILED_CHECKS = [("demand/training_runs", "beats_seasonal_naive")]
DELIVER = """
import sys
from pathlib import Path
from dagster_project.alerting import deliver_alerts
deliver_alerts(Path(sys.argv[1]), "tiny", sys.argv[2], patience=60)
"""


@dataclass
class Receiver:
    """What came: (kind, subject) and key of each request."""

    address: str = ""
    came: list[tuple[str, str]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    answers_after: float = 0.0


def run(size: str, root: Path) -> list[Outcome]:
    """Provoke, repeat, kill, be down."""
    start = started(root, DAYS)
    place = Place(broken_shop().write(root / "own" / "shop"), start.var, start.name)
    shutil.copy(start.shop.parent / "pseudonym.key", root / "own" / "pseudonym.key")
    (place.shop / "prices.parquet").write_bytes((place.shop / "prices.parquet").read_bytes()[:100])
    with receiver() as hook:
        with trial("each kind of alert is found and sent once, over repeats and a backfill of 60 old days") as once:
            os.environ["COUNTINGHOUSE_ALERT_WEBHOOK"] = hook.address
            try:
                said = place.must("run")
            finally:
                del os.environ["COUNTINGHOUSE_ALERT_WEBHOOK"]
            expect_kinds(once, hook, FROM_THE_SHOP, "after the run")
            provoke_in_tables(place)
            for _ in range(REPEATS[size]):
                review_again(place, FAILED_CHECKS)
                tell_failure(place.house, hook.address, {"dagster/partition": str(LAST_DAY)}, [("marts", "A test did not pass.")])
                deliver_alerts(place.state, "tiny", hook.address)
                once.tries += 1
            expect_kinds(once, hook, FROM_THE_SHOP | FROM_TABLES, "after repeats")
            sent = len(hook.came)
            backfill_old_days(place)
            review_again(place, FAILED_CHECKS)
            deliver_alerts(place.state, "tiny", hook.address)
            once.expect(len(hook.came) == sent, f"a backfill of {OLD_DAYS} days sent {len(hook.came) - sent} alerts")
            once.faults = len(FROM_THE_SHOP | FROM_TABLES)
            once.note = f"{sent} alerts of {len({kind for kind, _ in hook.came})} kinds"
            token = hook.address.rsplit("/", 1)[1]
            leaked = [str(file) for file in place.state.rglob("*") if file.is_file() and token.encode() in file.read_bytes()]
            once.expect(not leaked and token not in said, f"the address of the webhook stands in {leaked[:3] or 'what the run said'}")
        with trial("receiver slow, down, and the sender killed between sending and noting: nothing lost, the same key, no delay") as rough:
            rough_going(rough, place, hook, KILLS[size])
    return [once, rough]


def broken_shop() -> TinyShop:
    """No sale in the last three days, and every advertising row of the last week refused."""
    shop = tiny_shop()
    tables = dict(shop.tables)
    last = datetime.combine(LAST_DAY - timedelta(days=STALE_DAYS), datetime.min.time())
    tables["order_lines"] = tables["order_lines"].filter(pl.col("order_ts") < last + timedelta(days=1))
    recent = pl.col("business_day") > LAST_DAY - timedelta(days=7)
    tables["ad_spend"] = tables["ad_spend"].with_columns(spend=pl.when(recent).then(-1.0).otherwise("spend"))
    return TinyShop(tables, shop.first_day, shop.last_day, shop.name, shop.limits, shop.sections)


def provoke_in_tables(place: Place) -> None:
    """A plan that gave way, one that stopped early, and four weeks of bad forecasts."""
    contract = table_contracts()["review.forecast_accuracy"]
    days = [LAST_DAY - timedelta(days=step) for step in range(28)]
    judged = pl.DataFrame(
        {"as_of_day": days, "horizon_days": [1] * len(days), "items": 6, "units": 50.0, "forecast_units": 90.0, "wape": 3.0}
    )
    judged = judged.with_columns(wape_seasonal_naive=pl.lit(1.0), bias=pl.lit(0.8))
    place.warehouse.replace_days(contract, judged, days)
    with place.warehouse.connect() as connection:
        connection.execute("update decisions.plan_certificates set status = 'relaxed', violations = 'x' where plan = 'replenishment'")
        connection.execute("update decisions.plan_certificates set gap = 0.03 where plan = 'coupon_budget'")


def review_again(place: Place, failed: list[tuple[str, str]]) -> None:
    """What the last two steps of a run do, over the tables as they are."""
    alerts = alerts_of_all_days(place.house, place.warehouse, TODAY, failed)
    place.warehouse.replace_days(table_contracts()["review.alerts"], alerts, sorted({*alerts["as_of_day"], LAST_DAY}))
    publish(place.house, place.warehouse, "benchmark", TODAY)


def backfill_old_days(place: Place) -> None:
    """Sixty earlier days, decided later, on which every alert of today stood already."""
    with place.warehouse.connect() as connection:
        for table in ("decisions.plan_certificates", "review.alerts"):
            connection.execute(f"create temp table copied as select * from {table} where as_of_day = ?", [LAST_DAY])
            for step in range(1, OLD_DAYS + 1):
                connection.execute(f"insert into {table} by name select * replace (as_of_day - {step} as as_of_day) from copied")
            connection.execute("drop table copied")


def rough_going(outcome: Outcome, place: Place, hook: Receiver, kills: int) -> None:
    """New alerts, one at a time, each in its own kind of trouble."""
    slowest = 0.0
    for number in range(kills):
        fresh_alert(place, f"killed-{number}")
        before, hook.answers_after = len(hook.came), 3.0
        sender = subprocess.Popen([sys.executable, "-c", DELIVER, str(place.state), hook.address], start_new_session=True)
        deadline = time.monotonic() + 60
        while len(hook.came) == before and time.monotonic() < deadline:
            time.sleep(0.01)
        os.killpg(sender.pid, signal.SIGKILL)
        sender.wait()
        hook.answers_after = 0.0
        outcome.faults += 1
        outcome.tries += 1
        deliver_alerts(place.state, "tiny", hook.address)
        deliver_alerts(place.state, "tiny", hook.address)
        came = [key for (_, subject), key in zip(hook.came, hook.keys, strict=True) if subject == f"killed-{number}"]
        outcome.expect(
            1 <= len(came) <= 2 and len(set(came)) == 1, f"killed while sending: came {len(came)} times under {len(set(came))} keys"
        )
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        down = f"http://127.0.0.1:{closed.getsockname()[1]}/hook"
    for trouble, address, delay in (("down", down, 0.0), ("slow", hook.address, 20.0)):
        fresh_alert(place, trouble)
        hook.answers_after = delay
        started = time.monotonic()
        done = deliver_alerts(place.state, "tiny", address)
        seconds = time.monotonic() - started
        slowest = max(slowest, seconds)
        outcome.faults += 1
        outcome.tries += 1
        outcome.expect(seconds < 10, f"a receiver that is {trouble} delayed the run by {seconds:.1f} s")
        outcome.expect(done.waiting >= 1 and done.sent == 0 and bool(done.problem), f"{trouble}: {done}")
        hook.answers_after = 0.0
        time.sleep(0.2)
    deliver_alerts(place.state, "tiny", hook.address)
    keys = {key for (_, subject), key in zip(hook.came, hook.keys, strict=True) if subject in ("down", "slow")}
    outcome.expect(len(keys) == 2, f"{len(keys)} of 2 alerts arrived after the receiver was back")
    outcome.note = f"slowest delivery {slowest:.1f} s"


def fresh_alert(place: Place, subject: str) -> None:
    """One more failed check on the newest day, told under its own name."""
    published = place.house.published / "alerts.parquet"
    alerts = pl.read_parquet(published, memory_map=False)
    row = {"as_of_day": LAST_DAY, "kind": "check_failed", "subject": subject, "message": "m", "severity": "warning", "first_seen": LAST_DAY}
    pl.concat([alerts, pl.DataFrame([row], schema=alerts.schema)]).write_parquet(published)


def expect_kinds(outcome: Outcome, hook: Receiver, kinds: set[str], when: str) -> None:
    """Every kind came, and nothing came twice."""
    missing = kinds - {kind for kind, _ in hook.came}
    outcome.expect(not missing, f"{when}: no alert of {', '.join(sorted(missing))}")
    twice = [name for name, count in Counter(hook.came).items() if count > 1]
    outcome.expect(not twice, f"{when}: sent more than once: {twice[:3]}")


@contextmanager
def receiver() -> Iterator[Receiver]:
    """An HTTP receiver on the loopback address."""
    hook = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            hook.keys.append(self.headers["Idempotency-Key"])
            hook.came.append((body["kind"], body["subject"]))
            time.sleep(hook.answers_after)
            try:
                self.send_response(204)
                self.end_headers()
            except OSError:
                return  # whoever sent it is dead

        def log_message(self, *_: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hook.address = f"http://127.0.0.1:{server.server_port}/hooks/a-token-nobody-may-see"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()
