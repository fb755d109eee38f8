"""A coupon plan as a randomised trial: who would have got which coupon, and with what chance the lot left it to him."""

from optimization.coupon_trial.plan_as_trial import TRIAL_SCHEMA, plan_as_trial
from optimization.coupon_trial.planned_coupons import planned_coupons

__all__ = ["TRIAL_SCHEMA", "plan_as_trial", "planned_coupons"]
