"""Marts: dbt's staging, intermediate and marts models for the window of a run, as Dagster assets.

Two windows go to dbt as environment variables: the *facts* window (days whose landing changed since they were built, plus the run's own)
and the *as-of* window (the run's own days, for which profiles are computed). Which landed days were built is remembered in
`landing.built_days`."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliInvocation, dbt_assets
from dagster_dbt.asset_utils import get_updated_cli_invocation_params_for_context
from packaging.version import Version

from assets.house import House
from assets.landing.files import LandedFiles
from assets.partitions import partition_window
from assets.warehouse import Warehouse
from assets.windows import Window

BUILT_DAYS = (
    "create schema if not exists landing; create table if not exists landing.built_days (known_on date primary key, fingerprint varchar)"
)


class RoomTranslator(DagsterDbtTranslator):
    """Keys are `schema/model`, so `marts.fct_order_lines` is asset `marts/fct_order_lines`; groups are the rooms."""

    def __init__(self) -> None:
        super().__init__(settings=DagsterDbtTranslatorSettings(enable_asset_checks=True, enable_source_tests_as_checks=True))

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: Any) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        node = manifest["nodes"].get(unique_id) or manifest["sources"][unique_id]
        room = node["schema"] if node["resource_type"] != "source" else node["source_name"]
        return spec.replace_attributes(key=dg.AssetKey([room, node["name"]]), group_name=room, kinds={"duckdb", "dbt"})


def sql_models(manifest: Path) -> dg.AssetsDefinition:
    """The dbt project as one step: all its models and tests for the window of the run."""

    @dbt_assets(
        manifest=manifest,
        dagster_dbt_translator=RoomTranslator(),
        name="marts",
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool="warehouse",
    )
    def marts(context: dg.AssetExecutionContext, house: House, warehouse: Warehouse) -> Iterator[Any]:
        window = partition_window(context)
        marks = _marks(house)
        facts = facts_window(window, marks, _built(warehouse))
        context.log.info("facts of %s to %s, profiles of %s to %s", facts.start, facts.last_day, window.start, window.last_day)
        target = house.dbt_target / "runs" / context.run_id[:8]
        warehouse.wait_until_free()
        with warehouse.locked():
            yield from _build(context, manifest, target, dbt_variables(house, facts, window)).stream()
        _remember_built(warehouse, {day: mark for day, mark in marks.items() if facts.start <= day <= facts.last_day})
        shutil.rmtree(target, ignore_errors=True)

    return marts


def facts_window(window: Window, landed: dict[date, str], built: dict[date, str]) -> Window:
    """The run's window, stretched back to the first landed day that differs from what was built."""
    unbuilt = [day for day, mark in landed.items() if day < window.start and built.get(day) != mark]
    return window.since(min(unbuilt, default=window.start))


def dbt_variables(house: House, facts: Window, as_of: Window) -> dict[str, str]:
    """What dbt's profile and models read from their environment."""
    shop = house.shop
    has_order_lines = any((house.landing / "order_lines").glob("known_on=*.parquet"))
    return {
        **profile_variables(house),
        "COUNTINGHOUSE_WINDOW_START": facts.start.isoformat(),
        "COUNTINGHOUSE_WINDOW_END": facts.end.isoformat(),
        "COUNTINGHOUSE_AS_OF_START": as_of.start.isoformat(),
        "COUNTINGHOUSE_AS_OF_END": as_of.end.isoformat(),
        "COUNTINGHOUSE_FIRST_DAY": shop.first_day.isoformat(),
        "COUNTINGHOUSE_HAS_ORDER_LINES": str(has_order_lines).lower(),
        "COUNTINGHOUSE_COST_SHARE": str(shop.assumptions.cost_share),
        "COUNTINGHOUSE_OUTCOME_WINDOW_DAYS": str(shop.coupons.outcome_window_days),
        "COUNTINGHOUSE_PROFILE_DAYS": str(shop.customers.snapshot_days),
    }


def profile_variables(house: House) -> dict[str, str]:
    """What dbt reads while parsing; the same at set-up and in every run, or dbt parses the whole project again."""
    return {
        "COUNTINGHOUSE_WAREHOUSE": str(house.warehouse),
        "COUNTINGHOUSE_LANDING": str(house.landing),
        "COUNTINGHOUSE_SQL_THREADS": str(house.threads),
        "COUNTINGHOUSE_SQL_MEMORY": house.memory,
    }


def _build(context: dg.AssetExecutionContext, manifest: Path, target: Path, variables: dict[str, str]) -> DbtCliInvocation:
    """Start `dbt build` of what the run selected.

    `DbtCliResource.cli` would first start dbt once for its version and once more for an adapter that only metadata fetching needs: some six
    seconds of CPU per run for nothing (docs/decisions/0003).
    """
    project = Path(__file__).resolve().parents[2] / "dbt"
    chosen = get_updated_cli_invocation_params_for_context(context=context, manifest={}, dagster_dbt_translator=RoomTranslator())
    target.mkdir(parents=True, exist_ok=True)
    parsed = manifest.with_name("partial_parse.msgpack")
    if parsed.exists():
        shutil.copyfile(parsed, target / parsed.name)
    own = {
        "DBT_LOG_FORMAT": "json",
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target),
        "DBT_PROFILES_DIR": str(project),
        "DBT_PROJECT_DIR": str(project),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "PYTHONUNBUFFERED": "1",
        **({"DBT_INDIRECT_SELECTION": chosen.indirect_selection} if chosen.indirect_selection else {}),
    }
    return DbtCliInvocation.run(
        args=[str(Path(sys.executable).with_name("dbt")), "build", "--exclude-resource-type", "unit_test", *chosen.selection_args],
        env={**os.environ, **variables, **own},
        manifest=chosen.manifest,
        dagster_dbt_translator=chosen.dagster_dbt_translator,
        project_dir=project,
        target_path=target,
        raise_on_error=True,
        context=context,
        adapter=None,
        cli_version=Version(version("dbt-core")),
    )


def _marks(house: House) -> dict[date, str]:
    return {
        day: " ".join(f"{name}={mark}" for name, mark in sorted(tables.items()))
        for day, tables in LandedFiles(house.landing).landed_days().items()
    }


def _built(warehouse: Warehouse) -> dict[date, str]:
    with warehouse.connect() as connection:
        connection.execute(BUILT_DAYS)
        return dict(connection.execute("select known_on, fingerprint from landing.built_days").fetchall())


def _remember_built(warehouse: Warehouse, marks: dict[date, str]) -> None:
    rows = pl.DataFrame(
        {"known_on": list(marks), "fingerprint": list(marks.values())}, schema={"known_on": pl.Date, "fingerprint": pl.String}
    )
    with warehouse.connect() as connection:
        connection.register("incoming", rows)
        connection.execute("insert or replace into landing.built_days select known_on, fingerprint from incoming")
