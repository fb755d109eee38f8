"""Running the daily job in this process, with Dagster's instance in the shop's state folder, so that every run shows in the UI."""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from dagster_project.resources import state_folder
from dagster_project.settings import Settings, export_settings

if TYPE_CHECKING:
    import dagster as dg

EVENT_BATCH = "2000"  # events of a partition range written at once, see storage.py


@dataclass(frozen=True)
class RunOutcome:
    """What came of one run. `failed_steps` are step keys; `failed_checks` are blocking or warning checks that did not pass."""

    run_id: str
    is_success: bool
    failed_steps: tuple[str, ...]
    failed_checks: tuple[str, ...]


def dagster_home(settings: Settings) -> Path:
    """DAGSTER_HOME of the shop, with the shipped dagster.yaml in it, exported to this process and its children."""
    home = state_folder(settings) / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    _copy_whole(Path(__file__).with_name("dagster.yaml"), home / "dagster.yaml")
    export_settings(
        settings.shop_folder,
        DAGSTER_HOME=str(home),
        COUNTINGHOUSE_DAGSTER_EVENTS=str(home / "events"),
        COUNTINGHOUSE_VAR=str(settings.var_folder),
        DAGSTER_EVENT_BATCH_SIZE=EVENT_BATCH,
        PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    )
    return home


def run_days(settings: Settings, first: date, last: date, job_name: str = "daily_decisions") -> RunOutcome:
    """Materialise every asset of a job for the business days `first` to `last`, in one run."""
    dagster_home(settings)
    from dagster_project.definitions import build_definitions

    definitions = build_definitions(settings)
    job = definitions.resolve_job_def(job_name)
    tags = {"dagster/asset_partition_range_start": first.isoformat(), "dagster/asset_partition_range_end": last.isoformat()}
    log = state_folder(settings) / "logs" / f"{first}-to-{last}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with open_instance(settings) as instance, log.open("a", buffering=1, encoding="utf-8") as file, redirect_stdout(file):
        result = job.execute_in_process(instance=instance, tags=tags, raise_on_error=False, run_config={"loggers": {"console": {}}})
        events = result.all_events
        failed = tuple(event.step_key for event in events if event.event_type_value == "STEP_FAILURE" and event.step_key)
        checks = [event.asset_check_evaluation_data for event in events if event.event_type_value == "ASSET_CHECK_EVALUATION"]
        names = tuple(f"{check.asset_key.to_user_string()}: {check.check_name}" for check in checks if not check.passed)
        if not result.success:
            _tell_failure(settings, tags, events)
        return RunOutcome(result.run_id, result.success, failed, names)


def _tell_failure(settings: Settings, tags: dict[str, str], events: Sequence["dg.DagsterEvent"]) -> None:
    """What the daemon's sensor does for runs of the UI; it does not see runs of this process."""
    from assets.house import House
    from dagster_project.resources import resources
    from dagster_project.run_log import failure_reason
    from dagster_project.sensors import tell_failure

    house = resources(settings)["house"]
    assert isinstance(house, House)
    failures = [(str(event.step_key), failure_reason(event)) for event in events if event.event_type_value == "STEP_FAILURE"]
    tell_failure(house, settings.alert_webhook, tags, failures or [("run", "The run could not start; see Runs in the UI.")])


@contextmanager
def open_instance(settings: Settings) -> Iterator["dg.DagsterInstance"]:
    """Dagster's instance of the shop. Its databases are made under a lock: several first runs at once would race for them."""
    import dagster as dg

    home = dagster_home(settings)
    with FileLock(home / "instance.lock"):
        instance = dg.DagsterInstance.get()
        instance.get_run_records(limit=1)
        instance.event_log_storage.get_event_records(dg.EventRecordsFilter(dg.DagsterEventType.ASSET_MATERIALIZATION), limit=1)
        instance.schedule_storage.all_instigator_state() if instance.schedule_storage else None
    with instance:
        yield instance


def _copy_whole(source: Path, target: Path) -> None:
    """Copy beside and swap in, so that another process never reads half a file."""
    if target.exists() and target.read_bytes() == source.read_bytes():
        return
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.copyfile(source, beside)
    os.replace(beside, target)


def prepare_state(settings: Settings) -> None:
    """What a first run would otherwise do: parse dbt's project, create MLflow's tables."""
    from assets.house import House
    from assets.tracking import Tracking
    from dagster_project.dbt_manifest import ensure_manifest
    from dagster_project.resources import resources

    served = resources(settings)
    house, tracking = served["house"], served["tracking"]
    assert isinstance(house, House)
    assert isinstance(tracking, Tracking)
    with open_instance(settings):
        ensure_manifest(house, settings.dbt_project)
        tracking.prepare()


def serve_ui(settings: Settings, host: str, port: int) -> int:
    """Dagster's web server, daemon and code location until stopped; returns the exit status."""
    import subprocess

    home = dagster_home(settings)
    prepare_state(settings)
    workspace = settings.dbt_project.parent / "workspace.yaml"
    return subprocess.call(
        [str(Path(sys.executable).with_name("dagster")), "dev", "-w", str(workspace), "-h", host, "-p", str(port)], cwd=home
    )
