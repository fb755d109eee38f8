"""The warehouse: one DuckDB file, one opener at a time.

A run that uses it first takes the shop's turn (`assets.turn`) and keeps it to its end, so that no two runs write one shop.
Every opener takes the file lock `warehouse.lock` first; the kernel frees it when a process dies. It is held only for the short load: read
into frames, let go, compute, come back and write. Partitions are replaced whole, in one transaction."""

import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
from filelock import FileLock, Timeout

from assets.table_contracts import TYPES, TableContract
from assets.turn import turn


class WarehouseBusyError(RuntimeError):
    """Somebody else holds the warehouse for longer than one is willing to wait."""


class Warehouse(dg.ConfigurableResource):
    """The only way to the warehouse. `wait_seconds` is how long an opener waits for the lock."""

    path: str
    threads: int = 2
    memory_limit: str = "4GB"
    wait_seconds: float = 900.0

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Warehouse"]:
        """Within a run: the shop's turn is held as long as the run has the warehouse."""
        if context.run is None:
            yield self
            return
        log = context.log or dg.get_dagster_logger()
        with turn(Path(self.path).parent, f"run {context.run.run_id[:8]} of {_days(context.run.tags)}", log.info):
            yield self

    @contextmanager
    def locked(self) -> Iterator[Path]:
        """Hold the lock without opening: for dbt, which opens the file itself."""
        file = Path(self.path)
        file.parent.mkdir(parents=True, exist_ok=True)
        lock_file = file.with_suffix(".lock")
        try:
            with FileLock(lock_file, timeout=self.wait_seconds):
                yield file
        except Timeout:
            raise WarehouseBusyError(
                f"The warehouse {file} has been in use for {self.wait_seconds:.0f} s (lock {lock_file}). "
                "Wait for the running job, or see in the UI under Runs what holds it."
            ) from None

    @contextmanager
    def connect(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection under the lock; DuckDB's own lock (a shell or a notebook) is waited for as well."""
        with self.locked() as file:
            connection = _open(file, self.wait_seconds, {"threads": self.threads, "memory_limit": self.memory_limit})
            try:
                yield connection
            finally:
                connection.close()

    def wait_until_free(self) -> None:
        """Wait until no other program (a shell, a notebook, a dbt whose run was killed) has the file open."""
        with self.connect():
            pass

    def read(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> pl.DataFrame:
        """Rows of one query as a Polars frame; parameters by place (`?`) or by name (`$name`)."""
        with self.connect() as connection:
            return connection.execute(sql, dict(parameters) if isinstance(parameters, Mapping) else list(parameters)).pl()

    def exists(self, table: str) -> bool:
        with self.connect() as connection:
            return _exists(connection, table)

    @property
    def is_there(self) -> bool:
        return Path(self.path).exists()

    def rewrite(self) -> None:
        """Copy everything into a fresh file and swap it in, so that no free block keeps what was deleted. Needs the file's size on disk
        once more; whatever goes wrong leaves the old file."""
        with self.connect() as connection:
            file = Path(self.path)
            fresh = file.with_name(f".{file.name}.fresh")
            shutil.rmtree(file.with_name(f"{file.name}.tmp"), ignore_errors=True)  # blocks that a killed process had spilled
            _remove(fresh)
            try:
                connection.execute("checkpoint")
                connection.execute(f"attach '{_escaped(fresh)}' as fresh; copy from database \"{file.stem}\" to fresh; detach fresh")
                with fresh.open("rb") as written:
                    os.fsync(written.fileno())
                os.replace(fresh, file)  # nobody else has the old file open: this connection holds DuckDB's own lock on it
            finally:
                _remove(fresh)

    def replace_days(self, contract: TableContract, frame: pl.DataFrame, days: Sequence[date]) -> int:
        """Replace the rows of `days` (by the contract's day column) with `frame`, in one transaction; returns the rows written."""
        rows = contract.conform(frame)
        if not set(rows[contract.day_column].unique()) <= set(days):
            raise ValueError(f"{contract.name}: rows for days outside the window {min(days)} to {max(days)}.")
        with self.connect() as connection:
            connection.begin()
            _create(connection, contract)
            connection.execute(f"delete from {contract.name} where {contract.day_column} in (select unnest(?::date[]))", [list(days)])
            connection.register("incoming", rows)
            connection.execute(f"insert into {contract.name} by name select * from incoming order by all")
            connection.commit()
        return rows.height

    def append(self, contract: TableContract, frame: pl.DataFrame) -> None:
        """Add rows to a table that is there, for whoever has no day to replace."""
        rows = contract.conform(frame)
        with self.connect() as connection:
            connection.begin()
            _create(connection, contract)
            connection.register("incoming", rows)
            connection.execute(f"insert into {contract.name} by name select * from incoming order by all")
            connection.commit()


def _create(connection: duckdb.DuckDBPyConnection, contract: TableContract) -> None:
    """Make the table where it is not there, and the columns that an older warehouse does not have."""
    connection.execute(contract.create_statement())
    for column in contract.columns:
        connection.execute(f'alter table {contract.name} add column if not exists "{column.name}" {TYPES[column.kind][0]}')


def _remove(file: Path) -> None:
    """Remove a database file and its write-ahead log."""
    file.unlink(missing_ok=True)
    file.with_name(f"{file.name}.wal").unlink(missing_ok=True)


def _escaped(file: Path) -> str:
    return str(file).replace("'", "''")


def _days(tags: Mapping[str, str]) -> str:
    """The days of a run, from Dagster's tags."""
    one = tags.get("dagster/partition")
    first, last = tags.get("dagster/asset_partition_range_start", one), tags.get("dagster/asset_partition_range_end", one)
    return "no day" if first is None else first if first == last else f"{first} to {last}"


def _exists(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    schema, name = table.split(".")
    found = connection.execute("select 1 from information_schema.tables where table_schema = ? and table_name = ?", [schema, name])
    return found.fetchone() is not None


def _open(file: Path, wait_seconds: float, config: dict) -> duckdb.DuckDBPyConnection:
    """Open the file, waiting while a program that does not know the lock file (a shell, a notebook) has it open."""
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            return duckdb.connect(str(file), config=config)
        except duckdb.IOException as error:
            if "Could not set lock" not in str(error):
                raise
            if time.monotonic() > deadline:
                raise WarehouseBusyError(f"Another program has the warehouse open ({error}). Close it and run again.") from error
            time.sleep(0.5)
