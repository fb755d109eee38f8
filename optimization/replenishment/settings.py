"""What a replenishment plan may use (limits) and how it weighs costs (settings). Defaults live here and nowhere else."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


def _no_limits() -> dict[str, float]:
    return {}


@dataclass(frozen=True)
class ReplenishmentLimits:
    """Joint limits of one day's purchase orders.

    purchase_budget: value of all orders of the budget's period, None = no limit. warehouse_volume_m3: room per location_id; a location not
    named has no limit. warehouse_volume_used_m3: what is expected to lie there when today's orders arrive; None = computed from the items
    given. purchase_budget_by_category: the same as the budget for the items of one category (their column `category`); a category not named
    has no limit of its own. purchase_budget_used, purchase_budget_used_by_category: value of what was ordered before today in the same
    period; 0 where a budget is for one day.
    """

    purchase_budget: float | None = None
    warehouse_volume_m3: Mapping[str, float] = field(default_factory=_no_limits)
    warehouse_volume_used_m3: Mapping[str, float] | None = None
    purchase_budget_by_category: Mapping[str, float] = field(default_factory=_no_limits)
    purchase_budget_used: float = 0.0
    purchase_budget_used_by_category: Mapping[str, float] = field(default_factory=_no_limits)

    def __post_init__(self) -> None:
        """Refuse limits that are no numbers; a budget below 0 is allowed here and reported as a collision by the plan."""
        numbers = [*self.warehouse_volume_m3.values(), *(self.warehouse_volume_used_m3 or {}).values()]
        numbers += [*self.purchase_budget_by_category.values(), *self.purchase_budget_used_by_category.values(), self.purchase_budget_used]
        if self.purchase_budget is not None:
            numbers.append(self.purchase_budget)
        if not all(math.isfinite(number) for number in numbers):
            raise ValueError("Expected finite limits; leave a limit out instead of making it infinite.")


@dataclass(frozen=True)
class ReplenishmentSettings:
    """How costs are weighed and how hard the solver tries.

    holding_cost_per_year: share of unit cost. lost_sale_cost_share: cost of a lost sale as a share of the unit margin. order_line_cost:
    money per order line. max_cover_days: the longest cover an order may build, MOQ apart. most_sizes: order sizes weighed per item,
    nothing included. relative_gap: proven distance from the best plan at which the search stops. core_variables: the largest integer
    program handed to PuLP. core_nodes: branches that one such program may open; the search ends there, so that it ends at the same place
    on every machine. time_limit_seconds: a last guard for one program, None = none; a plan that met it depends on the machine.
    supplier_programs: suppliers whose order is solved on its own in whole sizes. price_rounds: answers tried while prices are sought.
    """

    holding_cost_per_year: float = 0.25
    lost_sale_cost_share: float = 1.0
    order_line_cost: float = 0.0
    max_cover_days: float = 56.0
    most_sizes: int = 48
    relative_gap: float = 1e-4
    time_limit_seconds: float | None = 120.0
    core_variables: int = 5_000
    core_nodes: int = 200
    supplier_programs: int = 100
    price_rounds: int = 60
    seed: int = 7

    def __post_init__(self) -> None:
        """Refuse settings that make no sense."""
        for name in ("holding_cost_per_year", "lost_sale_cost_share", "order_line_cost"):
            if not (getattr(self, name) >= 0 and math.isfinite(getattr(self, name))):
                raise ValueError(f"Expected {name} of 0 or more, got {getattr(self, name)}.")
        if not self.max_cover_days > 0:
            raise ValueError(f"Expected max_cover_days above 0, got {self.max_cover_days}.")
        if self.most_sizes < 12:
            raise ValueError(f"Expected most_sizes of 12 or more, got {self.most_sizes}.")
        if not 0 <= self.relative_gap < 1:
            raise ValueError(f"Expected relative_gap in [0, 1), got {self.relative_gap}.")
        for name in ("core_nodes", "price_rounds"):
            if getattr(self, name) < 1:
                raise ValueError(f"Expected {name} of 1 or more, got {getattr(self, name)}.")
        if self.supplier_programs < 0:
            raise ValueError(f"Expected supplier_programs of 0 or more, got {self.supplier_programs}.")
        if not 1 <= self.core_variables <= 50_000:
            raise ValueError(f"Expected core_variables in 1..50000, got {self.core_variables}.")
