"""The outcome models: who buys under each arm, what a buyer is worth, and who redeems.

Chance of a purchase in the window under arm k, for features z in campaign c:

    sigmoid(level_c + z common + intercept_k + z deviation_k)

`level` and `common` come from all rows. Control gets ridge-penalised deviations of its own; the coupon arms share one set and each adds
a more heavily penalised one; intercepts are free. So arms are separate models (a T-learner) that lean on each other where their data are
thin, and arms tried in different campaigns stay comparable through the campaigns' levels. Money enters by two linear models: margin per
buyer of the whole window, and margin per order.
"""

from dataclasses import dataclass

import numpy as np

from learning.response.features import FeatureTransform, Floats
from learning.response.redemption import Redemption, fit_redemption
from learning.response.ridge import fit_linear, fit_logistic, sigmoid
from learning.response.trial import Integers, Trial


@dataclass(frozen=True)
class ArmModels:
    """Fitted coefficients. Purchase: campaign_level to deviation, logistic; margin: linear, money per buyer; order_margin: per order."""

    transform: FeatureTransform
    campaign_level: Floats
    common: Floats
    intercept: Floats
    deviation: Floats
    margin: Floats
    margin_floor: float
    order_margin: Floats
    order_margin_floor: float
    redemption: Redemption

    def purchase(self, columns: Floats, campaign: Integers | None) -> Floats:
        """Return rows x (1 + arms): chance of a purchase; without `campaign` at the campaigns' mean level."""
        level = self.mean_level if campaign is None else self.campaign_level[campaign]
        score = (level + columns @ self.common)[:, None] + self.intercept + columns @ self.deviation.T
        return sigmoid(score)

    @property
    def mean_level(self) -> float:
        """Level of an average campaign."""
        return float(self.campaign_level.mean())

    def margin_per_buyer(self, columns: Floats) -> Floats:
        """Return the margin before coupon cost of a customer who buys in the window, money."""
        return np.maximum(_with_one(columns) @ self.margin, self.margin_floor)

    def margin_per_order(self, columns: Floats) -> Floats:
        """Return the margin before coupon cost of one order, money."""
        return np.maximum(_with_one(columns) @ self.order_margin, self.order_margin_floor)


def _with_one(columns: Floats) -> Floats:
    return np.hstack([np.ones((len(columns), 1)), columns])


def fit_arm_models(trial: Trial, rows: Integers, ridge: float) -> ArmModels:
    """Fit all outcome models on some rows of a trial."""
    transform = FeatureTransform.fit(trial.features[rows])
    columns = transform.apply(trial.features[rows])
    campaign, arm, purchased = trial.campaign[rows], trial.arm[rows], trial.purchased[rows]
    campaigns, arms, width = len(trial.campaigns), len(trial.faces) + 1, columns.shape[1]
    pooled = np.hstack([np.eye(campaigns)[campaign], np.eye(arms)[arm][:, 1:], columns])
    penalty = np.concatenate([np.zeros(campaigns), np.zeros(arms - 1), np.full(width, ridge)])
    fitted = fit_logistic(pooled, purchased, np.zeros(len(rows)), penalty)
    level, common = fitted[:campaigns], fitted[campaigns + arms - 1 :]
    offset = level[campaign] + columns @ common
    own = np.zeros((arms, width + 1))
    own_penalty = np.append(0.0, np.full(width, ridge))
    treated = arm > 0
    own[0] = fit_logistic(_with_one(columns[~treated]), purchased[~treated], offset[~treated], own_penalty)
    shared_design = np.hstack([np.eye(arms)[arm[treated]][:, 1:], columns[treated]])
    shared = fit_logistic(shared_design, purchased[treated], offset[treated], np.append(np.zeros(arms - 1), np.full(width, ridge)))[
        arms - 1 :
    ]
    for index in range(1, arms):
        mine = arm == index
        if mine.any():
            fitted = fit_logistic(_with_one(columns[mine]), purchased[mine], offset[mine] + columns[mine] @ shared, 4 * own_penalty)
            own[index] = fitted + np.append(0.0, shared)
    gain, orders = trial.gain[rows], trial.orders[rows]
    margin, floor = _fit_margin(columns, purchased, gain, ridge)
    order_margin, order_floor = _fit_margin(columns, purchased, gain / np.maximum(orders, 1.0), ridge)
    redemption = fit_redemption(columns[treated], trial.redeemed[rows][treated], trial.faces[arm[treated] - 1], trial.faces, ridge)
    return ArmModels(transform, level, common, own[:, 0], own[:, 1:], margin, floor, order_margin, order_floor, redemption)


def _fit_margin(columns: Floats, purchased: Floats, gain: Floats, ridge: float) -> tuple[Floats, float]:
    """Return coefficients of the margin per buyer (or per order) and its floor.

    A few giant baskets are cut back for the shape, not for the mean.
    """
    buyers = purchased > 0
    if not buyers.any():
        return np.zeros(columns.shape[1] + 1), 0.0
    worth = gain[buyers]
    cut = np.clip(worth, np.quantile(worth, 0.005), np.quantile(worth, 0.995))
    cut = cut + (worth.mean() - cut.mean())
    penalty = np.append(0.0, np.full(columns.shape[1], ridge))
    return fit_linear(_with_one(columns[buyers]), cut, penalty), max(0.1 * float(worth.mean()), 0.0)
