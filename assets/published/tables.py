"""Publishing: one Parquet file per table, all swapped in at one moment (`versions`), behind a read-only `bi.duckdb` of views only.

Readers never wait and never see half a table or half a publication. `_published` says of each table which version, run and window it came
from, with rows and checksum; `data_dictionary` says what every column means.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import polars as pl

from assets.house import House
from assets.landing.files import LandedFiles
from assets.partitions import partition_window
from assets.published.dictionary import data_dictionary
from assets.published.exports import EXPORTS
from assets.published.overlaps import carry_all
from assets.published.versions import new_version, version_name
from assets.warehouse import Warehouse
from assets.windows import Window

KEY = dg.AssetKey(["published", "tables"])
CHECKSUM = "select count(*), coalesce(bit_xor(hash(part)), 0)::varchar from {relation} as part"
FORBIDDEN_TYPES = ("HUGEINT", "LIST", "STRUCT", "MAP", "[]")


@dg.multi_asset(
    name="published",
    specs=[
        dg.AssetSpec(
            KEY,
            group_name="published",
            kinds={"parquet", "duckdb"},
            deps=[*(export.source.split(".") for export in EXPORTS), ["landing", "quarantine"], ["landing", "intake_counts"]],
            description="The tables a merchandiser reads, with their data dictionary; open bi.duckdb.",
        )
    ],
    check_specs=[
        dg.AssetCheckSpec(
            "newest_day_is_published",
            asset=KEY,
            blocking=True,  # it comes after review.alerts: where it fails, the run fails, and that is the alert
            description="max(as_of_day) of the published orders is the newest day decided.",
        )
    ],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def published(context: dg.AssetExecutionContext, house: House, warehouse: Warehouse) -> Iterator[Any]:
    """Write every table and swap it in."""
    window = partition_window(context)
    entries, newest = publish(house, warehouse, context.run_id, window)
    told = pl.read_parquet(house.published / "replenishment_orders.parquet")["as_of_day"].max()
    yield dg.MaterializeResult(
        asset_key=KEY,
        metadata={
            "tables": len(entries),
            "rows": sum(entry["rows"] for entry in entries),
            "bi database": dg.MetadataValue.path(str(house.bi_database)),
            "contents": dg.MetadataValue.md(
                "\n".join(["| table | rows |", "|---|---|", *(f"| {entry['table_name']} | {entry['rows']:,} |" for entry in entries)])
            ),
        },
    )
    yield dg.AssetCheckResult(
        check_name="newest_day_is_published",
        asset_key=KEY,
        passed=told == newest,
        metadata={"published": str(told), "decided": str(newest)},
    )


def publish(house: House, warehouse: Warehouse, run_id: str, window: Window) -> tuple[list[dict[str, Any]], Any]:
    """Write and swap in a version of every table; returns the rows of `_published` and the newest day with decided orders.

    The caller holds the shop's turn.
    """
    with new_version(house) as folder:
        stamp = {"version": version_name(folder), "run_id": run_id, "window_start": window.start, "window_end": window.end}
        entries: list[dict[str, Any]] = []
        descriptions: dict[str, list[tuple[str, str]]] = {}
        with warehouse.connect() as connection:
            for export in EXPORTS:
                relation = f"({export.query})"
                descriptions[export.name] = _columns(connection, relation, export.name)
                rows, checksum = _write_query(connection, relation, folder / f"{export.name}.parquet")
                entries.append({"table_name": export.name, "source": export.source, **stamp, "rows": rows, "checksum": checksum})
            newest = connection.execute("select max(as_of_day) from decisions.replenishment_orders").fetchall()[0][0]
            landed = LandedFiles(house.landing)
            for name, part in (("quarantine", "_quarantine"), ("intake_counts", "_counts")):
                frame = landed.read_all(part)
                assert frame is not None
                connection.register("landed", frame)
                descriptions[name] = _columns(connection, "landed", name)
                rows, checksum = _write_query(connection, "landed", folder / f"{name}.parquet")
                connection.unregister("landed")
                entries.append({"table_name": name, "source": f"landing.{name}", **stamp, "rows": rows, "checksum": checksum})
        data_dictionary(house, descriptions).write_parquet(folder / "data_dictionary.parquet")
        pl.DataFrame(entries, schema_overrides={"rows": pl.Int64}).write_parquet(folder / "_published.parquet")
        carry_all(folder, house.published)
    write_views(house.bi_database, house.published)
    return entries, newest


def write_views(database: Path, folder: Path) -> None:
    """Replace `bi.duckdb` if its set of views is not the one wanted: one view per file, and `<table>_latest` for tables with a history."""
    wanted = _view_statements(folder)
    if database.exists() and _has_views(database, wanted):
        return
    beside = database.with_name(f".{database.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    with duckdb.connect(str(beside)) as connection:
        for statement in wanted.values():
            connection.execute(statement)
    os.replace(beside, database)


def _view_statements(folder: Path) -> Mapping[str, str]:
    statements: dict[str, str] = {}
    for file in sorted(folder.glob("[!.]*.parquet")):
        path = str(file).replace("'", "''")
        statements[file.stem] = f"create view \"{file.stem}\" as select * from read_parquet('{path}')"
    for export in EXPORTS:
        if export.day_column and export.name in statements:
            by_certificates = export.may_be_empty and "plan_certificates" in statements
            judge, compared = ("plan_certificates", ">=") if by_certificates else (export.name, "=")
            latest = f'select * from "{export.name}" where {export.day_column} {compared} (select max({export.day_column}) from "{judge}")'
            statements[f"{export.name}_latest"] = f'create view "{export.name}_latest" as {latest}'
    return statements


def _has_views(database: Path, wanted: Mapping[str, str]) -> bool:
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute("select view_name, sql from duckdb_views() where not internal").fetchall()
    folder_is_same = all(str(database.parent / "published") in sql for name, sql in rows if not name.endswith("_latest"))
    return {name for name, _ in rows} == set(wanted) and folder_is_same


def _columns(connection: duckdb.DuckDBPyConnection, relation: str, name: str) -> list[tuple[str, str]]:
    columns = [(row[0], row[1]) for row in connection.execute(f"describe select * from {relation}").fetchall()]
    wrong = [column for column, kind in columns if any(word in kind for word in FORBIDDEN_TYPES)]
    if wrong:
        raise ValueError(f"Published table {name}: columns {wrong} have types that BI tools cannot read; cast them in the mart.")
    return columns


def _write_query(connection: duckdb.DuckDBPyConnection, relation: str, file: Path) -> tuple[int, str]:
    """Rows and checksum of what was written; the checksum does not depend on the order of rows."""
    escaped = str(file).replace("'", "''")
    connection.execute(f"copy (select * from {relation} order by all) to '{escaped}' (format parquet)")
    rows, checksum = connection.execute(CHECKSUM.format(relation=f"read_parquet('{escaped}')")).fetchall()[0]
    return rows, checksum
