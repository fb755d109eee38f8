"""Two BI readers while new versions are published: no error, no torn answer, the new version seen at once.

One reader keeps its connection (a pool), one connects afresh each time; both read tables through `bi.duckdb` with SQLAlchemy, as a BI tool
does. A third one asks for one table without pause, so that its queries are begun before a swap and end after it. An answer is torn when
rows and checksum of a table are not those of one published version. At full size a backfill runs first and publishes as well.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb

from assets.published.tables import publish
from assets.turn import turn
from assets.windows import Window
from benchmarks.reliability.houses import Place, last_days, started
from benchmarks.reliability.outcome import Outcome, trial
from benchmarks.reliability.tiny_shop import LAST_DAY

DAYS = {"small": 3, "full": 7}
VERSIONS = {"small": 8, "full": 200}
PAUSE_SECONDS = 0.3
TABLES = ("replenishment_orders", "sales_daily", "demand_forecast")
PUBLISHED = "select table_name, version, rows, checksum from _published where table_name in ('" + "', '".join(TABLES) + "')"
READER = """
import json, sys, time
from sqlalchemy import NullPool, QueuePool, create_engine, text
database, stop, kind, tables, published = sys.argv[1:]
import os
tables = tables.split(",")
pool = {"poolclass": NullPool} if kind == "fresh" else {"poolclass": QueuePool, "pool_size": 1}
engine = create_engine("duckdb:///" + database, connect_args={"read_only": True}, **pool)
while not os.path.exists(stop):
    began = time.time()
    answer = {"began": began}
    try:
        with engine.connect() as connection:
            for name in tables:
                query = f"select count(*), coalesce(bit_xor(hash(part)), 0)::varchar from \\"{name}\\" as part"
                answer[name] = list(connection.execute(text(query)).one())
            answer["together"] = list(connection.execute(text(
                "select (select max(run_id) from replenishment_orders), (select max(model) from demand_forecast)"
            )).one())
            answer["versions"] = {row[0]: row[1] for row in connection.execute(text(published))}
        answer["seconds"] = (time.time() - began) / (len(tables) + 2)
    except Exception as error:
        answer["error"] = str(error)[:300]
    answer["ended"] = time.time()
    print(json.dumps(answer), flush=True)
    time.sleep(0.002)
"""
BUSY = """
import json, os, sys, time, duckdb
database, stop, kind, tables, published = sys.argv[1:]
connection, asked, answers, errors = duckdb.connect(database, read_only=True), 0, set(), []
name = tables.split(",")[0]
while not os.path.exists(stop):
    asked += 1
    try:
        answers.add(connection.execute(f'select count(*), coalesce(bit_xor(hash(part)), 0)::varchar from "{name}" as part').fetchone())
    except Exception as error:
        errors.append(str(error)[:300])
