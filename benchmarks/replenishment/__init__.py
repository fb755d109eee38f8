"""Replenishment against its peers and oracles; run by `make bench-replenishment`."""
