"""The safety gate: may individual effects be used, or only averages?

On customers that neither the models nor the choice among them have seen, the policy "give each customer the coupon of highest predicted
value, or none" is compared with the best constant policy (one arm for all, or none) by doubly robust scores of profit: the steady ones,
moved towards the direct ones as far as the two differ by more than chance (see `effects`). Individual effects pass where the lower
confidence bound of the difference is not below -tolerance. A point estimate alone would let noise through.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from learning.response.doubly_robust import clustered_mean
from learning.response.effects import towards_direct
from learning.response.race import Race
from learning.response.settings import ResponseSettings
from learning.response.trial import Trial


@dataclass(frozen=True)
class GateResult:
    """Money per customer and outcome window, both policies against giving nobody a coupon; `passed` decides which effects are used.

    model_value and constant_value are direct scores; difference is the combined one, so it need not be their difference.
    promised_value is what the predictions said the individual policy would earn on the same held-out customers: compare model_value.
    """

    passed: bool
    model_value: float
    promised_value: float
    constant_value: float
    difference: float
    standard_error: float
    lower_bound: float
    tolerance: float
    sentence: str


def run_gate(trial: Trial, race: Race, settings: ResponseSettings) -> GateResult:
    """Compare the policy of the candidates that other folds chose with the single rule that other folds chose."""
    gained = race.of_chosen(trial, "gained")
    more = gained - race.constant_gained
    more_steady = race.of_chosen(trial, "steady_gained") - race.constant_steady_gained
    steady, basket = clustered_mean(more_steady, trial.customer), clustered_mean(more - more_steady, trial.customer)
    both = towards_direct(*(np.array([number]) for number in (*steady, *basket)))
    difference, error = float(both[0][0]), float(both[1][0])
    lower = difference - NormalDist().inv_cdf(settings.gate_confidence) * error
    control = trial.arm == 0
    tolerance = settings.gate_tolerance_share * abs(float(np.average(trial.profit[control], weights=1 / trial.propensity[control])))
    passed = bool(lower >= -tolerance)
    verdict = "individual effects are used" if passed else "the average effect of each face value is used for everybody"
    return GateResult(
        passed=passed,
        model_value=float(gained.mean()),
        promised_value=float(race.of_chosen(trial, "promised").mean()),
        constant_value=float(race.constant_gained.mean()),
        difference=difference,
        standard_error=error,
        lower_bound=lower,
        tolerance=tolerance,
        sentence=(
            f"On held-out customers, choosing by individual effects earns {difference:.3f} per customer more than the best single rule"
            f" (at least {lower:.3f} with {settings.gate_confidence:.0%} confidence; {-tolerance:.3f} is asked for): {verdict}."
        ),
    )
