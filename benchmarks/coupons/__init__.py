"""Coupons, promotions and ads: speed and quality of decisions against peers."""
