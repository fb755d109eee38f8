"""Settings of the coupon response: what counts as a trial, how cautious the estimates are, and the bar for individual effects."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ResponseSettings:
    """Validated settings; every default can be argued about in one place.

    margin_after_coupon     True where outcome_margin is already net of the coupon's discount (order lines carry it as a discount)
    smallest_arm            an arm or control group with fewer customers is left out, by name
    folds                   cross-fitting folds, drawn per customer
    ridge                   penalty on standardised features, in units of observations
    sample_ratio_alarm      p-value below which a campaign's arms cannot be the logged draw; its rows are not used
    gate_confidence         one-sided confidence of the lower bound in the safety gate
    most_rows               individual effects are learned from at most so many rows; a larger trial gives whole customers, by lot
    bootstrap_draws         resampled customers behind the intervals of off-policy values
    gate_tolerance_share    how far below the best constant policy that bound may lie, as a share of the control group's mean margin
    """

    margin_after_coupon: bool = True
    smallest_arm: int = 50
    folds: int = 5
    ridge: float = 100.0
    sample_ratio_alarm: float = 0.001
    confidence: float = 0.95
    gate_confidence: float = 0.975
    gate_tolerance_share: float = 0.02
    most_rows: int = 200_000
    bootstrap_draws: int = 400
    seed: int = 7

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        if self.smallest_arm < 2:
            raise ValueError(f"Expected smallest_arm of 2 or more, got {self.smallest_arm}.")
        if self.folds < 2:
            raise ValueError(f"Expected folds of 2 or more, got {self.folds}.")
        if self.most_rows < 100 or self.bootstrap_draws < 50:
            raise ValueError("Expected most_rows of 100 or more and bootstrap_draws of 50 or more.")
        if not self.ridge > 0:
            raise ValueError(f"Expected ridge above 0, got {self.ridge}.")
        for name in ("sample_ratio_alarm", "confidence", "gate_confidence"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"Expected {name} in (0, 1), got {getattr(self, name)}.")
        if self.gate_tolerance_share < 0:
            raise ValueError(f"Expected gate_tolerance_share of 0 or more, got {self.gate_tolerance_share}.")
