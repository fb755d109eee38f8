"""Coupons, promotions and ads beside peers: programs at four sizes, simpler rules, policies, calendars, ads, read-outs."""
