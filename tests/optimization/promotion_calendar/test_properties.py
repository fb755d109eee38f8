"""What holds for every calendar: row order, more room, the checker's eye, and the arithmetic behind the bound."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from optimization.promotion_calendar import CalendarFrames, CalendarSettings, check_calendar, plan_promotions
from optimization.promotion_calendar.calendar_program import calendar_program
from optimization.promotion_calendar.choices import judged, valued
from optimization.promotion_calendar.cliques import conflict_cliques
from optimization.promotion_calendar.frames import read_frames
from optimization.promotion_calendar.product_plans import product_plans
from optimization.promotion_calendar.stock_cuts import most_lift, stock_cuts

EXACT = CalendarSettings(target_gap=0.0, whole_model_columns=0, core_columns=8)
SEEDS = st.integers(1_000, 10**6)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(seed=SEEDS)
def test_the_order_of_rows_changes_nothing(drawn, seed: int) -> None:
    frames, limits = drawn(seed)
    mixed = CalendarFrames(**{name: frame.sample(fraction=1.0, shuffle=True, seed=seed) for name, frame in vars(frames).items()})
    one, other = plan_promotions(frames, limits, EXACT), plan_promotions(mixed, limits, EXACT)
    assert_frame_equal(one.calendar, other.calendar)
    assert one.certificate == other.certificate


@settings(max_examples=15, deadline=None, derandomize=True)
@given(seed=SEEDS)
def test_more_room_is_never_worth_less(drawn, seed: int) -> None:
    frames, limits = drawn(seed)
    limits = replace(limits, budget=limits.budget or 500.0)
    free = replace(frames, decisions=None)
    tight = plan_promotions(free, limits, EXACT).certificate
    wide = plan_promotions(free, replace(limits, budget=limits.budget * 1.5, slots_per_week=limits.slots_per_week + 1), EXACT).certificate
    if tight.status != "relaxed":
        assert wide.value >= tight.value - 1e-6


@settings(max_examples=20, deadline=None, derandomize=True)
@given(seed=SEEDS, data=st.data())
def test_the_checker_sees_a_promotion_moved_added_or_dressed_up(drawn, seed: int, data: st.DataObject) -> None:
    frames, limits = drawn(seed)
    plan = plan_promotions(frames, limits, EXACT)
    gave = {(name, scope): by for name, scope, by in plan.limits.select("limit_name", "scope", "relaxed_by").iter_rows() if by > 0}
    value = plan.certificate.value
    assert check_calendar(frames, limits, plan.calendar, value, gave) == []
    running = plan.calendar.with_row_index("row").filter("is_promoted")["row"].to_list()
    if not running:
        return
    row = data.draw(st.sampled_from(running))
    here = pl.int_range(pl.len()) == row
    changes = {
        "profit": pl.when(here).then(pl.col("profit") + 5).otherwise("profit"),
        "budget_use": pl.when(here).then(0.0).otherwise("budget_use"),
        "promotion_id": pl.when(here).then(pl.lit("half price")).otherwise("promotion_id"),
        "is_promoted": pl.when(here).then(False).otherwise("is_promoted"),
    }
    for name, change in changes.items():
        tampered = plan.calendar.with_columns(change.alias(name))
        expects = name != "is_promoted" or plan.calendar["profit"][row] - plan.calendar["loss_together"][row] * 2 != pytest.approx(0)
        assert bool(check_calendar(frames, limits, tampered, value, gave)) == expects, name


def test_the_checker_sees_each_limit_broken(candidate) -> None:
    """A calendar that is best without limits breaks every one of them that is then asked for."""
    from optimization.promotion_calendar import PromotionLimits

    rows = pl.DataFrame([candidate(name, week=week) for name in ("tea", "cup") for week in (0, 1)])
    frames = CalendarFrames(rows)
    plan = plan_promotions(frames)
    assert plan.calendar["is_promoted"].all()
    value = plan.certificate.value
    pair = pl.DataFrame({"product_a": ["tea"], "product_b": ["cup"]})
    forbids = {"product_id": ["tea"], "week": [0], "promotion_id": [None], "action": ["forbid"]}
    schema = {"product_id": pl.String, "week": pl.Int64, "promotion_id": pl.String, "action": pl.String}
    cases = {
        "Week 0 has 2 promotions, 1 fit.": (frames, PromotionLimits(slots_per_week=1)),
        "drink has 2 promotions in week 0, 1 fit.": (frames, PromotionLimits(category_slots={"drink": 1})),
        "drink has 4 promotions, 5 are asked for.": (frames, PromotionLimits(category_minimums={"drink": 5})),
        "cup runs in weeks 0 and 1, 1 weeks of rest are asked for.": (frames, PromotionLimits(cool_down_weeks=1)),
        "The calendar uses 560.00 of a budget of 500.00.": (frames, PromotionLimits(budget=500.0)),
        "drink uses 560.00 of a budget of 500.00.": (frames, PromotionLimits(category_budgets={"drink": 500.0})),
        "tea adds 80.00 units until week 1, 70.00 are there.": (
            replace(frames, stock=pl.DataFrame({"product_id": ["tea"], "week": [1], "available_units": [70.0]})),
            PromotionLimits(),
        ),
        "tea and cup are in conflict and both run in week 0.": (replace(frames, conflicts=pair), PromotionLimits()),
        "tea in week 0: it was decided to forbid a promotion, which did not happen.": (
            replace(frames, decisions=pl.DataFrame(forbids, schema=schema)),
            PromotionLimits(),
        ),
        "The plan is said to be worth 80.0000, the frames say 60.0000.": (
            replace(frames, cannibalisation=pair.with_columns(loss=10.0)),
            PromotionLimits(),
        ),
        "tea runs in weeks 1 and 2, 1 weeks of rest are asked for.": (
            replace(frames, held=pl.DataFrame({"product_id": ["tea"], "week": [2]})),
            PromotionLimits(cool_down_weeks=1),
        ),
    }
    for sentence, (asked, limits) in cases.items():
        assert sentence in check_calendar(asked, limits, plan.calendar, value)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(pairs=st.sets(st.tuples(st.sampled_from("abcdefg"), st.sampled_from("abcdefg")).filter(lambda pair: pair[0] != pair[1])))
def test_cliques_hold_every_conflict_and_nothing_else(pairs: set[tuple[str, str]]) -> None:
    ordered = {(min(pair), max(pair)) for pair in pairs}
    cliques = conflict_cliques(pairs)
    assert {pair for clique in cliques for pair in combinations(clique, 2)} == ordered


@settings(max_examples=80, deadline=None, derandomize=True)
@given(lift=st.lists(st.integers(1, 60), min_size=1, max_size=7), available=st.integers(1, 120))
def test_stock_cuts_allow_every_set_that_fits(lift: list[int], available: int) -> None:
    units = np.array(lift, dtype=np.float64)
    cuts = list(stock_cuts(units, float(available)))
    every = [chosen for size in range(len(lift) + 1) for chosen in combinations(range(len(lift)), size)]
    fitting = [chosen for chosen in every if units[list(chosen)].sum() <= available]
    for members, most in cuts:
        assert max(len(set(members.tolist()) & set(chosen)) for chosen in fitting) <= most


@settings(max_examples=80, deadline=None, derandomize=True)
@given(spots=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 50)), min_size=1, max_size=8), rest=st.integers(0, 3))
def test_most_lift_is_that_of_the_best_rested_weeks(spots: list[tuple[int, int]], rest: int) -> None:
    weeks, lift = (np.array(side) for side in zip(*spots, strict=True))
    best = max(
        sum(int(lift[one]) for one in chosen)
        for size in range(len(spots) + 1)
        for chosen in combinations(range(len(spots)), size)
        if all(abs(int(weeks[a]) - int(weeks[b])) > rest for a, b in combinations(chosen, 2))
    )
    assert most_lift(weeks, lift.astype(np.float64), rest) == best


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=SEEDS)
def test_the_best_plan_of_each_product_is_found_with_each_choice(drawn, seed: int) -> None:
    """Against all sets of choices of one product, tried one by one at random profits."""
    frames, limits = drawn(seed)
    read = read_frames(replace(frames, decisions=None, held=None))
    useful = judged(read, valued(read), limits).filter(pl.col("left_out").is_null()).drop("left_out")
    if not useful.height:
        return
    plans = product_plans(calendar_program(read, useful, limits), limits.cool_down_weeks)
    profit = np.random.default_rng(seed).normal(0, 10, useful.height)
    total, regret = plans.regrets(profit)
    stock = {name: rows.rows() for (name,), rows in read.stock.group_by("product_id")}
    best_sum = 0.0
    for (name,), rows in useful.with_row_index("column").group_by("product_id", maintain_order=True):
        columns, weeks, lift = rows["column"].to_list(), rows["week"].to_list(), rows["lift_units"].clip(lower_bound=0).to_list()
        best: dict[int | None, float] = {None: 0.0}
        for size in range(1, 4):
            for chosen in combinations(range(len(columns)), size):
                if any(abs(weeks[a] - weeks[b]) <= limits.cool_down_weeks for a, b in combinations(chosen, 2)):
                    continue
                if any(sum(lift[one] for one in chosen if weeks[one] <= until) > there + 1e-9 for _, until, there in stock.get(name, [])):
                    continue
                value = float(profit[[columns[one] for one in chosen]].sum())
                for one in (None, *(columns[place] for place in chosen)):
                    best[one] = max(best.get(one, -np.inf), value)
        if len(set(weeks)) > 3 * (limits.cool_down_weeks + 1):
            return  # more than three promotions may fit, which the sets above do not try
        best_sum += best[None]
        for column in columns:
            assert best[None] - regret[column] == pytest.approx(best[column], abs=1e-6)
    assert total == pytest.approx(best_sum, abs=1e-6)
