"""The event log that writes batches holds what Dagster's own would hold."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

DAYS = dg.DailyPartitionsDefinition("2025-01-01", end_date="2025-01-31")
FIRST, LAST = "2025-01-03", "2025-01-12"
YAML = "telemetry:\n  enabled: false\nevent_log_storage:\n  module: {module}\n  class: {name}\n  config:\n    base_dir: {folder}\n"


@dg.multi_asset(
    specs=[dg.AssetSpec(["room", name], partitions_def=DAYS, tags={"colour": name}) for name in ("red", "blue")],
    check_specs=[dg.AssetCheckSpec("is_red", asset=["room", "red"])],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def colours() -> Any:
    yield dg.MaterializeResult(["room", "red"], metadata={"rows": 3})
    yield dg.AssetCheckResult(asset_key=["room", "red"], check_name="is_red", passed=True)
    yield dg.MaterializeResult(["room", "blue"], metadata={"rows": 5, "note": dg.MetadataValue.md("**five**")}, tags={"lot": "7"})


@dg.asset(deps=[["room", "blue"]], partitions_def=DAYS, backfill_policy=dg.BackfillPolicy.single_run())
def later() -> None: ...


RED, BLUE, LATER = dg.AssetKey(["room", "red"]), dg.AssetKey(["room", "blue"]), dg.AssetKey("later")


def run_on(folder: Path, module: str, name: str, runs: int = 2) -> dg.DagsterInstance:
    """An instance with that storage after the range was materialised `runs` times."""
    folder.mkdir()
    (folder / "dagster.yaml").write_text(YAML.format(module=module, name=name, folder=folder / "events"))
    instance = dg.DagsterInstance.from_config(str(folder))
    job = dg.Definitions(assets=[colours, later], jobs=[dg.define_asset_job("all")]).resolve_job_def("all")
    tags = {ASSET_PARTITION_RANGE_START_TAG: FIRST, ASSET_PARTITION_RANGE_END_TAG: LAST}
    for _ in range(runs):
        assert job.execute_in_process(instance=instance, tags=tags).success
    return instance


@pytest.fixture(scope="module")
def instances(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Dagster's own storage, event by event, and ours, in batches."""
    folder = tmp_path_factory.mktemp("instances")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DAGSTER_EVENT_BATCH_SIZE", raising=False)
        own = run_on(folder / "own", SqliteEventLogStorage.__module__, "SqliteEventLogStorage")
        patch.setenv("DAGSTER_EVENT_BATCH_SIZE", "2000")
        ours = run_on(folder / "ours", "dagster_project.storage", "BatchingSqliteEventLogStorage")
    with own, ours:
        yield own, ours


def events(instance: dg.DagsterInstance, run: int) -> list[tuple]:
    """Type, step, asset, partition and content of one run's events, in order; what only a clock could tell apart is left out."""
    run_id = [record.dagster_run.run_id for record in sorted(instance.get_run_records(), key=lambda each: each.storage_id)][run]
    found = []
    for entry in instance.all_logs(run_id):
        event = entry.dagster_event
        if event is None or event.event_type_value.startswith(("RESOURCE", "ENGINE", "LOGS")):
            continue
        materialised = entry.asset_materialization
        content = (sorted((key, value.value) for key, value in materialised.metadata.items()), event.partition) if materialised else None
        key = event.asset_key.to_user_string() if event.asset_key else None
        found.append((event.event_type_value, event.step_key, key, content))
    return found


def from_both(instances: tuple[dg.DagsterInstance, dg.DagsterInstance], ask: Callable[[dg.DagsterInstance], Any]) -> Any:
    """The answer of both instances, which must be one."""
    own, ours = (ask(instance) for instance in instances)
    assert ours == own
    return own


@pytest.mark.parametrize("run", [0, 1])
def test_the_log_of_a_run_is_the_same(instances: Any, run: int) -> None:
    told = from_both(instances, lambda instance: events(instance, run))
    assert sum(kind == "ASSET_MATERIALIZATION" for kind, *_ in told) == 30


@pytest.mark.parametrize("key", [RED, BLUE, LATER], ids=str)
def test_materialised_partitions_are_the_same(instances: Any, key: dg.AssetKey) -> None:
    days = from_both(instances, lambda instance: instance.get_materialized_partitions(key))
    assert days == set(DAYS.get_partition_keys_in_range(dg.PartitionKeyRange(FIRST, LAST)))
    kind = dg.DagsterEventType.ASSET_MATERIALIZATION
    assert from_both(instances, lambda each: set(each.event_log_storage.get_latest_storage_id_by_partition(key, kind))) == days


@pytest.mark.parametrize("key", [RED, BLUE, LATER], ids=str)
def test_the_newest_materialisation_is_the_same(instances: Any, key: dg.AssetKey) -> None:
    def newest(instance: dg.DagsterInstance) -> tuple:
        entry = instance.get_latest_materialization_event(key)
        assert entry is not None
        assert entry.asset_materialization is not None
        record = instance.get_asset_records([key])[0].asset_entry
        is_last_run = entry.run_id == record.last_run_id
        return entry.asset_materialization.partition, sorted(entry.asset_materialization.metadata), is_last_run

    assert from_both(instances, newest)[0] == LAST


def test_asset_tags_are_the_same(instances: Any) -> None:
    def tags(instance: dg.DagsterInstance) -> list:
        found = instance.event_log_storage.get_event_tags_for_asset(BLUE)
        return sorted(sorted((name, value) for name, value in each.items() if "data_version" not in name) for each in found)

    assert from_both(instances, tags)


def test_checks_are_the_same(instances: Any) -> None:
    key = dg.AssetCheckKey(RED, "is_red")

    def history(instance: dg.DagsterInstance) -> list[tuple]:
        records = instance.event_log_storage.get_asset_check_execution_history(key, limit=100)
        return [(record.status.value, record.event.dagster_event_type if record.event else None) for record in records]

    assert len(from_both(instances, history)) >= 2


def test_counts_for_the_ui_are_the_same(instances: Any) -> None:
    def ask(instance: dg.DagsterInstance) -> tuple:
        runs = [run.run_id for run in instance.get_runs()]
        stats = [instance.get_run_stats(run_id) for run_id in runs]
        steps = [
            sorted((step.step_key, step.status.value, len(step.materialization_events)) for step in instance.get_run_step_stats(run_id))
            for run_id in runs
        ]
        return sorted(instance.all_asset_keys()), [(each.materializations, each.steps_succeeded) for each in stats], steps

    from_both(instances, ask)


def test_events_of_several_runs_are_stored_one_by_one(instances: Any) -> None:
    """A batch that mixes runs is no range of one run; nothing of it may be lost."""
    _, ours = instances
    kind = dg.DagsterEventType.ASSET_MATERIALIZATION
    entries = [entry for run in ours.get_runs() for entry in ours.all_logs(run.run_id, of_type=kind)[:1]]
    assert len({entry.run_id for entry in entries}) == 2
    before = {entry.run_id: len(ours.all_logs(entry.run_id)) for entry in entries}
    ours.event_log_storage.store_event_batch(entries)
    assert {entry.run_id: len(ours.all_logs(entry.run_id)) - before[entry.run_id] for entry in entries} == dict.fromkeys(before, 1)
