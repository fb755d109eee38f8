"""What a unit less is expected to cost one location, and a unit more to save another, product by product.

Both sides are read off the cost curves of replenishment over the days until the delivery after next (lead time and review), as if nothing
were bought: what the shop owns already is used before money is spent.

giver      stock above the location's own best level (the cheapest stock to start those days with). It never gives more than that, nor
           more than lies there: units in transit count as stock, but cannot be moved.
receiver   any location below its best level; it is lifted no further than the step that reaches it, so nothing is moved back the day after.
           What is moved acts like an order that arrives after `transfer_days`: demand before that is served from the location's own
           stock or lost.

Costs are convex in stock, so each step more that a giver gives costs no less than the one before, and each step that a receiver gets saves
no more. Goods are taken to be fresh: a shelf life starts at the receiver.

Public: `ProductStock`, `StockNode`, `movable_items`, `product_stocks`, `best_levels`, `demand_from`, `without_stock`.
"""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from optimization.replenishment.cost_curves import CostTerms, best_size, expected_at
from optimization.replenishment.demand_scenarios import DemandScenarios, Floats, demand_scenarios
from optimization.replenishment.item_needs import item_terms
from optimization.replenishment.read_items import KEY
from optimization.replenishment.settings import ReplenishmentSettings
from optimization.transfers.settings import TransferSettings

Integers = NDArray[np.int64]
_DISCONTINUED = "the product is discontinued"


@dataclass(frozen=True)
class StockNode:
    """One location. row: of the items read. gains: money per step given or received, in order (a giver's loss is a negative gain)."""

    row: int
    location: str
    gains: Floats


@dataclass(frozen=True)
class ProductStock:
    """One product with overstock somewhere and use for it elsewhere. step: units moved at once. step_volume: m3 of one step."""

    product: str
    step: float
    step_volume: float
    givers: tuple[StockNode, ...]
    receivers: tuple[StockNode, ...]


def movable_items(read: pl.DataFrame) -> pl.DataFrame:
    """Return those of `read_items` that can give or receive: with forecast, cost, price and stock; discontinued products too."""
    known = pl.col("blocked_because").is_null() | (pl.col("blocked_because") == _DISCONTINUED)
    priced = pl.all_horizontal(pl.col(name).is_not_null() for name in ("unit_cost", "unit_price", "on_hand")) & (pl.col("unit_cost") > 0)
    return read.filter(known & priced & pl.col("has_forecast"))


def best_levels(items: pl.DataFrame, demand: DemandScenarios, terms: CostTerms) -> Floats:
    """Return the cheapest stock per item to start lead time and review with, in units, when nothing is bought."""
    whole = demand_from(items, demand, 0.0)
    return best_size(whole, without_stock(terms), np.maximum(whole.after_arrival.max(axis=1), terms.position) + 1.0)


def demand_from(items: pl.DataFrame, demand: DemandScenarios, days: float) -> DemandScenarios:
    """Return the same demand split `days` from today instead of at the arrival of an order; either side is taken to be spread evenly."""
    lead = items["lead_time_days"].cast(pl.Float64).to_numpy()
    within = np.where(lead > 0, np.minimum(days / np.where(lead > 0, lead, 1.0), 1.0), 0.0)[:, None]
    later = np.clip((days - lead) / demand.review_days, 0.0, 1.0)[:, None]
    before = demand.until_arrival * within + demand.after_arrival * later
    total = demand.until_arrival + demand.after_arrival
    return DemandScenarios(before, total - before, demand.rate, np.maximum(lead + demand.review_days - days, 1e-6))


