"""Chunks of whole series: nothing is lost or twice, and where the work is done changes nothing."""

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning.demand import Chunk, DemandSettings, cut_items, forecast_in_chunks, no_holidays, train
from learning.engines import DaskCluster, Engine, Here, Processes
from tests.learning.demand.conftest import FIRST_DAY, weekly_shop

LIGHT = DemandSettings(horizon_days=7, training_rows=2_000, boosting_rounds=5, backtest_origins=1, backtest_step_days=7)
LAST_DAY = FIRST_DAY + timedelta(days=99)


@given(
    st.dictionaries(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("123")), st.sampled_from(["x", "y", None]), min_size=1),
    st.integers(1, 9),
)
def test_every_series_is_in_one_chunk_and_none_is_too_large(items: dict[tuple[str, str], str | None], at_once: int) -> None:
    rows = [(FIRST_DAY, product, location, category) for (product, location), category in items.items()]
    panel = pl.DataFrame(
        rows, schema={"business_day": pl.Date, "product_id": pl.String, "location_id": pl.String, "category": pl.String}, orient="row"
    )
    chunks = cut_items(panel.lazy(), at_once)
    assert all(0 < chunk.height <= at_once for chunk in chunks)
    told = [tuple(row) for chunk in chunks for row in chunk.rows()]
    assert sorted(told) == sorted(items)


def test_the_locations_of_a_product_and_small_categories_stay_together() -> None:
    rows = [(FIRST_DAY, f"{category}{n}", location, category) for category in "yx" for n in range(2) for location in ("1", "2")]
    panel = pl.DataFrame(rows, schema=["business_day", "product_id", "location_id", "category"], orient="row")
    assert [sorted(set(chunk["product_id"])) for chunk in cut_items(panel.lazy(), 5)] == [["x0", "x1"], ["y0", "y1"]]
    with pytest.raises(ValueError, match="series_at_once"):
        cut_items(panel.lazy(), 0)


@pytest.mark.parametrize("engine", [Here(), Processes(2), DaskCluster(workers=2)], ids=["here", "processes", "dask"])
def test_a_chunk_is_forecast_like_a_shop_of_its_own_wherever_it_runs(engine: Engine, tmp_path: Path) -> None:
    panel = weekly_shop(n_items=6, n_days=100)
    panel.write_parquet(tmp_path / "panel.parquet")
    keys = panel.select("product_id", "location_id").unique()
    keys.with_columns(horizon_days=pl.lit(5, pl.Int64)).write_parquet(tmp_path / "horizons.parquet")
    chunks = []
    for number, items in enumerate(cut_items(panel.lazy(), 3)):
        items.write_parquet(tmp_path / f"items{number}.parquet")
        chunks.append(
            Chunk(
                str(tmp_path / "panel.parquet"),
                tmp_path / f"items{number}.parquet",
                tmp_path / "horizons.parquet",
                None,
                no_holidays(),
                LIGHT,
                LAST_DAY,
                tmp_path / f"chunk{number}",
            )
        )
    results = list(forecast_in_chunks(chunks, engine))
    assert [result.items for result in results] == [3, 3]
    daily = pl.concat([pl.read_parquet(result.folder / "daily.parquet") for result in results])
    assert daily.height == 6 * LIGHT.horizon_days
    first = panel.join(pl.read_parquet(tmp_path / "items0.parquet"), on=["product_id", "location_id"], how="semi")
    alone, sums = train(first, no_holidays(), LIGHT, LAST_DAY).score(first, None, pl.read_parquet(tmp_path / "horizons.parquet"), LAST_DAY)
    assert pl.read_parquet(results[0].folder / "daily.parquet").equals(alone)
    assert pl.read_parquet(results[0].folder / "sums.parquet").equals(sums.drop_nulls("mean_units"))
    assert results[0].forecast_units == pytest.approx(alone["forecast_units"].sum())


def test_the_first_error_of_a_piece_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(Processes(1).map(_one_over, [1, 0]))
    with pytest.raises(ValueError, match="workers"):
        Processes(0)


def _one_over(value: int) -> float:
    return 1 / value
