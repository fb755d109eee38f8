"""A hash per table and day over everything a run decides or derives, for comparing two states of the same shop."""

from pathlib import Path

import duckdb

LINEAGE = ("run_id", "mlflow_run_id", "mlflow_version")
DAY_COLUMNS = ("as_of_day", "known_on", "business_day")
SCHEMAS = ("marts", "demand", "customers", "response", "decisions", "review")


def table_hashes(warehouse: Path) -> dict[tuple[str, str], str]:
    """{(table, day): hash of its rows}; lineage columns, which differ between rebuilds, are left out."""
    hashes: dict[tuple[str, str], str] = {}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        tables = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables where list_contains(?, table_schema) order by 1",
            [list(SCHEMAS)],
        ).fetchall()
        for (table,) in tables:
            columns = [row[0] for row in connection.execute(f"describe {table}").fetchall()]
            day = next((name for name in DAY_COLUMNS if name in columns), "'all'")
            kept = ", ".join(f'"{name}"' for name in columns if name not in LINEAGE)
            rows = connection.execute(
                f"select cast({day} as varchar), count(*) || '-' || sum(hash(part)) from (select {kept} from {table}) as part group by 1"
                if day != "'all'"
                else f"select 'all', count(*) || '-' || coalesce(sum(hash(part)), 0) from (select {kept} from {table}) as part"
            ).fetchall()
            hashes |= {(table, str(key)): value for key, value in rows}
    return hashes


def differences(
    first: dict[tuple[str, str], str], second: dict[tuple[str, str], str], days: set[str] | None = None
) -> list[tuple[str, str]]:
    """Tables and days on which the two states differ; `days` limits the comparison."""
    keys = sorted(set(first) | set(second))
    return [key for key in keys if (days is None or key[1] in days) and first.get(key) != second.get(key)]
