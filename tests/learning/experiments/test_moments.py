"""Sums of outcomes add up."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning.experiments.moments import Moments

NAMES = ("a", "b")


def frame_of(values: list[tuple[float, float]]) -> pl.DataFrame:
    return pl.DataFrame(values, schema={"a": pl.Float64, "b": pl.Float64}, orient="row")


@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), max_size=20), st.integers(0, 20))
def test_two_parts_are_the_whole(values: list[tuple[float, float]], cut: int) -> None:
    whole = Moments.of(frame_of(values), NAMES)
    parts = Moments.of(frame_of(values[:cut]), NAMES) + Moments.of(frame_of(values[cut:]), NAMES)
    assert parts.count == whole.count
    assert np.allclose(parts.mean, whole.mean, atol=1e-8)
    assert np.allclose(parts.cross, whole.cross, atol=1e-4)


def test_a_combination_is_the_moments_of_the_combined_column() -> None:
    frame = frame_of([(1.0, 2.0), (3.0, 1.0), (5.0, 4.0)])
    made = frame.with_columns(z=2 * pl.col("a") - pl.col("b"))
    combined, direct = Moments.of(frame, NAMES).combined("z", {"a": 2.0, "b": -1.0}), Moments.of(made, (*NAMES, "z"))
    assert np.allclose(combined.mean, direct.mean)
    assert np.allclose(combined.cross, direct.cross)


def test_the_library_gets_sample_variances() -> None:
    told = Moments.of(frame_of([(1.0, 2.0), (3.0, 1.0), (5.0, 4.0)]), NAMES).aggregates("a", "b")
    assert (told.count(), told.mean("a"), told.var("a")) == (3, pytest.approx(3.0), pytest.approx(4.0))
    assert told.cov("a", "b") == pytest.approx(np.cov([1, 3, 5], [2, 1, 4])[0, 1])


def test_other_columns_do_not_add_up_and_gaps_are_refused() -> None:
    with pytest.raises(ValueError, match="same columns"):
        Moments.of(frame_of([(1.0, 2.0)]), NAMES) + Moments.of(frame_of([(1.0, 2.0)]), ("a",))
    with pytest.raises(ValueError, match="finite"):
        Moments.of(pl.DataFrame({"a": [1.0, None]}), ("a",))
