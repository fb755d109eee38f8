"""Settings of experiments: how sure a conclusion must be, how large an effect is looked for, and when a group is too small to read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ExperimentSettings:
    """Validated settings; every default can be argued about in one place.

    confidence                of intervals, two-sided; its complement is the share of false alarms allowed
    power                     chance with which an effect of the size asked for is to be found
    wanted_relative_effect    the effect worth finding, as a share of the level without coupon
    smallest_arm              customers that each side of a comparison needs; with fewer, its level is told and no effect
    least_variance_reduction  share of variance that the pre-period must save to be used at all
    sample_ratio_alarm        p-value below which an arm cannot be the logged draw; it blocks every conclusion drawn from the arm
    """

    confidence: float = 0.95
    power: float = 0.8
    wanted_relative_effect: float = 0.1
    smallest_arm: int = 30
    least_variance_reduction: float = 0.01
    sample_ratio_alarm: float = 0.001

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        for name in ("confidence", "power", "sample_ratio_alarm"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"Expected {name} in (0, 1), got {getattr(self, name)}.")
        if not self.wanted_relative_effect > 0:
            raise ValueError(f"Expected wanted_relative_effect above 0, got {self.wanted_relative_effect}.")
        if self.smallest_arm < 2:
            raise ValueError(f"Expected smallest_arm of 2 or more, got {self.smallest_arm}.")
        if not 0 <= self.least_variance_reduction < 1:
            raise ValueError(f"Expected least_variance_reduction in [0, 1), got {self.least_variance_reduction}.")

    @property
    def significance(self) -> float:
        """1 - confidence."""
        return 1.0 - self.confidence
