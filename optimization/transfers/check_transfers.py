"""Check transfers without knowing how they were chosen: every rule and the total saving are recomputed from the inputs.

Public: `check_transfers`.
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from optimization.replenishment.cost_curves import expected_at
from optimization.replenishment.demand_scenarios import demand_scenarios
from optimization.replenishment.item_needs import item_terms
from optimization.replenishment.read_items import KEY, read_items
from optimization.replenishment.settings import ReplenishmentSettings
from optimization.transfers.settings import TransferLimits, TransferSettings
from optimization.transfers.stock_curves import best_levels, demand_from, movable_items, without_stock

TOLERANCE = 1e-6
_LANE = ("product_id", "from_location_id", "to_location_id")


def check_transfers(
    items: pl.DataFrame, limits: TransferLimits, settings: TransferSettings, costs: ReplenishmentSettings, transfers: pl.DataFrame
) -> list[str]:
    """Return one sentence per broken rule, empty where none is; inputs are those of `plan_transfers`.

    Rules: known items, one row per lane, whole units (or packs), nobody gives and receives the same product, givers give what lies there
    and keep their own best level, lanes and receiving volumes, and savings that add up to what the cost curves say.
    """
    read = movable_items(read_items(items))
    if transfers.select(_LANE).is_duplicated().any():
        return ["The transfers repeat a lane of a product."]
    given = transfers.group_by("product_id", location_id="from_location_id").agg(given=pl.col("transfer_units").sum())
    taken = transfers.group_by("product_id", location_id="to_location_id").agg(taken=pl.col("transfer_units").sum())
    named = pl.concat([given.select(KEY), taken.select(KEY)])
    unknown = named.join(read.select(KEY), on=KEY, how="anti").sort(KEY)
    if unknown.height:
        return [f"{product} at {location} cannot give or receive." for product, location in unknown.iter_rows()]
    read = (
        read.join(given, on=KEY, how="left").join(taken, on=KEY, how="left").with_columns(pl.col("given", "taken").fill_null(0.0)).sort(KEY)
    )
    if not read.height:
        return []
    return [
        *_row_rules(read, transfers, settings, costs),
        *_limit_rules(read, transfers, limits),
        *_saving(read, transfers, settings, costs),
    ]


def _row_rules(read: pl.DataFrame, transfers: pl.DataFrame, settings: TransferSettings, costs: ReplenishmentSettings) -> Iterator[str]:
    pack = read.group_by("product_id").agg(pl.col("pack_units").max().cast(pl.Float64)) if settings.whole_packs else None
    units = transfers if pack is None else transfers.join(pack, on="product_id")
    size = pl.lit(1.0) if pack is None else pl.col("pack_units")
    steps = pl.col("transfer_units") / size
    wrong = units.filter(((steps - steps.round()).abs() > TOLERANCE) | (pl.col("transfer_units") <= 0))
    for product, giver, receiver in wrong.select(_LANE).sort(_LANE).iter_rows():
        yield f"{product} from {giver} to {receiver} is no whole quantity above 0."
    demand, terms = demand_scenarios(read), item_terms(read, costs)
    over = np.minimum(read["on_hand"].to_numpy(), terms.position - best_levels(read, demand, terms))
    rules = {
        "both gives and receives": (pl.col("given") > 0) & (pl.col("taken") > 0),
        "gives more than lies there above its own best level": (pl.col("given") > 0) & (pl.col("given") > pl.Series(over) + TOLERANCE),
    }
    for says, broken in rules.items():
        for product, location in read.filter(broken).select(KEY).iter_rows():
            yield f"{product} at {location} {says}."


def _limit_rules(read: pl.DataFrame, transfers: pl.DataFrame, limits: TransferLimits) -> Iterator[str]:
    lanes = transfers.group_by("from_location_id", "to_location_id").agg(pl.col("transfer_units").sum())
    for giver, receiver, units in lanes.sort("from_location_id", "to_location_id").iter_rows():
        if giver == receiver or units > limits.lane_units(giver, receiver) * (1 + TOLERANCE):
            yield f"{units:g} units from {giver} to {receiver} are more than the lane takes."
    volumes = read.group_by("product_id").agg(pl.col("volume_m3").max())
    arriving = transfers.join(volumes, on="product_id", how="left").group_by("to_location_id")
    for place, volume in arriving.agg((pl.col("transfer_units") * pl.col("volume_m3")).sum()).sort("to_location_id").iter_rows():
        allowed = limits.receiving_volume_m3.get(place, np.inf)
        if volume > allowed * (1 + TOLERANCE) + TOLERANCE:
            yield f"{volume:.3f} m3 would arrive at {place}, it can receive {allowed:.3f} m3."


def _saving(read: pl.DataFrame, transfers: pl.DataFrame, settings: TransferSettings, costs: ReplenishmentSettings) -> Iterator[str]:
    """Compare the total told with the cost of all stocks before and after."""
    saving = 0.0
    for side, column in ((read.filter(pl.col("given") > 0), "given"), (read.filter(pl.col("taken") > 0), "taken")):
        if not side.height:
            continue
        demand, terms, moved = demand_scenarios(side), item_terms(side, costs), side[column].to_numpy()
        free = without_stock(terms)
        if column == "given":
            stock = np.column_stack([terms.position, terms.position - moved])
            cost = expected_at(stock, demand_from(side, demand, 0.0), free).cost
        else:
            later = demand_from(side, demand, settings.transfer_days)
            cost = expected_at(np.column_stack([np.zeros_like(moved), moved]), later, terms).cost - np.array([0.0, terms.line_cost])
        saving += float((cost[:, 0] - cost[:, 1]).sum())
    saving -= (
        settings.handling_cost_per_unit * float(transfers["transfer_units"].sum()) + settings.handling_cost_per_line * transfers.height
    )
    told = float(transfers["expected_saving"].sum())
    if abs(saving - told) > TOLERANCE * max(abs(saving), 1.0):
        yield f"The transfers are said to save {told:.4f}, the cost curves say {saving:.4f}."
