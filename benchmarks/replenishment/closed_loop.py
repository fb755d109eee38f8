"""Orders in closed loop on M5 under packs, MOQs, suppliers' minimums and budgets: twelve windows, ours beside the rules of shops.

Decides the windows: three stores, each with its own budget (80, 90 and 100 % of a usual week), and four starts three weeks apart, six
rounds each; they overlap within a store. Every setting of ours and of every rule is chosen on up to three windows that end before the first
order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import bootstrap

from assets.closed_loop.cases import Case, Stretch, loss_classes, past_stretches, stretch_after
from assets.closed_loop.forecast_paths import PathForecaster
from assets.closed_loop.policies import LIMITED_WEIGHTS, choose_parameter, choose_weights, periods_ahead, run_ours, run_perfect, run_rule
from benchmarks.replenishment.m5_case import LEAD_WEEKS, m5_case
from benchmarks.replenishment.stockpyl_rules import stockpyl_rules
from optimization.closed_loop import BASELINES, Loop, Outcome, outcome

BUDGETS = {"CA_1": 0.8, "TX_2": 0.9, "WI_1": 1.0}
STARTS = (41, 44, 47, 50)
ROUNDS, PAST_WINDOWS = 6, 3
ITEMS, SMALL_ITEMS = 600, 60
OURS, PERFECT, TEXTBOOK = "Countinghouse", "perfect information, no limits", "reorder point z sigma sqrt(L), 26 periods"
CLASSES = ("A", "B", "C")
SEED = 7
MEASURES = ("cost", "holding", "shortage", "missed_units", "fill_rate", "turns", "mean_stock", "order_lines", "bullwhip")


@dataclass(frozen=True)
class Window:
    """One window: outcome per policy (ours first), settings in words, cost per class and policy, ours per weight, and broken limits."""

    store: str
    first_order_after: str
    outcomes: dict[str, Outcome]
    settings: dict[str, str]
    class_cost: dict[str, list[float]]
    by_weight: dict[float, Outcome]
    broken: int


def measure(small: bool) -> dict[str, Any]:
    """Ratios, intervals and figures of all windows; `small`: one store, 60 items, two starts."""
    stores = dict(list(BUDGETS.items())[:1]) if small else BUDGETS
    starts, items = (STARTS[1::2], SMALL_ITEMS) if small else (STARTS, ITEMS)
    windows = [window for store, share in stores.items() for window in _store(store, share, items, starts)]
    return {"windows": len(windows), "items": items, "budgets": stores, **_summary(windows), "each": [_told(window) for window in windows]}


def _store(store: str, share: float, items: int, starts: Sequence[int]) -> list[Window]:
    case = m5_case(store, items, share)
    span = LEAD_WEEKS + ROUNDS
    asked = [stretch_after(case, first, ROUNDS, span) for first in starts]
    forecaster = PathForecaster(case.history, starts[0], periods_ahead(case, asked[0]), SEED)
    for period in sorted({one for stretch in asked for one in _periods(case, stretch)}):
        forecaster.at(period)  # in the order of time: each model is fitted once
    return [_window(store, case, stretch, forecaster) for stretch in asked]


def _periods(case: Case, stretch: Stretch) -> list[int]:
    stretches = [stretch, *past_stretches(case, stretch, PAST_WINDOWS)]
    return [one.first + number for one in stretches for number in range(one.rounds)]


def _window(store: str, case: Case, asked: Stretch, forecaster: PathForecaster) -> Window:
    past = past_stretches(case, asked, PAST_WINDOWS)
    classes = loss_classes(case, asked.first)
    weights = choose_weights(case, past, forecaster, classes).chosen
    loops: dict[str, Loop] = {OURS: run_ours(case, asked, forecaster, weights[classes])}
    settings = {OURS: ", ".join(f"{name} {weight:.2f}" for name, weight in zip(CLASSES, weights, strict=False))}
    for rule in (*BASELINES, *stockpyl_rules()):
        parameter = choose_parameter(case, past, rule)
        loops[rule.name], settings[rule.name] = run_rule(case, asked, rule, parameter), f"{parameter:g}"
    outcomes = {name: outcome(loop, asked.demand, case.terms, asked.scored) for name, loop in loops.items()}
    outcomes[PERFECT] = run_perfect(case, asked)
    by_weight = {
        weight: outcome(run_ours(case, asked, forecaster, np.full(classes.size, weight)), asked.demand, case.terms, asked.scored)
        for weight in LIMITED_WEIGHTS
    }
    assert asked.limits is not None
    kept = [asked.limits.keeps(loop.orders[:, number], number) for loop in loops.values() for number in range(asked.rounds)]
    class_cost = {
        name: np.bincount(classes, weights=told.item_cost, minlength=len(CLASSES)).round(2).tolist() for name, told in outcomes.items()
    }
    day = str(case.history.starts[asked.first])
    return Window(store, day, outcomes, settings, class_cost, by_weight, kept.count(False))


def _summary(windows: list[Window]) -> dict[str, Any]:
    rules = [name for name in windows[0].outcomes if name not in (OURS, PERFECT)]
    mean = {name: float(np.mean([window.outcomes[name].cost for window in windows])) for name in (*rules, OURS, PERFECT)}
    best = min(rules, key=lambda name: (mean[name], name))
    of_window = np.array([window.outcomes[OURS].cost / min(window.outcomes[name].cost for name in rules) for window in windows])
    against_best = np.array([window.outcomes[OURS].cost / window.outcomes[best].cost for window in windows])
    equal_fill, fill = _at_equal_fill(windows)
    return {
        "best_rule": best,
        "ratio_to_best_rule": float(against_best.mean()),
        "ratio_interval": _interval(against_best),
        "better_in": int((against_best < 1).sum()),
        "ratio_to_each_windows_best_rule": float(of_window.mean()),
        "better_than_each_windows_best_in": int((of_window < 1).sum()),
        "ratio_at_equal_fill_to_reorder_point": equal_fill,
        "equal_fill": fill,
        "limits_broken": sum(window.broken for window in windows),
        "figures": {
            name: {measure: float(np.mean([getattr(window.outcomes[name], measure) for window in windows])) for measure in MEASURES}
            | {"cost_interval": _interval(np.array([window.outcomes[name].cost for window in windows]))}
            | {"cost_by_class": np.mean([window.class_cost[name] for window in windows], axis=0).round(1).tolist()}
            for name in mean
        },
    }


def _at_equal_fill(windows: list[Window]) -> tuple[float | None, float]:
    """Our total cost over that of the z sigma sqrt(L) rule where the fill rate is the rule's, by lines between the weights; None where no
    weight reaches that fill."""
    wanted = float(np.mean([window.outcomes[TEXTBOOK].fill_rate for window in windows]))
    fills = np.array([np.mean([window.by_weight[weight].fill_rate for window in windows]) for weight in LIMITED_WEIGHTS])
    costs = np.array([np.sum([window.by_weight[weight].cost for window in windows]) for weight in LIMITED_WEIGHTS])
    order = np.argsort(fills)
    if not fills.min() <= wanted <= fills.max():
        return None, wanted
    textbook = sum(window.outcomes[TEXTBOOK].cost for window in windows)
    return float(np.interp(wanted, fills[order], costs[order])) / textbook, wanted


def _interval(values: np.ndarray) -> list[float] | None:
    """95 % of the mean over windows by resampling (scipy's BCa); windows of a store overlap, so it is somewhat too narrow."""
    if values.size < 3:
        return None
    found = bootstrap((values,), np.mean, n_resamples=2000, rng=np.random.default_rng(SEED)).confidence_interval
    return [round(float(found.low), 4), round(float(found.high), 4)]


def _told(window: Window) -> dict[str, Any]:
    costs = {name: round(told.cost, 1) for name, told in window.outcomes.items()}
    fills = {name: round(told.fill_rate, 4) for name, told in window.outcomes.items()}
    return {
        "store": window.store,
        "first_order_after": window.first_order_after,
        "cost": costs,
        "fill_rate": fills,
        "settings": window.settings,
    }
