"""Rolling horizon: purchase orders of the next periods at least cost, under packs, MOQs, lead times, receipts, suppliers' terms and
calendars, shelf lives, budgets by period and category, and warehouse volumes.

`plan_horizon` decides, `check_horizon` recomputes every rule and the cost from the inputs; `solve_horizon` is the same on arrays.
"""

from optimization.replenishment_horizon.check_horizon import check_horizon
from optimization.replenishment_horizon.horizon_problem import HorizonProblem
from optimization.replenishment_horizon.plan_horizon import HorizonPlan, plan_horizon
from optimization.replenishment_horizon.read_frames import (
    ITEM_COLUMNS,
    LIMIT_COLUMNS,
    ORDER_PERIOD_COLUMNS,
    PERIOD_COLUMNS,
    SUPPLIER_COLUMNS,
    read_horizon,
)
from optimization.replenishment_horizon.settings import HorizonSettings
from optimization.replenishment_horizon.solve_horizon import HorizonAnswer, solve_horizon

__all__ = [
    "ITEM_COLUMNS",
    "LIMIT_COLUMNS",
    "ORDER_PERIOD_COLUMNS",
    "PERIOD_COLUMNS",
    "SUPPLIER_COLUMNS",
    "HorizonAnswer",
    "HorizonPlan",
    "HorizonProblem",
    "HorizonSettings",
    "check_horizon",
    "plan_horizon",
    "read_horizon",
    "solve_horizon",
]
