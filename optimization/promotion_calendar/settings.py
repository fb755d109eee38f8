"""How a promotion calendar is computed: accuracy and the sizes at which the method changes."""

from dataclasses import dataclass

from optimization.linear_program import SolveOptions


@dataclass(frozen=True)
class CalendarSettings:
    """Settings of the calendar program.

    target_gap            proven distance from the best calendar at which the search stops, relative
    whole_model_columns   choices up to which one program decides all; above, a core of them is decided once prices are known
    core_columns          choices in the first core; doubled until the gap meets the target
    most_nodes            nodes of one search over integers; None means no limit
    """

    target_gap: float = 1e-3
    whole_model_columns: int = 1_500
    core_columns: int = 3_000
    most_nodes: int | None = None
    seed: int = 7
    threads: int = 1
    time_limit_seconds: float = 60.0

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        if not 0 <= self.target_gap < 1:
            raise ValueError(f"Expected target_gap in [0, 1), got {self.target_gap}.")
        if self.whole_model_columns < 0 or self.core_columns < 1:
            raise ValueError("Expected whole_model_columns of 0 or more and core_columns of 1 or more.")

    def solve_options(self, absolute_gap: float | None = None) -> SolveOptions:
        """Return the solver's settings: to the relative target gap, or to an absolute one (money)."""
        return SolveOptions(
            relative_gap=self.target_gap if absolute_gap is None else 0.0,
            absolute_gap=1e-9 if absolute_gap is None else max(absolute_gap, 1e-9),
            most_nodes=self.most_nodes,
            time_limit_seconds=self.time_limit_seconds,
            threads=self.threads,
            seed=self.seed,
        )
