"""Every asset of the house, room by room in the order of the data's way."""

from pathlib import Path

import dagster as dg

from assets.decisions.replenishment import replenishment
from assets.demand.forecasts import demand_forecasts
from assets.demand.panel_model import demand_training
from assets.landing.raw_records import landing
from assets.marts.sql_models import sql_models


def all_assets(manifest: Path) -> list[dg.AssetsDefinition]:
    """The assets; `manifest` is dbt's."""
    return [landing, sql_models(manifest), demand_training, demand_forecasts, replenishment]


def all_checks() -> list[dg.AssetChecksDefinition]:
    """Checks that are not part of an asset's own step."""
    return []
