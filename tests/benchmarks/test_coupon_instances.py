"""Plans over all kinds of limits equal HiGHS at gap 0 on the whole model, by both methods."""

from dataclasses import asdict

import numpy as np
import pytest

from benchmarks.coupons.instances import random_instance
from benchmarks.coupons.peers import program_of
from optimization.coupons import CouponSettings, assign_coupons
from optimization.coupons.priced_groups import price_groups
from optimization.linear_program import SolveOptions, solve_arrays

SEEDS = range(60)
KINDS = {
    "total_budget",
    "segment_budgets",
    "category_budgets",
    "issuance",
    "minimum_return",
    "minimum_issuance",
    "minimum_segment_share",
    "fixed_counts",
}


def test_the_instances_cover_all_kinds_of_limits() -> None:
    assert {name for seed in SEEDS for name, value in asdict(random_instance(seed).limits).items() if value} == KINDS


@pytest.mark.parametrize("seed", SEEDS)
def test_the_plan_is_worth_what_highs_proves_best(seed: int) -> None:
    instance = random_instance(seed)
    program = program_of(instance)
    whole = solve_arrays(program.whole(), SolveOptions(relative_gap=0.0, absolute_gap=0.0))
    how = CouponSettings(holdout_share=0.0, target_gap=0.0, whole_model_columns=0 if seed % 2 else 5_000)
    plan = assign_coupons(instance.candidates, instance.limits, how)
    assert plan.certificate.violations == ()
    if whole.status == "infeasible":
        assert plan.certificate.status == "relaxed"
        assert plan.collisions.height > 0
        return
    assert plan.certificate.value == pytest.approx(whole.value, abs=1e-5)
    prices = np.random.default_rng(seed).uniform(0.0, 2.0, len(program.rhs))
    assert price_groups(program, prices).bound >= whole.value - 1e-9  # whatever the prices are
