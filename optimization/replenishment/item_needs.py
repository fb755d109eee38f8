"""What each item would order on its own, step by step: demand, safety, shelf life, packs, MOQ. Joint limits come later.

Public: `ItemNeeds`, `item_needs`, `item_terms`, `size_curves`.
"""

from dataclasses import dataclass, fields, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from optimization.replenishment.cost_curves import CostTerms, best_size, expected_at
from optimization.replenishment.demand_scenarios import DemandScenarios, Floats, demand_scenarios
from optimization.replenishment.order_sizes import first_size, most_useful_units, order_sizes
from optimization.replenishment.settings import ReplenishmentSettings


@dataclass(frozen=True)
class ItemNeeds:
    """One row per item with a forecast; units throughout.

    most: the largest order that can be useful. need: expected demand until the delivery after next less net stock. ideal: best size
    without shelf life, packs and MOQ. keepable: best size with shelf life. packed: best multiple of the pack. alone: best size the supplier
    accepts (0, or MOQ and more in packs).
    """

    demand: DemandScenarios
    terms: CostTerms
    pack: Floats
    moq: Floats
    most: Floats
    need: Floats
    ideal: Floats
    keepable: Floats
    packed: Floats
    alone: Floats

    def part(self, rows: NDArray[np.int64]) -> "ItemNeeds":
        """Return the needs of some items."""
        numbers = {one.name: getattr(self, one.name)[rows] for one in fields(self) if one.name not in ("demand", "terms")}
        return ItemNeeds(self.demand.part(rows), self.terms.part(rows), **numbers)


def item_needs(items: pl.DataFrame, settings: ReplenishmentSettings) -> ItemNeeds:
    """Return the needs of items as `read_items` gives them, all with forecast and none blocked."""
    demand = demand_scenarios(items)
    terms = item_terms(items, settings)
    most = most_useful_units(demand, terms, settings.max_cover_days)
    ideal = best_size(demand, replace(terms, shelf_life_days=np.full(items.height, np.inf)), most)
    keepable = ideal.copy()
    spoils = np.flatnonzero(np.isfinite(terms.shelf_life_days))
    keepable[spoils] = np.minimum(best_size(demand.part(spoils), terms.part(spoils), most[spoils]), ideal[spoils])
    pack, moq = items["pack_units"].cast(pl.Float64).to_numpy(), items["moq_units"].cast(pl.Float64).to_numpy()
    packed, alone = _in_packs(keepable, pack, first_size(pack, moq), demand, terms)
    need = np.maximum(items["cover_mean_units"].to_numpy() - terms.position, 0)
    return ItemNeeds(demand, terms, pack, moq, most, need, ideal, keepable, packed, alone)


def size_curves(needs: ItemNeeds, most_sizes: int) -> tuple[Floats, Floats]:
    """Return the order sizes weighed per item and their expected cost (items x sizes; padded with 0 units at infinite cost)."""
    sizes = order_sizes(needs.keepable, needs.most, needs.pack, needs.moq, most_sizes)
    padded = np.isnan(sizes)
    sizes = np.where(padded, 0.0, sizes)
    return sizes, np.where(padded, np.inf, expected_at(sizes, needs.demand, needs.terms).cost)


def item_terms(items: pl.DataFrame, settings: ReplenishmentSettings) -> CostTerms:
    """Return the stock position and the costs of items as `read_items` gives them."""
    cost, price = items["unit_cost"].to_numpy(), items["unit_price"].to_numpy()
    return CostTerms(
        position=(items["on_hand"] + items["in_transit_units"]).to_numpy(),
        unit_cost=cost,
        lost_sale_cost=np.maximum(price - cost, 0) * settings.lost_sale_cost_share * items["lost_sale_multiplier"].to_numpy(),
        holding_per_day=cost * settings.holding_cost_per_year / 365,
        line_cost=settings.order_line_cost,
        shelf_life_days=np.maximum(items["shelf_life_days"].fill_null(np.inf).to_numpy(), 0),
    )


def _in_packs(keepable: Floats, pack: Floats, first: Floats, demand: DemandScenarios, terms: CostTerms) -> tuple[Floats, Floats]:
    """Return the best multiple of the pack, and the best one the supplier accepts.

    Cost is convex apart from the fixed cost of a line, so only nothing, the smallest order and the multiples next to the best size can win.
    Where no MOQ lifts an order, both are the same.
    """
    below = np.floor(keepable / pack + 1e-9) * pack
    above = below + pack
    candidates = np.column_stack([np.zeros_like(below), first, np.maximum(below, first), np.maximum(above, first), below, above])
    cost = expected_at(candidates, demand, terms).cost
    cost[:, 1:4] = np.where((keepable > 0)[:, None], cost[:, 1:4], np.inf)  # nothing useful, nothing ordered
    rows = np.arange(len(keepable))
    alone = candidates[rows, cost[:, :4].argmin(axis=1)] if len(rows) else below
    packed = np.where(cost[:, 4] <= cost[:, 5], below, above)
    return np.where((alone > packed) & (packed < first), packed, alone), alone
