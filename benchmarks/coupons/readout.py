"""Is the read-out right? Intervals against the simulated shop's truth, false alarms of daily looks, and what the pre-period saves.

coverage    settled trials of simulated shops: how often the 95 % interval of a coupon holds its true effect (conversion and orders)
peeking     trials without any effect, looked at on every day of the window: how often a difference is called more than chance on some day,
            by the fixed and by the always-valid interval; with customers' habits and without (then days owe nothing to each other)
cuped       trials without effect: variance of the estimate with the pre-period taken out over that without, against what was reported

Public: `measure`. `python -m benchmarks.coupons.readout` prints it.
"""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from assets.review.campaign_outcomes import read_outcomes
from benchmarks.coupons.shop_facts import simulated_trials
from benchmarks.coupons.trials import DailyTrial, draw_trial
from learning.experiments import METRICS, ExperimentSettings, Metric, Stage, always_valid_p_value, campaign_readout
from learning.experiments.compare import compare, information_clock

TRUTH = {"conversion": "uplift_purchase_chance", "orders_per_customer": "uplift_orders"}
WATCHED = ("conversion", "orders_per_customer", "margin_per_customer")
WINDOW_DAYS, SETTLES_AFTER = 28, 35
SETTINGS = ExperimentSettings()
WITHOUT_PRE_PERIOD = replace(SETTINGS, least_variance_reduction=0.9999)
OF_NAME = {metric.name: metric for metric in METRICS}


def measure(small: bool) -> dict[str, Any]:
    """Return coverage, peeking, cuped, seconds and targets (name, value, target, at_least)."""
    started = time.process_time()
    found: dict[str, Any] = {
        "coverage": coverage(shops=4 if small else 40, customers=1_500 if small else 3_000),
        "peeking": peeking(trials=60 if small else 300, customers=1_000),
        "cuped": cuped(trials=60 if small else 1_000, customers=1_000),
    }
    found["cpu_s"] = round(time.process_time() - started, 1)
    # three binomial standard errors of leeway, so that a figure that is right falls short once in a thousand runs
    intervals, trials = found["coverage"]["intervals"], found["peeking"]["trials"]
    leeway = 3 * float(np.sqrt(0.05 * 0.95 / trials))
    worst = max(row["always_valid"] for row in found["peeking"]["rows"])
    reported = [abs(row["saved"] - row["reported"]) for row in found["cuped"]["rows"]]
    least = 0.95 - 3 * float(np.sqrt(0.05 * 0.95 / intervals))
    found["targets"] = [
        {"name": "share of intervals that hold the truth", "value": found["coverage"]["share"], "target": least, "at_least": True},
        {"name": "false alarms of daily looks, always-valid", "value": worst, "target": 0.05 + leeway, "at_least": False},
        {"name": "variance saved, real less reported", "value": max(reported), "target": 0.35 if small else 0.08, "at_least": False},
    ]
    return found


def coverage(shops: int, customers: int) -> dict[str, Any]:
    """Hold the intervals of every settled trial and coupon against the truth."""
    rows: list[dict[str, Any]] = []
    for seed in range(1, shops + 1):
        connection, truth = simulated_trials(customers, seed)
        rows += [row for campaign in ("TRIAL-1", "TRIAL-2") for row in _held_against_truth(connection, truth, campaign)]
        connection.close()
    table = pl.DataFrame(rows)
    per_metric = table.group_by("metric").agg(
        pl.col("holds", "always_valid_holds").mean(), bias=pl.col("miss").mean(), error=pl.col("miss").std() / pl.len().sqrt()
    )
    return {
        "intervals": table.height,
        "share": float(table.select(pl.col("holds").mean()).item()),
        "always_valid_share": float(table.select(pl.col("always_valid_holds").mean()).item()),
        "by_metric": per_metric.sort("metric").to_dicts(),
    }


