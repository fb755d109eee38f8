"""dbt's manifest: parsed once at set-up and again when a file of the project changes, never by every process that loads the definitions."""

import os
from pathlib import Path

from dagster_dbt import DbtProject
from filelock import FileLock


def ensure_manifest(project: DbtProject) -> Path:
    """The manifest's path; parses the project if the manifest is missing or older than one of its files."""
    manifest = Path(project.manifest_path)
    manifest.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(manifest.with_suffix(".lock")):
        if not manifest.exists() or manifest.stat().st_mtime < _newest(Path(project.project_dir)):
            _parse(project)
            os.utime(manifest)
    return manifest


def _newest(folder: Path) -> float:
    kept = [file for suffix in ("*.sql", "*.yml") for file in folder.rglob(suffix) if "target" not in file.parts]
    return max(file.stat().st_mtime for file in kept)


def _parse(project: DbtProject) -> None:
    from dbt.cli.main import dbtRunner

    folder = str(project.project_dir)
    target = str(Path(project.manifest_path).parent)
    outcome = dbtRunner().invoke(
        [
            "parse",
            "--project-dir",
            folder,
            "--profiles-dir",
            folder,
            "--target-path",
            target,
            "--log-path",
            target,
            "--quiet",
            "--log-level-file",
            "none",
        ]
    )
    if not outcome.success:
        raise RuntimeError(f"dbt could not parse {folder}: {outcome.exception or 'run `dbt parse` there to see why'}.")
