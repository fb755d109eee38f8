"""The table of transfers: one row per product and lane, with the numbers behind it.

Public: `TRANSFER_COLUMNS`, `TRANSFER_SCHEMA`, `transfer_table`.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from optimization.replenishment.demand_scenarios import Floats, chance_above, quantile_matrix
from optimization.replenishment.read_items import COVER_LEVELS
from optimization.replenishment.sentences import number
from optimization.transfers.greedy_moves import Moves
from optimization.transfers.settings import TransferSettings
from optimization.transfers.stock_curves import ProductStock

TRANSFER_SCHEMA = {
    "product_id": pl.String,
    "from_location_id": pl.String,
    "to_location_id": pl.String,
    "transfer_units": pl.Float64,
    "expected_saving": pl.Float64,
    "handling_cost": pl.Float64,
    "receiver_stock": pl.Float64,
    "receiver_expected_demand": pl.Float64,
    "receiver_stockout_chance_before": pl.Float64,
    "receiver_stockout_chance_after": pl.Float64,
    "giver_stock": pl.Float64,
    "giver_stockout_chance_after": pl.Float64,
    "giver_days_of_cover_after": pl.Float64,
    "sentence": pl.String,
}
TRANSFER_COLUMNS = tuple(TRANSFER_SCHEMA)


def transfer_table(items: pl.DataFrame, stocks: Sequence[ProductStock], moves: Sequence[Moves], settings: TransferSettings) -> pl.DataFrame:
    """Return the moves (grain: product_id, from_location_id, to_location_id; columns `TRANSFER_COLUMNS`), sorted.

    `items` as `movable_items` gives them. expected_saving: money, what the lane's share of the units saves the receiver less what it costs
    the giver and handling_cost; the rows add up to the plan's value. Stocks are on hand and in transit before moving, units. Chances of
    running out until the delivery after next and days of cover count all transfers of the product; days are null where nothing is sold.
    """
    position = (items["on_hand"] + items["in_transit_units"]).to_numpy()
    days = (items["lead_time_days"] + items["review_days"]).to_numpy()
    rate = items["cover_mean_units"].to_numpy() / days
    quantiles, levels = quantile_matrix(items, tuple(COVER_LEVELS)), np.array(list(COVER_LEVELS.values()))

    def chance(row: int, stock: float) -> float:
        return float(chance_above(quantiles[row : row + 1], levels, np.array([stock]))[0])

    rows: list[dict[str, object]] = []
    for stock, moved in zip(stocks, moves, strict=True):
        given, taken = moved.sum(axis=1), moved.sum(axis=0)
        for g, r in np.argwhere(moved > 0).tolist():
            giver, receiver, steps = stock.givers[g], stock.receivers[r], float(moved[g, r])
            handling = settings.handling_cost_per_unit * stock.step * steps + settings.handling_cost_per_line
            left = float(position[giver.row]) - stock.step * float(given[g])
            row: dict[str, object] = {
                "product_id": stock.product,
                "from_location_id": giver.location,
                "to_location_id": receiver.location,
                "transfer_units": stock.step * steps,
                "expected_saving": _share(giver.gains, given[g], steps) + _share(receiver.gains, taken[r], steps) - handling,
                "handling_cost": handling,
                "receiver_stock": float(position[receiver.row]),
                "receiver_expected_demand": float(items["cover_mean_units"][receiver.row]),
                "receiver_stockout_chance_before": chance(receiver.row, float(position[receiver.row])),
                "receiver_stockout_chance_after": chance(receiver.row, float(position[receiver.row]) + stock.step * float(taken[r])),
                "giver_stock": float(position[giver.row]),
                "giver_stockout_chance_after": chance(giver.row, left),
                "giver_days_of_cover_after": left / float(rate[giver.row]) if rate[giver.row] > 1e-6 else None,
            }
            rows.append({**row, "sentence": _sentence(row)})
    return pl.DataFrame(rows, schema=TRANSFER_SCHEMA).sort("product_id", "from_location_id", "to_location_id")


def _share(gains: Floats, steps: float, share: float) -> float:
    return float(gains[: round(steps)].sum()) * share / steps


def _sentence(row: dict[str, object]) -> str:
    units, stock, wanted, before, after, saving = (
        float(str(row[name]))
        for name in (
            "transfer_units",
            "receiver_stock",
            "receiver_expected_demand",
            "receiver_stockout_chance_before",
            "receiver_stockout_chance_after",
            "expected_saving",
        )
    )
    days = row["giver_days_of_cover_after"]
    cover = "where nothing is sold" if days is None else f"which keeps {number(float(str(days)), 0)} days of cover"
    return (
        f"Move {number(units)} from {row['from_location_id']}, {cover}, to {row['to_location_id']}: {number(stock)} there, "
        f"{number(wanted)} expected before the delivery after next; chance to run out {before:.0%}, after it {after:.0%}; "
        f"saves {number(saving, 2)}."
    )
