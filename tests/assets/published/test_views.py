"""`bi.duckdb`: views over files that are swapped in whole."""

import os
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from assets.published.exports import EXPORTS
from assets.published.tables import write_views


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "published"
    folder.mkdir()
    publish(folder, "limits", 1)
    publish(folder, "products", 7)
    write_views(tmp_path / "bi.duckdb", folder)
    return folder


def publish(folder: Path, name: str, value: int) -> None:
    """As publishing does: written beside, swapped in. Two days, of which the second is the newest."""
    frame = pl.DataFrame({"as_of_day": [date(2025, 1, 1), date(2025, 1, 2)], "value": [0, value]})
    frame.write_parquet(folder / f".{name}.parquet.1")
    os.replace(folder / f".{name}.parquet.1", folder / f"{name}.parquet")


def read(database: Path, view: str) -> list[int]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return [value for (value,) in connection.execute(f'select value from "{view}" order by as_of_day').fetchall()]


def test_tables_with_a_history_have_a_view_of_the_newest_day(folder: Path) -> None:
    database = folder.parent / "bi.duckdb"
    assert read(database, "limits") == [0, 1]
    assert read(database, "limits_latest") == [1]
    with duckdb.connect(str(database), read_only=True) as connection:
        views = {name for (name,) in connection.execute("select view_name from duckdb_views() where not internal").fetchall()}
        tables = connection.execute("select count(*) from duckdb_tables()").fetchone()
    assert views == {"limits", "limits_latest", "products"}
    assert tables == (0,), "the database holds views and nothing else"


def test_an_open_reader_sees_the_swapped_file(folder: Path) -> None:
    with duckdb.connect(str(folder.parent / "bi.duckdb"), read_only=True) as reader:
        assert reader.execute("select max(value) from limits").fetchone() == (1,)
        for version in range(2, 12):
            publish(folder, "limits", version)
            assert reader.execute("select max(value) from limits").fetchone() == (version,)


def test_an_unchanged_set_of_views_leaves_the_file_alone(folder: Path) -> None:
    database = folder.parent / "bi.duckdb"
    before = database.stat()
    publish(folder, "limits", 5)
    with duckdb.connect(str(database), read_only=True):
        write_views(database, folder)
    after = database.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_new_table_gets_its_view(folder: Path) -> None:
    publish(folder, "alerts", 3)
    write_views(folder.parent / "bi.duckdb", folder)
    assert read(folder.parent / "bi.duckdb", "alerts_latest") == [3]


def test_a_table_no_longer_published_loses_its_view(folder: Path) -> None:
    (folder / "limits.parquet").unlink()
    write_views(folder.parent / "bi.duckdb", folder)
    with pytest.raises(duckdb.CatalogException):
        read(folder.parent / "bi.duckdb", "limits_latest")


def test_views_follow_a_state_folder_that_was_moved(folder: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved's"
    moved.mkdir()
    os.rename(folder, moved / "published")
    os.rename(folder.parent / "bi.duckdb", moved / "bi.duckdb")
    write_views(moved / "bi.duckdb", moved / "published")
    assert read(moved / "bi.duckdb", "limits") == [0, 1]


def test_what_an_older_day_said_is_not_the_latest_where_the_newest_day_says_nothing(folder: Path) -> None:
    """No alert and no coupon on the newest decided day: the view is empty, it does not show the day before."""
    days = pl.DataFrame({"as_of_day": [date(2025, 1, 1), date(2025, 1, 2), date(2025, 1, 3)], "value": [0, 0, 0]})
    days.write_parquet(folder / "plan_certificates.parquet")
    for name in ("alerts", "coupon_assignments"):
        publish(folder, name, 3)
    write_views(folder.parent / "bi.duckdb", folder)
    for name in ("alerts", "coupon_assignments"):
        assert read(folder.parent / "bi.duckdb", f"{name}_latest") == []
    days.head(2).write_parquet(folder / "plan_certificates.parquet")
    assert read(folder.parent / "bi.duckdb", "alerts_latest") == [3]


def test_exports_have_their_own_names() -> None:
    names = [export.name for export in EXPORTS]
    assert len(names) == len(set(names))
    assert not any(name.endswith("_latest") for name in names)
