"""Settings of the ad response: which memories and curves are tried, how slow a baseline is, and when an effect counts as known."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AdResponseSettings:
    """Validated settings.

    memories            share of yesterday's adstock that is left today; 0.87 halves in five days
    half_saturations    adstock at which half of the most is reached, as multiples of the channel's mean adstock
    shapes              1: concave from the first unit on; above 1: S-shaped
    shape_evidence      an S-shape must lower the squared error by so many residual variances more than a concave curve
    knot_days           distance of the baseline's knots: what moves more slowly is not told apart from advertising
    fewest_days         history without which no curve is learned
    least_variation     standard deviation over mean of weekly spend below which a channel counts as hardly varied
    widest_ratio        upper over lower end of the interval above which the effect counts as not known
    draws, block_days   of the block bootstrap that gives the intervals
    """

    memories: tuple[float, ...] = (0.0, 0.2, 0.4, 0.6, 0.75, 0.87)
    half_saturations: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0)
    shapes: tuple[float, ...] = (1.0, 2.0)
    shape_evidence: float = 4.0
    knot_days: int = 56
    fewest_days: int = 84
    least_variation: float = 0.1
    widest_ratio: float = 10.0
    confidence: float = 0.9
    draws: int = 200
    block_days: int = 14
    seed: int = 7

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        if not self.memories or not all(0 <= each < 1 for each in self.memories):
            raise ValueError(f"Expected memories in [0, 1), got {self.memories}.")
        if not self.half_saturations or not all(each > 0 for each in self.half_saturations):
            raise ValueError(f"Expected half_saturations above 0, got {self.half_saturations}.")
        if not self.shapes or not all(each >= 1 for each in self.shapes):
            raise ValueError(f"Expected shapes of 1 or more, got {self.shapes}.")
        if self.shape_evidence < 0 or self.least_variation < 0:
            raise ValueError("Expected shape_evidence and least_variation of 0 or more.")
        if not self.widest_ratio > 1:
            raise ValueError(f"Expected widest_ratio above 1, got {self.widest_ratio}.")
        if not 0 < self.confidence < 1:
            raise ValueError(f"Expected confidence in (0, 1), got {self.confidence}.")
        if self.draws < 20 or self.block_days < 1 or self.knot_days < 7 or self.fewest_days < 2 * self.block_days:
            raise ValueError("Expected draws of 20 or more, knot_days of 7 or more and fewest_days of two blocks or more.")
