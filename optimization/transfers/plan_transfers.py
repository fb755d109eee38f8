"""Decide the transfers of one day, before anything is bought.

Public: `TransferPlan`, `plan_transfers`, `after_transfers`.
"""

import time
from dataclasses import dataclass

import polars as pl

from optimization.certificate import PlanCertificate, PlanStatus, hash_inputs, relative_gap
from optimization.linear_program import SOLVER, solver_version
from optimization.replenishment.read_items import read_items
from optimization.replenishment.settings import ReplenishmentSettings
from optimization.transfers.check_transfers import check_transfers
from optimization.transfers.choose_moves import choose_moves
from optimization.transfers.settings import TransferLimits, TransferSettings
from optimization.transfers.stock_curves import movable_items, product_stocks
from optimization.transfers.transfer_table import transfer_table


@dataclass(frozen=True)
class TransferPlan:
    """transfers: see `transfer_table`. certificate: value is the expected saving, money; sense max."""

    transfers: pl.DataFrame
    certificate: PlanCertificate


def plan_transfers(
    items: pl.DataFrame,
    limits: TransferLimits | None = None,
    settings: TransferSettings | None = None,
    costs: ReplenishmentSettings | None = None,
) -> TransferPlan:
    """Return what to move between locations for items with the columns of replenishment (`ITEM_COLUMNS`).

    Overstock is what a location has above its own cheapest level over lead time and review; it goes where it saves more lost sales than
    moving costs. `costs` weighs holding and lost sales as the day's orders do. Discontinued products move too. Raises ValueError for
    missing columns and duplicate keys.
    """
    limits, settings, costs = limits or TransferLimits(), settings or TransferSettings(), costs or ReplenishmentSettings()
    started = time.perf_counter()
    read = read_items(items)
    movable = movable_items(read)
    stocks = product_stocks(movable, costs, settings)
    chosen = choose_moves(stocks, limits, settings)
    transfers = transfer_table(movable, stocks, chosen.moves, settings)
    gap = relative_gap(chosen.value, chosen.bound)
    status: PlanStatus = "optimal" if gap is not None and gap <= settings.relative_gap + 1e-9 else "feasible"
    certificate = PlanCertificate(
        plan="transfers",
        status=status if stocks else "empty",
        sense="max",
        value=chosen.value,
        bound=chosen.bound,
        gap=gap,
        solver=SOLVER,
        solver_version=solver_version(),
        seconds=time.perf_counter() - started,
        seed=settings.seed,
        input_hash=hash_inputs(items=read, limits=_told(limits), settings=settings, costs=costs),
        checked=True,
        violations=tuple(check_transfers(items, limits, settings, costs, transfers)),
    )
    return TransferPlan(transfers, certificate)


def after_transfers(items: pl.DataFrame, transfers: pl.DataFrame) -> pl.DataFrame:
    """Return `items` as the day's orders should see them: givers have less on hand, receivers more in transit; rows and order stay."""
    given = transfers.group_by("product_id", location_id="from_location_id").agg(given=pl.col("transfer_units").sum())
    taken = transfers.group_by("product_id", location_id="to_location_id").agg(taken=pl.col("transfer_units").sum())
    key = ["product_id", "location_id"]
    moved = items.join(given, on=key, how="left", maintain_order="left").join(taken, on=key, how="left", maintain_order="left")
    gives, takes = pl.col("given").is_not_null(), pl.col("taken").is_not_null()
    return moved.with_columns(
        on_hand=pl.when(gives).then(pl.col("on_hand") - pl.col("given")).otherwise(pl.col("on_hand")),
        in_transit_units=pl.when(takes)
        .then(pl.col("in_transit_units").fill_null(0.0) + pl.col("taken"))
        .otherwise(pl.col("in_transit_units")),
    ).drop("given", "taken")


def _told(limits: TransferLimits) -> dict[str, object]:
    lanes = None if limits.lanes is None else {f"{giver} to {receiver}": units for (giver, receiver), units in limits.lanes.items()}
    return {"lanes": lanes, "receiving_volume_m3": dict(limits.receiving_volume_m3)}
