"""Limits and settings of an ad budget: what may be spent where, how far from today's plan, and how near to the best a plan must be."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from optimization.linear_program.options import SolveOptions


def _no_amounts() -> dict[str, float]:
    return {}


@dataclass(frozen=True)
class AdLimits:
    """All limits are optional; None or an absent name means no limit. A period is a week unless the settings say otherwise.

    total_budget             spend of all channels over all periods, money; never exceeded
    period_budget            spend of all channels in any one period, money; never exceeded
    group_budgets            spend of a group of channels over all periods, money; never exceeded
    group_minimums           least spend of a group over all periods, money
    channel_minimums         least spend of a channel in every period, money
    channel_maximums         most spend of a channel in every period, money
    largest_change           share by which a channel's spend may differ from today's; channel minimums and maximums go before it
    minimum_marginal_return  margin that the last 1.00 spent must bring; 1 keeps what does not earn its cost, 0 spends for response alone
    """

    total_budget: float | None = None
    period_budget: float | None = None
    group_budgets: Mapping[str, float] = field(default_factory=_no_amounts)
    group_minimums: Mapping[str, float] = field(default_factory=_no_amounts)
    channel_minimums: Mapping[str, float] = field(default_factory=_no_amounts)
    channel_maximums: Mapping[str, float] = field(default_factory=_no_amounts)
    largest_change: float | None = None
    minimum_marginal_return: float = 1.0

    def __post_init__(self) -> None:
        """Refuse limits that mean nothing; a budget that is not a number must not become no budget."""
        for name in ("total_budget", "period_budget", "largest_change", "minimum_marginal_return"):
            _expect_amount(name, getattr(self, name))
        for name in ("group_budgets", "group_minimums", "channel_minimums", "channel_maximums"):
            for scope, amount in getattr(self, name).items():
                _expect_amount(f"{name}[{scope!r}]", amount)
        for channel, least in self.channel_minimums.items():
            if least > self.channel_maximums.get(channel, math.inf):
                raise ValueError(f"Channel {channel!r} must get at least {least} and at most {self.channel_maximums[channel]} a period.")
        for group, least in self.group_minimums.items():
            if least > self.group_budgets.get(group, math.inf):
                raise ValueError(f"Group {group!r} must get at least {least}, but its budget is {self.group_budgets[group]}.")


@dataclass(frozen=True)
class AdSettings:
    """Settings of the program.

    periods, days_per_period   how far the plan looks, and what a period is
    target_gap                 proven distance from the best plan at which refining stops, relative
    most_rounds                rounds of refining, after which the best plan found stands with its proven gap
    most_polished              plan size (channels times periods) up to which a local search polishes the plan
    most_nodes                 nodes of one search over integers
    curve_multiples            budgets of the budget curve, as multiples of the budget
    curve_gap, curve_rounds    proven distance and rounds for each point of the curve, which tells its own gap
    """

    periods: int = 4
    days_per_period: int = 7
    target_gap: float = 1e-5
    most_rounds: int = 40
    most_polished: int = 150
    most_nodes: int | None = 20_000
    curve_multiples: tuple[float, ...] = (0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)
    curve_gap: float = 5e-3
    curve_rounds: int = 6
    confidence: float = 0.9
    seed: int = 7
    threads: int = 1
    time_limit_seconds: float = 60.0

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        if min(self.periods, self.days_per_period, self.most_rounds, self.curve_rounds) < 1:
            raise ValueError("Expected periods, days_per_period, most_rounds and curve_rounds of 1 or more.")
        for name in ("target_gap", "curve_gap"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"Expected {name} in (0, 1), got {getattr(self, name)}.")
        if not 0 < self.confidence < 1:
            raise ValueError(f"Expected confidence in (0, 1), got {self.confidence}.")
        if not all(each > 0 for each in self.curve_multiples) or list(self.curve_multiples) != sorted(self.curve_multiples):
            raise ValueError(f"Expected curve_multiples above 0 in ascending order, got {self.curve_multiples}.")

    def solve_options(self, relative_gap: float | None = None) -> SolveOptions:
        """Return the solver's settings; by default a program is solved ten times as exactly as the plan is asked to be."""
        return SolveOptions(
            relative_gap=self.target_gap / 10 if relative_gap is None else relative_gap,
            most_nodes=self.most_nodes,
            time_limit_seconds=self.time_limit_seconds,
            threads=self.threads,
            seed=self.seed,
        )


def _expect_amount(name: str, amount: float | None) -> None:
    if amount is not None and not (math.isfinite(amount) and amount >= 0):
        raise ValueError(f"Expected {name} to be a number of 0 or more, got {amount}.")
