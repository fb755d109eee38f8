"""Replenishment: the day's purchase orders under packs, MOQs, suppliers' terms, a purchase budget and warehouse volumes.

`plan_replenishment` decides, `check_plan` recomputes every rule from the inputs.
"""

from optimization.replenishment.check_plan import Violation, check_plan
from optimization.replenishment.explanation import PARTS_ADDED, PARTS_CUT
from optimization.replenishment.lost_sale_weights import LostSaleWeights, with_lost_sale_weights
from optimization.replenishment.order_table import ORDER_COLUMNS
from optimization.replenishment.overrides import OVERRIDE_COLUMNS
from optimization.replenishment.path_columns import PATH_COLUMNS
from optimization.replenishment.plan_replenishment import ReplenishmentPlan, plan_replenishment
from optimization.replenishment.read_items import ITEM_COLUMNS
from optimization.replenishment.settings import ReplenishmentLimits, ReplenishmentSettings

__all__ = [
    "ITEM_COLUMNS",
    "ORDER_COLUMNS",
    "OVERRIDE_COLUMNS",
    "PARTS_ADDED",
    "PARTS_CUT",
    "PATH_COLUMNS",
    "LostSaleWeights",
    "ReplenishmentLimits",
    "ReplenishmentPlan",
    "ReplenishmentSettings",
    "Violation",
    "check_plan",
    "plan_replenishment",
    "with_lost_sale_weights",
]
