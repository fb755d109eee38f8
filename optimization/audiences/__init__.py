"""Audience lists by purpose: whom to win back, remind, keep or thank, and why not the others."""

from optimization.audiences.choose_lists import LISTS_SCHEMA, PURPOSES, ListSettings, choose_lists

__all__ = ["LISTS_SCHEMA", "PURPOSES", "ListSettings", "choose_lists"]
