"""Benchmarks of the customers' side: see `benchmarks/customers/__main__.py`."""
