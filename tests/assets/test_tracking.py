"""What a killed training leaves in MLflow is mended by the next one."""

from pathlib import Path

import pytest

from assets.tracking import FamilyRun, Tracking, TrainingRecord, _client


def training(folder: Path, day: str, passed: bool = True) -> TrainingRecord:
    folder.mkdir(exist_ok=True)
    (folder / "model.txt").write_text(day, encoding="utf-8")
    tags = {"trained_as_of": day, "fingerprint": f"print of {day}"}
    return TrainingRecord(
        "panel", f"model {day}", {"rows": 3}, {"wape": 0.5}, folder, tags, passed, (FamilyRun("naive", {}, {"wape": 0.7}),)
    )


def test_a_training_that_died_half_way_is_marked_logged_anew_and_champion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tracking = Tracking(folder=str(tmp_path / "mlflow"))
    first = tracking.record(training(tmp_path / "model", "2025-01-05"))
    with monkeypatch.context() as patch:
        patch.setattr("mlflow.MlflowClient.create_model_version", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        patch.setattr("mlflow.MlflowClient.set_terminated", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            tracking.record(training(tmp_path / "model", "2025-01-12"))
    second = tracking.record(training(tmp_path / "model", "2025-01-12"))
    again = tracking.record(training(tmp_path / "model", "2025-01-12"))
    assert again == second != first
    client = _client(tracking.uri)
    runs = client.search_runs([client.get_experiment_by_name("panel").experiment_id])
    assert sorted(run.info.status for run in runs) == ["FINISHED"] * 4 + ["KILLED"] * 2
    versions = client.search_model_versions("name = 'panel'")
    assert len(versions) == 2
    assert client.get_model_version_by_alias("panel", "champion").run_id == second[0]


def test_a_version_whose_alias_was_never_set_becomes_champion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tracking = Tracking(folder=str(tmp_path / "mlflow"))
    with monkeypatch.context() as patch:
        patch.setattr("assets.tracking._point_aliases", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            tracking.record(training(tmp_path / "model", "2025-01-05"))
    run_id, _ = tracking.record(training(tmp_path / "model", "2025-01-05"))
    assert _client(tracking.uri).get_model_version_by_alias("panel", "champion").run_id == run_id


def test_a_schema_that_was_never_finished_is_made_anew(tmp_path: Path) -> None:
    tracking = Tracking(folder=str(tmp_path / "mlflow"))
    (tmp_path / "mlflow").mkdir()
    (tmp_path / "mlflow" / ".tracking.db").write_bytes(b"SQLite format 3\0 and no more")
    tracking.prepare()
    assert _client(tracking.uri).search_experiments(max_results=1)


def test_only_a_model_that_passed_its_check_becomes_champion_and_a_backfill_takes_nothing_away(tmp_path: Path) -> None:
    tracking = Tracking(folder=str(tmp_path / "mlflow"))
    runs = {
        (day, passed): tracking.record(training(tmp_path / "model", day, passed))[0]
        for day, passed in (("2025-01-12", True), ("2025-01-19", False), ("2025-01-05", True))
    }
    client = _client(tracking.uri)
    assert client.get_model_version_by_alias("panel", "champion").run_id == runs["2025-01-12", True]
    assert client.get_model_version_by_alias("panel", "challenger").run_id == runs["2025-01-19", False]


def test_where_no_model_passed_there_is_no_champion(tmp_path: Path) -> None:
    tracking = Tracking(folder=str(tmp_path / "mlflow"))
    tracking.record(training(tmp_path / "model", "2025-01-05", passed=False))
    assert set(_client(tracking.uri).get_registered_model("panel").aliases) == {"challenger"}
