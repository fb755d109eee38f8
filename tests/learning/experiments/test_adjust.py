"""Corrections for many coupons and many segments, with statsmodels as the oracle."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from learning.experiments.adjust import adjusted_p_values


def family(ps: list[float | None], coupons: bool) -> pl.DataFrame:
    names = [f"x{number}" for number in range(len(ps))]
    return pl.DataFrame(
        {"campaign_id": "k", "metric": "conversion", "p": ps}
        | ({"coupon_id": names, "segment": "all"} if coupons else {"coupon_id": "any", "segment": names}),
        schema_overrides={"p": pl.Float64},
    )


@settings(deadline=None, max_examples=12)  # statsmodels collects garbage every time
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.booleans())
def test_coupons_by_holm_and_segments_by_benjamini_hochberg(ps: list[float], coupons: bool) -> None:
    expected = multipletests(ps, method="holm" if coupons else "fdr_bh")[1]
    assert np.allclose(adjusted_p_values(family(ps, coupons), 0.05).to_numpy(), expected)


def test_four_coupons_by_hand() -> None:
    """Holm: 0.01 x 4, then 0.02 x 3, 0.03 x 2 (not below 0.06 before it), and 0.5."""
    told = adjusted_p_values(family([0.02, 0.01, 0.5, 0.03], coupons=True), 0.05)
    assert told.to_list() == pytest.approx([0.06, 0.04, 0.5, 0.06])


def test_the_campaign_as_a_whole_is_one_question_and_gaps_stay_gaps() -> None:
    whole = family([0.04], coupons=True).with_columns(coupon_id=pl.lit("any"))
    rows = pl.concat([family([0.01, None, 0.02], coupons=True), whole, family([0.04, 0.03], coupons=False)])
    assert adjusted_p_values(rows, 0.05).to_list() == [
        pytest.approx(0.02),
        None,
        pytest.approx(0.02),
        0.04,
        pytest.approx(0.04),
        pytest.approx(0.04),
    ]
    assert adjusted_p_values(rows.clear(), 0.05).to_list() == []
