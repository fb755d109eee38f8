"""One million customers: the outlook learned and told in a process of its own (python -m benchmarks.customers.outlook_scale CUSTOMERS
FILE).

Five million order days are drawn from BG/NBD-like customers over two years; dbt's work (orders from lines) is not in the figures.
"""

import json
import resource
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

ROOT = Path(__file__).parents[2]
LAST_DAY = date(2025, 12, 31)
HISTORY_DAYS = 730


def measure_scale(customers: int) -> dict[str, Any]:
    """CPU s, wall s and peak GB of training, scoring, reasons and transitions."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "scale.json"
        subprocess.run([sys.executable, "-m", "benchmarks.customers.outlook_scale", str(customers), str(file)], cwd=ROOT, check=True)
        return json.loads(file.read_text(encoding="utf-8"))


def drawn_order_days(customers: int, seed: int = 3) -> pl.DataFrame:
    """Order days of customers with a rate, a chance to leave and a first day of their own; keys are 32 characters, as pseudonyms are."""
    chance = np.random.default_rng(seed)
    first = chance.integers(0, HISTORY_DAYS, customers)
    gap = 1.0 / chance.gamma(1.2, 1 / 50.0, customers).clip(1e-4)
    leaves = chance.beta(0.8, 6.0, customers)
    owner, day = [np.arange(customers)], [first]
    at, alive = first.astype(np.float64), np.ones(customers, dtype=bool)
    for _ in range(60):
        alive &= chance.random(customers) > leaves
        at = at + np.maximum(chance.exponential(gap), 1.0)
        alive &= at < HISTORY_DAYS
        if not alive.any():
            break
        owner.append(np.flatnonzero(alive))
        day.append(at[alive].astype(np.int64))
    who, when = np.concatenate(owner), np.concatenate(day)
    value = np.round(chance.lognormal(3.5, 0.7, len(who)), 2)
    back = np.where(chance.random(len(who)) < 0.05, value, 0.0)
    frame = pl.DataFrame({"number": who, "day": when, "sale_revenue": value, "net_revenue": value - back})
    begin = LAST_DAY - timedelta(days=HISTORY_DAYS - 1)
    return (
        frame.group_by("number", "day")
        .agg(pl.col("sale_revenue", "net_revenue").sum())
        .select(
            customer_key=pl.col("number").cast(pl.String).str.zfill(32),
            business_day=pl.lit(begin) + pl.duration(days=pl.col("day")),
            orders=pl.lit(1, dtype=pl.Int64),
            sale_revenue="sale_revenue",
            net_revenue="net_revenue",
        )
        .sort("customer_key", "business_day")
    )


def main(customers: int, file: Path) -> None:
    """Draw, measure, write."""
    import time

    from benchmarks.customers.outlook_worker import peak_bytes
    from learning.customer_value import customer_snapshot, lifecycle_transitions, train_outlook

    with tempfile.NamedTemporaryFile(suffix=".parquet") as kept:
        drawn_order_days(customers).write_parquet(kept.name)
        order_days = pl.read_parquet(kept.name)
    drawn, wall = _cpu(), time.monotonic()
    model = train_outlook(order_days, LAST_DAY)
    trained = _cpu()
    snapshot = customer_snapshot(order_days, LAST_DAY)
    told = model.score(snapshot)
    scored = _cpu()
    lifecycle_transitions(order_days, LAST_DAY)
    figures = {
        "customers": told.height,
        "order days": order_days.height,
        "cpu_s": _cpu() - drawn,
        "training cpu_s": trained - drawn,
        "scoring cpu_s": scored - trained,
        "transitions cpu_s": _cpu() - scored,
        "wall_s": time.monotonic() - wall,
        "peak_gb": peak_bytes() / 2**30,
        "score source": model.score_source,
    }
    file.write_text(json.dumps(figures) + "\n", encoding="utf-8")


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
