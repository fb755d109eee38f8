"""Random futures through the whole chain: nothing that is recorded after a day changes what was derived, learned or decided for it.

A tiny shop is decided for a day as it stood that evening. Then, again and again, another future is laid upon it, in every input table
(records known later are dropped, changed, added; earlier ones are corrected; late records speak of long ago), and the day is decided again,
in three ways in turn: in the house of that evening after the shop's last day has been decided there (what is new is handed in late, half of
it without saying when it was recorded), in an empty house after the last day, and in an empty house alone. The marts of the day, demand,
response, decisions and review must be the same rows. Models are deleted and trained anew each time, so that training is shown to depend on
nothing else, and on no chance either.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from benchmarks.reliability.disturbance import Tables, disturbed, known_by
from benchmarks.reliability.outcome import Outcome, trial
from benchmarks.reliability.tiny_chain import TinyChain
from benchmarks.reliability.tiny_shop import TinyShop, tiny_shop
from benchmarks.table_hashes import LINEAGE
from shops.contract import TABLES

FUTURES = {"small": 1, "full": 12}
LATER_DAYS = 12
DECIDED = ("demand", "customers", "response", "decisions", "review")
Rows = dict[str, pl.DataFrame]


def run(size: str, root: Path) -> list[Outcome]:
    """One outcome over all futures."""
    chain, shop, dice = TinyChain(root), tiny_shop(), random.Random(5)
    day = shop.last_day - timedelta(days=LATER_DAYS)
    with trial("as of: random futures change nothing that was derived, learned or decided") as outcome:
        chain.forget()
        chain.must(replace(shop, tables=known_by(shop.tables, day), last_day=day), day)
        evening = knowledge(chain, day)
        rows = sum(frame.height for frame in evening.values())
        for number in range(FUTURES[size]):
            future = disturbed(shop.tables, day, shop.first_day, shop.last_day, seed=dice.randrange(2**32))
            outcome.faults += _changes(shop, future)
            if number % 3 == 0:
                if number:
                    chain.forget()
                    chain.must(replace(shop, tables=known_by(shop.tables, day), last_day=day), day)
                future = _half_undated(future, day, dice)
            else:
                chain.forget()
            for each in [shop.last_day, day] if number % 3 < 2 else [day]:
                chain.forget_models()
                chain.must(replace(shop, tables=future), each)
            outcome.tries += 1
            for complaint in _differences(evening, knowledge(chain, day)):
                outcome.expect(False, f"future {number}: {complaint}")
            if size == "full":
                print(f"  as_of: future {number + 1} of {FUTURES[size]}, {outcome.wrong} wrong", flush=True)
    outcome.note = f"{len(evening)} tables with {rows:,} rows of the day compared each time; models trained anew"
    return [outcome]


def _half_undated(tables: Tables, day: date, dice: random.Random) -> Tables:
    """Half of the events recorded after `day` without the time of recording: only a house that has landed the day knows they are late. (Not
    those about the day itself: a day that is run again takes what the files hold for it.)"""
    found = {}
    for name, frame in tables.items():
        chosen = pl.Series([dice.random() < 0.5 for _ in range(frame.height)], dtype=pl.Boolean)
        about = TABLES[name].about
        if about is None:
            found[name] = frame
            continue
        undated = (pl.col("recorded_at").dt.date() > day) & (pl.col(about).cast(pl.Date) != day) & chosen
        found[name] = frame.with_columns(recorded_at=pl.when(~undated).then("recorded_at"))
    return found


def knowledge(chain: TinyChain, day: date) -> Rows:
    """Marts as known on `day`, and every decided table's rows of it, without lineage."""
    found: Rows = {}
    columns = chain.read(
        "select table_schema as room, table_name as name, list(column_name) as columns from information_schema.columns group by all"
    )
    for room, name, present in columns.filter(pl.col("room").is_in(["marts", *DECIDED])).sort("room", "name").iter_rows():
        left_out = [column for column in (*LINEAGE, "superseded_on") if column in present]
        selected = f"* exclude ({', '.join(left_out)})" if left_out else "*"
        if "superseded_on" in present:
            where = f"known_on <= date '{day}' and coalesce(superseded_on, date '9999-12-31') > date '{day}'"
        else:
            where = f"{'known_on <=' if 'known_on' in present else 'as_of_day ='} date '{day}'"
        found[f"{room}.{name}"] = chain.read(f"select {selected} from {room}.{name} where {where} order by all")
    return found


def _differences(wanted: Rows, found: Rows) -> Iterator[str]:
    for name in sorted(set(wanted) | set(found)):
        if name not in wanted or name not in found:
            yield f"{name} is there only once"
        elif not wanted[name].equals(found[name]):
            missing = wanted[name].join(found[name], on=wanted[name].columns, how="anti", nulls_equal=True).height
            yield f"{name} has other rows: {missing} of {wanted[name].height} are not those of the evening"


def _changes(shop: TinyShop, future: dict[str, pl.DataFrame]) -> int:
    """Records added, changed or dropped."""
    changed = 0
    for name, frame in shop.tables.items():
        told = future[name].select(frame.columns)
        changed += frame.join(told, on=frame.columns, how="anti", nulls_equal=True).height
        changed += told.join(frame, on=frame.columns, how="anti", nulls_equal=True).height
    return changed
