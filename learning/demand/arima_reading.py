"""The diagnosis of a series in one sentence, for somebody who reads no test statistics."""

from learning.demand.arima_order import SIGNIFICANCE, Differences, Order

STRONG, CLEAR = 0.6, 0.3


def reading(differences: Differences, order: Order, ljung_box: float, held_out: tuple[float, float] | None) -> str:
    """E.g. "The level wanders, strong weekly pattern; ARIMA(0,1,1)(0,1,1)7 leaves no autocorrelation (Ljung-Box p = 0.34) …"."""
    level = "The level wanders" if differences.regular else "The level keeps returning to its mean"
    noise = ljung_box >= SIGNIFICANCE
    rest = "leaves no autocorrelation" if noise else "leaves autocorrelation behind, so some rhythm is not described"
    error = "" if held_out is None else f" and missed the last 28 days by {held_out[0]:.0%} (the week before repeated: {held_out[1]:.0%})"
    return f"{level}, {_week(differences)}; ARIMA{order} {rest} (Ljung-Box p {_p(ljung_box)}){error}."


def not_diagnosed(reason: str) -> str:
    """The same for a series that no model describes."""
    return f"Not diagnosed: {reason}."


def _week(differences: Differences) -> str:
    if not differences.weekly:
        return "no weekly pattern beyond noise"
    strength = differences.strength
    return ("strong" if strength >= STRONG else "clear" if strength >= CLEAR else "slight") + " weekly pattern"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.2f}" if value >= 0.01 else f"= {value:.3f}"
