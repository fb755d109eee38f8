"""Part `outlook`: purchase probability, net value, published parameters, totals and scale, beside lifetimes, scikit-learn and LightGBM
alone.

UCI Online Retail over four windows in time order (28 days for the chance, 84 for the value) is what targets are set on; CDNOW over four
windows is reported beside it, and the simulated shop for totals that are brought to a sales forecast. Ratios come with 95 % intervals of
a paired bootstrap over customers, who keep all their windows. Peers without their library are left out.
"""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.customers.customer_windows import Customers, cdnow, cdnow_sample, data_folder, online_retail
from benchmarks.customers.outlook_methods import CHANCES, OURS, VALUES
from benchmarks.customers.outlook_scale import measure_scale
from benchmarks.customers.outlook_shop import shop_totals
from learning.customer_value import OutlookSettings, customer_snapshot, fit_bg_nbd, fit_gamma_gamma, train_outlook
from learning.customer_value.scores import calibration_error, chance_scores, log_losses

Floats = NDArray[np.float64]

ROOT = Path(__file__).parents[2]
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
KINDS = {"chance": (CHANCES, 28), "value": (VALUES, 84)}
PUBLISHED = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426, "p": 6.25, "q": 3.74, "gamma": 15.44}
DIGITS = {"r": 3, "alpha": 3, "a": 3, "b": 3, "p": 2, "q": 2, "gamma": 2}  # as they were published
DRAWS, SEED = 1000, 11
VALUE_PEERS = ("BG/NBD x Gamma-Gamma", "tweedie")


@dataclass(frozen=True)
class Told:
    """What a method told of all windows, one after the other. customer: who; happened: bought (0, 1) or net revenue."""

    method: str
    window: NDArray[np.str_]
    customer: NDArray[np.str_]
    happened: Floats
    told: Floats
    low: Floats | None
    high: Floats | None
    cpu_s: float
    peak_gb: float


def measure(small: bool) -> dict[str, Any]:
    """Run everything; small: UCI alone, two windows, no simulated shop, a tenth of the scale."""
    data = data_folder()
    sets = [online_retail(data)] if small else [online_retail(data), cdnow(data)]
    targets, found = [], dict[str, Any]()
    parameters = _published(data)
    found["published"] = parameters
    targets.append(
        {"name": "BG/NBD, Gamma-Gamma: parameters off on CDNOW", "value": sum(not row["equal"] for row in parameters), "target": 0}
    )
    for customers in sets:
        for kind in KINDS:
            runs = [told for told in _all(customers, kind, 2 if small else 4) if told is not None]
            rows, ours = _judge(customers.name, kind, runs)
            found[f"{kind} {customers.name}"] = rows
            targets += _targets(customers.name, kind, ours) if customers is sets[0] else []
    found["churn"] = [_churn(customers) for customers in sets]
    if not small:
        found["shop totals"] = shop_totals()
        rescaled = [row for row in found["shop totals"] if row["rescaled to"] == "sales_forecast"]
        worst = max(abs(row["net_84d_ratio"] - 1.0) for row in rescaled)
        targets.append(
            {"name": "simulated shop: net value's sum off in the worst window, brought to the forecast", "value": worst, "target": 0.1}
        )
    scale = measure_scale(100_000 if small else 1_000_000)
    found["scale"] = [scale]
    if not small:
        targets.append({"name": "1 million customers, outlook: CPU s", "value": scale["cpu_s"], "target": 120})
        targets.append({"name": "1 million customers, outlook: peak GB", "value": scale["peak_gb"], "target": 8})
    return {**found, "targets": targets}


def _published(data: Path) -> list[dict[str, Any]]:
    sample = cdnow_sample(data)
    orders = fit_bg_nbd(sample)
    valued = sample.filter((pl.col("x") > 0) & (pl.col("mean_value") > 0))
    values = fit_gamma_gamma(valued.select(orders="x", mean_value="mean_value"))
    own = {name: getattr(orders if hasattr(orders, name) else values, name) for name in PUBLISHED}
    return [
        {"parameter": name, "published": PUBLISHED[name], "ours": own[name], "equal": round(own[name], DIGITS[name]) == PUBLISHED[name]}
        for name in PUBLISHED
    ]


def _churn(customers: Customers) -> dict[str, Any]:
    """The chance of churn half a year before the data ends, against who did not order within his own churn_days."""
    longest = OutlookSettings().churn_days[1]
    cut_off = customers.cut_offs(longest, 1)[0]
    known = customers.until(cut_off)
    told = train_outlook(known, cut_off).score(customer_snapshot(known, cut_off))
    later = customers.order_days.filter((pl.col("business_day") > cut_off) & (pl.col("orders") > 0))
    again = later.group_by("customer_key").agg(days=(pl.col("business_day").min() - pl.lit(cut_off)).dt.total_days())
    judged = told.join(again, on="customer_key", how="left", maintain_order="left")
    churned = (judged["days"].is_null() | (judged["days"] > judged["churn_days"])).fill_null(True).cast(pl.Float64).to_numpy()
    return {"data": customers.name, "cut-off": cut_off.isoformat(), **chance_scores(churned, judged["p_churn"].to_numpy())}


