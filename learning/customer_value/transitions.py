"""How customers move between lifecycle states within one horizon: a Markov chain that can be read.

A customer's next state is taken to depend on his present state alone; that is an approximation, and `two_step_error` says how far the chain
is off over two horizons. Customers who first order within the horizon are in none of the rows.

Public: `LIFECYCLES`, `lifecycle_of`, `lifecycle_transitions`.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.customer_value.snapshots import customer_snapshot, outcomes_after

Floats = NDArray[np.float64]

LIFECYCLES = ("new", "active", "at_risk", "lapsed", "lost")
STEPS = 3
NEW_DAYS = 28
USUAL_GAPS = 2
OVERDUE = (("active", 1.5), ("at_risk", 3.0), ("lapsed", 6.0))
TRANSITION_SCHEMA = {
    "from_lifecycle": pl.String,
    "to_lifecycle": pl.String,
    "customers": pl.Int64,
    "share": pl.Float64,
    "net_revenue_mean": pl.Float64,
    "customers_now": pl.Int64,
    "expected_customers": pl.Float64,
    "expected_net_revenue": pl.Float64,
    "stationary_share": pl.Float64,
    "two_step_error": pl.Float64,
}


def lifecycle_of(snapshot: pl.DataFrame) -> pl.Series:
    """Return each customer's state, by the rule of marts.customer_profile: new with a single order day of the last 28 days, else active,
    at risk, lapsed or lost as recency stands to the gap expected of the customer: the own mean gap, drawn towards the median of all as if
    there were two more gaps of that length."""
    gaps = pl.col("order_days") - 1
    usual = pl.col("gap_mean_days").median().fill_null(float(NEW_DAYS))
    expected = (pl.col("gap_mean_days").fill_null(0.0) * gaps + usual * USUAL_GAPS) / (gaps + USUAL_GAPS)
    longest = pl.max_horizontal(expected, pl.lit(1.0))
    overdue = pl.when((pl.col("order_days") == 1) & (pl.col("tenure_days") < NEW_DAYS)).then(pl.lit("new"))
    for state, most in OVERDUE:
        overdue = overdue.when(pl.col("recency_days") <= most * longest).then(pl.lit(state))
    return snapshot.select(overdue.otherwise(pl.lit("lost")).alias("lifecycle"))["lifecycle"]


def lifecycle_transitions(order_days: pl.DataFrame, day: date, horizon_days: int = 28, steps: int = STEPS) -> pl.DataFrame:
    """Return TRANSITION_SCHEMA, one row per pair of states; empty without customers one horizon ago.

    order_days: ORDER_DAYS as known on `day`. customers and share: moves over the newest `steps` horizons together. net_revenue_mean: what
    such a customer spent net in the horizon of the move. customers_now: in from_lifecycle on `day`; expected_customers,
    expected_net_revenue: of them by the move after one horizon. stationary_share: of to_lifecycle where the chain comes to rest without
    new customers.
    two_step_error: largest difference between the shares after two horizons that the chain says and those that came; the same in all
    rows, null with one step.
    """
    states = _states(order_days, day, horizon_days, steps)
    moves = [_moves(before, after, order_days, horizon_days) for (after, before) in pairwise(states) if before[1].height]
    if not moves:
        return pl.DataFrame(schema=TRANSITION_SCHEMA)
    pooled = pl.concat(moves).group_by("from_lifecycle", "to_lifecycle").agg(pl.len().alias("customers"), pl.col("net_revenue_after").sum())
    frame = pl.DataFrame({"from_lifecycle": LIFECYCLES}).join(pl.DataFrame({"to_lifecycle": LIFECYCLES}), how="cross")
    now = states[0][1].group_by("lifecycle").agg(pl.len().alias("customers_now")).rename({"lifecycle": "from_lifecycle"})
    frame = (
        frame.join(pooled, on=["from_lifecycle", "to_lifecycle"], how="left", maintain_order="left")
        .join(now, on="from_lifecycle", how="left", maintain_order="left")
        .with_columns(pl.col("customers", "customers_now").fill_null(0))
        .with_columns(share=pl.col("customers") / pl.col("customers").sum().over("from_lifecycle"))
        .with_columns(share=pl.when(pl.col("share").is_finite()).then("share"))
        .with_columns(net_revenue_mean=pl.col("net_revenue_after") / pl.col("customers"))
        .with_columns(expected_customers=pl.col("customers_now") * pl.col("share"))
        .with_columns(expected_net_revenue=pl.when(pl.col("customers") > 0).then(pl.col("expected_customers") * pl.col("net_revenue_mean")))
    )
    matrix = frame["share"].fill_null(0.0).to_numpy().reshape(len(LIFECYCLES), len(LIFECYCLES))
    rest = pl.DataFrame({"to_lifecycle": LIFECYCLES, "stationary_share": _at_rest(matrix)})
    frame = frame.join(rest, on="to_lifecycle", how="left", maintain_order="left")
    error = _two_step_error(matrix, states)
    return frame.with_columns(two_step_error=pl.lit(error, dtype=pl.Float64)).select(
        pl.col(name).cast(dtype) for name, dtype in TRANSITION_SCHEMA.items()
    )


def _states(order_days: pl.DataFrame, day: date, horizon_days: int, steps: int) -> list[tuple[date, pl.DataFrame]]:
    """customer_key and lifecycle on the day and so many horizons before, newest first."""
    found: list[tuple[date, pl.DataFrame]] = []
    for number in range(steps + 1):
        at = day - timedelta(days=number * horizon_days)
        snapshot = customer_snapshot(order_days, at)
        found.append((at, snapshot.select("customer_key").with_columns(lifecycle_of(snapshot))))
    return found


def _moves(
    before: tuple[date, pl.DataFrame], after: tuple[date, pl.DataFrame], order_days: pl.DataFrame, horizon_days: int
) -> pl.DataFrame:
    came = outcomes_after(order_days, before[1]["customer_key"], before[0], horizon_days).select("customer_key", "net_revenue_after")
    return (
        before[1]
        .rename({"lifecycle": "from_lifecycle"})
        .join(after[1].rename({"lifecycle": "to_lifecycle"}), on="customer_key")
        .join(came, on="customer_key")
    )


def _at_rest(matrix: Floats) -> Floats:
    """The distribution that the chain leaves unchanged; states nobody was seen in stay as they are and get nothing."""
    seen = np.flatnonzero(matrix.sum(axis=1) > 0)
    inner = matrix[np.ix_(seen, seen)]
    rest = np.zeros(len(matrix))
    rows = inner.sum(axis=1, keepdims=True)
    if (rows <= 0).any():
        return np.full(len(matrix), np.nan)
    inner = inner / rows
    equations = np.vstack([inner.T - np.eye(len(seen)), np.ones(len(seen))])
    solution, *_ = np.linalg.lstsq(equations, np.append(np.zeros(len(seen)), 1.0), rcond=None)
    rest[seen] = np.maximum(solution, 0.0)
    return rest / rest.sum()


def _two_step_error(matrix: Floats, states: Sequence[tuple[date, pl.DataFrame]]) -> float | None:
    if len(states) < 3 or states[2][1].is_empty():
        return None
    then, now = states[2][1], states[0][1]
    both = then.join(now, on="customer_key", suffix="_now")
    start = np.array([float((both["lifecycle"] == state).sum()) for state in LIFECYCLES])
    came = np.array([float((both["lifecycle_now"] == state).sum()) for state in LIFECYCLES])
    return float(np.abs(start @ matrix @ matrix - came).max() / start.sum())
