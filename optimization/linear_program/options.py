"""How hard to try: the settings that every solve through PuLP and HiGHS shares."""

from dataclasses import dataclass

MOST_VARIABLES = 50_000
"""Above this many columns a PuLP model costs more to build than to solve: decompose instead."""


@dataclass(frozen=True)
class SolveOptions:
    """Solver settings; the defaults give the same answer for the same input every time.

    `relative_gap` and `absolute_gap` (in units of the objective) are proven distances from the best, at either of which a search over
    integers may stop; `time_limit_seconds` None means no limit.
    `most_nodes` ends a search over integers after that many nodes, the same on every machine; None means no limit.
    A time limit makes an answer depend on the machine, so it is a last guard and not a way to tune.
    """

    relative_gap: float = 1e-6
    absolute_gap: float = 1e-6
    most_nodes: int | None = None
    time_limit_seconds: float | None = 60.0
    threads: int = 1
    seed: int = 7
    most_variables: int = MOST_VARIABLES

    def __post_init__(self) -> None:
        """Refuse settings that no solver could follow."""
        if not 0 <= self.relative_gap < 1:
            raise ValueError(f"Expected relative_gap in [0, 1), got {self.relative_gap}.")
        if not self.absolute_gap >= 0:
            raise ValueError(f"Expected absolute_gap of 0 or more, got {self.absolute_gap}.")
        if self.most_nodes is not None and self.most_nodes < 1:
            raise ValueError(f"Expected most_nodes of 1 or more or None, got {self.most_nodes}.")
        if self.time_limit_seconds is not None and not self.time_limit_seconds > 0:
            raise ValueError(f"Expected time_limit_seconds above 0 or None, got {self.time_limit_seconds}.")
        if self.threads not in (1, 2):
            raise ValueError(f"Expected threads of 1 or 2, got {self.threads}.")
