"""How a coupon plan is computed: accuracy, sizes at which the method changes, and the randomised hold-out."""

from dataclasses import dataclass

from optimization.linear_program.options import MOST_VARIABLES, SolveOptions


@dataclass(frozen=True)
class CouponSettings:
    """Settings of both coupon programs.

    target_gap            proven distance from the best plan at which the search stops, relative
    whole_model_columns   offers up to which the whole problem goes to PuLP; above, the dual method with a PuLP core
    core_customers        customers in the first core program; doubled until the gap meets the target
    holdout_share         share of customers kept without coupon by lot, so that the effect can be measured
    draw                  name of the draw (campaign or day); another name draws another hold-out
    """

    target_gap: float = 2e-4
    whole_model_columns: int = 5_000
    core_customers: int = 120
    most_core_columns: int = MOST_VARIABLES
    holdout_share: float = 0.1
    draw: str = "coupons"
    seed: int = 7
    threads: int = 1
    time_limit_seconds: float = 60.0

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        if not 0 <= self.target_gap < 1:
            raise ValueError(f"Expected target_gap in [0, 1), got {self.target_gap}.")
        if not 0 <= self.holdout_share < 1:
            raise ValueError(f"Expected holdout_share in [0, 1), got {self.holdout_share}.")
        if self.whole_model_columns < 0 or self.core_customers < 1 or self.most_core_columns < 1:
            raise ValueError("Expected whole_model_columns of 0 or more, core_customers and most_core_columns of 1 or more.")

    def solve_options(self, relative_gap: float | None = None) -> SolveOptions:
        """Return the solver's settings; `relative_gap` replaces the target gap."""
        gap = self.target_gap if relative_gap is None else relative_gap
        return SolveOptions(min(gap, 0.5), self.time_limit_seconds, self.threads, self.seed)
