"""Customers: recommendations, basket rules, outlook and segments beside peers; a shop of a million customers; erasure."""
