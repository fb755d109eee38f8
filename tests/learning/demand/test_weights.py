"""Weights of the combination: learned from replays, drawn to the defaults, never flipping."""

from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from learning.demand.grid import DemandGrid, Flags, Floats, build_grid
from learning.demand.weights import (
    COURSE,
    COURSE_DEFAULTS,
    COURSE_MEMBERS,
    DEFAULTS,
    LEAVING_PRICE,
    MEMBERS,
    OWN,
    PROPHET,
    SEGMENTS,
    default_weights,
    learn_weights,
)
from learning.demand.weights import _least as least  # pyright: ignore[reportPrivateUsage]
from tests.learning.demand.conftest import weekly_shop

BOOSTED, RIDGE, SMOOTHER = MEMBERS


@dataclass(frozen=True)
class Told:
    """A replay with made-up forecasts."""

    past: DemandGrid
    members: dict[str, Floats]
    segment: np.ndarray
    actual: Floats
    valid: Flags
    course_members: dict[str, Floats] = field(default_factory=dict)


def told(error_of: dict[str, float], units_times: float = 1.0, seed: int = 5) -> Told:
    """Members that miss what came by noise of the given size, independently of each other."""
    past = build_grid(weekly_shop().with_columns(pl.col("units") * units_times))
    rng = np.random.default_rng(seed)
    actual = rng.poisson(4.0, size=(past.n_items, 14)) * units_times
    members = {name: actual + units_times * error_of[name] * rng.normal(size=actual.shape) for name in MEMBERS}
    return Told(past, members, np.array(["smooth"] * past.n_items), actual, np.ones(actual.shape, dtype=bool))


def test_without_replays_the_defaults_hold() -> None:
    assert learn_weights([]).table.equals(default_weights().table)
    replay = told(dict.fromkeys(MEMBERS, 1.0))
    alone = Told(replay.past, {SMOOTHER: replay.members[SMOOTHER]}, replay.segment, replay.actual, replay.valid)
    assert learn_weights([alone]).table.equals(default_weights().table)


def test_a_segment_without_items_keeps_the_defaults() -> None:
    weights = learn_weights([told({BOOSTED: 3.0, RIDGE: 0.1, SMOOTHER: 3.0})])
    assert weights.of("intermittent") == pytest.approx(DEFAULTS)
    assert weights.table.filter(pl.col("segment") == "intermittent")["series"].to_list() == [0, 0, 0]


def test_the_member_that_is_right_gets_nearly_everything() -> None:
    weights = learn_weights([told({BOOSTED: 3.0, RIDGE: 0.1, SMOOTHER: 3.0})]).of("smooth")
    assert weights[MEMBERS.index(RIDGE)] > 0.85


def test_members_of_equal_error_are_averaged_and_pull_to_the_defaults() -> None:
    weights = learn_weights([told(dict.fromkeys(MEMBERS, 2.0))]).of("smooth")
    assert weights[1] == pytest.approx(1 / 3, abs=0.08)
    assert weights[0] > weights[1]  # the price on leaving two thirds


def test_units_do_not_matter() -> None:
    errors = {BOOSTED: 2.0, RIDGE: 1.5, SMOOTHER: 2.5}
    assert learn_weights([told(errors)]).of("smooth") == pytest.approx(learn_weights([told(errors, 40.0)]).of("smooth"), abs=1e-3)


def test_days_that_tell_nothing_are_left_out() -> None:
    replay = told({BOOSTED: 2.0, RIDGE: 2.0, SMOOTHER: 2.0})
    spoilt = {name: values.copy() for name, values in replay.members.items()}
    spoilt[BOOSTED][:, 7:] += 1e6
    valid = replay.valid.copy()
    valid[:, 7:] = False
    cut, same = (Told(replay.past, members, replay.segment, replay.actual, valid) for members in (spoilt, replay.members))
    assert learn_weights([cut]).table.equals(learn_weights([same]).table)


@given(hnp.arrays(np.float64, (3, 6), elements=st.floats(-10, 10)))
@settings(max_examples=60, deadline=None)
def test_weights_are_the_best_of_a_fine_grid(errors: Floats) -> None:
    products = errors @ errors.T
    found = least(products, np.array(DEFAULTS), LEAVING_PRICE)
    assert found.sum() == pytest.approx(1.0)
    assert (found >= 0).all()
    mean = np.trace(products) / 3
    if mean <= 1e-9:
        return
    steps = np.arange(0, 1.0001, 0.02)
    grid = np.array([(a, b, 1 - a - b) for a in steps for b in steps if a + b <= 1.0 + 1e-9])

    def loss(weights: Floats) -> Floats:
        return np.einsum("na,ab,nb->n", weights, products / mean, weights) + LEAVING_PRICE * ((weights - np.array(DEFAULTS)) ** 2).sum(
            axis=1
        )

    assert loss(found[None, :])[0] <= loss(grid).min() + 1e-5


def test_a_little_more_evidence_moves_the_weights_a_little() -> None:
    errors = {BOOSTED: 2.0, RIDGE: 2.0, SMOOTHER: 2.0}
    old = [told(errors, seed=seed) for seed in range(3)]
    before, after = (learn_weights(replays) for replays in (old, [*old[1:], told(errors, seed=9)]))
    for segment in SEGMENTS:
        assert np.abs(before.of(segment) - after.of(segment)).max() < 0.1


def on_course(factors: dict[str, float]) -> Told:
    """Members of the course that are too high or too low by a factor every day, with little noise of their own."""
    replay = told(dict.fromkeys(MEMBERS, 1.0))
    rng = np.random.default_rng(2)
    noisy = {name: replay.actual * factor * rng.uniform(0.9, 1.1, size=replay.actual.shape) for name, factor in factors.items()}
    return replace(replay, course_members=noisy)


def test_a_season_that_only_prophet_sees_draws_the_course_to_it() -> None:
    weights = learn_weights([on_course({OWN: 0.7, PROPHET: 1.0, SMOOTHER: 0.5})]).of(COURSE)
    assert weights[COURSE_MEMBERS.index(PROPHET)] > 0.6
    assert weights[COURSE_MEMBERS.index(SMOOTHER)] == pytest.approx(0.0, abs=1e-3)


def test_without_prophet_and_where_all_agree_the_course_keeps_its_defaults() -> None:
    assert learn_weights([on_course({OWN: 0.7, SMOOTHER: 1.0})]).of(COURSE) == pytest.approx(COURSE_DEFAULTS)
    assert learn_weights([on_course(dict.fromkeys(COURSE_MEMBERS, 1.0))]).of(COURSE) == pytest.approx(COURSE_DEFAULTS, abs=0.1)


def test_members_that_err_to_both_sides_are_balanced() -> None:
    weights = learn_weights([on_course({OWN: 0.8, PROPHET: 1.4, SMOOTHER: 0.8})]).of(COURSE)
    blended = weights @ np.array([0.8, 1.4, 0.8])
    default = np.array(COURSE_DEFAULTS) @ np.array([0.8, 1.4, 0.8])
    assert abs(blended - 1.0) < abs(default - 1.0) + 1e-6
    assert blended == pytest.approx(1.0, abs=0.08)
