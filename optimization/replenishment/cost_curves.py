"""What an order size is expected to cost over one order cycle, item by item.

Stock at arrival is what is left of on hand and in transit after the demand until arrival. From then on:

lost sales   demand after arrival that stock cannot serve, at `lost_sale_cost` a unit
holding      every unit is charged from arrival until it is sold, at `unit_cost * holding_cost_per_year / 365` a day; what outlives the
             cycle sells at the average rate, and is charged for a year at most
waste        units of this order that do not sell within the shelf life, at their full cost
line         a fixed cost for ordering at all

All but the last are convex in the order size, so the best size without packs is found by bisection. Sources: the newsvendor with
critical fractile (Arrow, Harris and Marschak 1951); shelf life as the perishable newsvendor.

Public: `CostTerms`, `Expected`, `expected_at`, `best_size`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimization.replenishment.demand_scenarios import DemandScenarios

Floats = NDArray[np.float64]
LONGEST_HOLDING_DAYS = 365.0
_HALVINGS = 30  # of the range of useful orders: far finer than a piece
_CHUNK = 4_000_000  # numbers held at once while curves are computed


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
    low, high = np.zeros_like(most_units), np.maximum(most_units, 0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        falling = _slope(middle, demand, terms) < 0
        low, high = np.where(falling, middle, low), np.where(falling, high, middle)
    return np.where(high < 1e-6, 0.0, high)


def _slope(units: Floats, demand: DemandScenarios, terms: CostTerms) -> Floats:
    stock = np.maximum(terms.position[:, None] - demand.until_arrival, 0) + units[:, None]
    wanted, days = demand.after_arrival, demand.review_days[:, None]
    shelf_demand = shelf_life_demand(demand, terms)
    later = np.maximum(stock - wanted, 0)
    rate = np.maximum(demand.rate, 1e-9)[:, None]
    charged = np.where(stock < wanted, days * stock / np.maximum(wanted, 1e-12), days + np.minimum(later / rate, LONGEST_HOLDING_DAYS))
    lost = np.where(np.minimum(wanted, shelf_demand) > stock, -terms.lost_sale_cost[:, None], 0.0)
    slope = lost + charged * terms.holding_per_day[:, None] + (stock > shelf_demand) * terms.unit_cost[:, None]
    return slope.mean(axis=1)
