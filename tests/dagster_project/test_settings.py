"""Settings, and that nothing else reads the environment."""

import re
from pathlib import Path

import pytest

from dagster_project.settings import REPOSITORY, load_settings


def test_defaults_lie_beside_the_project() -> None:
    settings = load_settings({})
    assert settings.var_folder == REPOSITORY / "var"
    assert settings.shop_folder == settings.var_folder / "shops" / "simulated-medium"
    assert settings.key_file == settings.var_folder / "keys" / "pseudonym.key"
    assert settings.data_folder is None
    assert 1 <= settings.threads <= 4
    assert (settings.dbt_project / "dbt_project.yml").exists()


def test_everything_can_be_set_and_paths_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings(
        {
            "COUNTINGHOUSE_SHOP": "shop",
            "COUNTINGHOUSE_VAR": "state",
            "COUNTINGHOUSE_DATA": "data",
            "COUNTINGHOUSE_THREADS": "3",
            "COUNTINGHOUSE_KEY_FILE": "key",
        }
    )
    assert settings.shop_folder == tmp_path / "shop"
    assert settings.var_folder == tmp_path / "state"
    assert settings.data_folder == tmp_path / "data"
    assert settings.key_file == tmp_path / "key"
    assert settings.threads == 3


def test_the_built_in_shop_and_the_key_follow_the_state_folder(tmp_path: Path) -> None:
    settings = load_settings({"COUNTINGHOUSE_VAR": str(tmp_path)})
    assert settings.shop_folder == tmp_path / "shops" / "simulated-medium"
    assert settings.key_file == tmp_path / "keys" / "pseudonym.key"


def test_no_threads_is_an_error() -> None:
    with pytest.raises(ValueError, match="COUNTINGHOUSE_THREADS of at least 1; got 0"):
        load_settings({"COUNTINGHOUSE_THREADS": "0"})


PACKAGES = ("assets", "dagster_project", "learning", "optimization", "shops")
SOURCES = [file for package in PACKAGES for file in sorted((REPOSITORY / package).rglob("*.py"))]


def mentioning(pattern: str) -> set[str]:
    return {str(file.relative_to(REPOSITORY)) for file in SOURCES if re.search(pattern, file.read_text(encoding="utf-8"))}


def test_only_settings_reads_countinghouse_variables() -> None:
    assert mentioning(r"(environ|getenv|\benv\b)[^\n]*[\[(]\s*\"COUNTINGHOUSE_") == {"dagster_project/settings.py"}
    # these hand the environment on to their child processes: the run with DAGSTER_HOME and PATH, dbt, and workers of one thread each
    handing_on = {"dagster_project/runs.py", "dagster_project/dbt_manifest.py", "assets/marts/sql_models.py", "learning/engines.py"}
    put_back = {"learning/demand/neural.py"}  # takes away again what Lightning writes into it
    assert mentioning(r"os\.(environ|getenv)") <= {"dagster_project/settings.py", *handing_on, *put_back}


def test_nothing_that_decides_knows_where_the_truth_lies() -> None:
    """The simulator writes a truth folder beside its shop; only it, the command that calls it, benchmarks and tests may name it."""
    named = mentioning(r"-truth|true_demand|true_uplift|true_elasticity|true_ads|true_fraud")
    assert {name for name in named if not name.startswith("shops/simulated/")} <= {"dagster_project/cli/shop_commands.py"}
    dbt_files = [file for file in (REPOSITORY / "dbt").rglob("*.sql") if "target" not in file.parts]
    assert dbt_files
    assert not any("truth" in file.read_text(encoding="utf-8") for file in dbt_files)


def test_no_module_defers_the_annotations_that_dagster_reads() -> None:
    files = [REPOSITORY / name for name in mentioning("from __future__ import annotations")]
    assert not [file for file in files if file.parts[-2] in ("assets", "dagster_project") or "assets" in file.parts]


def test_the_webhooks_address_is_read_and_never_printed() -> None:
    settings = load_settings({"COUNTINGHOUSE_ALERT_WEBHOOK": "https://hooks.example/secret"})
    assert settings.alert_webhook == "https://hooks.example/secret"
    assert "secret" not in repr(settings)
    assert load_settings({"COUNTINGHOUSE_ALERT_WEBHOOK": ""}).alert_webhook is None
