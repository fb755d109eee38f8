"""A small simulated shop, written once for all tests of this folder."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from shops.simulated import simulate


@dataclass(frozen=True)
class SimulatedFolders:
    """Folders of the shop and of its truth."""

    shop: Path
    truth: Path

    def table(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(self.shop / f"{name}.parquet")

    def true(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(self.truth / f"{name}.parquet")

    def honest_lines(self) -> pl.DataFrame:
        """Newest version of every order line that is not spoilt, with its `business_day`."""
        lines = self.table("order_lines").filter(pl.col("order_id").str.contains(r"^[OR]\d+$"))
        newest = lines.sort("recorded_at").unique(["order_id", "line_id"], keep="last", maintain_order=True)
        return newest.with_columns(business_day=pl.col("order_ts").dt.date())


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> SimulatedFolders:
    root = tmp_path_factory.mktemp("simulated")
    simulate("small", root / "small", root / "small-truth")
    return SimulatedFolders(root / "small", root / "small-truth")
