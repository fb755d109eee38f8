"""Readers of known public data sets: each turns one into a shop folder that meets the input contract."""

from shops.readers.complete_journey import convert_complete_journey
from shops.readers.m5 import convert_m5
from shops.readers.online_retail import convert_online_retail

__all__ = ["convert_complete_journey", "convert_m5", "convert_online_retail"]
