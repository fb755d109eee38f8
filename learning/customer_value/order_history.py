"""BG/NBD and Gamma-Gamma together: what a customer will order and spend, from the days and values of his orders alone.

The value of an order is net: what a customer paid less what he got back, over his order days (nothing, where he got back more). It is
shrunk towards that of all customers.

Public: `OrderHistoryModel`, `fit_order_history`.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.customer_value.bg_nbd import BgNbd, fit_bg_nbd
from learning.customer_value.gamma_gamma import GammaGamma, fit_gamma_gamma

Floats = NDArray[np.float64]

_FEWEST_REPEATERS = 30


@dataclass(frozen=True)
class OrderHistoryModel:
    """Both models, fitted on one day's customers."""

    orders: BgNbd
    values: GammaGamma

    def p_alive(self, snapshot: pl.DataFrame) -> Floats:
        """Chance of still being a customer; snapshot as of `customer_snapshot`."""
        return self.orders.p_alive(*_history(snapshot))

    def p_order(self, snapshot: pl.DataFrame, ahead: Floats | float) -> Floats:
        """Chance of an order within `ahead` days."""
        return self.orders.p_order(*_history(snapshot), ahead)

    def expected_orders(self, snapshot: pl.DataFrame, ahead: float) -> Floats:
        """Order days expected within `ahead` days."""
        return self.orders.expected_orders(*_history(snapshot), ahead)

    def net_value(self, snapshot: pl.DataFrame, ahead: float) -> Floats:
        """Net revenue expected within `ahead` days."""
        return self.expected_orders(snapshot, ahead) * self.net_per_order(snapshot)

    def net_per_order(self, snapshot: pl.DataFrame) -> Floats:
        """Net revenue expected of one order day."""
        return self.values.expected_value(*(_valued(snapshot)[name].to_numpy() for name in ("orders", "mean_value")))


def fit_order_history(snapshot: pl.DataFrame) -> OrderHistoryModel | None:
    """Return the models of the customers of one snapshot, or None where fewer than 30 have ordered twice at a price.

    None as well where order values have no finite mean. Raises ValueError for impossible histories.
    """
    valued = _valued(snapshot.filter(pl.col("x") > 0)).filter(pl.col("mean_value") > 0)
    if valued.height < _FEWEST_REPEATERS:
        return None
    values = fit_gamma_gamma(valued)
    return OrderHistoryModel(fit_bg_nbd(snapshot), values) if np.isfinite(values.mean) else None


def _valued(snapshot: pl.DataFrame) -> pl.DataFrame:
    """orders and mean_value: order days of the customer's life, and net revenue per order day."""
    net = (pl.col("net_revenue_lifetime") / pl.col("order_days")).clip(lower_bound=0.0)
    return snapshot.select(orders=pl.col("order_days").cast(pl.Float64), mean_value=net)


def _history(snapshot: pl.DataFrame) -> tuple[Floats, Floats, Floats]:
    x, t_x, T = (snapshot[name].cast(pl.Float64).to_numpy() for name in ("x", "t_x", "T"))
    return x, t_x, T
