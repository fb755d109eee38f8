"""Coupons, promotions and ads beside their peers."""
