"""Forecasts against peers, side by side on the same folds of real panels; run by `make bench-demand`."""
