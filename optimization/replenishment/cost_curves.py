"""What an order size is expected to cost over one order cycle, item by item.

Stock at arrival is what is left of on hand and in transit after the demand until arrival. From then on:

lost sales   demand after arrival that stock cannot serve, at `lost_sale_cost` a unit
holding      every unit is charged from arrival until it is sold, at `unit_cost * holding_cost_per_year / 365` a day; what outlives the
             cycle sells at the average rate, and is charged for a year at most
waste        units of this order that do not sell within the shelf life, at their full cost
line         a fixed cost for ordering at all

All but the last are convex in the order size, so the best size without packs is found by bisection. Sources: the newsvendor with
critical fractile (Arrow, Harris and Marschak 1951); shelf life as the perishable newsvendor.

Public: `CostTerms`, `Expected`, `expected_at`, `size_costs`, `best_size`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimization.replenishment.demand_scenarios import LEVELS, DemandScenarios

Floats = NDArray[np.float64]
LONGEST_HOLDING_DAYS = 365.0
_HALVINGS = 30  # of the range of useful orders: far finer than a piece
_CHUNK = 100_000  # numbers worked on at once: they stay in the processor's cache


@dataclass(frozen=True)
class CostTerms:
    """Per item: stock position (units), costs (money per unit, per unit and day, per line), shelf life (days, infinite where none)."""

    position: Floats
    unit_cost: Floats
    lost_sale_cost: Floats
    holding_per_day: Floats
    line_cost: float
    shelf_life_days: Floats

    def part(self, rows: NDArray[np.int64]) -> "CostTerms":
        """Return the terms of some items."""
        return CostTerms(
            self.position[rows],
            self.unit_cost[rows],
            self.lost_sale_cost[rows],
            self.holding_per_day[rows],
            self.line_cost,
            self.shelf_life_days[rows],
        )


@dataclass(frozen=True)
class Expected:
    """Expected outcomes, one row per item and one column per order size: money, units lost, units wasted."""

    cost: Floats
    lost_units: Floats
    waste_units: Floats


def expected_at(units: Floats, demand: DemandScenarios, terms: CostTerms) -> Expected:
    """Return what each order size (items x sizes) is expected to cost, lose and waste."""
    items, sizes = units.shape
    outcome = [np.empty((items, sizes)) for _ in range(3)]
    step = max(1, _CHUNK // max(1, sizes * demand.until_arrival.shape[1]))
    for start in range(0, items, step):
        rows = np.arange(start, min(start + step, items))
        for whole, piece in zip(outcome, _expected_chunk(units[rows], demand.part(rows), terms.part(rows)), strict=True):
            whole[rows] = piece
    return Expected(*outcome)


def size_costs(sizes: Floats, demand: DemandScenarios, terms: CostTerms) -> Floats:
    """Return the expected cost of the order sizes (items x sizes, each row filled at its end with NaN: those cost infinity)."""
    count = (~np.isnan(sizes)).sum(axis=1)
    cost = np.full(sizes.shape, np.inf)
    order = np.argsort(count, kind="stable")  # rows of like width together, so that little is computed for what does not exist
    step = max(1, _CHUNK // LEVELS.size)
    widths = np.cumsum(count[order])
    start = 0
    while start < len(order):
        end = max(start + 1, int(np.searchsorted(widths, (widths[start - 1] if start else 0) + step, side="right")))
        rows, width = order[start:end], int(count[order[end - 1]])
        chunk = sizes[rows, :width]
        exists = ~np.isnan(chunk)
        found = _expected_chunk(np.where(exists, chunk, 0.0), demand.part(rows), terms.part(rows))[0]
        cost[rows, :width] = np.where(exists, found, np.inf)
        start = end
    return cost


def _expected_chunk(units: Floats, demand: DemandScenarios, terms: CostTerms) -> tuple[Floats, Floats, Floats]:
    left = np.maximum(terms.position[:, None] - demand.until_arrival, 0)[:, None, :]
    lost_before = np.maximum(demand.until_arrival - terms.position[:, None], 0)[:, None, :]
    stock = left + units[:, :, None]
    wanted = demand.after_arrival[:, None, :]
    days = demand.review_days[:, None, None]
    shelf_demand = shelf_life_demand(demand, terms)[:, None, :]
    sellable = np.minimum(wanted, shelf_demand)
    lost = (lost_before + (wanted - sellable) + np.maximum(sellable - stock, 0)).mean(axis=2)
    sold = np.minimum(stock, wanted)
    in_cycle = days * np.where(stock < wanted, sold * sold / (2 * np.maximum(wanted, 1e-12)), stock - wanted / 2)
    later = stock - sold
    rate = np.maximum(demand.rate, 1e-9)[:, None, None]
    yearly = LONGEST_HOLDING_DAYS * rate
    after = np.where(later <= yearly, later * later / (2 * rate), LONGEST_HOLDING_DAYS * (later - yearly / 2))
    held = (in_cycle + after).mean(axis=2)
    waste = (np.maximum(stock - shelf_demand, 0) - np.maximum(left - shelf_demand, 0)).mean(axis=2)
    cost = terms.lost_sale_cost[:, None] * lost + terms.holding_per_day[:, None] * held + terms.unit_cost[:, None] * waste
    return cost + terms.line_cost * (units > 0), lost, waste


def shelf_life_demand(demand: DemandScenarios, terms: CostTerms) -> Floats:
    """Return units demanded within the shelf life after arrival, items x scenarios (infinite where goods keep)."""
    life = terms.shelf_life_days[:, None]
    days = demand.review_days[:, None]
    keeps = np.isinf(life)
    longer = np.where(keeps, 0, np.maximum(life - days, 0)) * demand.rate[:, None]
    within = demand.after_arrival * np.minimum(np.where(keeps, 1, life / days), 1)
    return np.where(keeps, np.inf, within + longer)


def best_size(demand: DemandScenarios, terms: CostTerms, most_units: Floats) -> Floats:
    """Return the best order size without packs, MOQ or joint limits, in fractions of a unit, between 0 and `most_units`."""
    best = np.empty_like(most_units)
    step = max(1, _CHUNK // LEVELS.size)
    for start in range(0, len(best), step):
        rows = np.arange(start, min(start + step, len(best)))
        best[rows] = _best_size_chunk(demand.part(rows), terms.part(rows), most_units[rows])
    return best


def _best_size_chunk(demand: DemandScenarios, terms: CostTerms, most_units: Floats) -> Floats:
    """Halve the range of each item where the slope changes sign; the slope's parts that no size changes are computed once."""
    left = np.maximum(terms.position[:, None] - demand.until_arrival, 0)
    wanted, days = demand.after_arrival, demand.review_days[:, None]
    shelf_demand = shelf_life_demand(demand, terms)
    served, daily = np.minimum(wanted, shelf_demand), days / np.maximum(wanted, 1e-12)
    rate = np.maximum(demand.rate, 1e-9)[:, None]
    low, high = np.zeros_like(most_units), np.maximum(most_units, 0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        stock = left + middle[:, None]
        charged = np.where(stock < wanted, daily * stock, days + np.minimum((stock - wanted) / rate, LONGEST_HOLDING_DAYS))
        slope = charged.mean(axis=1) * terms.holding_per_day
        slope += (stock > shelf_demand).mean(axis=1) * terms.unit_cost - (served > stock).mean(axis=1) * terms.lost_sale_cost
        falling = slope < 0
        low, high = np.where(falling, middle, low), np.where(falling, high, middle)
    return np.where(high < 1e-6, 0.0, high)
