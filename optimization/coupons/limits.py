"""The limits of a coupon plan: how much may be spent, where, and how many coupons of each kind there are."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


def _no_amounts() -> dict[str, float]:
    return {}


def _no_counts() -> dict[str, int]:
    return {}


def _no_cells() -> dict[tuple[str, str], int]:
    return {}


@dataclass(frozen=True)
class CouponLimits:
    """All limits are optional; None or an absent name means no limit.

    total_budget            expected coupon cost of the whole plan, money
    segment_budgets         expected coupon cost per segment, money
    category_budgets        expected coupon cost of the coupons limited to a category, money
    issuance                most coupons of a kind that may be given out (the stock of coupons), coupons
    minimum_return          expected gain per 1.00 of expected cost that the plan as a whole must reach
    minimum_issuance        fewest coupons of a kind that must be given out, coupons
    minimum_segment_share   share (0..1) of a segment's customers who must receive some coupon
    fixed_counts            coupons of a kind that a segment must get, neither more nor fewer: (segment, coupon_id) to coupons
    """

    total_budget: float | None = None
    segment_budgets: Mapping[str, float] = field(default_factory=_no_amounts)
    category_budgets: Mapping[str, float] = field(default_factory=_no_amounts)
    issuance: Mapping[str, int] = field(default_factory=_no_counts)
    minimum_return: float | None = None
    minimum_issuance: Mapping[str, int] = field(default_factory=_no_counts)
    minimum_segment_share: Mapping[str, float] = field(default_factory=_no_amounts)
    fixed_counts: Mapping[tuple[str, str], int] = field(default_factory=_no_cells)

    @property
    def has_minimums(self) -> bool:
        """True where an offer that loses money may still be worth making."""
        return bool(self.minimum_issuance or self.minimum_segment_share or self.fixed_counts or self.minimum_return is not None)

    def __post_init__(self) -> None:
        """Refuse limits that mean nothing; a budget that is not a number must not become no budget."""
        _expect_amount("total_budget", self.total_budget)
        _expect_amount("minimum_return", self.minimum_return)
        for name in ("segment_budgets", "category_budgets", "issuance", "minimum_issuance", "minimum_segment_share", "fixed_counts"):
            for scope, amount in getattr(self, name).items():
                _expect_amount(f"{name}[{scope!r}]", amount)
        for segment, share in self.minimum_segment_share.items():
            if share > 1:
                raise ValueError(f"Expected minimum_segment_share[{segment!r}] in [0, 1], got {share}.")
        for coupon_id, least in self.minimum_issuance.items():
            if least > self.issuance.get(coupon_id, math.inf):
                raise ValueError(f"Coupon {coupon_id!r} must be issued at least {least} times, but only {self.issuance[coupon_id]} exist.")


def _expect_amount(name: str, amount: float | None) -> None:
    if amount is not None and not (math.isfinite(amount) and amount >= 0):
        raise ValueError(f"Expected {name} to be a number of 0 or more, got {amount}.")
