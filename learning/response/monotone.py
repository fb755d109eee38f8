"""A higher face value never gets a smaller response: how estimates are made to agree with that."""

import numpy as np

from learning.response.features import Floats


def pooled_upwards(values: Floats, weights: Floats) -> Floats:
    """Return the closest non-decreasing sequence in weighted squares (pool adjacent violators, Barlow et al. 1972)."""
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        mean, total, size = value, weight, 1
        while blocks and blocks[-1][0] > mean:
            last_mean, last_total, last_size = blocks.pop()
            mean = (mean * total + last_mean * last_total) / (total + last_total)
            total, size = total + last_total, size + last_size
        blocks.append((mean, total, size))
    return np.concatenate([np.full(size, mean) for mean, _, size in blocks]) if blocks else np.zeros(0)


def rise_along_rows(values: Floats) -> Floats:
    """Return rows made non-decreasing: midway between the smallest rise above and the largest rise below each row."""
    above = np.maximum.accumulate(values, axis=1)
    below = np.minimum.accumulate(values[:, ::-1], axis=1)[:, ::-1]
    return 0.5 * (above + below)


def between_faces(faces: Floats, effects: Floats, face: float) -> Floats:
    """Return the effect of one face value per row, from effects at trial faces (rows x faces).

    Linear between trial faces and down to no effect at 0; above the largest trial face the effect stays as it is.
    """
    grid = np.concatenate([[0.0], faces])
    padded = np.hstack([np.zeros((len(effects), 1)), effects])
    upper = int(np.clip(np.searchsorted(grid, face), 1, len(grid) - 1))
    share = float(np.clip((face - grid[upper - 1]) / (grid[upper] - grid[upper - 1]), 0.0, 1.0))
    return padded[:, upper - 1] + share * (padded[:, upper] - padded[:, upper - 1])
