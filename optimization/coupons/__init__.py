"""Coupon programs: which customer gets which coupon, and how many coupons of each kind each segment gets."""

from optimization.coupons.assign_coupons import CouponAssignment, assign_coupons
from optimization.coupons.check_assignments import check_assignments
from optimization.coupons.limits import CouponLimits
from optimization.coupons.settings import CouponSettings

__all__ = ["CouponAssignment", "CouponLimits", "CouponSettings", "assign_coupons", "check_assignments"]