def product_stocks(items: pl.DataFrame, costs: ReplenishmentSettings, settings: TransferSettings) -> list[ProductStock]:
    """Return the products worth looking at, sorted; `items` as `movable_items` gives them, sorted by key."""
    if not items.height:
        return []
    demand, terms = demand_scenarios(items), item_terms(items, costs)
    above = terms.position - best_levels(items, demand, terms)
    over = np.minimum(items["on_hand"].to_numpy(), above)
    base = items["pack_units"].cast(pl.Float64).to_numpy() if settings.whole_packs else np.ones(items.height)
    product = items[KEY[0]].rle_id().to_numpy().astype(np.int64)
    # pack and volume belong to the product; where locations disagree the largest counts
    base = _per_product(np.maximum, base, product)
    most = np.floor(np.maximum(over, 0.0) / base + 1e-9)
    available = np.bincount(product, most)[product]
    step = base * np.maximum(np.ceil(_per_product(np.maximum, most, product) / settings.most_steps), 1)
    given = np.floor(most * base / step + 1e-9).astype(np.int64)
    others = (np.bincount(product)[product] > 1) & (available > 0)
    room = np.minimum(np.ceil(np.maximum(-above, 0) / step - 1e-9), available)
    received = np.where((given > 0) | ~others, 0, room).astype(np.int64)
    rows = np.flatnonzero(others & ((given > 0) | (received > 0)))
    gains = _gains(items, rows, demand, terms, step, given, received, settings)
    return _collected(items, product, rows, gains, given, step, settings)


def _gains(
    items: pl.DataFrame,
    rows: Integers,
    demand: DemandScenarios,
    terms: CostTerms,
    step: Floats,
    given: Integers,
    received: Integers,
    settings: TransferSettings,
) -> dict[int, Floats]:
    found: dict[int, Floats] = {}
    for gives in (True, False):
        side = rows[(given[rows] > 0) == gives]
        if not len(side):
            continue
        count = (given if gives else received)[side]
        steps = np.minimum(np.arange(count.max() + 1), count[:, None]) * step[side, None]
        part = terms.part(side)
        if gives:
            left = part.position[:, None] - steps
            cost = expected_at(left, demand_from(items[side], demand.part(side), 0.0), without_stock(part)).cost
        else:
            later = demand_from(items[side], demand.part(side), settings.transfer_days)
            cost = expected_at(steps, later, replace(part, line_cost=0.0)).cost
        gain = cost[:, :-1] - cost[:, 1:]
        found |= {int(row): gain[index, : count[index]] for index, row in enumerate(side)}
    return found


def _collected(
    items: pl.DataFrame,
    product: Integers,
    rows: Integers,
    gains: dict[int, Floats],
    given: Integers,
    step: Floats,
    settings: TransferSettings,
) -> list[ProductStock]:
    found: list[ProductStock] = []
    products, locations, volume = (
        items[KEY[0]].to_list(),
        items[KEY[1]].to_list(),
        _per_product(np.maximum, items["volume_m3"].to_numpy(), product),
    )
    by_product: dict[str, list[int]] = {}
    for row in rows.tolist():
        by_product.setdefault(products[row], []).append(row)
    for name, members in sorted(by_product.items()):
        size = float(step[members[0]])
        handling = settings.handling_cost_per_unit * size
        nodes = {row: StockNode(row, locations[row], gains[row]) for row in members}
        givers = [nodes[row] for row in members if given[row] > 0]
        receivers = [nodes[row] for row in members if given[row] == 0]
        dearest = max((float(one.gains.max()) for one in receivers), default=-np.inf)
        cheapest = max((float(one.gains.max()) for one in givers), default=-np.inf)
        if dearest + cheapest <= handling:  # nothing can be gained by any step
            continue
        givers = [replace(one, gains=_useful(one.gains, handling - dearest)) for one in givers]
        receivers = [replace(one, gains=_useful(one.gains, handling - cheapest)) for one in receivers]
        kept = [tuple(one for one in side if len(one.gains)) for side in (givers, receivers)]
        found.append(ProductStock(name, size, size * float(volume[members[0]]), kept[0], kept[1]))
    return found


def _useful(gains: Floats, least: float) -> Floats:
    """Return the gains up to the last one above `least`: no later step can pay, whatever it is paired with."""
    last = np.flatnonzero(gains > least)
    return gains[: last[-1] + 1] if len(last) else gains[:0]


def _per_product(largest: np.ufunc, values: Floats, product: Integers) -> Floats:
    whole = np.zeros(int(product[-1]) + 1)
    largest.at(whole, product, values)
    return whole[product]


def without_stock(terms: CostTerms) -> CostTerms:
    """Return the terms of an empty location, for which all stock is counted as given to it."""
    return replace(terms, position=np.zeros_like(terms.position), line_cost=0.0)
