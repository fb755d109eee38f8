"""The model of a whole panel: one model's own answers where it is not cut, and sound pooled ones where it is."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from learning.demand import DemandSettings, no_holidays, train
from learning.demand.explain import category_drivers
from learning.demand.panel_model import PanelModel, load_panel, train_panel
from learning.demand.pooling import pool_drivers, pool_scores
from learning.demand.scores import SCORE_SCHEMA
from tests.learning.demand.conftest import FIRST_DAY, weekly_shop

LIGHT = DemandSettings(horizon_days=14, training_rows=4_000, boosting_rounds=10, backtest_origins=2, backtest_step_days=14)
KEY = ["product_id", "location_id"]
DAY = FIRST_DAY + timedelta(days=199)
CHUNK = 9  # of 24 items: three chunks


@pytest.fixture(scope="module")
def panel() -> pl.DataFrame:
    return weekly_shop()


@pytest.fixture(scope="module")
def cut(panel: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> PanelModel:
    return train_panel(panel, no_holidays(), replace(LIGHT, series_at_once=CHUNK), DAY, tmp_path_factory.mktemp("cut"))


def horizons(panel: pl.DataFrame) -> pl.DataFrame:
    return panel.select(KEY).unique().join(pl.DataFrame({"horizon_days": [0, 3, 10]}), how="cross")


def test_a_panel_that_is_not_cut_has_the_answers_of_its_model(panel: pl.DataFrame, tmp_path: Path) -> None:
    whole, plain = train_panel(panel, no_holidays(), LIGHT, DAY, tmp_path / "model"), train(panel, no_holidays(), LIGHT, DAY)
    assert not whole.is_cut
    for read in (whole, load_panel(tmp_path / "model")):
        for ours, theirs in zip(read.score(panel, None, horizons(panel), DAY), plain.score(panel, None, horizons(panel), DAY), strict=True):
            assert_frame_equal(ours, theirs)
        assert_frame_equal(read.scores(), plain.backtest.scores)
        assert_frame_equal(read.lost_units(panel, DAY), plain.lost_units(panel, DAY))
        assert_frame_equal(read.drivers(panel, None, DAY), category_drivers(plain, panel, None, DAY))
        assert_frame_equal(read.feature_importance(), plain.feature_importance())


def test_a_cut_panel_answers_for_every_item_once(panel: pl.DataFrame, cut: PanelModel) -> None:
    assert len(cut.folders) == 3
    daily, sums = cut.score(panel, None, horizons(panel), DAY)
    expected = panel.select(KEY).unique().join(pl.DataFrame({"horizon_days": range(1, 15)}, schema={"horizon_days": pl.Int64}), how="cross")
    assert_frame_equal(daily.select(*KEY, "horizon_days"), expected.sort(*KEY, "horizon_days"))
    assert_frame_equal(sums.select(*KEY, "horizon_days"), horizons(panel).sort(*KEY, "horizon_days"))
    assert daily["forecast_units"].min() >= 0  # pyright: ignore[reportOperatorIssue]
    lost = cut.lost_units(panel, DAY)
    ran_out = panel.filter("is_censored").sort(*KEY, "business_day").select(*KEY, "business_day")
    assert_frame_equal(lost.select(*KEY, "business_day"), ran_out)


def test_each_chunk_is_a_shop_of_its_own(panel: pl.DataFrame, cut: PanelModel) -> None:
    items = cut.items.filter(chunk=1).select(KEY)
    own = panel.join(items, on=KEY, how="semi")
    alone = train(own, no_holidays(), LIGHT, DAY).predict(own, None, DAY)
    daily, _ = cut.score(panel, None, horizons(panel), DAY)
    assert_frame_equal(daily.join(items, on=KEY, how="semi"), alone)


def test_an_item_that_came_later_is_asked_of_its_category(panel: pl.DataFrame, cut: PanelModel) -> None:
    late = panel.filter(product_id="P00").with_columns(product_id=pl.lit("P99"))
    daily, _ = cut.score(pl.concat([panel, late]), None, horizons(panel), DAY)
    assert daily.filter(product_id="P99").height == LIGHT.horizon_days
    told = next(own for _, (own,) in cut.each(pl.concat([panel, late])) if "P99" in own["product_id"])
    assert set(told["category"]) == {late["category"][0]}


def test_pooled_scores_are_means_over_what_they_are_means_of(cut: PanelModel) -> None:
    chunks = [pl.read_parquet(folder / "scores.parquet") for folder in cut.folders]
    pooled = cut.scores()
    assert pooled.schema == SCORE_SCHEMA
    assert pooled.select("level", "segment", "model").is_unique().all()
    of_items = (pl.col("level") == "item") & (pl.col("segment") == "all") & (pl.col("model") == "combined")
    rows, found = pl.concat([chunk.filter(of_items) for chunk in chunks]), pooled.filter(of_items).to_dicts()[0]
    assert found["series"] == rows["series"].sum()
    for name, by in (("wape", "units"), ("bias", "units"), ("wrmsse", "weight"), ("rmsse", "series")):
        assert found[name] == pytest.approx((rows[name] * rows[by]).sum() / rows[by].sum())
    naive = pooled.filter((pl.col("level") == "item") & (pl.col("segment") == "all") & (pl.col("model") == "seasonal naive"))
    assert found["skill"] == pytest.approx(1 - found["wrmsse"] / naive["wrmsse"].item())
    assert found["skill_low"] < found["skill"] < found["skill_high"]
    widths = rows["skill_high"] - rows["skill_low"]
    assert found["skill_high"] - found["skill_low"] < widths.max()  # pyright: ignore[reportOperatorIssue]


def test_a_segment_that_only_one_chunk_has_keeps_its_scores(cut: PanelModel) -> None:
    chunks = [pl.read_parquet(folder / "scores.parquet") for folder in cut.folders]
    alone = chunks[0].filter(level="item", model="combined", segment="all").with_columns(segment=pl.lit("only here"))
    naive = chunks[0].filter(level="item", model="seasonal naive", segment="all").with_columns(segment=pl.lit("only here"))
    pooled = pool_scores([pl.concat([chunks[0], alone, naive]), *chunks[1:]]).filter(segment="only here", model="combined")
    assert_frame_equal(pooled, alone, check_exact=False, abs_tol=0.2)  # the interval is put around the middle
    assert pooled["wrmsse"].item() == pytest.approx(alone["wrmsse"].item())


def test_a_panel_without_categories_is_cut_too(panel: pl.DataFrame, tmp_path: Path) -> None:
    plain = panel.drop("category")
    quick = replace(LIGHT, series_at_once=CHUNK, backtest_origins=0)
    daily, _ = train_panel(plain, no_holidays(), quick, DAY, tmp_path / "plain").score(plain, None, horizons(plain), DAY)
    assert daily.height == 24 * LIGHT.horizon_days


def test_drivers_of_a_category_in_two_chunks_are_one_row(panel: pl.DataFrame, cut: PanelModel) -> None:
    drivers = cut.drivers(panel, None, DAY)
    assert drivers.select("category", "feature").is_unique().all()
    assert drivers.group_by("category").agg(pl.col("share").sum())["share"].to_list() == pytest.approx([1.0, 1.0])
    assert_frame_equal(pool_drivers([drivers, drivers]).drop("cells"), drivers.drop("cells"))


def test_a_folder_without_a_model_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no demand model"):
        load_panel(tmp_path)
