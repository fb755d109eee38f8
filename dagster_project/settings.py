"""The only place that reads the environment. Everything else is handed what it needs.

| variable | meaning | default |
|---|---|---|
| COUNTINGHOUSE_SHOP | folder of the shop | `var/shops/simulated-medium` |
| COUNTINGHOUSE_VAR | folder for all state | `var` beside `pyproject.toml` |
| COUNTINGHOUSE_DATA | folder with public data sets, for the readers and their tests | none |
| COUNTINGHOUSE_THREADS | threads of LightGBM, DuckDB and HiGHS | cores, at most 4 |
| COUNTINGHOUSE_MEMORY | most memory that DuckDB may use, like `2GB` | 4GB |
| COUNTINGHOUSE_KEY_FILE | file with the pseudonym key | `<var>/keys/pseudonym.key` |
| COUNTINGHOUSE_ALERT_WEBHOOK | address that alerts are sent to; a secret, never printed | none: nothing is sent |
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """Where things lie and how many threads may work on them. Paths are absolute."""

    shop_folder: Path
    var_folder: Path
    data_folder: Path | None
    threads: int
    key_file: Path
    memory: str = "4GB"
    dbt_project: Path = REPOSITORY / "dbt"
    alert_webhook: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.threads < 1:
            raise ValueError(f"Expected COUNTINGHOUSE_THREADS of at least 1; got {self.threads}.")
        if not re.fullmatch(r"\d+(\.\d+)?\s?([KMGT]i?B)", self.memory):
            raise ValueError(f"Expected COUNTINGHOUSE_MEMORY like 2GB or 500MB; got {self.memory}.")


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from `environment`, by default the process's own."""
    env = os.environ if environment is None else environment
    var_folder = Path(env.get("COUNTINGHOUSE_VAR") or REPOSITORY / "var").resolve()
    data = env.get("COUNTINGHOUSE_DATA")
    return Settings(
        shop_folder=Path(env.get("COUNTINGHOUSE_SHOP") or var_folder / "shops" / "simulated-medium").resolve(),
        var_folder=var_folder,
        data_folder=Path(data).resolve() if data else None,
        threads=int(env.get("COUNTINGHOUSE_THREADS") or min(4, os.cpu_count() or 1)),
        memory=env.get("COUNTINGHOUSE_MEMORY") or "4GB",
        key_file=Path(env.get("COUNTINGHOUSE_KEY_FILE") or var_folder / "keys" / "pseudonym.key").resolve(),
        alert_webhook=env.get("COUNTINGHOUSE_ALERT_WEBHOOK") or None,
    )


def export_settings(shop_folder: Path | None = None, **variables: str) -> None:
    """Set variables for this process and its children, so that Dagster's own processes see the same shop."""
    if shop_folder is not None:
        os.environ["COUNTINGHOUSE_SHOP"] = str(shop_folder.resolve())
    os.environ.update(variables)
