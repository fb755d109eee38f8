"""Purchase propensity: how likely every customer is to buy within the outcome window if nothing is changed.

Trained per training day on snapshots of the weeks before, scored on each day's profiles.
"""

import hashlib
import json
from datetime import date
from typing import TYPE_CHECKING, Any

import dagster as dg
import polars as pl

from assets.house import House
from assets.model_files import swap_in
from assets.partitions import partition_window
from assets.response.ad_days import IN_FORCE
from assets.table_contracts import table_contracts
from assets.tracking import Tracking, TrainingRecord
from assets.warehouse import Warehouse
from assets.windows import by_training_day

if TYPE_CHECKING:
    from learning.purchase_propensity import PropensityModel

EXPERIMENT, TABLE = "purchase_propensity", "response.purchase_propensity"
KEY = dg.AssetKey(TABLE.split("."))
SNAPSHOTS = 3
SNAPSHOT_ROWS = f"""
with orders as (
    select distinct customer_key, business_day, order_id
    from marts.fct_order_lines as lines
    where {IN_FORCE.format("lines")} and not is_cancelled and line_type = 'sale' and customer_key is not null and business_day <= $day
),

snapshots as (
    select cast($day as date) - cast(number * $outcome_days as integer) as snapshot_day
    from generate_series(1, $snapshots) as numbers(number)
)

select
    orders.customer_key,
    snapshots.snapshot_day,
    snapshots.snapshot_day - max(orders.business_day) filter (orders.business_day <= snapshots.snapshot_day) as recency_days,
    snapshots.snapshot_day - min(orders.business_day) as tenure_days,
    count(*) filter (orders.business_day between snapshots.snapshot_day - 27 and snapshots.snapshot_day) as orders_28,
    count(*) filter (orders.business_day between snapshots.snapshot_day - 83 and snapshots.snapshot_day) as orders_84,
    count(*) filter (orders.business_day between snapshots.snapshot_day - 364 and snapshots.snapshot_day) as orders_365,
    bool_or(
        orders.business_day > snapshots.snapshot_day and orders.business_day <= snapshots.snapshot_day + cast($outcome_days as integer)
    ) as has_bought
from orders
cross join snapshots
group by orders.customer_key, snapshots.snapshot_day
having min(orders.business_day) <= snapshots.snapshot_day
order by all
"""


@dg.multi_asset(
    name="purchase_propensity",
    specs=[
        dg.AssetSpec(
            KEY,
            group_name="response",
            kinds={"mlflow"},
            deps=[["marts", "fct_order_lines"], ["marts", "customer_profile"]],
            description="Chance that a customer buys within the outcome window if nothing is changed; no effect of anything.",
        )
    ],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def purchase_propensity(
    context: dg.AssetExecutionContext, house: House, warehouse: Warehouse, tracking: Tracking
) -> dg.MaterializeResult[None]:
    """Train per training day, score every customer on every day."""
    from learning.purchase_propensity import FEATURES

    window = partition_window(context)
    profiles = warehouse.read(
        f"select as_of_day, customer_key, {', '.join(FEATURES)} from marts.customer_profile where as_of_day between ? and ? order by all",
        [window.start, window.last_day],
    )
    made = [table_contracts()[TABLE].empty()]
    metadata: dict[str, Any] = {}
    for trained_as_of, days in by_training_day(window.days, house.shop.first_day):
        model, version = _train(house, warehouse, trained_as_of, tracking)
        metadata = {"trained on rows": model.rows, "auc": model.auc or 0.0, "brier": model.brier or 0.0}
        for day in days:
            scored = model.predict(profiles.filter(pl.col("as_of_day") == day).drop("as_of_day"))
            made.append(scored.with_columns(as_of_day=pl.lit(day), model_version=pl.lit(version)).select(made[0].columns))
    rows = warehouse.replace_days(table_contracts()[TABLE], pl.concat(made, how="vertical_relaxed"), window.days)
    return dg.MaterializeResult(asset_key=KEY, metadata={"dagster/row_count": rows, **metadata})


def snapshot_rows(warehouse: Warehouse, day: date, outcome_days: int, snapshots: int = SNAPSHOTS) -> pl.DataFrame:
    """Customers at the end of earlier days, one outcome window apart, as known on `day`, and whether they bought in the window after."""
    return warehouse.read(SNAPSHOT_ROWS, {"day": day, "outcome_days": outcome_days, "snapshots": snapshots})


def _train(house: House, warehouse: Warehouse, trained_as_of: date, tracking: Tracking) -> tuple["PropensityModel", str]:
    from learning.purchase_propensity import train_propensity

    window_days = house.shop.coupons.outcome_window_days
    rows = snapshot_rows(warehouse, trained_as_of, window_days)
    model = train_propensity(rows)
    content = [int(rows.hash_rows(seed=11).sum()) if rows.height else 0, window_days, SNAPSHOTS]
    fingerprint = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    version = f"propensity-{trained_as_of.isoformat()}-{fingerprint[:8]}"
    folder = house.state / "learning" / "purchase_propensity" / trained_as_of.isoformat()
    swap_in(model, folder)
    measured = {name: getattr(model, name) for name in ("auc", "brier", "base_rate", "predicted_rate")}
    tracking.record(
        TrainingRecord(
            experiment=EXPERIMENT,
            name=version,
            params={"outcome_window_days": window_days, "snapshots": SNAPSHOTS},
            metrics={"rows": model.rows, **{name: value for name, value in measured.items() if value is not None}},
            artifacts=folder,
            tags={"trained_as_of": trained_as_of.isoformat(), "fingerprint": fingerprint},
        )
    )
    return model, version
