"""Promotions: what past ones did to sales, per product and depth of the price cut, with how much is known of each.

Public: `promotion_effects`, `EFFECT_SCHEMA`, `depth_band`, `promotion_events`.
"""

from learning.promotions.promotion_effects import EFFECT_SCHEMA, depth_band, promotion_effects
from learning.promotions.promotion_events import promotion_events

__all__ = ["EFFECT_SCHEMA", "depth_band", "promotion_effects", "promotion_events"]
