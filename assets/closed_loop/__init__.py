"""Replaying a shop or an inventory challenge in closed loop: forecast, order, stock, period by period; see `replay.py`."""
