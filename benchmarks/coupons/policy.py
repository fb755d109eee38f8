"""What coupon policies are worth on a simulated shop whose truth is known, beside simple rules and uplift libraries.

Terms
-----
value      true profit per customer and outcome window over giving nobody a coupon, on the shop's last day
optimum    value of knowing every customer's true response, hidden traits included; no model of observed data can reach it
attainable value of the best policy found from the same features by a model that is shown the truth of other customers
power      a trial has power where its 95 % interval of the best single rule's value is no wider than that value

Part of `make bench-coupons`.
"""

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from benchmarks.coupons.policy_peers import PEERS, run_peer
from benchmarks.coupons.trial_pool import LAST_DAY, Pool, make_pool
from learning.response import FEATURES, ResponseModel, fit_candidates, train_response

FACES = (3.0, 5.0, 8.0, 12.0)
COUPONS = pl.DataFrame({"coupon_id": [f"c{face:02.0f}" for face in FACES], "face_value": FACES})
LEAST_SHARE = 0.9


@dataclass(frozen=True)
class Truth:
    """values: customers x faces, true value of each coupon; features: of the same customers, as frames and as numbers."""

    profiles: pl.DataFrame
    values: np.ndarray

    @property
    def optimum(self) -> float:
        return float(np.maximum(self.values.max(axis=1), 0.0).mean())

    @property
    def rules(self) -> np.ndarray:
        """Value of giving everybody one face value."""
        return self.values.mean(axis=0)

    def value(self, predicted: np.ndarray) -> float:
        """True value of giving each customer the coupon of highest predicted value above 0."""
        best = predicted.argmax(axis=1)
        at = np.arange(len(best))
        return float(np.where(predicted[at, best] > 0, self.values[at, best], 0.0).mean())

    def attainable(self) -> float:
        """Value of the best policy found from the features by a model shown the truth of other customers."""
        from lightgbm import LGBMRegressor

        features, predicted = self.profiles.select(FEATURES).to_numpy(), np.zeros_like(self.values)
        fold = np.arange(len(features)) % 4
        for held_out in range(4):
            for face in range(len(FACES)):
                model = LGBMRegressor(n_estimators=200, learning_rate=0.05, min_child_samples=50, n_jobs=1, random_state=7, verbosity=-1)
                model.fit(features[fold != held_out], self.values[fold != held_out, face])
                predicted[fold == held_out, face] = np.asarray(model.predict(features[fold == held_out]))
        return self.value(predicted)


def measure(small: bool) -> dict[str, Any]:
    """Run all comparisons; small: one small shop and few seeds."""
    pool = make_pool(5_000 if small else 40_000)
    truth = truth_of(pool)
    sizes = (1_000, 4_000) if small else (1_500, 6_000, 32_000)
    attainable = truth.attainable()
    sheets = [_one_size(pool, truth, size, attainable) for size in sizes]
    largest = sheets[-1]
    learned = next(row["value"] for row in largest["policies"] if row["policy"] == "published")
    return {
        "optimum": truth.optimum,
        "attainable": attainable,
        "best_rule": float(max(truth.rules.max(), 0.0)),
        "sizes": sheets,
        "targets": [
            {
                "name": "published policy, share of what the features allow",
                "value": learned / attainable if largest["has_power"] else None,
                "target": LEAST_SHARE,
                "at_least": True,
            },
            {
                "name": "published policy, share of the truth's optimum (hidden traits known)",
                "value": learned / truth.optimum if largest["has_power"] else None,
                "target": LEAST_SHARE,
                "at_least": True,
            },
        ],
    }


def truth_of(pool: Pool) -> Truth:
    """Return the true values of the last day for the customers who may be written to."""
    last = pool.truth.filter(pl.col("as_of_day") == LAST_DAY)
    wide = last.pivot(on="face_value", index="customer_key", values="value").join(pool.profiles, on="customer_key").sort("customer_key")
    return Truth(wide.select("customer_key", *FEATURES), wide.select([f"{face:.1f}" for face in FACES]).to_numpy())


def of_customers(pool: Pool, customers: int, seed: int) -> pl.DataFrame:
    """Return the facts of some customers, drawn by lot."""
    keys = pool.facts["customer_key"].unique().sort()
    drawn = keys.sample(min(customers, len(keys)), seed=seed, shuffle=True)
    return pool.facts.filter(pl.col("customer_key").is_in(drawn.implode()))


def predicted_values(model: ResponseModel, profiles: pl.DataFrame) -> np.ndarray:
    """Return customers x faces predicted values, customers sorted."""
    told = model.predict(profiles, COUPONS).pivot(on="coupon_id", index="customer_key", values="value").sort("customer_key")
    return told.select(COUPONS["coupon_id"].to_list()).to_numpy()


