"""Persons are erased from a decided house: nothing of them is left in any byte, and no later run brings them back.

One erasure is killed at a random moment and started again. Then more of the same persons is handed in, some of it late, and old and new
days are decided. At full size the house must then equal one that never knew them.
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
from benchmarks.reliability.houses import Place, last_days, started, torn_tables, unreadable_files
from benchmarks.reliability.outcome import Outcome, trial
from benchmarks.reliability.tiny_shop import LAST_DAY
from shops.erased import pseudonym_of

PERSONS = {"small": 2, "full": 12}
KILLS = {"small": 1, "full": 6}
DAYS = 3
MADE_ONCE = ("dbt", "mlflow", "learning/models")  # parsing and training again would prove nothing; a model is used only for the same input


def run(size: str, root: Path) -> list[Outcome]:
    """Erase (killed and finished), search; decide again with more of the same persons, search, compare."""
    place = of_its_own(started(root, DAYS), root / "own")
    numbers = persons(place.shop, PERSONS[size])
    with trial(f"{len(numbers)} persons erased from a decided house: no byte of them left") as erased:
        hashes = {name: pseudonym_of(name, place.house.pseudonym_key()) for name in numbers}
        erased.expect(all(places_of(place.state, key) for key in hashes.values()), "the search finds nobody before they are erased")
        longest = 0.0
        for number, name in enumerate(numbers):
            if number < KILLS[size]:
                erased.faults += kill_an_erasure(place, name, random.Random(number))
            begun = time.monotonic()
            with turn(place.state, "the benchmark", print):
                done = erase_person(place.house, place.warehouse, name, lambda _: None)
            longest = max(longest, time.monotonic() - begun)
            erased.tries += 1
            erased.expect(not done.search.remains, f"{name}: the command still finds {done.search.remains[:3]}")
        look_for(erased, place, hashes)
        megabytes = sum(file.stat().st_size for file in files_of(place.state)) / 1e6
        erased.note = f"longest erasure {longest:.1f} s, {megabytes:.0f} MB searched"
    with trial("days decided after an erasure: the persons stay away") as later:
        hand_in_more(place.shop, numbers)
        later.faults, later.tries = 2 * len(numbers), len(numbers)
        first = last_days(DAYS)[0] - timedelta(days=1)
        days = ("--from", first.isoformat(), "--to", LAST_DAY.isoformat())
        place.must("backfill", *days)
        look_for(later, place, hashes)
        sold = place.warehouse.read("select count(*) as n from marts.fct_order_lines where order_id like 'more-%' and customer_key is null")
        later.expect(sold["n"][0] == len(numbers), f"{sold['n'][0]} of {len(numbers)} late sales count as sales of nobody")
        if size == "full":
            never = Place(place.shop, root / "own" / "never")
            for part in MADE_ONCE:
                shutil.copytree(place.state / part, never.state / part)
            never.must("backfill", *days)
            wrong = place.wrong_against(never.hashes())
            later.expect(not wrong, f"{len(wrong)} tables and days differ from a house that never knew them: {wrong[:5]}")
    return [erased, later]


def of_its_own(start: Place, root: Path) -> Place:
    """The house with a shop, a key and a list of erased persons of its own: other trials share theirs."""
    shutil.copytree(start.shop, root / "shop")
    shutil.copy(start.shop.parent / "pseudonym.key", root / "pseudonym.key")
    copied = start.copy("house", root)
    return Place(root / "shop", copied.var, copied.name)


def persons(shop: Path, count: int) -> list[str]:
    """Customers with a redeemed coupon and a visit: they are in every table that names customers."""
    seen = pl.read_parquet(shop / "web_events.parquet")["customer_id"].drop_nulls().unique()
    redeemed = pl.read_parquet(shop / "coupon_redemptions.parquet")["customer_id"].unique().sort()
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


def hand_in_more(shop: Path, numbers: list[str]) -> None:
    """For each person a late sale of three days ago and a visit today."""
    for table, ident, moment in (("order_lines", "order_id", "order_ts"), ("web_events", "event_id", "event_ts")):
        frame = pl.read_parquet(shop / f"{table}.parquet")
        rows = pl.concat([frame.filter(customer_id=number).tail(1) for number in numbers])
        about = datetime.combine(LAST_DAY - timedelta(days=3 if table == "order_lines" else 0), clock(10))
        more = rows.with_columns(
            pl.format("more-{}", ident).alias(ident), pl.lit(about).alias(moment), recorded_at=datetime.combine(LAST_DAY, clock(12))
        )
        pl.concat([frame, more.cast(dict(frame.schema))]).write_parquet(shop / f"{table}.parquet")


def look_for(outcome: Outcome, place: Place, hashes: dict[str, str]) -> None:
    """Nobody is left; published tables agree with what is said of them, every file can be read, nothing is half done."""
    for name, key in hashes.items():
        found = places_of(place.state, key) + places_of(place.state, name, in_bytes=False)
        outcome.expect(not found, f"{name} still stands in {found[:5]}")
    torn = torn_tables(place.house.published)
    outcome.expect(not torn, f"published tables are not what _published says: {torn}")
    outcome.expect(not unreadable_files(place.state), f"unreadable: {unreadable_files(place.state)[:3]}")
    outcome.expect(unfinished_erasures(place.state) == 0, "an erasure is said to be unfinished")
    counts = pl.read_parquet(place.house.published / "intake_counts.parquet")
    off = counts.filter(pl.col("rows_read") != pl.col("rows_accepted") + pl.col("rows_quarantined"))
    outcome.expect(off.is_empty(), f"rows do not add up in {off['source_file'].to_list()[:3]}")


def files_of(state: Path) -> list[Path]:
    """Every file of the state."""
    return sorted(file for file in state.rglob("*") if file.is_file())


def places_of(state: Path, text: str, in_bytes: bool = True) -> list[str]:
    """Where a text stands, looked for in another way than the command does: bytes of files, cells of Parquet files, rows of tables.

    `in_bytes` is for texts that no other bytes can be by chance.
    """
    found = []
    for file in files_of(state):
        is_in = in_bytes and text.encode() in file.read_bytes()
        if file.suffix == ".parquet" and not is_in:
            is_in = any(pl.read_parquet(file).select(pl.all().cast(pl.String).str.contains(text, literal=True).any()).row(0))
        if is_in:
            found.append(str(file.relative_to(state)))
    with duckdb.connect(str(state / "warehouse.duckdb"), read_only=True) as connection:
        for (table,) in connection.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall():
            if connection.execute(f"select count(*) from {table} as part where contains(part::varchar, ?)", [text]).fetchall()[0][0]:
                found.append(table)
    return found
