"""The lot of the hold-out: even, the same for the same key whatever stands beside it, and another for another draw."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimization.coupons.holdout import draw_lots

KEYS = pl.Series([f"{number * 7919:032x}" for number in range(20_000)])


def test_lots_are_even_and_draws_have_nothing_to_do_with_each_other() -> None:
    first, second = draw_lots(KEYS, "march", 7), draw_lots(KEYS, "april", 7)
    counts, _ = np.histogram(first, bins=20, range=(0, 1))
    assert ((counts - 1_000) ** 2 / 1_000).sum() < 50  # chi-square with 19 degrees of freedom; fixed keys, so no luck is left
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.03
    assert abs(np.corrcoef(first, draw_lots(KEYS, "march", 8))[0, 1]) < 0.03
    assert abs(np.corrcoef(first[:-1], first[1:])[0, 1]) < 0.03  # neighbouring keys


@given(st.lists(st.text(max_size=20), min_size=1, max_size=20, unique=True))
def test_the_lot_of_a_key_does_not_depend_on_the_others(keys: list[str]) -> None:
    together = draw_lots(pl.Series(keys), "draw", 7)
    alone = [draw_lots(pl.Series([key]), "draw", 7)[0] for key in keys]
    assert together.tolist() == alone
    assert ((together >= 0) & (together < 1)).all()


def test_a_trailing_zero_byte_is_another_key() -> None:
    assert len(set(draw_lots(pl.Series(["a", "a\0", "a\0\0", "a" * 8, "a" * 8 + "\0"]), "draw", 7).tolist())) == 5


@pytest.mark.parametrize("keys", [[], [""]])
def test_nobody_and_the_empty_key_have_their_lots(keys: list[str]) -> None:
    assert len(draw_lots(pl.Series(keys, dtype=pl.String), "draw", 7)) == len(keys)