def _all(customers: Customers, kind: str, windows: int) -> list[Told | None]:
    methods, days = KINDS[kind]
    return [_run(customers, kind, method, customers.cut_offs(days, windows), days) for method in methods]


def _run(customers: Customers, kind: str, method: str, cut_offs: list[date], days: int) -> Told | None:
    """None where the method's library is not installed; raises RuntimeError where it fails otherwise."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        task = {"method": method, "kind": kind, "days": days, "cut_offs": [day.isoformat() for day in cut_offs]}
        (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
        customers.order_days.write_parquet(folder / "order_days.parquet")
        environment = {**os.environ, **ONE_THREAD}
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.customers.outlook_worker", str(folder)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode and "ModuleNotFoundError" in done.stderr:
            return None
        if done.returncode:
            raise RuntimeError(f"{method} on {customers.name}: {done.stderr[-800:]}")
        usage = json.loads((folder / "usage.json").read_text(encoding="utf-8"))
        parts = [dict(np.load(folder / f"{day.isoformat()}.npz")) for day in cut_offs]
    outcomes = [customers.after(day, days) for day in cut_offs]
    happened = pl.col("has_bought").cast(pl.Float64) if kind == "chance" else pl.col("net_revenue_after")
    span = {end: np.concatenate([part[end] for part in parts]) if end in parts[0] else None for end in ("low", "high")}
    return Told(
        method=method,
        window=np.concatenate([np.full(frame.height, day.isoformat()) for day, frame in zip(cut_offs, outcomes, strict=True)]),
        customer=np.concatenate([frame["customer_key"].to_numpy() for frame in outcomes]).astype(np.str_),
        happened=np.concatenate([frame.select(happened).to_series().to_numpy() for frame in outcomes]),
        told=np.concatenate([part["told"] for part in parts]),
        low=span["low"],
        high=span["high"],
        cpu_s=usage["cpu_s"],
        peak_gb=usage["peak_bytes"] / 2**30,
    )


def _judge(data: str, kind: str, runs: list[Told]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """A row per method, and what of ours is held against targets."""
    loss = {run.method: _losses(kind, run) for run in runs}
    peers = [name for name in loss if name != OURS and (kind == "chance" or name in VALUE_PEERS)]
    best = min(peers, key=lambda name: float(loss[name].mean()))
    rows = []
    for run in runs:
        ratio, low, high = _ratio(loss[OURS], loss[run.method], run.customer)
        row: dict[str, Any] = {
            "method": run.method,
            "loss": float(loss[run.method].mean()),
            "ours over it": ratio,
            "low": low,
            "high": high,
        }
        windows = [run.window == name for name in np.unique(run.window)]
        if kind == "chance":
            errors = [calibration_error(run.happened[rows_], run.told[rows_]) for rows_ in windows]
            row |= {"calibration error": float(np.mean(errors)), "worst window": max(errors)}
        else:
            row |= {"sum": float(run.told.sum() / run.happened.sum())}
            row |= {"sums by window": " ".join(f"{run.told[part].sum() / run.happened[part].sum():.2f}" for part in windows)}
        if run.low is not None and run.high is not None:
            row["within p10 and p90"] = float(((run.happened >= run.low) & (run.happened <= run.high)).mean())
        rows.append({"data": data, **row, "CPU s": run.cpu_s, "peak GB": run.peak_gb})
    ours = next(row for row in rows if row["method"] == OURS)
    against = next(row for row in rows if row["method"] == best)
    return rows, {**ours, "ratio": against["ours over it"], "best peer": best}


def _targets(data: str, kind: str, ours: dict[str, Any]) -> list[dict[str, Any]]:
    if kind == "chance":
        return [
            {"name": f"{data}: log loss over that of {ours['best peer']}", "value": ours["ratio"], "target": 1.0},
            {"name": f"{data}: calibration error, mean over windows", "value": ours["calibration error"], "target": 0.03},
        ]
    return [
        {"name": f"{data}: net value's absolute error over that of {ours['best peer']}", "value": ours["ratio"], "target": 0.98},
        {"name": f"{data}: net value's sum off, no forecast known", "value": abs(ours["sum"] - 1.0), "target": 0.1},
    ]


def _losses(kind: str, run: Told) -> Floats:
    return log_losses(run.happened, run.told) if kind == "chance" else np.abs(run.happened - run.told)


def _ratio(ours: Floats, peer: Floats, customer: NDArray[np.str_]) -> tuple[float, float, float]:
    """Mean loss of ours over the peer's, with a 95 % interval: customers are drawn with all their windows."""
    _, place = np.unique(customer, return_inverse=True)
    mine, its = (np.bincount(place, loss) for loss in (ours, peer))
    draws = np.random.default_rng(SEED).multinomial(len(mine), np.full(len(mine), 1.0 / len(mine)), DRAWS)
    low, high = np.quantile((draws @ mine) / (draws @ its), (0.025, 0.975))
    return float(mine.sum() / its.sum()), float(low), float(high)
