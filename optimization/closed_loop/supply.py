"""On what terms orders are taken: packs, MOQs, suppliers' minimums and fixed costs, and a purchase budget per round.

Public: `SupplyLimits`, `in_packs`, `top_up_suppliers`, `cut_to_budget`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimization.closed_loop.loop import Floats, Integers

Reals = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class SupplyLimits:
    """Per item: pack and MOQ (units, at least 1), unit cost (money), supplier (a row of `minimum` and `fixed`). Per supplier: least order
    value and fixed cost of an order (money). budget: money per round, infinite where there is none. Raises ValueError outside of that."""

    pack: Floats
    moq: Floats
    unit_cost: Floats
    supplier: Integers
    minimum: Floats
    fixed: Floats
    budget: Floats

    def __post_init__(self) -> None:
        for name, least in (("pack", 1.0), ("moq", 0.0), ("unit_cost", 0.0), ("minimum", 0.0), ("fixed", 0.0), ("budget", 0.0)):
            value = getattr(self, name)
            if np.isnan(value).any() or (value < least).any():
                raise ValueError(f"Expected {name} of at least {least:g}; got {value.min()}.")

    @property
    def least(self) -> Floats:
        """The smallest order of each item: its MOQ in whole packs, at least one pack."""
        return np.maximum(np.ceil(self.moq / self.pack - 1e-9), 1.0) * self.pack

    def values(self, units: Floats) -> Floats:
        """Money per supplier."""
        return np.bincount(self.supplier, weights=units * self.unit_cost, minlength=self.minimum.size).astype(np.float64)

    def keeps(self, units: Floats, number: int) -> bool:
        """Whether an order of round `number` keeps packs, MOQs, minimums and the budget."""
        whole = np.abs(units / self.pack - np.round(units / self.pack)) < 1e-9
        values = self.values(units)
        return bool(
            (whole & ((units == 0) | (units >= self.least - 1e-9))).all()
            and ((values == 0) | (values >= self.minimum * (1 - 1e-9))).all()
            and values.sum() <= self.budget[number] * (1 + 1e-9)
        )


def in_packs(need: Reals, pack: Reals, least: Reals) -> Reals:
    """The nearest number of packs; less than the least order is lifted to it where at least half of it is needed."""
    units = np.maximum(np.rint(need / pack), 0.0) * pack
    return np.where(units >= least, units, np.where(need >= least / 2, least, 0.0))


def top_up_suppliers(units: Floats, urgency: Floats, limits: SupplyLimits) -> Floats:
    """Orders that reach every supplier's minimum: topped up pack by pack, most urgent item first, where at least half of it is wanted;
    dropped otherwise. urgency: per item, lowest first."""
    units = units.copy()
    values = limits.values(units)
    for supplier in np.flatnonzero((values > 0) & (values < limits.minimum)).tolist():
        items = np.flatnonzero(limits.supplier == supplier)
        if values[supplier] < limits.minimum[supplier] / 2:
            units[items] = 0.0
            continue
        items = items[np.argsort(urgency[items], kind="stable")]
        worth = float(values[supplier])
        step = 0
        while worth < limits.minimum[supplier]:
            item = items[step % items.size]
            more = limits.pack[item] if units[item] > 0 else limits.least[item]
            units[item] += more
            worth += float(more * limits.unit_cost[item])
            step += 1
            if step >= items.size and limits.unit_cost[items].max() <= 0:
                break  # goods without a cost never reach a minimum
    return units


def cut_to_budget(units: Floats, urgency: Floats, limits: SupplyLimits, number: int) -> Floats:
    """Orders taken most urgent first while they fit the budget of round `number`; suppliers that then miss their minimum get none."""
    cost = units * limits.unit_cost
    if cost.sum() <= limits.budget[number]:
        return units
    kept, left = np.zeros_like(units), float(limits.budget[number])
    for item in np.argsort(urgency, kind="stable").tolist():
        if 0 < cost[item] <= left:
            kept[item] = units[item]
            left -= float(cost[item])
    missed: NDArray[np.bool_] = limits.values(kept) < limits.minimum
    return np.where(missed[limits.supplier], 0.0, kept)
