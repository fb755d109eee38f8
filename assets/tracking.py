"""MLflow as a resource: one parent run per training, one child per model family, tables as artifacts, one registered model.

Imported lazily: MLflow alone costs seconds of process start. The tracking store is a SQLite file in the shop's state folder, always named
by an absolute address; its schema is created once at set-up, because parallel first uses race."""

import os
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
from filelock import FileLock

PASSED = "passed_check"  # tag of a version: versions from before the check have none and count as passed


@dataclass(frozen=True)
class FamilyRun:
    """One model family of a training: a child run."""

    name: str
    params: Mapping[str, Any]
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class TrainingRecord:
    """What one training leaves in MLflow. `artifacts` is a folder that is logged whole; `tags` say what it was trained on, `passed` whether
    it may be called champion."""

    experiment: str
    name: str
    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    artifacts: Path
    tags: Mapping[str, str]
    passed: bool = True
    families: tuple[FamilyRun, ...] = field(default_factory=tuple)


class Tracking(dg.ConfigurableResource):
    """Where trainings are recorded. `folder` holds `tracking.db` and `artifacts/`."""

    folder: str

    @property
    def uri(self) -> str:
        return f"sqlite:///{Path(self.folder).resolve() / 'tracking.db'}"

    def prepare(self) -> None:
        """Create the schema, once and under a lock; written beside and swapped in, so that a killed first run leaves no half of one."""
        folder = Path(self.folder)
        folder.mkdir(parents=True, exist_ok=True)
        with self._lock():
            if not (folder / "tracking.db").exists():
                beside = folder / ".tracking.db"
                beside.unlink(missing_ok=True)
                _client(f"sqlite:///{beside.resolve()}").search_experiments(max_results=1)
                os.replace(beside, folder / "tracking.db")

    def record(self, training: TrainingRecord) -> tuple[str, str]:
        """Log the training and register its model version; returns (run id, version).

        A training with the same `fingerprint` tag is not logged twice. The alias `challenger` points at the version trained on the
        latest day, `champion` at the latest of those that passed their check (at none where none did), so a backfill of the past never
        takes them away from the present. Runs that a killed process left unfinished are marked as killed first: whoever holds the lock is
        the only writer.
        """
        self.prepare()
        with self._lock():
            client = _client(self.uri)
            experiment = client.get_experiment_by_name(training.experiment)
            location = (Path(self.folder).resolve() / "artifacts" / training.experiment).as_uri()
            experiment_id = (
                experiment.experiment_id if experiment else client.create_experiment(training.experiment, artifact_location=location)
            )
            for unfinished in client.search_runs([experiment_id], filter_string="attributes.status = 'RUNNING'"):
                client.set_terminated(unfinished.info.run_id, "KILLED")
            run_id, version = self._known_version(client, training) or self._log_and_register(client, experiment_id, training)
            _point_aliases(client, training.experiment)
            return run_id, version

    def _known_version(self, client: Any, training: TrainingRecord) -> tuple[str, str] | None:
        for version in _versions(client, training.experiment):
            if version.tags.get("fingerprint") == training.tags["fingerprint"]:
                return version.run_id, str(version.version)
        return None

    def _log_run(self, client: Any, experiment_id: str, training: TrainingRecord) -> str:
        from mlflow.entities import Metric, Param, RunTag

        def log(name: str, params: Mapping[str, Any], metrics: Mapping[str, float], tags: Mapping[str, str]) -> str:
            run = client.create_run(experiment_id, run_name=name)
            client.log_batch(
                run.info.run_id,
                metrics=[Metric(key, float(value), 0, 0) for key, value in sorted(metrics.items())],
                params=[Param(key, str(value)) for key, value in sorted(params.items())],
                tags=[RunTag(key, str(value)) for key, value in sorted(tags.items())],
            )
            return run.info.run_id

        parent = log(training.name, training.params, training.metrics, training.tags)
        client.log_artifacts(parent, str(training.artifacts), "model")
        for family in training.families:
            child = log(family.name, family.params, family.metrics, {"mlflow.parentRunId": parent, **training.tags})
            client.set_terminated(child)
        client.set_terminated(parent)
        return parent

    def _log_and_register(self, client: Any, experiment_id: str, training: TrainingRecord) -> tuple[str, str]:
        run_id = self._log_run(client, experiment_id, training)
        name = training.experiment
        if not client.search_registered_models(filter_string=f"name = '{name}'"):
            client.create_registered_model(name, description="See docs/architecture.md; versions are one per training day.")
        source = f"{client.get_run(run_id).info.artifact_uri}/model"
        version = client.create_model_version(
            name,
            source=source,
            run_id=run_id,
            tags={**{key: str(value) for key, value in training.tags.items()}, PASSED: str(training.passed).lower()},
        )
        return run_id, str(version.version)

    @contextmanager
    def _lock(self) -> Any:
        with FileLock(Path(self.folder) / "tracking.lock"):
            yield


def _client(uri: str) -> Any:
    import logging

    from mlflow import MlflowClient

    for name in ("alembic", "mlflow", "mlflow.store.db.utils"):  # MLflow sets its own levels while it is imported
        logging.getLogger(name).setLevel(logging.WARNING)

    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def _point_aliases(client: Any, name: str) -> None:
    versions = _versions(client, name)
    for alias, of in (("challenger", versions), ("champion", [each for each in versions if each.tags.get(PASSED) != "false"])):
        latest = max(of, key=lambda each: (each.tags.get("trained_as_of", ""), int(each.version)), default=None)
        if latest is not None and alias not in latest.aliases:
            client.set_registered_model_alias(name, alias, str(latest.version))


def _versions(client: Any, name: str) -> list[Any]:
    return list(client.search_model_versions(f"name = '{name}'", max_results=1000))
