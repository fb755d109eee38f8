"""How hard a horizon plan is worked on. Defaults live here and nowhere else."""

from dataclasses import dataclass


@dataclass(frozen=True)
class HorizonSettings:
    """relative_gap: proven distance from the best plan at which the search stops. price_rounds, price_answers: climbs of the prices, and
    answers per climb. core_columns: the largest program handed to PuLP. core_rounds: how often its prices are asked for new plans.
    core_nodes: branchings of the integer program over them. whole_model_cells: items x periods up to which
    the whole problem is finished as one model. time_limit_seconds: of each integer program (a last guard, wall time)."""

    relative_gap: float = 3e-4
    price_rounds: int = 1
    price_rounds_with_terms: int = 4
    price_answers: int = 25
    price_answers_at_size: int = 4
    core_columns: int = 12_000
    core_rounds: int = 20
    integer_columns: int = 2_500
    pattern_rounds: int = 3
    core_nodes: int = 100
    margin: float = 2e-6
    whole_model_cells: int = 60
    time_limit_seconds: float | None = None
    seed: int = 7

    def __post_init__(self) -> None:
        """Refuse settings that make no sense."""
        if not 0 <= self.relative_gap < 1:
            raise ValueError(f"Expected relative_gap in [0, 1), got {self.relative_gap}.")
        if min(self.price_rounds, self.price_answers, self.core_rounds) < 1:
            raise ValueError("Expected price_rounds, price_answers and core_rounds of 1 or more.")
        if not 1 <= self.core_columns <= 50_000:
            raise ValueError(f"Expected core_columns in 1..50000, got {self.core_columns}.")
        if self.whole_model_cells < 0:
            raise ValueError(f"Expected whole_model_cells of 0 or more, got {self.whole_model_cells}.")
