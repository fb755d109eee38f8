"""Whether the safety gate ever lets a coupon policy through that is worth less than the best rule of its own trial.

Many small trials of one simulated shop, drawn by lot from its customers; what is published after each is judged by the shop's truth.

Terms
-----
placebo    a trial without effect, made of control customers: arms drawn anew, half of the buyers redeem what they would have bought anyway
seed       draws the customers of a trial and the arms of a placebo. Seeds 100 to 149 (arms 40 to 49) were seen when the gate's confidence
           was chosen (docs/decisions/0022); those used here were not

Part of `make bench-coupons`.
"""

import time
from typing import Any

import numpy as np
import polars as pl

from benchmarks.coupons.policy import COUPONS, FACES, Truth, gate_set, of_customers, predicted_values, truth_of
from benchmarks.coupons.trial_pool import LAST_DAY, Pool, make_pool
from learning.response import train_response

PLACEBO_SHARES, PLACEBO_REDEEMS = np.array([0.32, 0.17, 0.17, 0.17, 0.17]), 0.5
FIRST_SEED, SEEDS, PLACEBO_SEEDS = 2_000, 40, 10


def measure(small: bool) -> dict[str, Any]:
    """Run all trials; small: a small shop and few seeds."""
    pool = make_pool(5_000 if small else 40_000)
    seeds, placebos = (3, 2) if small else (SEEDS, PLACEBO_SEEDS)
    found = gate_trials(pool, truth_of(pool), customers=600 if small else 1_000, seeds=seeds, placebos=placebos)
    return found | {
        "targets": [{"name": "seeds below the trial's best rule", "value": found["below_rule"], "target": 0}],
    }


def placebo(facts: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return a trial in which coupons do nothing but cost money."""
    rng = np.random.default_rng(seed)
    control = facts.filter(pl.col("coupon_id").is_null()).sort("campaign_id", "customer_key")
    arm = rng.choice(len(PLACEBO_SHARES), control.height, p=PLACEBO_SHARES)
    face = np.append(0.0, FACES)[arm]
    redeems = (control["outcome_orders"].to_numpy() > 0) & (arm > 0) & (rng.random(control.height) < PLACEBO_REDEEMS)
    names = pl.Series([None, *COUPONS["coupon_id"].to_list()])
    return control.with_columns(
        coupon_id=names.gather(arm),
        face_value=pl.Series(face),
        propensity=pl.Series(PLACEBO_SHARES[arm]),
        redeemed=pl.Series(redeems),
        redemption_discount=pl.Series(np.where(redeems, face, 0.0)),
        outcome_margin=pl.col("outcome_margin") - pl.Series(np.where(redeems, face, 0.0)),
    )


def gate_trials(pool: Pool, truth: Truth, customers: int, seeds: int, placebos: int) -> dict[str, Any]:
    """Train on many trials, those without effect last; judge what is published by the truth.

    below_rule counts seeds in which the published policy is worth less than the best rule of the same trial by more than the gate's
    tolerance; below_true_rule the same against the rule that is truly best, which a small trial may not find.
    """
    last = pool.truth.filter((pl.col("as_of_day") == LAST_DAY) & (pl.col("face_value") == FACES[0]))
    chance = truth.profiles.join(last.select("customer_key", "purchase_chance_without"), on="customer_key", maintain_order="left")
    nothing = -PLACEBO_REDEEMS * chance["purchase_chance_without"].to_numpy()[:, None] * np.array(FACES)
    start, rows = time.process_time(), []
    for number in range(seeds + placebos):
        seed, is_placebo = FIRST_SEED + number, number >= seeds
        facts = of_customers(pool, customers * (3 if is_placebo else 1), seed=seed)
        rows.append(
            _gate_trial(seed, placebo(facts, seed) if is_placebo else facts, Truth(truth.profiles, nothing) if is_placebo else truth)
        )
    gaps = np.array([row["reported"] - row["candidate_value"] for row in rows])
    return {
        "first_seed": FIRST_SEED,
        "seeds": seeds,
        "placebos": placebos,
        "customers": customers,
        "passed": sum(row["passed"] for row in rows),
        "passed_placebos": sum(row["passed"] for row in rows if row["placebo"]),
        "below_rule": sum(row["value"] < row["rule_value"] - row["tolerance"] for row in rows),
        "below_true_rule": sum(row["value"] < row["true_rule_value"] - row["tolerance"] for row in rows),
        "worst_against_rule": min(row["value"] - row["rule_value"] for row in rows),
        "mean_over_rule": float(np.mean([row["value"] - row["rule_value"] for row in rows])),
        "mean_over_rule_without_gate": float(np.mean([row["candidate_value"] - row["rule_value"] for row in rows])),
        "worst_without_gate": min(row["candidate_value"] - row["rule_value"] for row in rows),
        "optimism_of_reported_value": float(gaps.mean()),
        "optimism_standard_error": float(gaps.std() / np.sqrt(len(gaps))),
        "cpu_seconds": time.process_time() - start,
        "trials": rows,
    }


def _gate_trial(seed: int, facts: pl.DataFrame, truth: Truth) -> dict[str, Any]:
    model = train_response(facts)
    assert model.gate is not None
    value, candidate, rule = (
        truth.value(predicted_values(each, truth.profiles)) for each in (model, gate_set(model, passed=True), gate_set(model, passed=False))
    )
    return {
        "seed": seed,
        "placebo": bool((truth.rules < 0).all()),
        "passed": model.gate.passed,
        "value": value,
        "candidate_value": candidate,
        "rule_value": rule,
        "true_rule_value": float(max(truth.rules.max(), 0.0)),
        "tolerance": model.gate.tolerance,
        "reported": model.gate.model_value,
        "difference": model.gate.difference,
        "standard_error": model.gate.standard_error,
    }
