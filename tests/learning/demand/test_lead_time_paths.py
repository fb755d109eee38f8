"""Pairs of demand until arrival and until cover: the published marginals, coupled as the model's own paths are."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from polars.testing import assert_frame_equal

from learning.demand import DemandModel, DemandSettings, no_holidays, train
from learning.demand.lead_time import at_levels
from learning.demand.lead_time_paths import PATHS, PATHS_SCHEMA, lead_time_paths, paired
from learning.demand.lead_time_paths import _drawn as drawn_sums  # pyright: ignore[reportPrivateUsage]
from learning.demand.panel_model import train_panel
from learning.demand.sample_paths import sample_paths
from learning.demand.settings import quantile_column
from tests.learning.demand.conftest import FIRST_DAY, weekly_shop

SETTINGS = DemandSettings(horizon_days=14, training_rows=5_000, boosting_rounds=20, backtest_origins=3, backtest_step_days=14)
LAST_DAY = FIRST_DAY + timedelta(days=199)
KEY = ["product_id", "location_id"]
COLUMNS = [quantile_column(level) for level in SETTINGS.quantile_levels]
ARRIVAL, COVER = 5, 12
Scored = tuple[pl.DataFrame, pl.DataFrame]


@pytest.fixture(scope="module")
def shop() -> pl.DataFrame:
    return weekly_shop(n_items=40)


@pytest.fixture(scope="module")
def model(shop: pl.DataFrame) -> DemandModel:
    return train(shop, no_holidays(), SETTINGS)


def horizons(shop: pl.DataFrame, *days: int) -> pl.DataFrame:
    return shop.select(KEY).unique().join(pl.DataFrame({"horizon_days": days}), how="cross")


@pytest.fixture(scope="module")
def scored(model: DemandModel, shop: pl.DataFrame) -> Scored:
    """The sums and their pairs."""
    _, sums, pairs = model.score_with_paths(shop, None, horizons(shop, ARRIVAL, COVER), LAST_DAY)
    return sums, pairs


def matrix(pairs: pl.DataFrame, column: str) -> np.ndarray:
    return np.array(pairs[column].to_list())


def correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Spearman's, row by row."""
    ranks = [np.argsort(np.argsort(part, axis=1), axis=1) for part in (first, second)]
    return np.array([np.corrcoef(one, other)[0, 1] for one, other in zip(*ranks, strict=True)])


def test_one_row_per_item_of_a_known_shape(scored: Scored, shop: pl.DataFrame) -> None:
    _, pairs = scored
    assert dict(pairs.schema) == PATHS_SCHEMA
    assert_frame_equal(pairs.select(KEY), shop.select(KEY).unique().sort(KEY))
    assert set(pairs.select("as_of_day", "until_arrival_days", "until_cover_days").rows()) == {(LAST_DAY, ARRIVAL, COVER)}
    assert set(pairs["until_arrival_units"].list.len()) == set(pairs["until_cover_units"].list.len()) == {PATHS}


