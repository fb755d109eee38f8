"""How hard a horizon plan is worked on. Defaults live here and nowhere else."""

from dataclasses import dataclass


@dataclass(frozen=True)
class HorizonSettings:
    """relative_gap: proven distance from the best plan at which the search stops. price_rounds: climbs of the prices,
    price_rounds_with_terms where suppliers have terms. price_answers: answers per climb from nothing,
    price_answers_at_size from the prices of a sample. core_columns, core_rounds: columns of a relaxation, and how
    often it is asked for new plans. pattern_rounds: changes of order periods
    that are tried. integer_columns, core_nodes: columns and branchings of an integer program. margin: share of each limit that programs
    keep free, for the solver's tolerance. whole_model_cells: items x periods up to which the whole problem is finished as one model.
    time_limit_seconds: of each integer program, wall time; None: nodes alone end it, on every machine at the same place."""

    relative_gap: float = 3e-4
    price_rounds: int = 1
    price_rounds_with_terms: int = 4
    price_answers: int = 15
    price_answers_at_size: int = 2
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
