"""Basket rules: what is bought together more often than by chance, and still was in the weeks after."""

from learning.baskets.rules import RULE_SCHEMA, BasketSettings, basket_rules, with_words

__all__ = ["RULE_SCHEMA", "BasketSettings", "basket_rules", "with_words"]
