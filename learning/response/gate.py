"""The safety gate: may individual effects be used, or only averages?

On rows that the models have not seen, the policy "give each customer the coupon of highest predicted value, or none" is compared with the
best constant policy (one arm for all, or none) by doubly robust scores of profit. Individual effects pass where the lower confidence bound
of the difference is not below -tolerance. A point estimate alone would let noise through.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from learning.response.doubly_robust import CrossFitted, clustered_mean, scores
from learning.response.effects import Effects, estimate_effects
from learning.response.features import Floats
from learning.response.monotone import rise_along_rows
from learning.response.settings import ResponseSettings
from learning.response.trial import Trial


@dataclass(frozen=True)
class GateResult:
    """Money per customer and outcome window, both policies against giving nobody a coupon; `passed` decides which effects are used.

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


def shrunk_effects(raw: Floats, centre: Floats, average: Floats, slope: float) -> Floats:
    """Return rows x arms effects: the average plus `slope` of the predicted difference from it, non-decreasing in face value."""
    return rise_along_rows(average + slope * (raw - centre))


def run_gate(trial: Trial, fitted: CrossFitted, settings: ResponseSettings) -> GateResult:
    """Compare both policies fold by fold; averages and slopes come from the other folds."""
    robust = scores(trial, trial.profit, fitted.profit)
    offered = trial.arms_of_campaign[trial.campaign]
    at = np.arange(len(trial.arm))
    model_arm, constant_arm = np.zeros(len(at), dtype=np.int64), np.zeros(len(at), dtype=np.int64)
    promised = np.zeros(len(at))
    for fold in np.unique(trial.fold).tolist():
        inside, outside = np.flatnonzero(trial.fold == fold), np.flatnonzero(trial.fold != fold)
        effects = estimate_effects(trial, fitted, outside if len(outside) else inside)
        constant = np.tile(effects.gain.average - effects.redemption * trial.faces, (len(inside), 1))
        constant_arm[inside] = _best_arm(constant, offered[inside])
        values = _individual_values(trial, fitted, effects, inside)
        model_arm[inside] = _best_arm(values, offered[inside])
        promised[inside] = np.hstack([np.zeros((len(inside), 1)), values])[np.arange(len(inside)), model_arm[inside]]
    nothing = robust[:, 0]
    difference, error = clustered_mean(robust[at, model_arm] - robust[at, constant_arm], trial.customer)
    lower = difference - NormalDist().inv_cdf(settings.gate_confidence) * error
    control = trial.arm == 0
    tolerance = settings.gate_tolerance_share * abs(float(np.average(trial.profit[control], weights=1 / trial.propensity[control])))
    passed = bool(lower >= -tolerance)
    verdict = "individual effects are used" if passed else "the average effect of each face value is used for everybody"
    return GateResult(
        passed=passed,
        model_value=float((robust[at, model_arm] - nothing).mean()),
        promised_value=float(promised.mean()),
        constant_value=float((robust[at, constant_arm] - nothing).mean()),
        difference=difference,
        standard_error=error,
        lower_bound=lower,
        tolerance=tolerance,
        sentence=(
            f"On held-out customers, choosing by individual effects earns {difference:.3f} per customer more than the best single rule"
            f" (at least {lower:.3f} with {settings.gate_confidence:.0%} confidence; {-tolerance:.3f} is asked for): {verdict}."
        ),
    )


def _individual_values(trial: Trial, fitted: CrossFitted, effects: Effects, rows: np.ndarray) -> Floats:
    raw = fitted.gain[:, 1:] - fitted.gain[:, :1]
    centre = raw.mean(axis=0)
    gain = shrunk_effects(raw[rows], centre, effects.gain.average, effects.gain.slope)
    return gain - fitted.redeems[rows] * trial.faces


def _best_arm(values: Floats, offered: np.ndarray) -> np.ndarray:
    """Return 0 for no coupon, else the arm of highest value above 0 among those that the row's campaign had."""
    allowed = np.where(offered[:, 1:], values, -np.inf)
    best = allowed.argmax(axis=1)
    return np.where(allowed[np.arange(len(best)), best] > 0, best + 1, 0)
