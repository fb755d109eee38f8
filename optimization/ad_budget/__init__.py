"""Ad budget: how much each channel gets in each period, under memory, saturation and limits, with proof and reasons.

`plan_ad_budget` decides, `check_ad_budget` recomputes every limit and figure from the inputs.
"""

from optimization.ad_budget.ad_tables import BUDGET_SCHEMA
from optimization.ad_budget.budget_curve import CURVE_SCHEMA
from optimization.ad_budget.check_ad_budget import check_ad_budget
from optimization.ad_budget.intervals import DRAWS_SCHEMA
from optimization.ad_budget.plan_ad_budget import AdBudgetPlan, AdComparison, plan_ad_budget
from optimization.ad_budget.read_channels import CHANNEL_SCHEMA
from optimization.ad_budget.settings import AdLimits, AdSettings

__all__ = [
    "BUDGET_SCHEMA",
    "CHANNEL_SCHEMA",
    "CURVE_SCHEMA",
    "DRAWS_SCHEMA",
    "AdBudgetPlan",
    "AdComparison",
    "AdLimits",
    "AdSettings",
    "check_ad_budget",
    "plan_ad_budget",
]
