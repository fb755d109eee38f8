"""Records that arrive late, in any order, and days that disappear: in the end everything is as if it had been handed in at once.

*dated*: the records of the last days arrive one to seven days late and say so; the house is fed day by day, and then compared, table by
table, day by day and version by version, with a house that imports everything at once. The decisions of the last day as well.
*undated*: the same without `recorded_at`. When a record came is then known to the fed house alone, so what is compared is the newest
knowledge. *a day that disappears*: its records are taken out of the shop's files and the day is run again.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.reliability.disturbance import known_by
from benchmarks.reliability.houses import published_hashes
from benchmarks.reliability.outcome import Outcome, trial
from benchmarks.reliability.tiny_chain import TinyChain
from benchmarks.reliability.tiny_shop import TinyShop, tiny_shop
from benchmarks.table_hashes import differences, table_hashes

ABOUT = {
    "order_lines": "order_ts",
    "stock_levels": "business_day",
    "coupon_redemptions": "redeemed_on",
    "web_events": "event_ts",
    "ad_spend": "business_day",
    "competitor_prices": "observed_on",
}
FED_DAYS = {"small": 4, "full": 30}
DAYS_A_STEP = {"small": 4, "full": 1}
NEWEST_KNOWLEDGE = ("fct_order_lines", "fct_sales_daily", "fct_stock_daily", "fct_coupon_redemptions")
PROFILES = ("marts.customer_profile", "marts.product_profile")  # one per day that was run
EVENING = pl.duration(hours=23)


def run(size: str, root: Path) -> list[Outcome]:
    """All trials; `small` leaves the undated one out."""
    chain, shop = TinyChain(root), arriving_late(tiny_shop(), FED_DAYS[size], seed=3)
    outcomes = [_dated(chain, shop, size), _disappearing(chain, shop)]
    return outcomes if size == "small" else [*outcomes, _undated(chain, shop, size)]


def arriving_late(shop: TinyShop, days: int, seed: int) -> TinyShop:
    """Four in ten records about the last `days` days arrive one to seven days late, none after the shop's last day. Rows are shuffled."""
    chance = np.random.default_rng(seed)
    since, tables = shop.last_day - timedelta(days=days), dict(shop.tables)
    end = pl.lit(shop.last_day).cast(pl.Datetime("us")) + EVENING
    for name, column in ABOUT.items():
        frame = tables[name]
        late = pl.Series(np.where(chance.random(frame.height) < 0.4, chance.integers(1, 8, frame.height), 0))
        about = pl.col(column).cast(pl.Date)
        arrival = pl.max_horizontal(about.cast(pl.Datetime("us")) + pl.duration(days=late) + EVENING, pl.col("recorded_at"))
        moved = pl.min_horizontal(pl.when(about > since).then(arrival).otherwise("recorded_at"), end)
        tables[name] = frame.with_columns(recorded_at=moved).sample(fraction=1, shuffle=True, seed=seed)
    return replace(shop, tables=tables)


def as_it_stood(shop: TinyShop, day: date) -> TinyShop:
    """The shop on the evening of `day`."""
    return replace(shop, tables=known_by(shop.tables, day), last_day=day)


def undated(shop: TinyShop) -> TinyShop:
    """The shop's events without the time of recording, in the order in which they were recorded."""
    nothing = pl.lit(None, dtype=pl.Datetime("us"))
    tables = {name: frame.sort("recorded_at").with_columns(recorded_at=nothing) for name, frame in shop.tables.items() if name in ABOUT}
    return replace(shop, tables={**shop.tables, **tables})


def _steps(shop: TinyShop, size: str) -> Iterator[tuple[date, date]]:
    """First the whole past up to the fed days, then step after step; the last step is left to the caller."""
    start, step = shop.last_day - timedelta(days=FED_DAYS[size]), DAYS_A_STEP[size]
    yield start, start
    for done in range(0, FED_DAYS[size] - step, step):
        yield start + timedelta(days=done + 1), start + timedelta(days=done + step)


def _late_rows(shop: TinyShop) -> int:
    frames = (
        shop.tables[name].select(late=pl.col("recorded_at").dt.date() > pl.col(column).cast(pl.Date)) for name, column in ABOUT.items()
    )
    return sum(int(frame["late"].sum()) for frame in frames)


