"""Who redeems a coupon: one logistic regression per tried face value, each leaning on what all share.

A dearer coupon is not redeemed less, unless it comes with other conditions (a category, a minimum basket). So face values stand in
*blocks*: where redemption falls from one face value to the next by more than chance, a new block begins, and only within a block is
response made non-decreasing in the face value.
"""

from dataclasses import dataclass

import numpy as np

from learning.response.features import Floats
from learning.response.monotone import rise_along_rows
from learning.response.ridge import fit_logistic, sigmoid
from learning.response.trial import Integers

OWN_PENALTY = 0.25  # a face value's own coefficients: a quarter of the penalty of the shared ones, since rows are many and levels differ
FALL_IN_ERRORS = 3.0


@dataclass(frozen=True)
class Redemption:
    """coefficients: face values x (1 + columns) on the logit scale. blocks: number of the block of each face value."""

    faces: Floats
    coefficients: Floats
    blocks: Integers

    def chance(self, columns: Floats, face: float) -> Floats:
        """Return the chance of redemption at a face value: between tried ones on a line over the logarithm, beyond them as there."""
        at_faces = self.at_faces(columns)
        position = float(np.interp(np.log(face), np.log(self.faces), np.arange(len(self.faces))))
        lower = min(int(position), len(self.faces) - 1)
        share = position - lower
        upper = min(lower + 1, len(self.faces) - 1)
        return (1 - share) * at_faces[:, lower] + share * at_faces[:, upper]

    def at_faces(self, columns: Floats) -> Floats:
        """Return rows x face values."""
        return rise_within(sigmoid(self.coefficients[:, 0] + columns @ self.coefficients[:, 1:].T), self.blocks)


def fit_redemption(columns: Floats, redeemed: Floats, face: Floats, faces: Floats, ridge: float) -> Redemption:
    """Fit on rows that got a coupon; `face` is each row's face value, `faces` the distinct ones, ascending."""
    arm = np.searchsorted(faces, face)
    width = columns.shape[1]
    shared_design = np.hstack([np.eye(len(faces))[arm], columns])
    shared_penalty = np.concatenate([np.zeros(len(faces)), np.full(width, ridge)])
    shared = fit_logistic(shared_design, redeemed, np.zeros(len(face)), shared_penalty)
    coefficients = np.zeros((len(faces), width + 1))
    own_penalty = np.append(0.0, np.full(width, ridge * OWN_PENALTY))
    level = float(shared[: len(faces)][np.unique(arm)].mean())
    for index in range(len(faces)):
        mine = arm == index
        if not mine.any():  # a fold without this face value
            coefficients[index] = np.append(level, shared[len(faces) :])
            continue
        design = np.hstack([np.ones((int(mine.sum()), 1)), columns[mine]])
        own = fit_logistic(design, redeemed[mine], columns[mine] @ shared[len(faces) :], own_penalty)
        coefficients[index] = own + np.append(0.0, shared[len(faces) :])
    return Redemption(faces, coefficients, redemption_blocks(redeemed, arm, len(faces)))


def redemption_blocks(redeemed: Floats, arm: Integers, faces: int) -> Integers:
    """Return the number of the block of each face value; `arm` counts face values from 0."""
    count = np.maximum(np.bincount(arm, minlength=faces), 1).astype(np.float64)
    rate = np.bincount(arm, weights=redeemed, minlength=faces) / count
    error = np.sqrt(np.maximum(rate * (1 - rate), 1e-4) / count)
    fall = (rate[:-1] - rate[1:]) / np.sqrt(error[:-1] ** 2 + error[1:] ** 2)
    return np.append(0, np.cumsum(fall > FALL_IN_ERRORS)).astype(np.int64)


def rise_within(values: Floats, blocks: Integers) -> Floats:
    """Return rows x face values made non-decreasing within each block."""
    return np.hstack([rise_along_rows(values[:, blocks == block]) for block in np.unique(blocks).tolist()])
