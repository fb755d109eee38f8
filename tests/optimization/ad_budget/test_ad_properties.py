"""What holds for every ad plan: budgets are never exceeded, today's plan never beats it, more budget is never worth less."""

from dataclasses import replace
from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.ad_budget import AdLimits, AdSettings, plan_ad_budget
from optimization.ad_budget.read_channels import build_problem, prepare_channels
from optimization.ad_budget.solve_ads import solve_ads

from .conftest import drawn

QUICK = AdSettings(periods=2, target_gap=1e-3, curve_multiples=(1.0,), curve_rounds=1)
SEEDS = st.integers(0, 10_000)
SHARES = st.floats(0.3, 1.6)


def limits_of(channels: pl.DataFrame, share: float, change: float | None, floor: float) -> AdLimits:
    budget = float(channels["spend_today"].sum()) * QUICK.periods * share
    return AdLimits(total_budget=budget, period_budget=0.7 * budget, largest_change=change, minimum_marginal_return=floor)


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.booleans(), SHARES, st.sampled_from([None, 0.3]), st.sampled_from([0.0, 1.0]))
def test_budgets_hold_the_checker_agrees_and_today_is_not_better(
    seed: int, s_shaped: bool, share: float, change: float | None, floor: float
) -> None:
    channels = drawn(seed, s_shaped, most_channels=3)
    limits = limits_of(channels, share, change, floor)
    plan = plan_ad_budget(channels, limits, QUICK)
    assert plan.certificate.violations == ()
    assert plan.certificate.checked
    spent = plan.budget.group_by("period").agg(pl.col("spend_planned").sum())["spend_planned"]
    assert float(spent.sum()) <= limits.total_budget * (1 + 1e-9)
    assert float(spent.max()) <= limits.period_budget * (1 + 1e-9)
    assert plan.certificate.bound >= plan.certificate.value
    if plan.comparison.today_keeps_limits:
        assert plan.comparison.gain >= 0
    if plan.certificate.status == "relaxed":
        assert float(plan.limits["relaxed_by"].sum()) > 0
    else:
        assert plan.limits["relaxed_by"].sum() == 0


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.booleans(), SHARES)
def test_more_budget_is_never_worth_less(seed: int, s_shaped: bool, share: float) -> None:
    channels = drawn(seed, s_shaped, most_channels=3)
    limits = limits_of(channels, share, None, 1.0)
    more = replace(limits, total_budget=1.2 * limits.total_budget, period_budget=1.2 * limits.period_budget)
    less, larger = plan_ad_budget(channels, limits, QUICK), plan_ad_budget(channels, more, QUICK)
    assert larger.certificate.bound >= less.certificate.value * (1 - 1e-9)
    allowed = QUICK.target_gap * max(abs(larger.certificate.value), 1.0)
    assert larger.certificate.value >= less.certificate.value - allowed


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.booleans(), st.randoms(use_true_random=False))
def test_the_order_of_channels_changes_nothing(seed: int, s_shaped: bool, chance) -> None:
    channels = drawn(seed, s_shaped, most_channels=3)
    order = list(range(channels.height))
    chance.shuffle(order)
    limits = limits_of(channels, 0.8, None, 1.0)
    one, other = plan_ad_budget(channels, limits, QUICK), plan_ad_budget(channels[order], limits, QUICK)
    assert one.budget.equals(other.budget)
    assert one.limits.equals(other.limits)
    assert one.certificate == other.certificate


@pytest.mark.parametrize("scale", [1e-3, 1e6])
def test_the_currency_changes_nothing_but_the_figures(scale: float) -> None:
    """Yen or bitcoin: solvers see the same numbers."""
    channels = drawn(3, s_shaped=False, most_channels=3)
    money = ("most", "half_saturation", "opening_adstock", "spend_today", "largest_spend")
    dear = channels.with_columns(pl.col(money) * scale)
    one, other = (plan_ad_budget(each, limits_of(each, 0.8, 0.5, 1.0), QUICK) for each in (channels, dear))
    assert other.certificate.violations == ()
    assert other.budget["spend_planned"].to_list() == pytest.approx([scale * spend for spend in one.budget["spend_planned"]], rel=1e-3)
    assert other.certificate.value == pytest.approx(scale * one.certificate.value, rel=1e-3)


@pytest.mark.parametrize("s_shaped", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_no_point_of_a_fine_grid_is_better_and_none_beats_the_bound(seed: int, s_shaped: bool) -> None:
    """Two or three channels in one period: every spend in steps of 1/40 of the budget is tried."""
    channels = drawn(100 + seed, s_shaped, most_channels=3)
    config = AdSettings(periods=1, target_gap=1e-6)
    limits = AdLimits(total_budget=float(channels["spend_today"].sum()), minimum_marginal_return=0.2)
    problem = build_problem(prepare_channels(channels), limits, config)
    solution = solve_ads(problem, config, config.target_gap)
    steps = np.linspace(0, limits.total_budget, 41)
    best = max(
        problem.value(np.array(point)[:, None])
        for point in product(steps, repeat=channels.height)
        if sum(point) <= limits.total_budget + 1e-9 and (np.array(point)[:, None] <= problem.upper).all()
    )
    assert solution.value >= best - 1e-9
    assert solution.bound >= solution.value
    assert solution.bound - solution.value <= 1e-5 * max(abs(solution.value), 1.0)