def test_each_sum_alone_has_the_published_quantiles(scored: Scored) -> None:
    sums, pairs = scored
    share, levels = (np.arange(PATHS) + 0.5) / PATHS, np.array(SETTINGS.quantile_levels)
    near, far = (sums.filter(horizon_days=days).select(COLUMNS).to_numpy() for days in (ARRIVAL, COVER))
    assert matrix(pairs, "until_arrival_units") == pytest.approx(np.minimum(at_levels(near, levels, share), at_levels(far, levels, share)))
    assert np.sort(matrix(pairs, "until_cover_units"), axis=1) == pytest.approx(at_levels(far, levels, share))
    # half of the paths lie below the median
    below = (matrix(pairs, "until_cover_units") <= sums.filter(horizon_days=COVER)["q50"].to_numpy()[:, None]).sum(axis=1)
    assert (below == PATHS // 2).mean() > 0.8


def test_pairs_lean_together_without_being_one(scored: Scored, model: DemandModel, shop: pl.DataFrame) -> None:
    """As strongly as the sums of the daily paths that they stand for, here drawn in larger number."""
    _, pairs = scored
    near, far = matrix(pairs, "until_arrival_units"), matrix(pairs, "until_cover_units")
    assert (far >= near).all()
    together = correlations(near, far)
    assert (together < 0.999).mean() > 0.9
    assert together.mean() > 0.3
    days = sample_paths(model, shop, None, LAST_DAY, 300).units
    # daily paths rank equal sums by their number, so the slow items (every third) cannot be compared
    fast = np.arange(40) % 3 != 0
    of_days = correlations(days[:, :, :ARRIVAL].sum(axis=2), days[:, :, :COVER].sum(axis=2))
    assert together[fast].mean() == pytest.approx(of_days[fast].mean(), abs=0.08)


def test_an_item_has_the_same_pairs_whatever_else_is_asked(scored: Scored, model: DemandModel, shop: pl.DataFrame) -> None:
    sums, pairs = scored
    grid = model.grid(shop, LAST_DAY, 14)
    few = sums.filter(pl.col("product_id").is_in(["P03", "P17"]))
    assert_frame_equal(lead_time_paths(model, grid, few), pairs.filter(pl.col("product_id").is_in(["P03", "P17"])))
    assert_frame_equal(lead_time_paths(model, grid, sums.sample(fraction=1.0, shuffle=True, seed=1)), pairs)
    assert_frame_equal(model.score_with_paths(shop.reverse(), None, horizons(shop, COVER, ARRIVAL), LAST_DAY)[2], pairs)


def test_a_forecast_that_moves_a_little_keeps_most_pairs(scored: Scored, model: DemandModel, shop: pl.DataFrame) -> None:
    sums, pairs = scored
    moved = lead_time_paths(model, model.grid(shop, LAST_DAY, 14), sums.with_columns(pl.col("mean_units") * 1.01))
    assert moved["until_cover_units"].to_list() != pairs["until_cover_units"].to_list()
    alike = correlations(matrix(moved, "until_cover_units"), matrix(pairs, "until_cover_units"))
    assert alike.mean() > 0.85  # 0.69 where draws by rejection let the random numbers shift


def test_draws_have_the_mean_and_variance_that_is_assumed() -> None:
    """An error of the level of a quarter, and twice the variance of Poisson: for the sums the spread of `lead_time.spread`."""
    means = np.array([[10.0, 30.0], [0.0, 0.4], [2_000.0, 2_000.0], [0.0, 0.0]])
    first, second = drawn_sums(means, np.full(4, 2.0), 4_000, [1, 2, 3, 4])
    assert np.isfinite(second).all()
    for drawn, mean in ((first, means[:, 0]), (second, means[:, 1])):
        assert drawn.mean(axis=1) - 0.5 == pytest.approx(mean, rel=0.04, abs=0.05)
        # the lot that sets ties apart has a variance of 1/12
        assert drawn.std(axis=1) == pytest.approx(np.sqrt(2 * mean + (0.25 * mean) ** 2 + 1 / 12), rel=0.05)


def test_pairs_come_with_the_same_forecasts_as_without(scored: Scored, model: DemandModel, shop: pl.DataFrame) -> None:
    daily, sums, _ = model.score_with_paths(shop, None, horizons(shop, ARRIVAL, COVER), LAST_DAY)
    for ours, theirs in zip((daily, sums), model.score(shop, None, horizons(shop, ARRIVAL, COVER), LAST_DAY), strict=True):
        assert_frame_equal(ours, theirs)


def test_goods_that_come_at_once_leave_nothing_to_sell_before(model: DemandModel, shop: pl.DataFrame) -> None:
    _, sums, pairs = model.score_with_paths(shop, None, horizons(shop, 0, COVER), LAST_DAY)
    assert matrix(pairs, "until_arrival_units").max() == 0.0
    levels = np.array(SETTINGS.quantile_levels)
    far = at_levels(sums.filter(horizon_days=COVER).select(COLUMNS).to_numpy(), levels, (np.arange(PATHS) + 0.5) / PATHS)
    assert np.sort(matrix(pairs, "until_cover_units"), axis=1) == pytest.approx(far)


def test_a_cover_beyond_the_horizon_is_paired_too_and_an_unknown_item_has_no_pairs(model: DemandModel, shop: pl.DataFrame) -> None:
    unknown = pl.DataFrame({"product_id": ["X"] * 2, "location_id": ["main"] * 2, "horizon_days": [5, 30]})
    _, sums, pairs = model.score_with_paths(shop, None, pl.concat([horizons(shop, 5, 30), unknown]), LAST_DAY)
    assert set(sums.filter(horizon_days=30)["calibration"]) == {"extrapolated", "no history"}
    assert pairs.height == 40
    assert matrix(pairs, "until_cover_units").mean() > 2 * matrix(pairs, "until_arrival_units").mean()
    assert model.score_with_paths(shop, None, unknown, LAST_DAY)[2].is_empty()


def test_chunks_have_the_pairs_of_their_own_models(shop: pl.DataFrame, tmp_path: Path) -> None:
    quick = replace(SETTINGS, backtest_origins=1, boosting_rounds=5)
    whole = train_panel(shop, no_holidays(), quick, LAST_DAY, tmp_path / "whole")
    cut = train_panel(shop, no_holidays(), replace(quick, series_at_once=15), LAST_DAY, tmp_path / "cut")
    asked = horizons(shop, ARRIVAL, COVER)
    plain = train(shop, no_holidays(), quick, LAST_DAY)
    assert_frame_equal(whole.score_with_paths(shop, None, asked, LAST_DAY)[2], plain.score_with_paths(shop, None, asked, LAST_DAY)[2])
    assert len(cut.folders) >= 3
    daily, sums, pairs = cut.score_with_paths(shop, None, asked, LAST_DAY)
    for ours, theirs in zip((daily, sums), cut.score(shop, None, asked, LAST_DAY), strict=True):
        assert_frame_equal(ours, theirs)
    alone = [model.score_with_paths(own, None, of_own, LAST_DAY)[2] for model, (own, of_own) in cut.each(shop, asked)]
    assert_frame_equal(pairs, pl.concat(alone).sort(KEY))


def test_by_hand() -> None:
    """Drawn are 1 with 5, 3 with 9 and 6 with 4; 6 trades its 4 for the 9, the smallest that is high enough."""
    near, far = paired(
        np.array([[1.0, 3.0, 6.0]]), np.array([[4.0, 5.0, 9.0]]), np.array([[0.2, 0.1, 0.3]]), np.array([[30.0, 20.0, 10.0]])
    )
    assert near.tolist() == [[1.0, 3.0, 6.0]]
    assert far.tolist() == [[5.0, 4.0, 9.0]]


def test_a_nearer_sum_that_is_calibrated_higher_is_cut_to_the_later() -> None:
    near, far = paired(np.array([[2.0, 8.0]]), np.array([[3.0, 5.0]]), np.array([[0.0, 1.0]]), np.array([[0.0, 1.0]]))
    assert (near.tolist(), far.tolist()) == ([[2.0, 5.0]], [[3.0, 5.0]])


@given(
    arrays(float, (2, 3, 7), elements=st.floats(0, 100)),
    st.lists(st.permutations(range(7)), min_size=3, max_size=3),
    st.lists(st.permutations(range(7)), min_size=3, max_size=3),
)
def test_any_coupling_keeps_both_marginals_and_their_order(margins: np.ndarray, first: list[list[int]], second: list[list[int]]) -> None:
    until_arrival, until_cover = np.sort(margins, axis=2)
    near, far = paired(until_arrival, until_cover, np.array(first, dtype=float), np.array(second, dtype=float))
    assert (near == np.minimum(until_arrival, until_cover)).all()
    assert (np.sort(far, axis=1) == until_cover).all()
    assert (far >= near).all()
    # where the draws' own pairs are possible they are kept
    wanted = np.take_along_axis(until_cover, np.take_along_axis(np.array(second), np.argsort(np.array(first), axis=1), axis=1), axis=1)
    possible = (wanted >= near).all(axis=1)
    assert (far[possible] == wanted[possible]).all()


def test_one_path_is_no_distribution(model: DemandModel, shop: pl.DataFrame, scored: Scored) -> None:
    with pytest.raises(ValueError, match="at least 2 paths"):
        lead_time_paths(model, model.grid(shop, LAST_DAY, 14), scored[0], 1)