def _dated(chain: TinyChain, shop: TinyShop, size: str) -> Outcome:
    with trial("records 1 to 7 days late: as if all were imported at once") as outcome:
        outcome.faults = _late_rows(shop)
        chain.forget()
        fed = list(_steps(shop, size))
        for first, last in fed:
            chain.land_and_build(as_it_stood(shop, last), first, last)
        chain.must(shop, shop.last_day)
        stepwise = _hashes(chain, shop)
        chain.forget()
        chain.must(shop, shop.last_day)
        at_once = _hashes(chain, shop)
        outcome.tries = len(at_once)
        for table, day in differences(stepwise, at_once):
            outcome.expect(False, f"{table} of {day} differs")
    outcome.note = f"fed in {len(fed) + 1} steps; tables x days compared, decisions and published tables of the last day among them"
    return outcome


def _hashes(chain: TinyChain, shop: TinyShop) -> dict[tuple[str, str], str]:
    found = table_hashes(chain.state / "warehouse.duckdb") | published_hashes(chain.state / "published")
    return {(table, day): value for (table, day), value in found.items() if table not in PROFILES or day == str(shop.last_day)}


def _disappearing(chain: TinyChain, shop: TinyShop) -> Outcome:
    """Follows upon `_dated`: the shop is imported and its last day decided."""
    with trial("a source day that disappears is empty everywhere, and said to be") as outcome:
        day, names = shop.last_day, ("order_lines", "stock_levels")
        gone = known_by(shop.tables, day - timedelta(days=1))
        checks = chain.must(replace(shop, tables={**shop.tables, **{name: gone[name] for name in names}}), day)
        outcome.faults, outcome.tries = len(names), 6
        outcome.expect("landing/intake_counts: no_day_was_emptied" in checks, f"nothing was said: {checks}")
        for name in names:
            outcome.expect(not (chain.state / "landing" / name / f"known_on={day}.parquet").exists(), f"{name} still stands in landing")
        for mart in ("fct_order_lines", "fct_stock_daily"):
            rows = chain.rows(f"select count(*) from marts.{mart} where known_on >= date '{day}' or superseded_on >= date '{day}'")
            outcome.expect(rows == [(0,)], f"{mart} still holds {rows}")
        sold = chain.rows(f"select sum(units), count(on_hand) from marts.sales_panel where business_day = date '{day}'")
        outcome.expect(sold == [(0.0, 0)], f"the panel still sells {sold}")
        left = chain.published("sales_daily").filter(pl.col("business_day") == day).height
        outcome.expect(left == 0, f"{left} sales of the day are still published")
    return outcome


def _undated(chain: TinyChain, shop: TinyShop, size: str) -> Outcome:
    with trial("the same without the time of recording: the newest knowledge is that of one import") as outcome:
        outcome.faults = _late_rows(shop)
        chain.forget()
        for first, last in _steps(shop, size):
            chain.land_and_build(undated(as_it_stood(shop, last)), first, last)
        chain.land_and_build(undated(shop), shop.last_day, shop.last_day)
        stepwise = _newest(chain)
        chain.forget()
        chain.land_and_build(undated(shop), shop.last_day, shop.last_day)
        at_once = _newest(chain)
        outcome.tries = sum(frame.height for frame in at_once.values())
        for mart, frame in at_once.items():
            missing = frame.join(stepwise[mart], on=frame.columns, how="anti", nulls_equal=True)
            added = stepwise[mart].join(frame, on=frame.columns, how="anti", nulls_equal=True)
            outcome.expect(missing.is_empty() and added.is_empty(), f"{mart}: {missing.height} rows missing, {added.height} too many")
    outcome.note = "rows in force compared; when each became known is known to the fed house alone"
    return outcome


def _newest(chain: TinyChain) -> dict[str, pl.DataFrame]:
    query = "select * exclude (known_on, superseded_on) from marts.{} where superseded_on is null order by all"
    return {mart: chain.read(query.format(mart)) for mart in NEWEST_KNOWLEDGE}
