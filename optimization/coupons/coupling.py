"""Turns limits into rows: which offers count against which limit, and by how much.

Offers are a sorted frame with columns segment, coupon_id, category (nullable), cost and gain per coupon (money).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from optimization.coupons.choice_program import LimitRow
from optimization.coupons.limits import CouponLimits
from optimization.linear_program.arrays import Floats, Integers


@dataclass(frozen=True)
class Coupling:
    """The rows of a choice program with their coefficients as triples."""

    rows: tuple[LimitRow, ...]
    rhs: Floats
    entry_row: Integers
    entry_column: Integers
    entry_value: Floats


def couple(offers: pl.DataFrame, limits: CouponLimits, segment_customers: Mapping[str, int]) -> Coupling:
    """Return one row per limit, in a fixed order; a limit on a name without offers becomes a row without columns."""
    cost, gain = offers["cost"].to_numpy(), offers["gain"].to_numpy()
    one = np.ones(offers.height)
    everywhere = np.ones(offers.height, dtype=bool)
    parts: list[tuple[LimitRow, Floats]] = []

    def add(row: LimitRow, coefficients: Floats, counted: pl.Series | None = None) -> None:
        chosen = everywhere if counted is None else counted.fill_null(value=False).to_numpy()
        parts.append((row, np.where(chosen, coefficients, 0.0)))

    if limits.total_budget is not None:
        add(LimitRow("total_budget", "all", "money", limits.total_budget), cost)
    for segment, budget in sorted(limits.segment_budgets.items()):
        add(LimitRow("segment_budget", segment, "money", budget), cost, offers["segment"] == segment)
    for category, budget in sorted(limits.category_budgets.items()):
        add(LimitRow("category_budget", category, "money", budget), cost, offers["category"] == category)
    for coupon_id, stock in sorted(limits.issuance.items()):
        add(LimitRow("issuance", coupon_id, "coupons", float(stock)), one, offers["coupon_id"] == coupon_id)
    if limits.minimum_return is not None:
        add(LimitRow("minimum_return", "all", "money", 0.0, is_minimum=True), gain - limits.minimum_return * cost)
    for coupon_id, least in sorted(limits.minimum_issuance.items()):
        add(LimitRow("minimum_issuance", coupon_id, "coupons", float(least), is_minimum=True), one, offers["coupon_id"] == coupon_id)
    for segment, share in sorted(limits.minimum_segment_share.items()):
        least = float(np.ceil(share * segment_customers.get(segment, 0) - 1e-9))
        add(LimitRow("minimum_segment_share", segment, "customers", least, is_minimum=True), one, offers["segment"] == segment)

    signs = np.array([-1.0 if row.is_minimum else 1.0 for row, _ in parts])
    entries = [np.flatnonzero(coefficients) for _, coefficients in parts]
    counts = np.array([len(columns) for columns in entries], dtype=np.int64)
    nothing = np.zeros(0)
    return Coupling(
        rows=tuple(row for row, _ in parts),
        rhs=np.array([row.allowed for row, _ in parts], dtype=np.float64) * signs,
        entry_row=np.repeat(np.arange(len(parts), dtype=np.int64), counts),
        entry_column=np.concatenate([*entries, nothing]).astype(np.int64),
        entry_value=np.concatenate([*(c[e] * s for (_, c), e, s in zip(parts, entries, signs, strict=True)), nothing]),
    )
