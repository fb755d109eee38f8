"""Replenishment beside its peers: speed, proof and correctness."""
