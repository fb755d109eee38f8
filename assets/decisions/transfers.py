"""Transfers between a shop's locations, decided before its purchase orders where shop.toml has `[transfers] enabled = true`.

Goods decided with the knowledge of day D leave on D + 1 and can be sold at the receiver `transfer_days` later. With a stock ledger they are
booked on those days; with a stock feed the shop's own counts tell what happened, and only what is still on its way is added.
"""

from collections.abc import Mapping
from datetime import date

import polars as pl

from assets.warehouse import Warehouse
from optimization.replenishment import ReplenishmentLimits, ReplenishmentSettings
from optimization.transfers import TransferLimits, TransferPlan, TransferSettings, plan_transfers
from shops.replenishment_terms import TransferTerms

TRANSFERS = "decisions.transfers"
KEY = ["product_id", "location_id"]
OWN_TRANSFERS_SCHEMA = {
    "as_of_day": pl.Date,
    "product_id": pl.String,
    "from_location_id": pl.String,
    "to_location_id": pl.String,
    "transfer_units": pl.Float64,
    "arrives_on": pl.Date,
}


def own_transfers_before(warehouse: Warehouse, day: date) -> pl.DataFrame:
    """Transfers of earlier days (`OWN_TRANSFERS_SCHEMA`)."""
    if not warehouse.exists(TRANSFERS):
        return pl.DataFrame(schema=OWN_TRANSFERS_SCHEMA)
    return warehouse.read(f"select {', '.join(OWN_TRANSFERS_SCHEMA)} from {TRANSFERS} where as_of_day < ? order by all", [day]).cast(
        OWN_TRANSFERS_SCHEMA
    )


def with_own_transfers(position: pl.DataFrame, earlier: pl.DataFrame, day: date, opening_day: date | None) -> pl.DataFrame:
    """The position at the end of `day` with earlier transfers: what arrives before an order would in transit, and in a ledger what
    left and arrived since its opening day.

    A ledger's stock that transfers would take below 0 counts as 0: sales came in between.
    """
    if earlier.is_empty():
        return position
    sent = earlier.filter(pl.col("as_of_day") < day)
    arrival = position.select(
        "product_id", to_location_id="location_id", order_arrives_on=pl.col("order_day") + pl.duration(days="lead_time_days")
    )
    due = sent.filter(pl.col("arrives_on") > day).join(arrival, on=["product_id", "to_location_id"])
    under_way = _sums(due.filter(pl.col("arrives_on") <= pl.col("order_arrives_on")), "to_location_id", "under_way")
    since = sent.filter(pl.col("as_of_day") >= opening_day) if opening_day is not None else sent.head(0)
    arrived, left = _sums(since.filter(pl.col("arrives_on") <= day), "to_location_id", "arrived"), _sums(since, "from_location_id", "left")
    booked = position
    for frame in (under_way, arrived, left):
        booked = booked.join(frame, on=KEY, how="left", maintain_order="left")
    balance = (pl.col("on_hand") + pl.col("arrived").fill_null(0.0) - pl.col("left").fill_null(0.0)).clip(lower_bound=0)
    moved = pl.col("arrived").is_not_null() | pl.col("left").is_not_null()
    return booked.with_columns(
        on_hand=pl.when((pl.col("stock_source") == "ledger") & moved).then(balance).otherwise(pl.col("on_hand")),
        in_transit_units=pl.col("in_transit_units") + pl.col("under_way").fill_null(0.0),
    ).drop("under_way", "arrived", "left")


def transfers_of_day(
    position: pl.DataFrame, terms: TransferTerms, limits: ReplenishmentLimits, costs: ReplenishmentSettings
) -> TransferPlan | None:
    """The day's transfers, None where the shop has none. A location takes in no more than its volume less what lies there or is due."""
    if not terms.enabled:
        return None
    settings = TransferSettings(
        handling_cost_per_unit=terms.handling_cost_per_unit,
        handling_cost_per_line=terms.handling_cost_per_line,
        transfer_days=terms.transfer_days,
        whole_packs=terms.whole_packs,
    )
    room = _room(position, limits.warehouse_volume_m3)
    return plan_transfers(position, TransferLimits(receiving_volume_m3=room), settings, costs)


def transfer_rows(plan: TransferPlan, terms: TransferTerms, day: date, run_id: str) -> pl.DataFrame:
    """The day's rows of decisions.transfers."""
    leaves_on = pl.lit(day) + pl.duration(days=1)
    return plan.transfers.with_columns(
        as_of_day=pl.lit(day),
        leaves_on=leaves_on,
        arrives_on=leaves_on + pl.duration(days=terms.transfer_days),
        input_version=pl.lit(plan.certificate.input_hash),
        run_id=pl.lit(run_id),
    )


def _sums(transfers: pl.DataFrame, location: str, name: str) -> pl.DataFrame:
    return transfers.group_by("product_id", location_id=location).agg(pl.col("transfer_units").sum().alias(name))


def _room(position: pl.DataFrame, volumes: Mapping[str, float]) -> dict[str, float]:
    lies = (pl.col("on_hand").fill_null(0.0).clip(lower_bound=0) + pl.col("in_transit_units").fill_null(0.0)) * pl.col(
        "volume_m3"
    ).fill_null(0.0)
    taken = dict(position.group_by("location_id").agg(lies.sum()).iter_rows())
    return {place: max(volume - taken.get(place, 0.0), 0.0) for place, volume in sorted(volumes.items())}


__all__ = ["OWN_TRANSFERS_SCHEMA", "TRANSFERS", "own_transfers_before", "transfer_rows", "transfers_of_day", "with_own_transfers"]
