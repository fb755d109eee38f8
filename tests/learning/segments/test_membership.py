"""Who is in which group since when: weekly, with reluctance at borders, and the same whatever is asked first."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.segments import SegmentModel, SegmentSettings, fit_segments, joined_today, memberships, model_chain, model_on
from learning.segments.model_chain import DriftTest, drift

SUNDAY = date(2025, 3, 2)
WEEKS = [SUNDAY + timedelta(days=7 * number) for number in range(5)]
QUICK = SegmentSettings(bootstraps=2, fewest_customers=20, cluster_counts=(3,))


def line_model(*centres: float, ids: tuple[int, ...] | None = None, day: date = date(2025, 1, 31)) -> SegmentModel:
    """Groups along recency alone: centres in logs of days."""
    count = len(centres)
    return SegmentModel(
        fitted_on=day,
        mean=(0.0, 0.0, 0.0),
        scale=(1.0, 1.0, 1.0),
        centres=tuple((centre, 0.0, 0.0) for centre in centres),
        ids=ids or tuple(range(1, count + 1)),
        names=tuple(f"group {number}" for number in range(count)),
        descriptions=("",) * count,
        shares=(1 / count,) * count,
        customers=100,
        inertia=1.0,
        stability=1.0,
        is_stable=True,
        reason="first",
    )


def chain_of(*models: SegmentModel) -> list[DriftTest]:
    return [DriftTest(model.fitted_on, 100, 0.0, 0.0, 0.3, "first", model) for model in models]


def weeks_of(**logs: list[float | None]) -> pl.DataFrame:
    """RFM frames of the weeks; per customer the log of recency, None where he has not come yet."""
    rows = [
        (day, name, float(np.expm1(value)), 0, 0.0)
        for name, course in logs.items()
        for day, value in zip(WEEKS, course, strict=True)
        if value is not None
    ]
    return pl.DataFrame(rows, schema=["day", "customer_key", "recency_days", "orders_365", "net_revenue_365"], orient="row")


def test_a_customer_moves_only_when_another_centre_is_nearer_by_enough() -> None:
    # centres 0 and 2: at 1.1 the second is nearer by 0.2, at 1.2 by 0.4
    history = weeks_of(
        hovers=[0.9, 1.1, 0.9, 1.1, 1.1],
        leaves=[0.9, 1.1, 1.2, 1.0, 0.95],
        returns=[0.0, 2.0, 2.0, 0.0, 0.0],
        comes=[None, None, None, 1.1, 0.9],
    )
    told = memberships(history, chain_of(line_model(0.0, 2.0)), 0.25).rows_by_key("customer_key", named=True, unique=True)
    assert (told["hovers"]["cluster_id"], told["hovers"]["entered_on"]) == (1, WEEKS[0])
    assert told["hovers"]["margin"] == pytest.approx(-0.2)
    assert (told["leaves"]["cluster_id"], told["leaves"]["entered_on"], told["leaves"]["previous_cluster_id"]) == (2, WEEKS[2], 1)
    assert (told["returns"]["cluster_id"], told["returns"]["entered_on"], told["returns"]["previous_cluster_id"]) == (1, WEEKS[3], 2)
    assert (told["comes"]["cluster_id"], told["comes"]["entered_on"], told["comes"]["previous_cluster_id"]) == (2, WEEKS[3], None)


def test_a_refit_moves_those_whose_group_is_gone_or_elsewhere() -> None:
    first, second = line_model(0.0, 2.0), line_model(0.0, 4.0, ids=(1, 3), day=WEEKS[2] - timedelta(days=1))
    history = weeks_of(stays=[0.1] * 5, moves=[2.0] * 5, near_the_new=[1.8] * 5)
    told = memberships(history, chain_of(first, second), 0.25).rows_by_key("customer_key", named=True, unique=True)
    assert (told["stays"]["cluster_id"], told["stays"]["entered_on"]) == (1, WEEKS[0])
    assert (told["moves"]["cluster_id"], told["moves"]["previous_cluster_id"], told["moves"]["entered_on"]) == (1, 2, WEEKS[2])
    assert told["near_the_new"]["cluster_id"] == 1


def test_without_a_model_or_customers_nobody_is_in_a_group() -> None:
    history = weeks_of(someone=[1.0] * 5)
    assert memberships(history, [], 0.25).is_empty()
    assert memberships(history.clear(), chain_of(line_model(0.0, 2.0)), 0.25).is_empty()
    assert joined_today(history.filter(pl.col("day") == SUNDAY).drop("day"), line_model(0.0, 2.0), SUNDAY).rows() == [
        ("someone", 1, pytest.approx(0.0), SUNDAY, None)
    ]


COURSES = st.lists(st.lists(st.floats(0, 5), min_size=5, max_size=5), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(courses=COURSES, stay_within=st.floats(0, 1), shuffle=st.integers(0, 99))
def test_membership_is_what_a_walk_in_plain_python_finds(courses: list[list[float]], stay_within: float, shuffle: int) -> None:
    centres = (0.5, 2.0, 4.0)
    history = weeks_of(**{f"c{number}": course for number, course in enumerate(courses)})
    mixed = history.sample(fraction=1.0, shuffle=True, seed=shuffle)
    told = memberships(mixed, chain_of(line_model(*centres)), stay_within)
    for number, course in enumerate(courses):
        own, entered = None, None
        for day, value in zip(WEEKS, course, strict=True):
            # recency is kept in days, and its log taken again
            distances = [abs(np.log1p(np.expm1(value)) - centre) for centre in centres]
            if own is None or distances[own] - min(distances) > stay_within:
                best = int(np.argmin(distances))
                own, entered = (best, day) if best != own else (own, entered)
        row = told.row(by_predicate=pl.col("customer_key") == f"c{number}", named=True)
        assert (row["cluster_id"], row["entered_on"]) == (own + 1, entered)


def test_a_model_is_kept_until_customers_drift_away_from_it(customers_around) -> None:
    first = customers_around((100, 100, 100))
    same = customers_around((100, 100, 100), seed=3)
    shifted = customers_around((250, 30, 20), seed=4)
    spread = same.with_columns(pl.col("net_revenue_365") * pl.when(pl.int_range(pl.len()) % 2 == 0).then(40.0).otherwise(0.02))
    days = [date(2025, 1, 31), date(2025, 2, 28), date(2025, 3, 31), date(2025, 4, 30)]
    chain = model_chain(dict(zip(days, (first, same, shifted, spread), strict=True)), QUICK)
    assert [test.reason for test in chain] == ["first", "", "shares", "distance"]
    assert chain[1].model == chain[0].model
    assert chain[2].model.fitted_on == days[2]
    assert chain[2].shift > QUICK.largest_shift
    assert chain[3].excess > QUICK.largest_excess
    assert model_on(chain, date(2025, 3, 30)) == chain[0].model
    assert model_on(chain, date(2025, 3, 31)) == chain[2].model
    assert model_on([], days[0]) is None


def test_a_group_that_has_become_small_is_drift(customers_around) -> None:
    model = fit_segments(customers_around((100, 100, 100)), date(2025, 1, 31), QUICK, "first")
    settings_ = replace(QUICK, largest_shift=99.0)
    assert drift(model, customers_around((150, 145, 5)), date(2025, 2, 28), settings_).reason == "small group"


def test_days_with_too_few_customers_have_no_model(customers_around) -> None:
    chain = model_chain({date(2025, 1, 31): customers_around((5, 5)), date(2025, 2, 28): customers_around((40, 40, 40))}, QUICK)
    assert [test.tested_on for test in chain] == [date(2025, 2, 28)]
