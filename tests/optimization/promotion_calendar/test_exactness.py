"""Small calendars are exactly as good as the plainly written whole model solved to the end, at once and by core, and pass the checker."""

from collections import Counter
from dataclasses import replace

import polars as pl
import pytest

from optimization.linear_program import SolveOptions, solve_arrays
from optimization.promotion_calendar import CalendarSettings, plan_promotions
from optimization.promotion_calendar.whole_model import whole_model

AT_ONCE = CalendarSettings(target_gap=0.0)
BY_CORE = CalendarSettings(target_gap=0.0, whole_model_columns=0, core_columns=6)
SEEDS = range(200)


@pytest.fixture(scope="module")
def best(drawn) -> list[float | None]:
    """Value of the whole model at gap 0 per seed, None where the limits collide."""
    exact = SolveOptions(relative_gap=0.0, absolute_gap=1e-9)
    return [solve_arrays(whole_model(*drawn(seed))[0], exact).value for seed in SEEDS]


def test_two_hundred_calendars_equal_the_whole_model(drawn, best: list[float | None]) -> None:
    seen: Counter[str] = Counter()
    for seed, value in zip(SEEDS, best, strict=True):
        plan = plan_promotions(*drawn(seed), AT_ONCE if seed % 4 == 0 else BY_CORE).certificate
        assert plan.violations == (), seed
        assert (plan.status == "relaxed") == (value is None), seed
        if value is not None:
            assert plan.value == pytest.approx(value, abs=1e-6), seed
            assert plan.bound == pytest.approx(value, abs=1e-5), seed
        seen[plan.status] += 1
    assert seen["optimal"] >= 100
    assert seen["relaxed"] >= 20


def test_a_relaxed_limit_gave_way_no_more_than_it_had_to(drawn, best: list[float | None]) -> None:
    """With a hair less than what gave way there is no calendar; with it, there is one of the same value."""
    checked = 0
    for seed in [seed for seed, value in zip(SEEDS, best, strict=True) if value is None][:20]:
        frames, limits = drawn(seed)
        plan = plan_promotions(frames, limits, AT_ONCE)
        gave = plan.limits.filter(pl.col("relaxed_by") > 0)
        if gave.height != 1 or gave["limit_name"][0] != "budget":
            continue
        by = gave["relaxed_by"][0]
        enough = plan_promotions(frames, replace(limits, budget=limits.budget + by + 1e-3), AT_ONCE).certificate
        less = plan_promotions(frames, replace(limits, budget=limits.budget + by - 1e-2), AT_ONCE).certificate
        assert (enough.status, less.status) == ("optimal", "relaxed"), seed
        checked += 1
    assert checked >= 1
