"""The house of one shop: where its state lies. A Dagster resource that every asset may ask for.

All paths are absolute and lie below the state folder (`var/<shop>` by default):

    landing/          one Parquet file per table and business day
    warehouse.duckdb  private to the pipeline, opened only by `Warehouse`
    learning/         models by training day
    published/        one Parquet file per published table, a link into published_versions/; `bi.duckdb` beside it holds only views
    turn.lock         held by the run whose turn it is
    alerts/           failed runs, and the outbox of the webhook
    erasing/          marks of erasures that were begun and not finished
    mlflow/           tracking database and artifacts
    dbt/              dbt's manifest and logs
    dagster/          Dagster's instance (DAGSTER_HOME)
"""

from pathlib import Path

import dagster as dg

from shops.erased import Erased, load_erased
from shops.pseudonym import load_or_create_key
from shops.shop import Shop, load_shop


class House(dg.ConfigurableResource):
    """Paths and settings of the shop a run works for."""

    shop_folder: str
    state_folder: str
    key_file: str
    threads: int = 2
    memory: str = "4GB"

    @property
    def shop(self) -> Shop:
        return load_shop(Path(self.shop_folder))

    @property
    def state(self) -> Path:
        return Path(self.state_folder)

    @property
    def landing(self) -> Path:
        return self.state / "landing"

    @property
    def intake_cache(self) -> Path:
        return self.state / "intake"

    @property
    def warehouse(self) -> Path:
        return self.state / "warehouse.duckdb"

    @property
    def models(self) -> Path:
        return self.state / "learning" / "models"

    @property
    def published(self) -> Path:
        return self.state / "published"

    @property
    def published_versions(self) -> Path:
        return self.state / "published_versions"

    @property
    def bi_database(self) -> Path:
        return self.state / "bi.duckdb"

    @property
    def mlflow(self) -> Path:
        return self.state / "mlflow"

    @property
    def dbt_target(self) -> Path:
        return self.state / "dbt"

    def pseudonym_key(self) -> bytes:
        return load_or_create_key(Path(self.key_file))

    def erased(self) -> Erased:
        """The persons who may never land again."""
        return load_erased(Path(self.key_file), self.pseudonym_key(), self.shop.name)


__all__ = ["House"]
