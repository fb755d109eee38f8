"""The ad benchmark's problems, and that its figures say what they should."""

import pytest

from benchmarks.coupons.ads import RULES, problem_of, slsqp
from optimization.ad_budget import AdSettings
from optimization.ad_budget.solve_ads import solve_ads


@pytest.mark.parametrize("seed", [0, 1, 2, 4])
def test_no_rule_of_thumb_and_no_local_search_is_better(seed: int) -> None:
    problem, settings = problem_of(seed), AdSettings(target_gap=1e-4)
    ours = solve_ads(problem, settings, settings.target_gap)
    scale = max(abs(ours.value), 1.0)
    best, first = slsqp(problem, seed)
    assert best >= first
    assert ours.value >= best - 1e-4 * scale
    for name, rule in RULES.items():
        plan = rule(problem)
        assert problem.holds(plan), name
        assert ours.value >= problem.value(plan) - 1e-9 * scale, name
