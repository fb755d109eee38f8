"""Everything Dagster serves for one shop: the assets of the six rooms, the daily job, its schedule and the failure alert."""

import dagster as dg

from assets.catalogue import all_assets, all_checks
from assets.house import House
from assets.table_contracts import TYPES, table_contracts
from dagster_project.dbt_manifest import ensure_manifest
from dagster_project.jobs import (
    CALENDAR_JOB,
    CALIBRATION_JOB,
    DAILY_JOB,
    OUTLOOK_JOB,
    calendar_schedule,
    calibration_schedule,
    daily_schedule,
    outlook_schedule,
)
from dagster_project.partitions import daily_partitions
from dagster_project.resources import resources
from dagster_project.run_log import run_log
from dagster_project.sensors import alert_delivery, alert_on_failure
from dagster_project.settings import Settings, load_settings
from shops.shop import load_shop

OWNERS = ["team:merchandising"]


def build_definitions(settings: Settings) -> dg.Definitions:
    """Definitions for the shop that the settings name."""
    shop = load_shop(settings.shop_folder)
    days = daily_partitions(shop)
    served = resources(settings)
    house = served["house"]
    assert isinstance(house, House)
    manifest = ensure_manifest(house, settings.dbt_project)

    def complete(spec: dg.AssetSpec) -> dg.AssetSpec:
        return spec.replace_attributes(partitions_def=days, owners=OWNERS, metadata={**spec.metadata, **column_schema(spec.key)})

    assets = [each.map_asset_specs(complete) for each in all_assets(manifest)]
    return dg.Definitions(
        assets=assets,
        asset_checks=all_checks(),
        jobs=[DAILY_JOB, CALIBRATION_JOB, OUTLOOK_JOB, CALENDAR_JOB],
        schedules=[make(shop.time_zone) for make in (daily_schedule, calibration_schedule, outlook_schedule, calendar_schedule)],
        sensors=[alert_on_failure(settings.alert_webhook), alert_delivery(settings.alert_webhook)],
        resources=served,
        executor=dg.in_process_executor,
        loggers={"console": run_log},
    )


def column_schema(key: dg.AssetKey) -> dict[str, dg.TableSchema]:
    """The schema of a table written by Python, from its contract; dbt's models bring their own."""
    contract = table_contracts().get(".".join(key.path))
    if contract is None:
        return {}
    columns = [
        dg.TableColumn(column.name, TYPES[column.kind][0], f"{column.meaning} [{column.unit}]" if column.unit else column.meaning)
        for column in contract.columns
    ]
    return {"dagster/column_schema": dg.TableSchema(columns=columns)}


@dg.definitions
def defs() -> dg.Definitions:
    """Read by Dagster: the shop named in the environment."""
    return build_definitions(load_settings())