def gate_set(model: ResponseModel, *, passed: bool) -> ResponseModel:
    """Return the model as if the gate had spoken so."""
    return replace(model, gate=None if model.gate is None else replace(model.gate, passed=passed))


def _one_size(pool: Pool, truth: Truth, customers: int, attainable: float) -> dict[str, Any]:
    facts = of_customers(pool, customers, seed=1)
    start = time.process_time()
    model = train_response(facts)
    seconds = time.process_time() - start
    rows = [_row("published", truth, predicted_values(model, truth.profiles), seconds, attainable)]
    assert model.gate is not None
    rows[0] |= {"gate_passed": model.gate.passed, "promised": model.gate.promised_value, "reported": model.gate.model_value}
    rows += [_row(name, truth, predicted, None, attainable) for name, predicted in _simple_policies(model, truth)]
    rows += _learners(facts, truth, attainable)
    rows += _peers(facts, truth, attainable)
    rule = model.model_scores.filter(policy="best_rule").row(0, named=True)
    has_power = rule["steady_value_high"] - rule["steady_value_low"] <= rule["steady_value"]
    return {
        "customers": customers,
        "rows": facts.height,
        "has_power": bool(has_power),
        "coverage": _coverage(pool, model),
        "policies": rows,
    }


def _row(policy: str, truth: Truth, predicted: np.ndarray, seconds: float | None, attainable: float) -> dict[str, Any]:
    value = truth.value(predicted)
    told = {"policy": policy, "value": value, "regret": truth.optimum - value, "share_of_optimum": value / truth.optimum}
    return told | {"share_of_attainable": value / attainable, "cpu_seconds": seconds}


def _simple_policies(model: ResponseModel, truth: Truth) -> list[tuple[str, np.ndarray]]:
    """Treat none, treat all with one face value, and the response model: the likeliest half of buyers get the best rule's coupon."""
    n, everybody = len(truth.values), np.eye(len(FACES))
    found = [("nobody", np.full((n, len(FACES)), -1.0))]
    found += [(f"everybody {face:g}", np.tile(2 * everybody[k] - 1, (n, 1))) for k, face in enumerate(FACES)]
    buys = model.predict(truth.profiles, COUPONS.head(1)).sort("customer_key")["purchase_probability"].to_numpy()
    effects = model.effects.sort("face_value")["value"].to_numpy()
    likely = np.where(buys >= np.median(buys), 1.0, -1.0)[:, None]
    return [*found, ("response model: likeliest half of buyers", np.where(everybody[int(effects.argmax())] > 0, likely, -1.0))]


def _learners(facts: pl.DataFrame, truth: Truth, attainable: float) -> list[dict[str, Any]]:
    """Return every candidate as it would be published, the gate set aside."""
    return [
        _row(f"{learner}/{outcome}", truth, predicted_values(gate_set(model, passed=True), truth.profiles), None, attainable)
        for (learner, outcome), model in fit_candidates(facts).items()
    ]


def _peers(facts: pl.DataFrame, truth: Truth, attainable: float) -> list[dict[str, Any]]:
    drawn = facts.sort("campaign_id", "customer_key")
    arm = np.searchsorted(np.append(0.0, FACES), drawn["face_value"].to_numpy())
    given = (drawn.select(FEATURES).to_numpy(), arm, drawn["outcome_margin"].to_numpy(), drawn["propensity"].to_numpy())
    found = []
    for name in PEERS:
        effects, seconds, why_not = run_peer(name, *given, truth.profiles.select(FEATURES).to_numpy())
        found.append({"policy": name, "why_not": why_not} if effects is None else _row(name, truth, effects, seconds, attainable))
    return found


def _coverage(pool: Pool, model: ResponseModel) -> dict[str, float]:
    """Share of customers whose mean true effect, among the hundred customers of like prediction, lies in their mean interval."""
    last = pool.truth.filter(pl.col("as_of_day") == LAST_DAY).select("customer_key", "face_value", "uplift_purchase_chance")
    told = model.predict(pool.profiles, COUPONS).join(last, on=["customer_key", "face_value"])
    groups = told.sort("face_value", "uplift_orders", "customer_key").with_columns(group=pl.int_range(pl.len()).over("face_value") // 100)
    means = groups.group_by("face_value", "group").agg(pl.col("uplift_orders_low", "uplift_orders_high", "uplift_purchase_chance").mean())
    inside = pl.col("uplift_purchase_chance").is_between("uplift_orders_low", "uplift_orders_high")
    return {"groups_of_100": float(means.select(inside.mean()).item()), "customers": float(told.select(inside.mean()).item())}
