"""Coupons, promotions and ads beside peers: programs at four sizes, simpler rules, learned policies, calendars, ad budgets and read-outs."""
