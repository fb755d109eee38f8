"""Settings of the customer outlook: how far ahead, from how much history, and what asks too much of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class OutlookSettings:
    """How an outlook is learned. Raises ValueError when a value lies outside its range.

    horizon_days: days of purchase probability, expected orders and lifecycle transitions.
    value_days, far_days: days of the two net values; only the first is learned from outcomes, the second is the first carried on.
    snapshots: earlier days, one horizon apart, that are learned from; the newest is held out for weights, calibration and the check.
    first_days: days of history before the first snapshot.
    training_rows: most customer snapshots of one model; with more customers, every n-th is learned from.
    fewest_rows, fewest_of_each: with fewer rows, buyers or non-buyers nothing is learned from outcomes.
    rounds (of chances), value_rounds, leaves, learning_rate: of LightGBM.
    churn_gaps, churn_days: a customer has churned who does not order within so many of his own usual gaps, but at least and at most so
    many days.
    chance_trust: how far chances are brought to the sales forecast's total, 0 to 1 on the logarithmic scale; values, whose own level is a
    value horizon old, are brought to it whole.
    factor_bounds: rescaling to the sales forecast never multiplies by less or more.
    """

    horizon_days: int = 28
    value_days: int = 84
    far_days: int = 365
    snapshots: int = 12
    first_days: int = 56
    training_rows: int = 300_000
    fewest_rows: int = 200
    fewest_of_each: int = 30
    rounds: int = 150
    value_rounds: int = 100
    leaves: int = 12
    learning_rate: float = 0.04
    churn_gaps: float = 3.0
    churn_days: tuple[int, int] = (28, 182)
    chance_trust: float = 0.5
    factor_bounds: tuple[float, float] = (0.5, 2.0)
    seed: int = 11
    threads: int = 1

    def __post_init__(self) -> None:
        for name in ("horizon_days", "fewest_of_each", "rounds", "value_rounds", "threads", "first_days"):
            _expect(getattr(self, name) >= 1, name, getattr(self, name), "at least 1")
        _expect(self.snapshots >= 2, "snapshots", self.snapshots, "at least 2")
        _expect(self.leaves >= 2, "leaves", self.leaves, "at least 2")
        _expect(self.value_days >= self.horizon_days, "value_days", self.value_days, "at least horizon_days")
        _expect(self.far_days >= self.value_days, "far_days", self.far_days, "at least value_days")
        _expect(self.fewest_rows >= 2 * self.fewest_of_each, "fewest_rows", self.fewest_rows, "at least twice fewest_of_each")
        _expect(self.training_rows >= self.fewest_rows, "training_rows", self.training_rows, "at least fewest_rows")
        _expect(0 < self.learning_rate <= 1, "learning_rate", self.learning_rate, "in (0, 1]")
        _expect(self.churn_gaps > 0, "churn_gaps", self.churn_gaps, "above 0")
        _expect(1 <= self.churn_days[0] <= self.churn_days[1], "churn_days", self.churn_days, "rising from 1")
        _expect(0 <= self.chance_trust <= 1, "chance_trust", self.chance_trust, "in [0, 1]")
        low, high = self.factor_bounds
        _expect(0 < low <= 1 <= high, "factor_bounds", self.factor_bounds, "around 1")


def _expect(holds: bool, name: str, value: object, rule: str) -> None:
    if not holds:
        raise ValueError(f"Expected {name} to be {rule}; got {value}.")
