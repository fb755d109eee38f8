"""How a coupon plan is computed: accuracy, sizes at which the method changes, and the randomised hold-out."""

from dataclasses import dataclass, replace

from optimization.linear_program.options import MOST_VARIABLES, SolveOptions


@dataclass(frozen=True)
class CouponSettings:
    """Settings of both coupon programs.

    budget_gap            the same for the budget by segment, a small program that is solved to the end by default
    curve_gap             the same for each point of the budget curve
    target_gap            proven distance from the best plan at which the search stops, relative
    whole_model_columns   offers up to which the whole problem goes to PuLP; above, the dual method with a PuLP core
    core_customers        customers in the first core program; doubled until the gap meets the target
    most_nodes            nodes of one search over integers, after which the best plan found stands with its proven gap
    next_amount           money of which the budget by segment says where it would go next
    holdout_share         share of customers kept without coupon by lot, so that the effect can be measured
    draw                  name of the draw (campaign or day); another name draws another hold-out
    """

    target_gap: float = 2e-4
    budget_gap: float = 1e-7
    curve_gap: float = 1e-7
    whole_model_columns: int = 5_000
    core_customers: int = 120
    most_core_columns: int = MOST_VARIABLES
    most_nodes: int | None = None
    next_amount: float = 1_000.0
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
        if not self.next_amount > 0:
            raise ValueError(f"Expected next_amount above 0, got {self.next_amount}.")
        if self.whole_model_columns < 0 or self.core_customers < 1 or self.most_core_columns < 1:
            raise ValueError("Expected whole_model_columns of 0 or more, core_customers and most_core_columns of 1 or more.")

    def solve_options(self, absolute_gap: float | None = None) -> SolveOptions:
        """Return the solver's settings: the relative target gap, or an absolute one (money of plan value)."""
        common = SolveOptions(most_nodes=self.most_nodes, time_limit_seconds=self.time_limit_seconds, threads=self.threads, seed=self.seed)
        if absolute_gap is None:
            return replace(common, relative_gap=self.target_gap)
        return replace(common, relative_gap=0.0, absolute_gap=max(absolute_gap, 0.0))
