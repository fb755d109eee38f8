"""Resources of one shop, made from the settings."""

from pathlib import Path

from assets.house import House
from assets.tracking import Tracking
from assets.warehouse import Warehouse
from dagster_project.settings import Settings
from shops.shop import load_shop


def state_folder(settings: Settings) -> Path:
    """All state of the shop's runs: `var/<shop name>`."""
    return settings.var_folder / load_shop(settings.shop_folder).name


def resources(settings: Settings) -> dict[str, object]:
    """Every resource an asset may ask for."""
    state = state_folder(settings)
    house = House(
        shop_folder=str(settings.shop_folder),
        state_folder=str(state),
        key_file=str(settings.key_file),
        threads=settings.threads,
        memory=settings.memory,
    )
    return {
        "house": house,
        "warehouse": Warehouse(path=str(house.warehouse), threads=settings.threads, memory_limit=settings.memory),
        "tracking": Tracking(folder=str(house.mlflow)),
    }
