"""How customers are grouped: which numbers of groups are tried, what a grouping must keep to, and when it is made anew."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SegmentSettings:
    """Settings of the k-means segments.

    cluster_counts        numbers of groups in the order they are tried; the first that is stable is taken
    least_stability       mean adjusted Rand index that refits on bootstrap samples must reach against the fit
    least_share           share of customers that the smallest group must have
    bootstraps            refits by which stability is measured
    fewest_customers      with fewer there is no model
    most_sampled          customers a model is fitted to and tested on
    stay_within           a customer stays in his group while another centre is nearer by no more than this (standard deviations)
    largest_excess        drift: by how much the mean squared distance to the centres may pass that of the fit, as a share
    largest_shift         drift: population stability index of the groups' shares
    """

    cluster_counts: tuple[int, ...] = (4, 5, 3)
    least_stability: float = 0.9
    least_share: float = 0.05
    bootstraps: int = 10
    fewest_customers: int = 100
    most_sampled: int = 10_000
    stay_within: float = 0.25
    largest_excess: float = 0.25
    largest_shift: float = 0.25
    seed: int = 7

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        if not self.cluster_counts or min(self.cluster_counts) < 2:
            raise ValueError(f"Expected cluster_counts of 2 or more, got {self.cluster_counts}.")
        for name in ("least_stability", "least_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"Expected {name} in [0, 1], got {getattr(self, name)}.")
        for name in ("stay_within", "largest_excess", "largest_shift"):
            if getattr(self, name) < 0:
                raise ValueError(f"Expected {name} of 0 or more, got {getattr(self, name)}.")
        if min(self.bootstraps, self.fewest_customers) < 1 or self.most_sampled < self.fewest_customers:
            raise ValueError("Expected bootstraps and fewest_customers of 1 or more, and most_sampled of fewest_customers or more.")
