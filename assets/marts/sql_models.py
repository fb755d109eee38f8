"""Marts: dbt's staging, intermediate and marts models for the window of a run, as Dagster assets.

Two windows go to dbt as environment variables: the *facts* window (days whose landing changed since they were built, plus the run's own) and the
*as-of* window (the run's own days, for which profiles are computed). Which landed days were built is remembered in `landing.built_days`.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliResource, dbt_assets

from assets.house import House
from assets.landing.files import LandedFiles
from assets.partitions import partition_window
from assets.warehouse import Warehouse
from assets.windows import Window

BUILT_DAYS = "create schema if not exists landing; create table if not exists landing.built_days (known_on date primary key, fingerprint varchar)"


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
    def marts(context: dg.AssetExecutionContext, dbt: DbtCliResource, house: House, warehouse: Warehouse) -> Iterator[Any]:
        window = partition_window(context)
        marks = _marks(house)
        facts = facts_window(window, marks, _built(warehouse))
        context.log.info("facts of %s to %s, profiles of %s to %s", facts.start, facts.last_day, window.start, window.last_day)
        target = house.dbt_target / "runs" / context.run_id[:8]
        with environment(**dbt_variables(house, facts, window)), warehouse.locked():
            build = dbt.cli(["build", "--exclude-resource-type", "unit_test"], context=context, target_path=target)
            yield from build.stream()
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
        "COUNTINGHOUSE_WAREHOUSE": str(house.warehouse),
        "COUNTINGHOUSE_LANDING": str(house.landing),
        "COUNTINGHOUSE_SQL_THREADS": str(house.threads),
        "COUNTINGHOUSE_WINDOW_START": facts.start.isoformat(),
        "COUNTINGHOUSE_WINDOW_END": facts.end.isoformat(),
        "COUNTINGHOUSE_AS_OF_START": as_of.start.isoformat(),
        "COUNTINGHOUSE_AS_OF_END": as_of.end.isoformat(),
        "COUNTINGHOUSE_FIRST_DAY": shop.first_day.isoformat(),
        "COUNTINGHOUSE_HAS_ORDER_LINES": str(has_order_lines).lower(),
        "COUNTINGHOUSE_COST_SHARE": str(shop.assumptions.cost_share),
        "COUNTINGHOUSE_OUTCOME_WINDOW_DAYS": str(shop.coupons.outcome_window_days),
    }


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    """Variables for a child process, taken back afterwards."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _marks(house: House) -> dict[date, str]:
    return {day: " ".join(f"{name}={mark}" for name, mark in sorted(tables.items())) for day, tables in LandedFiles(house.landing).landed_days().items()}


def _built(warehouse: Warehouse) -> dict[date, str]:
    with warehouse.connect() as connection:
        connection.execute(BUILT_DAYS)
        return dict(connection.execute("select known_on, fingerprint from landing.built_days").fetchall())


def _remember_built(warehouse: Warehouse, marks: dict[date, str]) -> None:
    rows = pl.DataFrame({"known_on": list(marks), "fingerprint": list(marks.values())}, schema={"known_on": pl.Date, "fingerprint": pl.String})
    with warehouse.connect() as connection:
        connection.register("incoming", rows)
        connection.execute("insert or replace into landing.built_days select known_on, fingerprint from incoming")
