"""dbt's manifest: parsed once at set-up and again when a file of the project changes, never by every process that loads the definitions."""

import os
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from assets.house import House
from assets.marts.sql_models import profile_variables


def ensure_manifest(house: House, project: Path) -> Path:
    """The manifest's path; parses dbt's project if the manifest is missing or older than one of its files."""
    manifest = house.dbt_target / "target" / "manifest.json"
    manifest.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(manifest.with_suffix(".lock")):
        if not manifest.exists() or manifest.stat().st_mtime < _newest(project):
            _parse(house, project, manifest.parent)
            os.utime(manifest)
    return manifest


def _newest(folder: Path) -> float:
    kept = [file for suffix in ("*.sql", "*.yml") for file in folder.rglob(suffix) if "target" not in file.parts]
    return max(file.stat().st_mtime for file in kept)


def _parse(house: House, project: Path, target: Path) -> None:
    folders = ["--project-dir", str(project), "--profiles-dir", str(project), "--target-path", str(target), "--log-path", str(target)]
    command = [str(Path(sys.executable).with_name("dbt")), "parse", *folders, "--quiet", "--log-level-file", "none"]
    done = subprocess.run(command, env={**os.environ, **profile_variables(house)}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"dbt could not parse {project}:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
