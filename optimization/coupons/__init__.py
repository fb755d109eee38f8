"""Coupon programs: which customer gets which coupon, and how many coupons of each kind each segment gets."""

from optimization.coupons.assign_coupons import CouponAssignment, assign_coupons
from optimization.coupons.budget_cells import cells_from_candidates
from optimization.coupons.check_assignments import check_assignments
from optimization.coupons.check_budget import check_coupon_budget
from optimization.coupons.frequency import FrequencyCap, had_enough
from optimization.coupons.holdout import held_out
from optimization.coupons.limits import CouponLimits
from optimization.coupons.overrides import OVERRIDES_SCHEMA, read_overrides, with_fixed_counts
from optimization.coupons.plan_coupon_budget import CouponBudget, plan_coupon_budget
from optimization.coupons.settings import CouponSettings

__all__ = [
    "OVERRIDES_SCHEMA",
    "CouponAssignment",
    "CouponBudget",
    "CouponLimits",
    "CouponSettings",
    "FrequencyCap",
    "assign_coupons",
    "cells_from_candidates",
    "check_assignments",
    "check_coupon_budget",
    "had_enough",
    "held_out",
    "plan_coupon_budget",
    "read_overrides",
    "with_fixed_counts",
]
