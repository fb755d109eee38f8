"""Learning an outlook: which parts the history suffices for, and whether the combination may replace what a reader can check.

The incumbent is the logistic regression, calibrated on held-out customers of a newer day; the challenger is the combination of logistic
regression, LightGBM and BG/NBD. Weights and level of both are learned on the second-newest snapshot, both are judged on the newest: the
challenger is served only where its log loss there is smaller. What is served is then fitted on all snapshots, with weights and level of the
newest.

Public: `train_outlook`.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.customer_value.combination import Combination, fit_combination
from learning.customer_value.folds import Folds, Snapshot, cut_snapshots, sampled, without_tree
from learning.customer_value.order_history import OrderHistoryModel, fit_order_history
from learning.customer_value.outlook_model import COMBINED, READABLE, OutlookModel
from learning.customer_value.reasons import Reading, fit_reading
from learning.customer_value.rescaling import known_windows
from learning.customer_value.scores import chance_scores
from learning.customer_value.settings import OutlookSettings
from learning.customer_value.snapshots import customer_snapshot, expect_order_days
from learning.customer_value.value import fit_value

Floats = NDArray[np.float64]

SCORE_SCHEMA = {
    "model": pl.String,
    "metric": pl.String,
    "window_first_day": pl.Date,
    "window_last_day": pl.Date,
    "value": pl.Float64,
}


def train_outlook(order_days: pl.DataFrame, day: date, settings: OutlookSettings | None = None) -> OutlookModel:
    """Return the model of what is known on `day`.

    order_days (grain: customer_key, business_day): columns of ORDER_DAYS, as known on `day`; rows after it are an error, since they would
    be learned from. Raises ValueError for them and for repeated keys.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):  # small matrices: more threads only burn time, and change the last digits
        return _train(order_days, day, settings or OutlookSettings())


def _train(order_days: pl.DataFrame, day: date, settings: OutlookSettings) -> OutlookModel:
    expect_order_days(order_days)
    if order_days.filter(pl.col("business_day") > day).height:
        raise ValueError(f"Expected order days up to {day}; later ones are not known then.")
    sample = sampled(order_days, settings)
    today = customer_snapshot(sample, day)
    history = None if today.is_empty() else fit_order_history(today)
    folds = Folds(cut_snapshots(sample, day, settings.horizon_days, settings), settings)
    scores: list[pl.DataFrame] = [pl.DataFrame(schema=SCORE_SCHEMA)]
    members, combination, reading, passed = None, None, None, False
    reason = "Too little history to learn from outcomes; chances are those of the order history alone."
    if folds.can_learn:
        combination, passed, reason = _choose(folds, history is not None, scores)
        members = folds.members()
        chances = members.chances(today, history, settings)
        reading = fit_reading(today, combination.chance(chances))
    value_snapshots = _promised(cut_snapshots(sample, day, settings.value_days, settings), settings)
    value, value_scores = fit_value(value_snapshots, settings)
    newest = day - timedelta(days=settings.value_days)
    scores += [_score_rows(name, told, newest, settings.value_days) for name, told in value_scores.items()]
    first = order_days["business_day"].min()
    if isinstance(first, date):
        scores.append(_facts(history, reading, first, day))
    return OutlookModel(
        settings=settings,
        trained_as_of=day,
        history=history,
        members=members,
        combination=combination,
        value=value,
        reading=reading,
        order_windows=known_windows(order_days, day, settings.horizon_days, settings.horizon_days),
        value_windows=known_windows(order_days, day, settings.value_days, settings.horizon_days),
        scores=pl.concat(scores),
        passed_check=passed,
        check_reason=reason,
    )


def _choose(folds: Folds, has_history: bool, scores: list[pl.DataFrame]) -> tuple[Combination, bool, str]:
    """The combination that is served, whether it is the challenger, and why; adds to scores what was held out."""
    newest = folds.snapshots[0]
    told = _combinable(folds.told(0), has_history)
    judged: dict[str, Floats] = dict(folds.told(0))
    incumbent = fit_combination({READABLE: told[READABLE]}, newest.bought)
    challenger = fit_combination(told, newest.bought)
    if not folds.can_hold_out(1):
        scores += [_judged(name, chance, newest, folds.settings) for name, chance in judged.items()]
        return incumbent, False, "Only one window could be held out: the combination could not be judged, logistic regression is served."
    before, older = _combinable(folds.told(1), has_history), folds.snapshots[1]
    shared = {name: chance for name, chance in before.items() if name in told}
    judged[f"{READABLE}, calibrated"] = fit_combination({READABLE: before[READABLE]}, older.bought).chance(told)
    judged[COMBINED] = fit_combination(shared, older.bought).chance(told)
    scores += [_judged(name, chance, newest, folds.settings) for name, chance in judged.items()]
    losses = {name: chance_scores(newest.bought, judged[name])["log_loss"] for name in (COMBINED, f"{READABLE}, calibrated")}
    passed = losses[COMBINED] < losses[f"{READABLE}, calibrated"]
    words = f"held-out log loss {losses[COMBINED]:.4f} against {losses[f'{READABLE}, calibrated']:.4f} of logistic regression"
    return (challenger, True, f"Combination served: {words}.") if passed else (incumbent, False, f"Logistic regression served: {words}.")


def _combinable(told: dict[str, Floats], has_history: bool) -> dict[str, Floats]:
    return {name: chance for name, chance in without_tree(told).items() if has_history or name != "bg_nbd"}


def _promised(snapshots: Sequence[Snapshot], settings: OutlookSettings) -> pl.DataFrame:
    """Rows for the value model: only snapshots whose order history could be fitted."""
    parts = [
        each.rows.with_columns(
            age=pl.lit(age, dtype=pl.Int64),
            promise=pl.Series(each.history.net_value(each.rows, float(settings.value_days))),
            came=pl.col("net_revenue_after"),
        )
        for age, each in enumerate(snapshots)
        if each.history is not None
    ]
    return pl.concat(parts) if parts else pl.DataFrame(schema={"age": pl.Int64, "promise": pl.Float64, "came": pl.Float64})


def _facts(history: OrderHistoryModel | None, reading: Reading | None, first_day: date, day: date) -> pl.DataFrame:
    """Parameters of the order history, and how much of the score the reasons explain, as rows of scores."""
    told: dict[str, dict[str, float]] = {}
    if history is not None:
        orders, values = history.orders, history.values
        told["bg_nbd parameters"] = {name: float(getattr(orders, name)) for name in ("r", "alpha", "a", "b", "converged")}
        told["gamma_gamma parameters"] = {name: float(getattr(values, name)) for name in ("p", "q", "gamma", "converged")}
    if reading is not None:
        told["reasons"] = {"explained_share": reading.explained_share}
    before, days = first_day - timedelta(days=1), (day - first_day).days + 1
    return pl.concat([pl.DataFrame(schema=SCORE_SCHEMA), *(_score_rows(name, metrics, before, days) for name, metrics in told.items())])


def _judged(name: str, chance: Floats, newest: Snapshot, settings: OutlookSettings) -> pl.DataFrame:
    return _score_rows(name, chance_scores(newest.bought, chance), newest.day, settings.horizon_days)


def _score_rows(model: str, told: Mapping[str, float], day: date, days: int) -> pl.DataFrame:
    rows = [
        {
            "model": model,
            "metric": metric,
            "window_first_day": day + timedelta(days=1),
            "window_last_day": day + timedelta(days=days),
            "value": None if np.isnan(value) else value,
        }
        for metric, value in told.items()
    ]
    return pl.DataFrame(rows, schema=SCORE_SCHEMA)
