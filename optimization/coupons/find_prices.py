"""Finds the prices of the joint limits: on nested samples first, then on the customers who are close calls.

At the prices that a sample of thousands gives, nearly all customers are decided whatever the last digits of the prices are. They are fixed;
the close calls share what is left of the limits, and the same Newton method takes the prices from there. Whether fixing them was right
needs no proof: the bound is computed on everybody.
"""

import numpy as np

from optimization.coupons.choice_program import ChoiceProgram, activity_of
from optimization.coupons.priced_groups import PricedGroups, closest, dual_of, price_groups
from optimization.coupons.smoothed_dual import minimise_smoothed
from optimization.linear_program.arrays import Floats, Integers

_FACTORS = (1.0, 0.25, 0.06, 0.015, 0.004, 0.001)
_SAMPLES = (2_000, 16_000, 128_000)
_LAST_FACTOR = 0.00025
_IN_PLAY = (0.1, 0.05)  # share of all groups that stay open, first and second time: prices move less and less
_FEWEST_IN_PLAY = 20_000
_TOLERANCE, _SAMPLE_TOLERANCE = 1e-5, 1e-3  # a sample is off by more than that anyway


def find_prices(
    program: ChoiceProgram, highest_price: Floats, sample_order: Integers, *, among_all: bool = False
) -> tuple[PricedGroups, float]:
    """Return everybody's choice at the prices found, and the last temperature; `among_all` fixes nobody on the way, which takes longer.

    `sample_order` lists all groups in the order in which samples take them; it must not depend on the order of the input rows.
    """
    spread = float(np.abs(program.value).mean()) or 1.0
    temperatures = [spread * factor for factor in _FACTORS]
    groups = len(program.group_starts)
    prices = np.zeros(len(program.rhs))
    sizes = [size for size in _SAMPLES if size < groups]
    for position, size in enumerate(sizes):
        sample = dual_of(program, np.sort(sample_order[:size]), program.rhs * (size / groups))
        for temperature in temperatures if position == 0 else temperatures[-2:]:
            prices = minimise_smoothed(sample, prices, temperature, highest_price, _SAMPLE_TOLERANCE)
    if among_all or not sizes or groups <= _FEWEST_IN_PLAY:
        whole = dual_of(program, np.arange(groups, dtype=np.int64), program.rhs)
        for temperature in temperatures[-2:] if sizes else temperatures:
            prices = minimise_smoothed(whole, prices, temperature, highest_price, _TOLERANCE)
        return price_groups(program, prices), temperatures[-1]
    priced = price_groups(program, prices)
    for share, temperature in zip(_IN_PLAY, (temperatures[-1], _LAST_FACTOR * spread), strict=True):
        in_play = closest(priced.regret, max(int(groups * share), _FEWEST_IN_PLAY))
        better = _among(program, priced, in_play, temperature, highest_price)
        priced = better if better.bound < priced.bound else priced
    return priced, _LAST_FACTOR * spread


def _among(program: ChoiceProgram, priced: PricedGroups, in_play: Integers, temperature: float, highest_price: Floats) -> PricedGroups:
    """Return everybody at the prices that are best for some groups, all others keeping their choice."""
    decided = priced.choice.copy()
    decided[in_play] = -1
    fixed = decided[decided >= 0]
    used = activity_of(program.families, fixed, np.ones(len(fixed)), len(program.rhs))
    problem = dual_of(program, in_play, program.rhs - used)
    return price_groups(program, minimise_smoothed(problem, priced.prices, temperature, highest_price, _TOLERANCE))
