"""Dagster's SQLite event log, writing the events of a partition range in one transaction.

A run over a range of partitions logs two events per asset and day. Dagster's SQLite storage opens a new engine and commits twice for each
of them; for 60 days of 60 assets that alone was over a minute of CPU (docs/decisions/0003). Dagster hands such events over as batches
(`DAGSTER_EVENT_BATCH_SIZE`); this storage writes a batch as a batch. Everything else is Dagster's own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dagster import EventLogEntry
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, NullPool, create_engine

BUSY_TIMEOUT_SECONDS = 60


class BatchingSqliteEventLogStorage(SqliteEventLogStorage):
    """SqliteEventLogStorage whose `store_event_batch` commits once per database instead of once per event."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: dict[str, Engine] = {}
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> "BatchingSqliteEventLogStorage":
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        """As Dagster's own, but with one engine per database instead of a new one for every event."""
        with self._db_lock:
            address = self.conn_string_for_shard(shard)
            if address not in self._engines:
                self._engines[address] = create_engine(address, poolclass=NullPool, connect_args={"timeout": BUSY_TIMEOUT_SECONDS})
                self._initdb(self._engines[address])
            with self._engines[address].connect() as connection:
                # safe against a killed process (the journal is a write-ahead log); only a power cut could lose the last events of a run
                connection.exec_driver_sql("PRAGMA synchronous=NORMAL")
                connection.commit()
                with connection.begin():
                    yield connection

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events of one run about assets and asset checks, also in the index that spans all runs."""
        indexed = ASSET_EVENTS | ASSET_CHECK_EVENTS
        run_ids = {event.run_id for event in events}
        if len(run_ids) != 1 or not all(event.is_dagster_event and event.dagster_event_type in indexed for event in events):
            for event in events:
                self.store_event(event)
            return
        statements = [self.prepare_insert_event(event) for event in events]
        with self.run_connection(run_ids.pop()) as connection:
            for statement in statements:
                connection.execute(statement)
        with self.index_transaction() as connection:
            event_ids = [connection.execute(statement).inserted_primary_key[0] for statement in statements]
            stored = list(zip(events, event_ids, strict=True))
            about_assets = [(event, event_id) for event, event_id in stored if event.dagster_event_type in ASSET_EVENTS]
            self._store_asset_event_tags(connection, [event for event, _ in about_assets], [event_id for _, event_id in about_assets])
            newest = {event.get_dagster_event().asset_key: (event, event_id) for event, event_id in about_assets}
            for event, event_id in newest.values():
                self._store_asset_event(connection, event, event_id)
        for event, event_id in stored:
            if event.dagster_event_type in ASSET_CHECK_EVENTS:
                self.store_asset_check_event(event, event_id)


__all__ = ["BatchingSqliteEventLogStorage"]
