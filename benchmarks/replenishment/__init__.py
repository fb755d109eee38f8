"""Replenishment beside its peers: one order cycle, eight periods and the closed loop."""
