"""The person leaves the warehouse: every table of every schema, and the free blocks of the file.

A table whose rows belong to a customer (`customer_key`) loses the person's rows; sales tables keep them without the person. A pseudonym
that stands anywhere else in a text is replaced. Deleted rows stay in DuckDB's file until their blocks are used again, so the file is
written anew afterwards.
"""

from collections.abc import Iterator

import duckdb

from assets.erasure.finding import INSTEAD, Finding, Person
from assets.warehouse import Warehouse

ROOM = "warehouse"
ANONYMISED = ("staging.stg_order_lines", "marts.fct_order_lines")


def erase_from_warehouse(warehouse: Warehouse, gone: Person) -> Iterator[Finding]:
    """Take the person out of the warehouse and rewrite its file, whether anything was found or not."""
    if not warehouse.is_there:
        return
    with warehouse.connect() as connection:
        connection.begin()
        found = [finding for table, columns in text_columns(connection).items() for finding in _table(connection, table, columns, gone)]
        connection.commit()
    warehouse.rewrite()
    yield from found


def text_columns(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """The text columns of every table (views hold nothing of their own) as `schema.table`."""
    rows = connection.execute(
        "select tables.schema_name || '.' || tables.table_name, column_name from duckdb_tables() as tables "
        "join duckdb_columns() as columns using (table_oid, database_oid) "
        "where not tables.internal and data_type = 'VARCHAR' and tables.database_name = current_database() order by all"
    ).fetchall()
    columns: dict[str, list[str]] = {}
    for table, column in rows:
        columns.setdefault(table, []).append(column)
    return columns


def _table(connection: duckdb.DuckDBPyConnection, table: str, columns: list[str], gone: Person) -> Iterator[Finding]:
    quoted = ".".join(f'"{part}"' for part in table.split("."))
    if "customer_key" in columns:
        anonymised = table in ANONYMISED
        change = f"update {quoted} set customer_key = null" if anonymised else f"delete from {quoted}"
        rows = connection.execute(f"{change} where customer_key = ?", [gone.pseudonym]).fetchall()[0][0]
        if rows:
            yield Finding(ROOM, table, rows, "made anonymous" if anonymised else "removed")
    for column in columns:
        rows = connection.execute(
            f'update {quoted} set "{column}" = replace("{column}", $1, $2) where contains("{column}", $1)', [gone.pseudonym, INSTEAD]
        ).fetchall()[0][0]
        if rows:
            yield Finding(ROOM, f"{table}.{column}", rows, "replaced")
