"""What each item would order on its own, step by step: demand, safety, shelf life, packs, MOQ. Joint limits come later.

Public: `ItemNeeds`, `item_needs`.
"""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from optimization.replenishment.cost_curves import CostTerms, Expected, best_size, expected_at
from optimization.replenishment.demand_scenarios import DemandScenarios, Floats, demand_scenarios
from optimization.replenishment.order_sizes import most_useful_units, order_sizes
from optimization.replenishment.settings import ReplenishmentSettings


@dataclass(frozen=True)
class ItemNeeds:
    """One row per item with a forecast; units throughout.

    need: expected demand until the delivery after next less net stock. ideal: best size without shelf life, packs and MOQ. keepable: best
    size with shelf life. packed: nearest best multiple of the pack. alone: best size the supplier accepts (0, or MOQ and more in packs).
    sizes: order sizes weighed (padded with 0); expected: what each is expected to cost, lose and waste (cost infinite where padded).
    """

    demand: DemandScenarios
    terms: CostTerms
    need: Floats
    ideal: Floats
    keepable: Floats
    packed: Floats
    alone: Floats
    sizes: Floats
    expected: Expected


def item_needs(items: pl.DataFrame, settings: ReplenishmentSettings) -> ItemNeeds:
    """Return the needs of items as `read_items` gives them, all with forecast and none blocked."""
    demand = demand_scenarios(items)
    terms = _terms(items, settings)
    most = most_useful_units(demand, terms, settings.max_cover_days)
    ideal = best_size(demand, replace(terms, shelf_life_days=np.full(items.height, np.inf)), most)
    perishable = np.isfinite(terms.shelf_life_days)
    keepable = np.where(perishable, np.minimum(best_size(demand, terms, most), ideal), ideal) if perishable.any() else ideal
    pack, moq = items["pack_units"].cast(pl.Float64).to_numpy(), items["moq_units"].cast(pl.Float64).to_numpy()
    sizes = order_sizes(keepable, most, pack, moq, settings.most_sizes)
    padded = np.isnan(sizes)
    sizes = np.where(padded, 0.0, sizes)
    expected = expected_at(sizes, demand, terms)
    expected = replace(expected, cost=np.where(padded, np.inf, expected.cost))
    rows = np.arange(items.height)
    alone = sizes[rows, expected.cost.argmin(axis=1)] if items.height else np.zeros(0)
    return ItemNeeds(
        demand=demand,
        terms=terms,
        need=np.maximum(items["cover_mean_units"].to_numpy() - terms.position, 0),
        ideal=ideal,
        keepable=keepable,
        packed=_packed(keepable, pack, moq, alone, demand, terms),
        alone=alone,
        sizes=sizes,
        expected=expected,
    )


def _terms(items: pl.DataFrame, settings: ReplenishmentSettings) -> CostTerms:
    cost, price = items["unit_cost"].to_numpy(), items["unit_price"].to_numpy()
    return CostTerms(
        position=(items["on_hand"] + items["in_transit_units"]).to_numpy(),
        unit_cost=cost,
        lost_sale_cost=np.maximum(price - cost, 0) * settings.lost_sale_cost_share,
        holding_per_day=cost * settings.holding_cost_per_year / 365,
        line_cost=settings.order_line_cost,
        shelf_life_days=np.maximum(items["shelf_life_days"].fill_null(np.inf).to_numpy(), 0),
    )


def _packed(keepable: Floats, pack: Floats, moq: Floats, alone: Floats, demand: DemandScenarios, terms: CostTerms) -> Floats:
    """Return the better of the two multiples of the pack around the best size; where no MOQ lifts the order, it is the order itself."""
    below = np.floor(keepable / pack) * pack
    pair = np.column_stack([below, below + pack])
    choice = expected_at(pair, demand, terms).cost.argmin(axis=1) if len(pair) else np.zeros(0, dtype=np.int64)
    packed = np.where(choice == 0, pair[:, 0], pair[:, 1])
    lifted = (alone > packed) & (packed < np.ceil(moq / pack) * pack)
    return np.where(lifted, packed, alone)
