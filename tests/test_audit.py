"""The audit of `make check`: finds what is there, and never passes for an audit where none took place."""

import importlib.util
import json
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

FILE = Path(__file__).parents[1] / ".ci" / "audit.py"


@pytest.fixture
def audit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The script, looking at a repository of its own."""
    spec = importlib.util.spec_from_file_location("audit", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "REPOSITORY", tmp_path)
    return module


def answered(monkeypatch: pytest.MonkeyPatch, audit: ModuleType, stdout: str, stderr: str = "") -> None:
    monkeypatch.setattr(audit.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 1, stdout, stderr))


def test_a_planted_secret_is_found(audit: ModuleType, tmp_path: Path, capsys) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    file = tmp_path / "settings.py"
    file.write_text("name = 'countinghouse'\n")
    subprocess.run(["git", "-C", str(tmp_path), "add", "settings.py"], check=True)
    assert audit.secrets()
    file.write_text("key = 'AKIA" + "IOSFODNN7" + "EXAMPLA'\n")
    assert not audit.secrets()
    assert "AWS" in capsys.readouterr().out


def test_outside_git_the_scan_is_skipped_with_the_reason(audit: ModuleType, capsys) -> None:
    assert audit.secrets()
    assert "skipped, this is no git work tree" in capsys.readouterr().out


def test_a_known_vulnerability_fails_the_check(audit: ModuleType, monkeypatch, capsys) -> None:
    packages = [
        {"name": "old", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]},
        {"name": "good", "version": "2", "vulns": []},
    ]
    answered(monkeypatch, audit, json.dumps({"dependencies": packages}))
    assert not audit.advisories()
    said = capsys.readouterr().out
    assert "old 1.0: PYSEC-1, mended in 1.1" in said
    assert "1 for 2 of 2 locked packages" in said


def test_an_audit_in_which_nobody_was_asked_says_so(audit: ModuleType, monkeypatch, capsys) -> None:
    answered(monkeypatch, audit, json.dumps({"dependencies": [{"name": "a", "skip_reason": "not found"}]}))
    assert audit.advisories()
    answered(monkeypatch, audit, "", "requests.exceptions.ConnectionError: no route")
    assert audit.advisories()
    assert capsys.readouterr().out.count("skipped") == 2


def test_a_broken_audit_is_no_passed_one(audit: ModuleType, monkeypatch) -> None:
    answered(monkeypatch, audit, "", "usage: pip-audit: unknown option")
    assert not audit.advisories()


def test_a_database_that_does_not_answer_does_not_hang_the_check(audit: ModuleType, monkeypatch, capsys) -> None:
    def slow(*_: object, **options: float) -> None:
        raise subprocess.TimeoutExpired("pip-audit", options["timeout"])

    monkeypatch.setattr(audit.subprocess, "run", slow)
    assert audit.advisories()
    assert "did not answer within" in capsys.readouterr().out
