"""What a day's transfers may use (limits) and how they are weighed (settings)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


def _no_volumes() -> dict[str, float]:
    return {}


@dataclass(frozen=True)
class TransferLimits:
    """Joint limits of one day's transfers.

    lanes: units of all products together that may go from one location to another, (from, to) -> units, infinite for a lane that is open
    without a limit; None = every lane is open, otherwise lanes not named are closed. receiving_volume_m3: room for what arrives per
    location_id; a location not named has no limit.
    """

    lanes: Mapping[tuple[str, str], float] | None = None
    receiving_volume_m3: Mapping[str, float] = field(default_factory=_no_volumes)

    def __post_init__(self) -> None:
        """Refuse limits below 0."""
        numbers = [*(self.lanes or {}).values(), *self.receiving_volume_m3.values()]
        if not all(number >= 0 for number in numbers):
            raise ValueError("Expected limits of transfers of 0 or more.")

    def allows(self, giver: str, receiver: str) -> bool:
        """True where something may be moved from `giver` to `receiver`."""
        return giver != receiver and (self.lanes is None or self.lanes.get((giver, receiver), 0.0) > 0)

    def lane_units(self, giver: str, receiver: str) -> float:
        """Return the units that the lane takes (infinite where it has no limit)."""
        return math.inf if self.lanes is None else self.lanes.get((giver, receiver), 0.0)


@dataclass(frozen=True)
class TransferSettings:
    """How transfers are weighed and how hard the solver tries.

    handling_cost_per_unit and handling_cost_per_line: money per unit moved and per product moved on a lane. transfer_days: from today until
    the goods can be sold at the receiver. whole_packs: move multiples of the pack instead of single units. most_steps: quantities weighed
    per product and location; larger stocks move in multiples. program_variables: the largest integer program handed to PuLP.
    most_programs: products solved by a program of their own; more than that are decided by rule, with a proven gap.
    """

    handling_cost_per_unit: float = 0.0
    handling_cost_per_line: float = 0.0
    transfer_days: float = 1.0
    whole_packs: bool = False
    most_steps: int = 200
    program_variables: int = 20_000
    most_programs: int = 2_000
    relative_gap: float = 1e-6
    time_limit_seconds: float | None = 30.0
    seed: int = 7

    def __post_init__(self) -> None:
        """Refuse settings that make no sense."""
        for name in ("handling_cost_per_unit", "handling_cost_per_line", "transfer_days"):
            if not (getattr(self, name) >= 0 and math.isfinite(getattr(self, name))):
                raise ValueError(f"Expected {name} of 0 or more, got {getattr(self, name)}.")
        if self.most_steps < 1:
            raise ValueError(f"Expected most_steps of 1 or more, got {self.most_steps}.")
        if not 1 <= self.program_variables <= 50_000:
            raise ValueError(f"Expected program_variables in 1..50000, got {self.program_variables}.")
        if not 0 <= self.relative_gap < 1:
            raise ValueError(f"Expected relative_gap in [0, 1), got {self.relative_gap}.")
