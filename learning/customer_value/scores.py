"""How good chances and values are: log loss, Brier score, AUC, calibration error; absolute error and sums.

Public: `calibration_error`, `chance_scores`, `value_scores`.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BINS = 10
_SMALLEST = 1e-6


def log_losses(happened: Floats, chance: Floats) -> Floats:
    """Log loss of every row; chances are cut at a millionth."""
    inside = np.clip(chance, _SMALLEST, 1.0 - _SMALLEST)
    return -(happened * np.log(inside) + (1.0 - happened) * np.log1p(-inside))


def calibration_error(happened: Floats, chance: Floats, bins: int = BINS) -> float:
    """Mean absolute difference between predicted and observed share over bins of equally many rows, in the order of the chance."""
    order = np.argsort(chance, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return float(sum(abs(happened[part].mean() - chance[part].mean()) * len(part) for part in parts) / len(chance))


def chance_scores(happened: Floats, chance: Floats) -> dict[str, float]:
    """rows, log_loss, brier, auc (NaN where only one outcome happened), calibration_error, base_rate, predicted_rate."""
    from sklearn.metrics import roc_auc_score

    both = 0.0 < happened.mean() < 1.0
    return {
        "rows": float(len(happened)),
        "log_loss": float(log_losses(happened, chance).mean()),
        "brier": float(np.square(happened - chance).mean()),
        "auc": float(roc_auc_score(happened, chance)) if both else float("nan"),
        "calibration_error": calibration_error(happened, chance),
        "base_rate": float(happened.mean()),
        "predicted_rate": float(chance.mean()),
    }


def value_scores(came: Floats, expected: Floats) -> dict[str, float]:
    """rows, mean_absolute_error, sum_ratio (expected over realised; NaN where nothing came), realised_mean, expected_mean."""
    total = float(came.sum())
    return {
        "rows": float(len(came)),
        "mean_absolute_error": float(np.abs(came - expected).mean()),
        "sum_ratio": float(expected.sum()) / total if total > 0 else float("nan"),
        "realised_mean": float(came.mean()),
        "expected_mean": float(expected.mean()),
    }
