"""Promotion calendar: which product is on which promotion in which week, under slots, rests, budget, stock, conflicts and losses.

`plan_promotions` decides, `check_calendar` recomputes every rule from the inputs.
"""

from optimization.promotion_calendar.calendar_table import CALENDAR_SCHEMA
from optimization.promotion_calendar.check_calendar import check_calendar
from optimization.promotion_calendar.frames import CANDIDATE_COLUMNS, CalendarFrames
from optimization.promotion_calendar.limits import PromotionLimits
from optimization.promotion_calendar.override_told import OVERRIDE_SCHEMA
from optimization.promotion_calendar.plan_promotions import PromotionPlan, plan_promotions
from optimization.promotion_calendar.settings import CalendarSettings

__all__ = [
    "CALENDAR_SCHEMA",
    "CANDIDATE_COLUMNS",
    "OVERRIDE_SCHEMA",
    "CalendarFrames",
    "CalendarSettings",
    "PromotionLimits",
    "PromotionPlan",
    "check_calendar",
    "plan_promotions",
]
