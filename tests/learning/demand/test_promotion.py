"""The check that makes a challenger champion: each of its three conditions, and that all are needed."""

import re

import polars as pl
import pytest

from learning.demand.promotion import champion_by_segment, judge_promotion


def scores(skill_low: float | None, bias: float | None, coverage: float | None) -> pl.DataFrame:
    rows = [
        ("item", "all", "combined", skill_low, 0.2, coverage),
        ("total", "all", "combined", 0.1, bias, None),
        ("item", "all", "seasonal naive", None, 0.0, None),
        ("item", "smooth", "combined", -1.0, 9.0, 0.1),
    ]
    return pl.DataFrame(rows, schema=["level", "segment", "model", "skill_low", "bias", "coverage_q95"], orient="row")


def test_a_model_that_holds_all_three_passes_and_says_its_figures() -> None:
    found = judge_promotion(scores(0.2, -0.03, 0.94))
    assert found.passed
    assert found.reason == "Passed: error at most 0.80 of seasonal naive's, total off by -3.0%, 95 % quantiles hold in 94.0%."


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ((-0.01, 0.0, 0.95), "ratio up to 1.01"),
        ((0.0, 0.0, 0.95), "ratio up to 1.00"),
        ((0.2, 0.05, 0.95), r"\+5.0%"),
        ((0.2, -0.09, 0.95), "-9.0%"),
        ((0.2, 0.0, 0.929), "92.9%"),
        ((0.2, 0.0, 0.971), "97.1%"),
    ],
)
def test_one_broken_condition_is_enough(figures: tuple[float, float, float], said: str) -> None:
    found = judge_promotion(scores(*figures))
    assert not found.passed
    assert re.search(said, found.reason)


def test_every_broken_condition_is_said_and_a_model_without_replays_proves_nothing() -> None:
    assert judge_promotion(scores(-0.1, 0.2, 0.5)).reason.count(";") == 2
    assert "too short" in judge_promotion(scores(None, None, None)).reason
    assert not judge_promotion(scores(0.2, 0.0, 0.95).clear()).passed


def test_the_champion_of_a_segment_is_the_single_method_with_the_least_error() -> None:
    rows = [
        ("item", "smooth", "TSB", 0.8),
        ("item", "smooth", "LightGBM", 0.7),
        ("item", "smooth", "combined", 0.6),
        ("item", "new", "TSB", 0.9),
        ("item", "new", "LightGBM", None),
        ("item", "new", "combined", 1.0),
        ("total", "smooth", "Croston SBA", 0.1),
    ]
    told = champion_by_segment(pl.DataFrame(rows, schema=["level", "segment", "model", "wrmsse"], orient="row"))
    assert told.rows() == [("new", "TSB", 0.9, 1.0), ("smooth", "LightGBM", 0.7, 0.6)]
