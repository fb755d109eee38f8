"""A shop that never was: complete, deterministic, and with the truth known, for tests, demonstrations and benchmarks."""

from shops.simulated.simulation import simulate

__all__ = ["simulate"]
