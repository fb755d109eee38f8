"""Turns limits into rows: which offers count against which limit, and by how much."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from optimization.coupons.choice_program import LimitRow, RowFamily
from optimization.coupons.limits import CouponLimits
from optimization.coupons.offers import Codes, Labels, PricedOffers
from optimization.linear_program.arrays import Floats


@dataclass(frozen=True)
class Coupling:
    """The rows of a choice program, their right-hand sides and who counts in them."""

    rows: tuple[LimitRow, ...]
    rhs: Floats
    families: tuple[RowFamily, ...]


class _Rows:
    """Collects rows and families in order."""

    def __init__(self) -> None:
        self.rows: list[LimitRow] = []
        self.families: list[RowFamily] = []

    def everywhere(self, row: LimitRow, coefficient: Floats) -> None:
        self.families.append(RowFamily(coefficient, np.broadcast_to(np.int16(len(self.rows)), len(coefficient))))
        self.rows.append(row)

    def per_name(self, rows: list[LimitRow], labels: Labels, coefficient: Floats) -> None:
        if rows:
            position = {row.scope: len(self.rows) + index for index, row in enumerate(rows)}
            self.families.append(RowFamily(coefficient, labels.rows(position)))
            self.rows += rows


def couple(offers: PricedOffers, limits: CouponLimits, segment_customers: Mapping[str, int]) -> Coupling:
    """Return one row per limit, in a fixed order; a limit on a name without offers becomes a row without columns."""
    one = np.broadcast_to(np.float64(1.0), len(offers.cost))
    minus_one = np.broadcast_to(np.float64(-1.0), len(offers.cost))
    found = _Rows()
    if limits.total_budget is not None:
        found.everywhere(LimitRow("total_budget", "all", "money", limits.total_budget), offers.cost)
    found.per_name(
        [LimitRow("segment_budget", name, "money", budget) for name, budget in sorted(limits.segment_budgets.items())],
        offers.segment,
        offers.cost,
    )
    found.per_name(
        [LimitRow("category_budget", name, "money", budget) for name, budget in sorted(limits.category_budgets.items())],
        offers.category,
        offers.cost,
    )
    found.per_name(
        [LimitRow("issuance", name, "coupons", float(stock)) for name, stock in sorted(limits.issuance.items())], offers.coupon, one
    )
    if limits.minimum_return is not None:
        shortfall = limits.minimum_return * offers.cost - offers.gain()
        found.everywhere(LimitRow("minimum_return", "all", "money", 0.0, is_minimum=True), shortfall)
    minimums = sorted(limits.minimum_issuance.items())
    found.per_name(
        [LimitRow("minimum_issuance", name, "coupons", float(least), is_minimum=True) for name, least in minimums], offers.coupon, minus_one
    )
    shares = [
        LimitRow("minimum_segment_share", name, "customers", _customers(share, segment_customers.get(name, 0)), is_minimum=True)
        for name, share in sorted(limits.minimum_segment_share.items())
    ]
    found.per_name(shares, offers.segment, minus_one)
    cells = sorted(limits.fixed_counts.items())
    if cells:
        labels = _cells(offers, [cell for cell, _ in cells])
        most = [LimitRow("fixed_count", scope_of(cell), "coupons", float(count)) for cell, count in cells]
        found.per_name(most, labels, one)
        least = [LimitRow("fixed_count_at_least", scope_of(cell), "coupons", float(count), is_minimum=True) for cell, count in cells]
        found.per_name(least, labels, minus_one)
    rhs = [-row.allowed if row.is_minimum else row.allowed for row in found.rows]
    return Coupling(tuple(found.rows), np.array(rhs, dtype=np.float64), tuple(found.families))


def scope_of(cell: tuple[str, str]) -> str:
    """Return how the table of limits calls a cell of (segment, coupon_id)."""
    segment, coupon_id = cell
    return f"{coupon_id} for {segment}"


def _customers(share: float, customers: int) -> float:
    return float(np.ceil(share * customers - 1e-9))


def _cells(offers: PricedOffers, cells: list[tuple[str, str]]) -> Labels:
    segments = {name: code for code, name in enumerate(offers.segment.names)}
    coupons = {name: code for code, name in enumerate(offers.coupon.names)}
    codes: Codes = np.full(len(offers.cost), -1, dtype=np.int32)
    for number, (segment, coupon_id) in enumerate(cells):
        in_cell = (offers.segment.codes == segments.get(segment, -2)) & (offers.coupon.codes == coupons.get(coupon_id, -2))
        codes[in_cell] = number
    return Labels(codes, tuple(scope_of(cell) for cell in cells))