def _held_against_truth(connection: Any, truth: pl.DataFrame, campaign: str) -> list[dict[str, Any]]:
    dates = connection.execute("select max(assigned_on) from marts.fct_coupon_assignments where campaign_id = ?", [campaign])
    given = dates.fetchall()[0][0]
    outcomes = read_outcomes(connection, "campaign", campaign, given + timedelta(days=SETTLES_AFTER), WINDOW_DAYS)
    told = campaign_readout(campaign, outcomes, Stage(WINDOW_DAYS, WINDOW_DAYS, is_settled=True))
    faces = connection.execute("select coupon_id, face_value from marts.dim_coupons").pl()
    effects = truth.filter(pl.col("assigned_on") == given).join(outcomes.select("customer_key"), on="customer_key")
    means = effects.group_by("face_value").agg(pl.col(TRUTH.values()).mean())
    rows = (
        told.filter((pl.col("segment") == "all") & pl.col("metric").is_in(list(TRUTH)))
        .join(faces, on="coupon_id")
        .join(means, on="face_value")
    )
    return [
        {
            "metric": row["metric"],
            "holds": row["difference_low"] <= row[TRUTH[row["metric"]]] <= row["difference_high"],
            "always_valid_holds": row["always_valid_low"] <= row[TRUTH[row["metric"]]] <= row["always_valid_high"],
            "miss": row["difference"] - row[TRUTH[row["metric"]]],
        }
        for row in rows.sort("coupon_id", "metric").to_dicts()
    ]


def peeking(trials: int, customers: int, watched: Sequence[str] = WATCHED) -> dict[str, Any]:
    """Look at trials without effect on every day; a false alarm is a p-value below 0.05 on any of them."""
    rows = []
    for habit in (True, False):
        alarms = {name: np.zeros(3) for name in watched}
        for seed in range(trials):
            trial = draw_trial(customers, seed, habit=habit)
            for name in watched:
                alarms[name] += _alarms(trial, OF_NAME[name])
        rows += [
            {"metric": name, "habit": habit, "one_look": float(one), "fixed": float(fixed), "always_valid": float(always)}
            for name, (one, fixed, always) in ((name, found / trials) for name, found in alarms.items())
        ]
    return {"trials": trials, "customers": customers, "rows": rows}


def _alarms(trial: DailyTrial, metric: Metric) -> np.ndarray:
    """Whether the one look at the end, any daily look by the fixed, and any by the always-valid interval calls an effect."""
    called = np.zeros(3)
    for day in range(1, WINDOW_DAYS + 1):
        treated, control = trial.sides(day)
        found = compare(metric, treated, control, SETTINGS)
        if found.p_value is None or not found.standard_error or found.difference is None:
            continue
        clock = information_clock(metric, treated, control, WINDOW_DAYS, day)
        always = always_valid_p_value(found.difference / found.standard_error, clock, SETTINGS.significance)
        called = np.maximum(called, [day == WINDOW_DAYS and found.p_value < 0.05, found.p_value < 0.05, always < 0.05])
    return called


def cuped(trials: int, customers: int) -> dict[str, Any]:
    """Variance of the estimates over trials, with and without the pre-period."""
    rows = []
    for name in WATCHED:
        plain, adjusted, reported = np.zeros(trials), np.zeros(trials), np.zeros(trials)
        for seed in range(trials):
            sides = draw_trial(customers, seed).sides(WINDOW_DAYS)
            without, found = (compare(OF_NAME[name], *sides, settings) for settings in (WITHOUT_PRE_PERIOD, SETTINGS))
            plain[seed], adjusted[seed], reported[seed] = without.difference or 0.0, found.difference or 0.0, found.variance_reduction
        rows.append({"metric": name, "saved": float(1 - adjusted.var() / plain.var()), "reported": float(reported.mean())})
    return {"trials": trials, "customers": customers, "rows": rows}


if __name__ == "__main__":
    print(json.dumps(measure("small" in sys.argv[1:]), indent=1))
