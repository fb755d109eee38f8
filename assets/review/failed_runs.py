"""A run that failed: noted for the last day it was to decide, until that day is decided.

A failed run cannot write its own alert. Whoever sees it fail (the command line, or the daemon's sensor) leaves one file per day and step in
`alerts/failed/` and puts it into `review.alerts` if the warehouse is free; where it is not, the next run does. The files of a day go when
the day is decided.
"""

import json
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import polars as pl

from assets.house import House
from assets.review.alerts import SCHEMA, alerts_frame, with_standing
from assets.table_contracts import table_contracts
from assets.warehouse import Warehouse, WarehouseBusyError

KIND = "run_failed"
PATIENCE_SECONDS = 3.0
LONGEST_MESSAGE = 300


def note_failed_run(house: House, day: date, step: str, reason: str) -> tuple[str, str]:
    """Write the file; returns subject and message of the alert."""
    message = " ".join(reason.split())[:LONGEST_MESSAGE] or "no reason given; see Runs in the UI"
    folder = house.state / "alerts" / "failed"
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{day.isoformat()}-{step}.json"
    beside = folder / f".{name}.{os.getpid()}"
    beside.write_text(json.dumps({"as_of_day": day.isoformat(), "kind": KIND, "subject": step, "message": message}), encoding="utf-8")
    os.replace(beside, folder / name)
    return step, message


def put_into_table(house: House, warehouse: Warehouse) -> bool:
    """Put the noted failures into review.alerts; False where the warehouse is in use or has no such table yet."""
    patient = Warehouse(path=warehouse.path, threads=warehouse.threads, wait_seconds=PATIENCE_SECONDS)
    contract = table_contracts()["review.alerts"]
    try:
        if not patient.is_there or not patient.exists(contract.name):
            return False
        known = patient.read("select as_of_day, kind, subject, message from review.alerts order by all").cast(dict(SCHEMA))
        fresh = with_standing(failed_runs(house.state, (), known), ())
        if fresh.height:
            patient.append(contract, fresh)
    except WarehouseBusyError:
        return False
    return True


def failed_runs(state: Path, decided: Sequence[date], known: pl.DataFrame) -> pl.DataFrame:
    """Noted failures that are not yet among the `known` alerts; the files of days that are `decided` now are removed."""
    rows = []
    there = set(known.filter(kind=KIND).select("as_of_day", "subject").rows())
    for file in sorted((state / "alerts" / "failed").glob("[!.]*.json")):
        told = json.loads(file.read_text(encoding="utf-8"))
        day = date.fromisoformat(told["as_of_day"])
        if day in decided:
            file.unlink(missing_ok=True)
        elif (day, told["subject"]) not in there:
            rows.append((day, told["kind"], told["subject"], told["message"]))
    return alerts_frame(rows)
