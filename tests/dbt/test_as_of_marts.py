"""Whatever is recorded after a day, the marts know the same of it: random futures over every input table.

A tiny shop is landed as it stood on the evening of a day and built. Then another future is landed beside it (later records dropped,
changed and added; corrections and late records of long ago) and the day is built again together with all days after it.
"""

import shutil
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from benchmarks.reliability.disturbance import KINDS, Tables, disturbed, known_by
from benchmarks.reliability.tiny_shop import TinyShop, tiny_shop
from shops.contract import TABLES
from shops.intake import read_table
from shops.shop import load_shop

LATER_DAYS = 10
ONE_DAY = timedelta(days=1)


@dataclass(repr=False)
class Evening:
    """A shop, the day it was built for, what the marts knew that evening, and the warehouse as it then was."""

    shop: Any
    tiny: TinyShop
    day: date
    knowledge: dict[str, list[tuple]]
    warehouse: Path
    folder: Path
    has_order_lines: bool

    def land(self, tables: Tables) -> None:
        """Replace everything that is landed."""
        replace(self.tiny, tables=tables).write(self.folder)
        declared = load_shop(self.folder)
        for name in TABLES:
            for old in (self.shop.landing / name).glob("known_on=*.parquet"):
                old.unlink()
            for (known_on,), part in read_table(declared, name, b"0" * 32).accepted.group_by("known_on"):
                part.write_parquet(self.shop.landing / name / f"known_on={known_on}.parquet")

    def build(self, first: date, last: date) -> None:
        """All facts of the days `first` to `last`, and the profiles of the evening's day."""
        chosen = {"COUNTINGHOUSE_AS_OF_START": str(self.day), "COUNTINGHOUSE_AS_OF_END": str(self.day + ONE_DAY)}
        self.shop.run(first, last + ONE_DAY, **chosen, COUNTINGHOUSE_HAS_ORDER_LINES=str(self.has_order_lines).lower())

    def known(self) -> dict[str, list[tuple]]:
        """The rows of every mart as known on the evening."""
        found = {}
        columns = self.shop.rows(
            "select table_name, list(column_name) from information_schema.columns where table_schema = 'marts' group by 1"
        )
        for mart, names in columns:
            if "superseded_on" in names:
                rows = f"select * from {self.shop.as_of(mart, self.day)}"
            elif "as_of_day" in names and mart != "campaign_facts":
                rows = f"select * from marts.{mart} where as_of_day = date '{self.day}'"
            else:
                rows = f"select * from marts.{mart} where known_on <= date '{self.day}'"
            found[mart] = self.shop.rows(f"{rows} order by all")
        return found


def daily(tables: Tables) -> Tables:
    """The shop that hands in daily sums instead of order lines; every other sum has no price."""
    sold = tables["order_lines"].filter(pl.col("line_type") == "sale")
    sums = sold.group_by("product_id", business_day=pl.col("order_ts").dt.date(), maintain_order=True).agg(
        pl.col("units").sum(), pl.col("unit_price").first(), pl.col("recorded_at").max()
    )
    sums = sums.with_columns(unit_price=pl.when(pl.int_range(pl.len()) % 2 == 0).then("unit_price"))
    return {**{name: frame for name, frame in tables.items() if name != "order_lines"}, "daily_sales": sums}


def without_some_prices(tables: Tables) -> Tables:
    """One product has neither a list price nor a regular one, one no cost: what stands in for them must not look ahead."""
    products = tables["products"].with_columns(
        regular_price=pl.when(pl.col("product_id") != "P1").then("regular_price"),
        unit_cost=pl.when(pl.col("product_id") != "P2").then("unit_cost"),
    )
    return {**tables, "products": products, "prices": tables["prices"].filter(pl.col("product_id") != "P1")}


@pytest.fixture(scope="module", params=["order lines", "daily sums"])
def evening(request: pytest.FixtureRequest, shop: Any, tmp_path_factory: pytest.TempPathFactory) -> Evening:
    shop.clear()
    tiny = tiny_shop(days=75, products=4, customers=12)
    tables = without_some_prices(tiny.tables)
    tiny = replace(tiny, tables=daily(tables) if request.param == "daily sums" else tables)
    folder = tmp_path_factory.mktemp("evening")
    day = tiny.last_day - timedelta(days=LATER_DAYS)
    evening = Evening(shop, tiny, day, {}, folder / "warehouse.duckdb", folder / "shop", request.param == "order lines")
    evening.land(known_by(tiny.tables, day))
    evening.build(tiny.first_day, day)
    evening.knowledge = evening.known()
    shutil.copyfile(shop.warehouse, evening.warehouse)
    return evening


def test_there_is_something_to_know(evening: Evening) -> None:
    empty = {mart for mart, rows in evening.knowledge.items() if not rows}
    empty -= {"fct_coupon_overrides"}  # nobody decides about the coupons of this shop
    empty -= {"fct_order_overrides"}  # known the evening before its order day by design, so it stands apart (test_order_overrides)
    empty -= {"fct_promotion_decisions"}  # made of versions as fct_promotions is, which has rows (test_promotion_decisions)
    assert empty <= ({"fct_order_lines", "customer_profile"} if not evening.has_order_lines else set())


@settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 2**32 - 1), kinds=st.sets(st.sampled_from(KINDS), min_size=2))
def test_no_future_changes_what_was_known(evening: Evening, seed: int, kinds: set[str]) -> None:
    shutil.copyfile(evening.warehouse, evening.shop.warehouse)
    evening.land(disturbed(evening.tiny.tables, evening.day, evening.tiny.first_day, evening.tiny.last_day, seed, kinds))
    evening.build(evening.day, evening.tiny.last_day)
    known = evening.known()
    changed = [mart for mart, rows in evening.knowledge.items() if known[mart] != rows]
    assert changed == [], {mart: sorted(set(known[mart]) ^ set(evening.knowledge[mart]), key=str)[:4] for mart in changed}
