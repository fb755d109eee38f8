"""Proposes a randomised pilot where nothing is known about what coupons add: which arms, how many customers, what it can show.

Terms
-----
detectable uplift   smallest added share of buyers that the pilot finds with the asked power, as every experiment's is told
                    (`learning.experiments`: two-sided, normal, the spread of buyers without coupon on both sides)
control             gets no coupon; sqrt(arms) times as many customers as one arm, which is best when every arm is compared with it
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from learning.experiments import ExperimentSettings  # which reads this package: imported where it is used

PILOT_SCHEMA = {
    "coupon_id": pl.String,
    "face_value": pl.Float64,
    "customers": pl.Int64,
    "propensity": pl.Float64,
    "expected_redemptions": pl.Float64,
    "expected_cost": pl.Float64,
    "detectable_uplift": pl.Float64,
    "power": pl.Float64,
    "sentence": pl.String,
}


@dataclass(frozen=True)
class PilotAssumptions:
    """What the plan takes for granted, all shares. A coupon of any face value is assumed to be redeemed by `redemption_rate`."""

    purchase_rate: float = 0.3
    redemption_rate: float = 0.25
    hoped_uplift: float = 0.05
    power: float = 0.8
    significance: float = 0.05
    smallest_arm: int = 100

    def __post_init__(self) -> None:
        """Refuse shares outside 0 to 1."""
        for name in ("purchase_rate", "redemption_rate", "hoped_uplift", "power", "significance"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"Expected {name} in (0, 1), got {getattr(self, name)}.")
        if self.smallest_arm < 1:
            raise ValueError(f"Expected smallest_arm of 1 or more, got {self.smallest_arm}.")

    @property
    def certainty(self) -> "ExperimentSettings":
        """How sure the pilot is to be, in the words of experiments."""
        from learning.experiments import ExperimentSettings

        return ExperimentSettings(confidence=1.0 - self.significance, power=self.power)


@dataclass(frozen=True)
class PilotPlan:
    """arms: one row per arm, control first (coupon_id null); one control row without customers where no pilot is possible, whose sentence
    says why. notes: assumptions and what was left out, as sentences."""

    arms: pl.DataFrame
    expected_cost: float
    notes: tuple[str, ...]


def pilot_plan(n_customers: int, coupons: pl.DataFrame, pilot_budget: float, assumptions: PilotAssumptions | None = None) -> PilotPlan:
    """Return arms, sizes and power of a randomised pilot within a budget of expected coupon cost.

    coupons: coupon_id, face_value (money), optional issuance_limit (coupons, null: none). Arms are dropped, the dearest first, until every
    arm left finds `hoped_uplift` with the asked power; if one arm alone cannot, the most that the budget allows is proposed and said so.
    propensity is the chance of the arm among the customers drawn.
    """
    assumptions = assumptions or PilotAssumptions()
    usable = coupons.filter(pl.col("face_value") > 0).sort("face_value", "coupon_id")
    usable = usable.unique("face_value", keep="first", maintain_order=True)
    notes = [
        f"Assumed: {assumptions.purchase_rate:.0%} buy in the outcome window without coupon, {assumptions.redemption_rate:.0%} of coupons"
        f" are redeemed, an uplift of {assumptions.hoped_uplift:.0%} points is worth finding; power {assumptions.power:.0%},"
        f" two-sided significance {assumptions.significance:.0%}."
    ]
    chosen = usable
    size, control = _sizes(n_customers, chosen, pilot_budget, assumptions)
    while chosen.height > 1 and _power(size, control, assumptions) < assumptions.power:
        dropped = chosen.row(-1, named=True)
        notes.append(f"Coupon {dropped['coupon_id']} is left out: with it no arm would be large enough.")
        chosen = chosen.head(-1)
        size, control = _sizes(n_customers, chosen, pilot_budget, assumptions)
    if chosen.height == 0 or size < 1:
        return PilotPlan(_no_arms(_why_not(n_customers, usable, pilot_budget)), 0.0, tuple(notes))
    if _power(size, control, assumptions) < assumptions.power:
        notes.append("This pilot is too small for the hoped uplift; it still shows redemption and large effects.")
    if size < assumptions.smallest_arm:
        notes.append(f"An arm has {size} customers, fewer than the {assumptions.smallest_arm} that the response model asks for.")
    arms = _arms_frame(chosen, size, control, assumptions)
    return PilotPlan(arms, float(arms["expected_cost"].sum()), tuple(notes))


def _why_not(n_customers: int, usable: pl.DataFrame, pilot_budget: float) -> str:
    """Return one sentence that says what a pilot lacks."""
    if n_customers == 0:
        return "No pilot: there is no customer who may be written to."
    if usable.is_empty():
        return "No pilot: no coupon can be given out tomorrow."
    if pilot_budget <= 0:
        return "No pilot: the pilot budget is 0."
    return f"No pilot: {n_customers} customers, a pilot budget of {pilot_budget:.2f} and the coupons in stock are too few for two arms."


def _no_arms(sentence: str) -> pl.DataFrame:
    row = {"face_value": 0.0, "customers": 0, "propensity": 1.0, "expected_redemptions": 0.0, "expected_cost": 0.0, "sentence": sentence}
    return pl.DataFrame([row], schema=PILOT_SCHEMA)


def _sizes(n_customers: int, arms: pl.DataFrame, budget: float, assumptions: PilotAssumptions) -> tuple[int, int]:
    """Return customers per arm and in control: as many as customers, budget and stock allow."""
    if arms.height == 0:
        return 0, 0
    ratio = float(np.sqrt(arms.height))
    by_customers = n_customers / (arms.height + ratio)
    by_budget = budget / max(float(arms["face_value"].sum()) * assumptions.redemption_rate, 1e-9)
    by_stock = float("inf")
    if "issuance_limit" in arms.columns and arms["issuance_limit"].is_not_null().any():
        by_stock = float(arms["issuance_limit"].drop_nulls().cast(pl.Float64).to_numpy().min())
    size = int(min(by_customers, by_budget, by_stock))
    return size, int(min(n_customers - size * arms.height, np.ceil(ratio * size)))


def _power(size: int, control: int, assumptions: PilotAssumptions) -> float:
    """Return the chance of finding the hoped uplift in one arm."""
    from learning.experiments import share_power

    if size < 1 or control < 1:
        return 0.0
    return share_power(assumptions.purchase_rate, assumptions.hoped_uplift, size, control, assumptions.certainty)


def _arms_frame(chosen: pl.DataFrame, size: int, control: int, assumptions: PilotAssumptions) -> pl.DataFrame:
    from learning.experiments import detectable_share

    drawn = control + size * chosen.height
    detectable = detectable_share(assumptions.purchase_rate, size, control, assumptions.certainty)
    power = _power(size, control, assumptions)
    rows: list[dict[str, object]] = [
        {
            "face_value": 0.0,
            "customers": control,
            "propensity": control / drawn,
            "expected_redemptions": 0.0,
            "expected_cost": 0.0,
            "sentence": f"{control} customers drawn by lot get no coupon: the yardstick for every arm.",
        }
    ]
    for coupon_id, face in chosen.select("coupon_id", "face_value").rows():
        redemptions = size * assumptions.redemption_rate
        rows.append(
            {
                "coupon_id": coupon_id,
                "face_value": face,
                "customers": size,
                "propensity": size / drawn,
                "expected_redemptions": redemptions,
                "expected_cost": redemptions * face,
                "detectable_uplift": detectable,
                "power": power,
                "sentence": f"{size} customers drawn by lot get coupon {coupon_id}; an uplift of {detectable:.1%} points would be found.",
            }
        )
    return pl.DataFrame(rows, schema=PILOT_SCHEMA)
