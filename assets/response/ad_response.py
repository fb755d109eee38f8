"""Ad response: what each channel's spend adds, with memory and saturation, learned per training day from spend and sales.

Nothing of the spend was drawn by lot, so the tables say `causal = false`; a channel of which little is known says so and is not moved.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

import dagster as dg
import polars as pl

from assets.house import House
from assets.model_files import swap_in
from assets.partitions import partition_window
from assets.response.ad_days import ad_sales_on, ad_spend_on
from assets.table_contracts import table_contracts
from assets.tracking import FamilyRun, Tracking, TrainingRecord
from assets.warehouse import Warehouse
from assets.windows import by_training_day

if TYPE_CHECKING:
    from learning.ad_response import AdOutcome, AdResponseModel, AdResponseSettings

EXPERIMENT = "ad_response"
CURVES, DRAWS = "response.ad_curves", "response.ad_curve_draws"
TABLES = (CURVES, DRAWS)
TOLD = ("most", "half_saturation", "shape", "memory", "daily_response", "marginal_response")  # per channel, in MLflow
KEYS = {name: dg.AssetKey(name.split(".")) for name in TABLES}
UPSTREAM = [["marts", name] for name in ("fct_ad_spend", "fct_order_lines", "fct_sales_daily", "dim_locations", "dim_products")]
ABOUT = {
    CURVES: "What each ad channel adds: memory, saturation and response with intervals, and whether it is known at all.",
    DRAWS: "The bootstrap's curves behind those intervals.",
}


@dg.multi_asset(
    name="ad_response",
    specs=[
        dg.AssetSpec(
            KEYS[name], group_name="response", kinds={"mlflow"} if name == CURVES else {"duckdb"}, deps=UPSTREAM, description=ABOUT[name]
        )
        for name in TABLES
    ],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def ad_response(context: dg.AssetExecutionContext, house: House, warehouse: Warehouse, tracking: Tracking) -> Iterator[Any]:
    """Train per training day; every day of the window carries the curves it is planned with."""
    window = partition_window(context)
    made: dict[str, list[pl.DataFrame]] = {name: [table_contracts()[name].empty()] for name in TABLES}
    notes: tuple[str, ...] = ()
    for trained_as_of, days in by_training_day(window.days, house.shop.first_day):
        spend = ad_spend_on(warehouse, trained_as_of)
        if spend.is_empty():
            notes = ("No ad spend is known.",)
            continue
        sales = ad_sales_on(warehouse, trained_as_of, house.shop.assumptions.cost_share)
        model, outcome, version = _train(house, spend, sales, trained_as_of, tracking)
        notes = model.notes
        for day in days:
            stamp = {"as_of_day": pl.lit(day), "model_version": pl.lit(version)}
            told = {"outcome": pl.lit(outcome.name), "margin_per_outcome": pl.lit(outcome.margin_per_unit)}
            made[CURVES].append(model.curves.with_columns(**stamp, **told))
            made[DRAWS].append(model.draws.with_columns(**stamp))
    for name in TABLES:
        frame = pl.concat([part.select(made[name][0].columns) for part in made[name]], how="vertical_relaxed")
        rows = warehouse.replace_days(table_contracts()[name], frame, window.days)
        yield dg.MaterializeResult(asset_key=KEYS[name], metadata={"dagster/row_count": rows, "notes": "; ".join(notes)})


def _train(
    house: House, spend: pl.DataFrame, sales: pl.DataFrame, trained_as_of: date, tracking: Tracking
) -> tuple["AdResponseModel", "AdOutcome", str]:
    from learning.ad_response import AdResponseSettings, choose_outcome, train_ad_response

    settings = AdResponseSettings()
    outcome = choose_outcome(sales)
    # the bill of a day comes in later than its sales: only days whose spend is known, from the first of them on
    known = outcome.days.filter(pl.col("business_day").is_between(spend["business_day"].min(), spend["business_day"].max()))
    model = train_ad_response(spend, known, settings)
    fingerprint = _fingerprint(spend, known, settings)
    version = f"ads-{trained_as_of.isoformat()}-{fingerprint[:8]}"
    folder = house.state / "learning" / "ad_response" / trained_as_of.isoformat()
    swap_in(model, folder)
    tracking.record(
        TrainingRecord(
            experiment=EXPERIMENT,
            name=version,
            params=vars(settings) | {"outcome": outcome.name},
            metrics={"days": model.days, "explained_share": model.explained_share or 0.0, "margin_per_outcome": outcome.margin_per_unit},
            artifacts=folder,
            tags={"trained_as_of": trained_as_of.isoformat(), "fingerprint": fingerprint, "causal": "False", "outcome": outcome.name},
            families=tuple(
                FamilyRun(
                    name=f"channel {row['channel']}",
                    params={"is_identified": row["is_identified"]},
                    metrics={name: row[name] for name in TOLD if row[name] is not None},
                )
                for row in model.curves.iter_rows(named=True)
            ),
        )
    )
    return model, outcome, version


def _fingerprint(spend: pl.DataFrame, days: pl.DataFrame, settings: "AdResponseSettings") -> str:
    content = [int(frame.hash_rows(seed=11).sum()) if frame.height else 0 for frame in (spend, days)]
    return hashlib.sha256(json.dumps([content, vars(settings)], sort_keys=True, default=str).encode()).hexdigest()
