"""Replay folders: what is read, in which spellings, and what is said about one that cannot be used."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from shops.replay_folder import ReplayFolderError, periods, read_replay_folder

MONDAY = date(2024, 1, 1)
TOML = {
    "period": '"week"',
    "lead_time_periods": "1",
    "holding_cost": "0.2",
    "shortage_cost": "1.0",
    "lost_sales": "true",
    "first_order_after": "2024-01-15",
    "order_rounds": "2",
    "score_from": "2024-01-29",
    "score_to": "2024-02-05",
}
Folder = Callable[..., Path]


def sales() -> pl.DataFrame:
    weeks = [MONDAY + timedelta(days=7 * week) for week in range(6)]
    units = {item: [float(item) + week for week in range(6)] for item in ("1", "2")}
    rows = [pl.DataFrame({"period_start": weeks, "units": sold}).with_columns(item_id=pl.lit(item)) for item, sold in units.items()]
    return pl.concat(rows).with_columns(location_id=pl.lit("north"))


def state() -> pl.DataFrame:
    return pl.DataFrame({"item_id": ["1", "2"], "location_id": "north", "on_hand": [3, 4], "receipts_1": [5, 0], "receipts_2": [0, 6]})


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    def write(toml: dict[str, str] | None = None, **tables: pl.DataFrame) -> Path:
        for name, frame in {"sales": sales(), "initial_state": state(), **tables}.items():
            frame.write_csv(tmp_path / f"{name}.csv")
        lines = [f"{name} = {value}" for name, value in {**TOML, **(toml or {})}.items() if value]
        (tmp_path / "replay.toml").write_text("\n".join(lines), encoding="utf-8")
        return tmp_path

    return write


def test_a_folder_is_read(folder: Folder) -> None:
    told = read_replay_folder(folder(items=pl.DataFrame({"item_id": ["1"], "category": ["tea"], "colour": ["red"]})))
    assert told.terms.period_days == 7
    assert (told.terms.lead_time_periods, told.terms.holding_cost, told.terms.lost_sales) == (1, 0.2, True)
    assert told.sales.height == 12
    assert told.sales["in_stock"].all()
    assert told.state["on_hand"].to_list() == [3.0, 4.0]
    assert told.receipts.rows() == [("1", "north", 1, 5.0), ("2", "north", 2, 6.0)]
    assert told.items.select("item_id", "category").rows() == [("1", "tea")]
    assert not told.has_limits
    assert periods(told.terms, MONDAY)[-1] == date(2024, 2, 5)


def test_parquet_quoted_days_a_section_and_no_location_are_the_same(folder: Folder) -> None:
    plain = read_replay_folder(folder())
    path = folder()
    for name, frame in (("sales", sales()), ("initial_state", state())):
        (path / f"{name}.csv").unlink()
        frame.drop("location_id").write_parquet(path / f"{name}.parquet")
    quoted = "\n".join(f'{name} = "{value}"' if name[:5] in ("first", "score") else f"{name} = {value}" for name, value in TOML.items())
    (path / "replay.toml").write_text("[replay]\n" + quoted, encoding="utf-8")
    told = read_replay_folder(path)
    assert told.terms == plain.terms
    assert told.sales["location_id"].unique().to_list() == ["main"]
    assert told.sales["units"].to_list() == plain.sales["units"].to_list()


def test_receipts_counted_from_nought_begin_with_the_next_period(folder: Folder) -> None:
    counted = state().rename({"receipts_1": "due_0", "receipts_2": "due_1"})
    assert read_replay_folder(folder(initial_state=counted)).receipts["ahead"].to_list() == [1, 2]


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ({"period": '"month"'}, 'write "day" or "week"'),
        ({"lead_time_periods": "-1"}, "lead_time_periods"),
        ({"holding_cost": ""}, "holding_cost"),
        ({"shortage_cost": '"much"'}, "shortage_cost"),
        ({"lost_sales": "1"}, "true or false"),
        ({"score_from": "2024-01-10"}, "first_order_after < score_from"),
        ({"score_to": "2024-02-06"}, "whole number of weeks"),
        ({"score_to": "2024-03-04"}, "The sales end on 2024-02-05"),
        ({"first_order_after": "2023-12-04", "score_from": "2023-12-18", "score_to": "2024-01-01"}, "nothing can be learned"),
        ({"order_rounds": "1", "lead_time_periods": "0", "score_from": "2024-02-05"}, "when the last order arrives"),
        ({"order_rounds": "0"}, "order_rounds"),
        ({"period": '"week'}, "cannot be read"),
    ],
)
def test_terms_that_make_no_sense_are_refused(folder: Folder, toml: dict[str, str], said: str) -> None:
    with pytest.raises(ReplayFolderError, match=said):
        read_replay_folder(folder(toml))


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"sales": sales().drop("units")}, "no column units"),
        ({"sales": pl.concat([sales(), sales().head(1)])}, "more than one row"),
        ({"sales": sales().with_columns(units=pl.lit(-1.0))}, "at least 0"),
        ({"sales": sales().with_columns(units=pl.lit("many"))}, "at least 0"),
        ({"sales": sales().with_columns(pl.col("period_start") + pl.duration(days=pl.int_range(pl.len()) % 2))}, "other days"),
        ({"initial_state": state().drop("on_hand")}, "no column on_hand"),
        ({"initial_state": pl.concat([state(), state()])}, "more than one row"),
        ({"initial_state": state().with_columns(on_hand=pl.lit(-2))}, "at least 0"),
        ({"initial_state": state().rename({"receipts_1": "mystery"})}, "mystery"),
        ({"sales": sales().clear()}, "no rows"),
        ({"sales": sales().with_columns(in_stock=pl.lit("yes"))}, "in_stock"),
        ({"sales": sales().drop("location_id")}, "only one of"),
        ({"initial_state": state().with_columns(on_hand=pl.lit("1 000"))}, "no numbers"),
        ({"initial_state": state().with_columns(receipts_2=pl.lit(None, dtype=pl.Int64))}, "no numbers"),
        ({"initial_state": state().with_columns(due_1=pl.lit(2))}, "two columns of receipts"),
        ({"items": pl.DataFrame({"name": ["x"]})}, "item_id"),
    ],
)
def test_tables_that_make_no_sense_are_refused(folder: Folder, tables: dict[str, pl.DataFrame], said: str) -> None:
    with pytest.raises(ReplayFolderError, match=said):
        read_replay_folder(folder(**tables))


def test_missing_files_are_named(tmp_path: Path, folder: Folder) -> None:
    with pytest.raises(ReplayFolderError, match=r"no replay\.toml"):
        read_replay_folder(tmp_path / "nowhere")
    path = folder()
    (path / "sales.csv").unlink()
    with pytest.raises(ReplayFolderError, match=r"no sales\.parquet or sales\.csv"):
        read_replay_folder(path)