print(json.dumps({"asked": asked, "answers": sorted(answers), "errors": errors}), flush=True)
"""


def run(size: str, root: Path) -> list[Outcome]:
    """Read all the while, publish, and judge every answer afterwards."""
    place = started(root, DAYS[size])
    stop = root / "stop"
    answers = {kind: root / f"{kind}.jsonl" for kind in ("pooled", "fresh")}
    busy = root / "busy.json"
    with ExitStack() as stack:
        readers = [stack.enter_context(reader(place, stop, kind, file)) for kind, file in (answers | {"busy": busy}).items()]
        with trial("readers during publishing: no error, nothing torn, new version within 1 s") as outcome:
            told = {publication(place)["version"]: publication(place)}
            swapped: dict[str, float] = {}
            if size == "full":
                days = last_days(DAYS[size])
                place.must("backfill", "--from", days[0].isoformat(), "--to", days[-1].isoformat())
                newest = publication(place)
                told[newest["version"]] = newest
            for number in range(VERSIONS[size]):
                newest = publish_changed(place, number)
                told[newest["version"]], swapped[newest["version"]] = newest, newest["at"]
                time.sleep(PAUSE_SECONDS)
            time.sleep(1.5)
            stop.touch()
            for each in readers:
                each.wait(60)
            outcome.faults = len(told)
            notes, mixed = [], 0
            for kind, file in answers.items():
                given = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
                outcome.tries += len(given)
                judge(outcome, kind, given, told)
                waits = [seen_after(given, version, at) for version, at in swapped.items()]
                outcome.expect(max(waits) <= 1.0, f"{kind}: a new version was seen after {max(waits):.1f} s only")
                mixed += sum(is_mixed(answer) for answer in given)
                times = sorted(answer["seconds"] * 1000 for answer in given if "seconds" in answer)
                ends = statistics.quantiles(times, n=20)
                told_times = f"p50 {statistics.median(times):.0f} ms, p95 {ends[18]:.0f} ms"
                notes.append(f"{kind} {told_times}, new version after {max(waits):.2f} s at most")
            told_busy = json.loads(busy.read_text(encoding="utf-8"))
            judge_busy(outcome, told_busy, told)
            notes.append(f"without pause {told_busy['asked']:,} queries")
            outcome.note = "; ".join([*notes, f"{mixed} answers over two tables straddled a swap"])
    return [outcome]


@contextmanager
def reader(place: Place, stop: Path, kind: str, file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A reader in a process of its own, one line of JSON per round; it does not outlive the trial."""
    command = [
        sys.executable,
        "-c",
        BUSY if kind == "busy" else READER,
        str(place.house.bi_database),
        str(stop),
        kind,
        ",".join(TABLES),
        PUBLISHED,
    ]
    with file.open("w", encoding="utf-8") as opened:
        process = subprocess.Popen(command, stdout=opened)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def publish_changed(place: Place, number: int) -> dict[str, Any]:
    """Change every row of the orders, in length too so that no page stays where it was, and publish.

    Returns what `_published` then says, and when it was swapped in.
    """
    padding = "x" * (37 * number % 211)
    with turn(place.state, "a publication", print):
        with place.warehouse.connect() as connection:
            connection.execute(f"update decisions.replenishment_orders set run_id = 'publication {padding} ' || product_id || ' {number}'")
            connection.execute(f"update demand.forecast_daily set model = 'model {number}'")
        publish(place.house, place.warehouse, f"publication {number}", Window(LAST_DAY, LAST_DAY + timedelta(days=1)))
    return {**publication(place), "at": place.house.published.lstat().st_mtime}


def publication(place: Place) -> dict[str, Any]:
    """What `_published` says now: version, and rows with checksum per table."""
    with duckdb.connect() as connection:
        rows = connection.execute(
            PUBLISHED.replace("_published", f"read_parquet('{place.house.published / '_published.parquet'}')")
        ).fetchall()
    return {"version": rows[0][1], "tables": {name: [count, checksum] for name, _, count, checksum in rows}}


def judge(outcome: Outcome, kind: str, given: list[dict[str, Any]], told: dict[str, dict[str, Any]]) -> None:
    """Every answer is that of one published version, table by table."""
    for answer in given:
        if "error" in answer:
            outcome.expect(False, f"{kind}: {answer['error']}")
            continue
        for name in TABLES:
            is_published = any(version["tables"][name] == answer[name] for version in told.values())
            outcome.expect(is_published, f"{kind}: {name} answered {answer[name]}, which was never published")
        outcome.expect(len(set(answer["versions"].values())) == 1, f"{kind}: _published named several versions at once")


def judge_busy(outcome: Outcome, given: dict[str, Any], told: dict[str, dict[str, Any]]) -> None:
    """The reader without pause saw no error, and nothing that was never published."""
    outcome.tries += given["asked"]
    for error in given["errors"]:
        outcome.expect(False, f"busy: {error}")
    published = [version["tables"][TABLES[0]] for version in told.values()]
    for answer in given["answers"]:
        outcome.expect(answer in published, f"busy: {TABLES[0]} answered {answer}, which was never published")


def is_mixed(answer: dict[str, Any]) -> bool:
    """One query over two tables that saw one before and one after a swap: possible for the instant between opening two files."""
    run_id, model = answer.get("together", ("", ""))
    return run_id.startswith("publication") and run_id.split()[-1] != model.split()[-1]


def seen_after(given: list[dict[str, Any]], version: str, at: float) -> float:
    """Seconds from the swap to the start of the first round that saw the version or a later one; a round begun later counts as 0."""
    seen = [answer["ended"] for answer in given if "versions" in answer and max(answer["versions"].values()) >= version]
    before = [answer["began"] for answer in given if "versions" in answer and max(answer["versions"].values()) < version]
    late = [began for began in before if began > at]
    return max(late) - at if late else 0.0 if seen else 99.0
