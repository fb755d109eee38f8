"""Who says how likely a customer is to buy, and what he will spend: Countinghouse and its peers, each learning from the past of a cut-off
alone.

Peers see the same features and the same snapshots, and are used as their guides say; what they tell is not moved afterwards. `lifetimes` is
given net values per order day, like our own order history.
"""

import warnings
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.customer_value import OutlookSettings, customer_snapshot, train_outlook
from learning.customer_value.columns import log_columns, plain_columns
from learning.customer_value.folds import cut_snapshots
from learning.customer_value.order_history import fit_order_history

Floats = NDArray[np.float64]
Method = Callable[[pl.DataFrame, date, int], dict[str, Floats]]

OURS = "Countinghouse"
LIFETIMES = "lifetimes"
SETTINGS = OutlookSettings()
PENALTIES = (0.0, 0.001, 0.01, 0.1)


def ours(order_days: pl.DataFrame, day: date, days: int) -> dict[str, Floats]:
    """The outlook as the daily run learns and tells it, without a sales forecast to bring it to."""
    told = train_outlook(order_days, day, SETTINGS).score(customer_snapshot(order_days, day))
    if days == SETTINGS.horizon_days:
        return {"told": told["p_buy_28d"].to_numpy()}
    low, high = (told[f"expected_net_84d_{end}"].cast(pl.Float64).fill_null(np.nan).to_numpy() for end in ("p10", "p90"))
    return {"told": told["expected_net_84d"].to_numpy(), "low": low, "high": high}


def logistic_regression(order_days: pl.DataFrame, day: date, days: int) -> dict[str, Floats]:
    """scikit-learn: logistic regression over scaled logarithms."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows = _learned_from(order_days, day, days)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(log_columns(rows), rows["has_bought"].to_numpy())
    return {"told": model.predict_proba(log_columns(customer_snapshot(order_days, day)))[:, 1]}


def boosted_trees(order_days: pl.DataFrame, day: date, days: int) -> dict[str, Floats]:
    """scikit-learn: HistGradientBoostingClassifier with early stopping."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    rows = _learned_from(order_days, day, days)
    model = HistGradientBoostingClassifier(early_stopping=True, learning_rate=0.05, random_state=7)
    model.fit(plain_columns(rows), rows["has_bought"].to_numpy())
    return {"told": model.predict_proba(plain_columns(customer_snapshot(order_days, day)))[:, 1]}


def bg_nbd(order_days: pl.DataFrame, day: date, days: int) -> dict[str, Floats]:
    """Our own BG/NBD alone."""
    snapshot = customer_snapshot(order_days, day)
    return {"told": _history(snapshot).p_order(snapshot, float(days))}


def order_history(order_days: pl.DataFrame, day: date, days: int) -> dict[str, Floats]:
    """Our own BG/NBD x Gamma-Gamma alone."""
    snapshot = customer_snapshot(order_days, day)
    return {"told": _history(snapshot).net_value(snapshot, float(days))}


def tweedie(order_days: pl.DataFrame, day: date, days: int) -> dict[str, Floats]:
    """LightGBM with a tweedie loss on the net value."""
    import lightgbm

    rows = _learned_from(order_days, day, days)
    model = lightgbm.LGBMRegressor(
        objective="tweedie",
        tweedie_variance_power=1.5,
        n_estimators=150,
        learning_rate=0.04,
        num_leaves=12,
        min_child_samples=60,
        subsample=0.8,
        subsample_freq=1,
        colsample_bytree=0.7,
        reg_lambda=5.0,
        random_state=7,
        n_jobs=1,
        verbosity=-1,
    )
    model.fit(plain_columns(rows), np.maximum(rows["net_revenue_after"].to_numpy(), 0.0))
    return {"told": np.asarray(model.predict(plain_columns(customer_snapshot(order_days, day))))}


def run_rate(order_days: pl.DataFrame, day: date, days: int) -> dict[str, Floats]:
    """What he spent in the days before."""
    return {"told": customer_snapshot(order_days, day)[f"net_revenue_{days}"].to_numpy()}


def lifetimes_orders(order_days: pl.DataFrame, day: date, days: int) -> dict[str, Floats]:
    """lifetimes' BG/NBD; the chance of an order is that of a Poisson number with the expected orders as its mean, since lifetimes tells
    none for a customer with a past."""
    return {"told": -np.expm1(-_lifetimes_expected(customer_snapshot(order_days, day), days))}


def lifetimes_value(order_days: pl.DataFrame, day: date, days: int) -> dict[str, Floats]:
    """lifetimes' BG/NBD x Gamma-Gamma."""
    from lifetimes import GammaGammaFitter

    snapshot = customer_snapshot(order_days, day)
    frequency = snapshot["order_days"].to_numpy().astype(float)
    value = np.maximum((snapshot["net_revenue_lifetime"] / snapshot["order_days"]).to_numpy(), 0.0)
    fitted = (snapshot["x"].to_numpy() > 0) & (value > 0)
    model = _fitted(GammaGammaFitter, frequency[fitted], value[fitted])
    each = np.asarray(model.conditional_expected_average_profit(frequency, value), dtype=np.float64)
    return {"told": _lifetimes_expected(snapshot, days) * each}


CHANCES: dict[str, Method] = {
    OURS: ours,
    "scikit-learn logistic regression": logistic_regression,
    "scikit-learn boosted trees": boosted_trees,
    f"{LIFETIMES} BG/NBD": lifetimes_orders,
    "BG/NBD alone": bg_nbd,
}
VALUES: dict[str, Method] = {
    OURS: ours,
    "BG/NBD x Gamma-Gamma": order_history,
    "tweedie": tweedie,
    f"{LIFETIMES} BG/NBD x Gamma-Gamma": lifetimes_value,
    "run rate": run_rate,
}


def _learned_from(order_days: pl.DataFrame, day: date, days: int) -> pl.DataFrame:
    return pl.concat([each.rows for each in cut_snapshots(order_days, day, days, SETTINGS)])


def _history(snapshot: pl.DataFrame) -> Any:
    history = fit_order_history(snapshot)
    if history is None:
        raise RuntimeError("Too few customers ordered twice.")
    return history


def _lifetimes_expected(snapshot: pl.DataFrame, days: int) -> Floats:
    from lifetimes import BetaGeoFitter

    x, t_x, T = (snapshot[name].to_numpy().astype(float) / (1.0 if name == "x" else 7.0) for name in ("x", "t_x", "T"))
    model = _fitted(BetaGeoFitter, x, t_x, T)
    told = model.conditional_expected_number_of_purchases_up_to_time(days / 7.0, x, t_x, T)
    return np.maximum(np.asarray(told, dtype=np.float64), 0.0)


def _fitted(kind: Any, *columns: Floats) -> Any:
    """The model with the smallest penalty with which lifetimes converges."""
    from lifetimes.utils import ConvergenceError

    for penalty in PENALTIES:
        model = kind(penalizer_coef=penalty)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return model.fit(*columns)
        except ConvergenceError:
            continue
    raise RuntimeError(f"{kind.__name__} of lifetimes converged with no penalty up to {PENALTIES[-1]}.")
