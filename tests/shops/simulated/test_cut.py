"""Cutting a shop back to an earlier evening."""

import tomllib
from datetime import date

import polars as pl

from shops.simulated.cut import cut_shop


def test_a_cut_shop_knows_nothing_recorded_later_and_names_no_last_day(small, tmp_path) -> None:
    cut_shop(small.shop, tmp_path / "cut", date(2025, 11, 30))
    for path in sorted((tmp_path / "cut").glob("*.parquet")):
        assert pl.read_parquet(path)["recorded_at"].max().date() <= date(2025, 11, 30), path.name
    assert "last_day" not in tomllib.loads((tmp_path / "cut" / "shop.toml").read_text())["shop"]
    competitors = (tmp_path / "cut" / "competitor_prices.csv").read_text().splitlines()
    assert competitors[0].startswith("observed_on,")
    assert max(line.rsplit(",", 1)[-1] for line in competitors[1:] if line.rsplit(",", 1)[-1][:2] == "20") < "2025-12-01"


def test_the_next_day_adds_only_records_of_that_day(small, tmp_path) -> None:
    for day in (29, 30):
        cut_shop(small.shop, tmp_path / str(day), date(2025, 11, day))
    before, after = (pl.read_parquet(tmp_path / str(day) / "order_lines.parquet") for day in (29, 30))
    added = after.join(before, on=after.columns, how="anti", nulls_equal=True)
    assert before.height < after.height
    assert (added["recorded_at"].dt.date() == date(2025, 11, 30)).all()
