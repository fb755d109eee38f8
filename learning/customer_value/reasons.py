"""Three reasons per customer: which facts move his chance to buy most, in points of probability.

The combined score is read by a line: its log odds are fitted on the logarithms of the features, and the line's contributions are summed
over facts that belong together (the four counts of orders are one fact). TreeSHAP over the trees alone would explain a third of the score
at a hundred times the price. How much of the score the line explains is told (`explained_share`).

Public: `FACTS`, `Reading`, `fit_reading`.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.customer_value.columns import LOG_COLUMNS, log_columns
from learning.customer_value.members import chance_of, log_odds

Floats = NDArray[np.float64]

# code -> the number shown, the columns whose contributions are summed
FACTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "last_order": ("recency_days", ("recency_days", "recency_to_tenure")),
    "own_rhythm": ("due_ratio", ("due_ratio", "gap_mean_days", "gap_sd_days", "gap_last_days", "has_no_gap")),
    "order_count": ("orders_365", ("order_days", "orders_28", "orders_84", "orders_365")),
    "spend": ("net_revenue_365", ("net_revenue_28", "net_revenue_84", "net_revenue_365", "order_value_mean", "order_value_last")),
    "known_since": ("tenure_days", ("tenure_days",)),
    "refunds": ("refund_share", ("refund_share",)),
}
REASONS = 3
_RIDGE = 1.0


@dataclass(frozen=True)
class Reading:
    """slopes, means: per LOG_COLUMN, in log odds and logarithms. explained_share: of the score's variance, among the rows it was fitted
    on."""

    slopes: tuple[float, ...]
    means: tuple[float, ...]
    explained_share: float

    def reasons(self, snapshot: pl.DataFrame, chance: Floats) -> pl.DataFrame:
        """Return reason_1_code, reason_1_value, reason_1_effect … reason_3_effect, in the rows' order.

        effect: points of probability by which the fact moves the customer away from where a customer with the average of it would be.
        """
        parts = (log_columns(snapshot) - np.array(self.means)) * np.array(self.slopes)
        places = {name: place for place, name in enumerate(LOG_COLUMNS)}
        grouped = np.column_stack([parts[:, [places[name] for name in columns]].sum(axis=1) for _, columns in FACTS.values()])
        effects = chance[:, None] - chance_of(log_odds(chance)[:, None] - grouped)
        order = np.argsort(-np.abs(effects), axis=1, kind="stable")[:, :REASONS]
        shown = np.column_stack([snapshot[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name, _ in FACTS.values()])
        told: dict[str, pl.Series] = {}
        codes = pl.Series(list(FACTS), dtype=pl.String)
        for rank in range(REASONS):
            told[f"reason_{rank + 1}_code"] = codes.gather(order[:, rank])
            told[f"reason_{rank + 1}_value"] = pl.Series(np.take_along_axis(shown, order[:, rank : rank + 1], axis=1).ravel())
            told[f"reason_{rank + 1}_effect"] = pl.Series(np.take_along_axis(effects, order[:, rank : rank + 1], axis=1).ravel())
        return pl.DataFrame(told)


def fit_reading(snapshot: pl.DataFrame, chance: Floats) -> Reading:
    """Return the line that reads the chances of a snapshot's customers."""
    from sklearn.linear_model import Ridge

    logs, odds = log_columns(snapshot), log_odds(chance)
    means, scale = logs.mean(axis=0), np.where(logs.std(axis=0) > 0, logs.std(axis=0), 1.0)
    line = Ridge(alpha=_RIDGE).fit((logs - means) / scale, odds)
    slopes = np.asarray(line.coef_, dtype=np.float64).ravel() / scale
    left = odds - odds.mean() - (logs - means) @ slopes
    variance = float(odds.var())
    return Reading(tuple(slopes.tolist()), tuple(means.tolist()), 1.0 - float(left.var()) / variance if variance > 0 else 0.0)
