"""The answer to a choice program."""

from dataclasses import dataclass

from optimization.linear_program.arrays import Floats


@dataclass(frozen=True)
class ChoiceSolution:
    """Chosen counts per column, their value, a proven upper bound, a price per row and how it was found.

    `relaxation` is what had to be added to each right-hand side because the limits collide (all 0 where they do not).
    """

    x: Floats
    value: float
    bound: float
    prices: Floats
    relaxation: Floats
    method: str
    finished: bool = True
