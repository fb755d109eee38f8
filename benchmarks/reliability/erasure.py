"""Persons are erased from a decided house: nothing of them is left in any byte, and no later run brings them back.

One erasure is killed at a random moment and started again. Then more of the same persons is handed in, some of it late, and an old
and a new day are decided. At the end the house must equal one that never knew them.
"""

import os
import random
import shutil
import signal
import time
from datetime import datetime, timedelta
from datetime import time as clock
from pathlib import Path

import duckdb
import polars as pl

from assets.erasure.erase import erase_person, unfinished_erasures
from assets.turn import turn
from benchmarks.reliability.houses import Place, torn_tables, unreadable_files
from benchmarks.reliability.outcome import Outcome, trial
from benchmarks.reliability.tiny_shop import LAST_DAY, Tables, TinyShop, tiny_shop
from shops.erased import pseudonym_of

PERSONS = {"small": 3, "full": 12}
KILLS = {"small": 1, "full": 6}
BEFORE = LAST_DAY - timedelta(days=1)
MADE_ONCE = ("dbt", "mlflow", "learning/models")  # parsing and training again would prove nothing; a model is used only for the same input


def run(size: str, root: Path) -> list[Outcome]:
    """Decide, erase (killed and finished), search; decide again with more of the same persons, search, compare."""
    shop = with_long_numbers(tiny_shop())
    place = Place(shop.write(root / "shop"), root / "house", "tiny")
    numbers = persons(shop.tables, PERSONS[size])
    with trial(f"{len(numbers)} persons erased from a decided house: no byte of them left") as erased:
        place.must("run", "--day", BEFORE.isoformat())
        hashes = {name: pseudonym_of(name, place.house.pseudonym_key()) for name in numbers}
        erased.expect(all(places_of(place.state, key) for key in hashes.values()), "the search finds nobody before they are erased")
        longest = 0.0
        for number, name in enumerate(numbers):
            if number < KILLS[size]:
                erased.faults += kill_an_erasure(place, name, random.Random(number))
            started = time.monotonic()
            with turn(place.state, "the benchmark", print):
                done = erase_person(place.house, place.warehouse, name, lambda _: None)
            longest = max(longest, time.monotonic() - started)
            erased.tries += 1
            erased.expect(not done.search.remains, f"{name}: the command still finds {done.search.remains[:3]}")
        for name, key in hashes.items():
            found = places_of(place.state, key) + places_of(place.state, name)
            erased.expect(not found, f"{name} still stands in {found[:5]}")
        look_at(erased, place)
        erased.note = f"longest erasure {longest:.1f} s, {sum(file.stat().st_size for file in files_of(place.state)) / 1e6:.0f} MB searched"
    with trial("days decided after an erasure: the persons stay away, the tables are those of a house that never knew them") as later:
        hand_in_more(shop, numbers).write(place.shop)
        later.faults = 2 * len(numbers)
        days = ("--from", BEFORE.isoformat(), "--to", LAST_DAY.isoformat())
        never = Place(place.shop, root / "never", "tiny")
        for part in MADE_ONCE:
            shutil.copytree(place.state / part, never.state / part)
        place.must("backfill", *days)
        never.must("backfill", *days)
        later.tries = 2 * len(numbers)
        for name, key in hashes.items():
            found = places_of(place.state, key) + places_of(place.state, name)
            later.expect(not found, f"{name} is back in {found[:5]}")
        wrong = place.wrong_against(never.hashes())
        later.expect(not wrong, f"{len(wrong)} tables and days differ from a house that never knew them: {wrong[:5]}")
        look_at(later, place)
    return [erased, later]


def with_long_numbers(shop: TinyShop) -> TinyShop:
    """Customer numbers that stand nowhere by chance: `C001` may be four bytes of anything."""
    tables = {
        name: frame.with_columns(pl.format("K{}-4711-0815", "customer_id").alias("customer_id"))
        if "customer_id" in frame.columns
        else frame
        for name, frame in shop.tables.items()
    }
    return TinyShop(tables, shop.first_day, shop.last_day, shop.name, shop.limits, shop.sections)


def persons(tables: Tables, count: int) -> list[str]:
    """Customers with a redeemed coupon and a visit: they are in every table that names customers."""
    seen = tables["web_events"]["customer_id"].drop_nulls().unique()
    redeemed = tables["coupon_redemptions"]["customer_id"].unique().sort()
    return redeemed.filter(redeemed.is_in(seen.implode())).head(count).to_list()


def kill_an_erasure(place: Place, name: str, chance: random.Random) -> int:
    """Start the command, kill it with all its children at a random moment; 1 if it was still at work."""
    process = place.start("erase", name)
    begun = time.monotonic()
    while process.poll() is None and not unfinished_erasures(place.state) and time.monotonic() - begun < 60:
        time.sleep(0.01)
    time.sleep(chance.uniform(0.0, 2.0))
    still_at_work = process.poll() is None
    if still_at_work:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return int(still_at_work)


def hand_in_more(shop: TinyShop, numbers: list[str]) -> TinyShop:
    """For each person a late sale of three days ago and a visit today."""
    tables = dict(shop.tables)
    for table, ident, moment in (("order_lines", "order_id", "order_ts"), ("web_events", "event_id", "event_ts")):
        frame = tables[table]
        rows = [frame.filter(customer_id=number).tail(1) for number in numbers]
        about = datetime.combine(LAST_DAY - timedelta(days=3 if table == "order_lines" else 0), clock(10))
        more = pl.concat(rows).with_columns(
            pl.format("more-{}", ident).alias(ident), pl.lit(about).alias(moment), recorded_at=datetime.combine(LAST_DAY, clock(12))
        )
        tables[table] = pl.concat([frame, more.cast(dict(frame.schema))])
    return TinyShop(tables, shop.first_day, shop.last_day, shop.name, shop.limits, shop.sections)


def look_at(outcome: Outcome, place: Place) -> None:
    """Published tables agree with what is said of them, every file can be read, nothing is half done."""
    outcome.expect(
        not torn_tables(place.house.published), f"published tables are not what _published says: {torn_tables(place.house.published)}"
    )
    outcome.expect(not unreadable_files(place.state), f"unreadable: {unreadable_files(place.state)[:3]}")
    outcome.expect(unfinished_erasures(place.state) == 0, "an erasure is said to be unfinished")
    counts = pl.read_parquet(place.house.published / "intake_counts.parquet")
    off = counts.filter(pl.col("rows_read") != pl.col("rows_accepted") + pl.col("rows_quarantined"))
    outcome.expect(off.is_empty(), f"rows do not add up in {off['source_file'].to_list()[:3]}")


def files_of(state: Path) -> list[Path]:
    """Every file of the state."""
    return sorted(file for file in state.rglob("*") if file.is_file())


def places_of(state: Path, text: str) -> list[str]:
    """Where a text stands, looked for in another way than the command does: bytes of files, cells of Parquet files, rows of tables."""
    found = []
    for file in files_of(state):
        is_in = text.encode() in file.read_bytes()
        if file.suffix == ".parquet" and not is_in:
            is_in = any(pl.read_parquet(file).select(pl.all().cast(pl.String).str.contains(text, literal=True).any()).row(0))
        if is_in:
            found.append(str(file.relative_to(state)))
    with duckdb.connect(str(state / "warehouse.duckdb"), read_only=True) as connection:
        for (table,) in connection.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall():
            if connection.execute(f"select count(*) from {table} as part where contains(part::varchar, ?)", [text]).fetchall()[0][0]:
                found.append(table)
    return found
