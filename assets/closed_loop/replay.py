"""The closed loop of a replay folder: all settings chosen on the past, then every order round decided with what was known in it.

Decides which fractile of the sample paths is ordered, by cost class, and the parameter of every baseline, by replaying windows that end
before the first order; then runs all of them, and perfect information, over the rounds of the folder. Cost classes are by volume: the items
that make up the first 80 % of units, the next 15 % and the rest. A window begins with stock and receipts of one to two mean periods, since
what lay there then is not known; it is judged from the period in which its first order arrives.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from assets.closed_loop.forecast_paths import PathsAt, paths_of_rounds
from assets.closed_loop.history import Flags, Floats, History, read_history
from optimization.closed_loop import (
    BASELINES,
    Baseline,
    Loop,
    LoopStart,
    LoopTerms,
    Outcome,
    Seen,
    outcome,
    path_orders,
    perfect_orders,
    run_loop,
)
from optimization.closed_loop.baselines import order_up_to
from shops.replay_folder import KEY, ReplayFolder

OURS, PERFECT = "Countinghouse", "perfect information"
FRACTILES = tuple(np.round(np.arange(0.30, 0.981, 0.04), 2).tolist())
FRACTILE_BOUNDS = (0.02, 0.98)
WINDOWS = 3
LEAST_PERIODS = {"day": 120, "week": 30}  # what a window must have before it
VOLUME_CLASSES = (0.80, 0.95)
RECENT_PERIODS = 13
CLASS_TRUST = 0.5  # how much a class's own windows count beside those of all items
SEED = 7


@dataclass(frozen=True)
class Stretch:
    """A run of periods to decide for. first: the period seen last before the first order; demand, scored: items x periods after it."""

    first: int
    demand: Floats
    scored: Flags
    start: LoopStart
    rounds: int


@dataclass(frozen=True)
class Told:
    """One policy: its settings in words and what it cost."""

    name: str
    settings: str
    outcome: Outcome


@dataclass(frozen=True)
class ReplayResult:
    """orders: round, decided_after, arrives_at, item_id, location_id, order_units of ours (every item, zeros too); policies: ours first,
    then baselines, then, where sales are lost, perfect information; windows: first days of the periods after which the past ones began."""

    orders: pl.DataFrame
    policies: tuple[Told, ...]
    windows: tuple[date, ...]


def replay(folder: ReplayFolder, say: Callable[[str], None] = lambda _: None) -> ReplayResult:
    """Choose on the past, run the rounds, and judge."""
    history, terms = read_history(folder), _terms(folder)
    asked = _asked(folder, history)
    past = _past_windows(folder, history, asked)
    classes = _volume_classes(history, asked.first)
    rehearsals = [(window, _paths(history, window, terms, say)) for window in past]
    fractiles = _choose_fractiles(rehearsals, terms, classes)
    paths = _paths(history, asked, terms, say)
    ours = _run_paths(asked, terms, paths, fractiles[classes])
    told = [Told(OURS, _in_words(fractiles), outcome(ours, asked.demand, terms, asked.scored))]
    for baseline in BASELINES:
        parameter = _choose_parameter(history, past, terms, baseline)
        loop = _run_baseline(history, asked, terms, baseline, parameter)
        told.append(Told(baseline.name, f"parameter {parameter:g}", outcome(loop, asked.demand, terms, asked.scored)))
    told += _perfect(asked, terms)
    return ReplayResult(_order_rows(history, asked, terms, ours), tuple(told), tuple(history.starts[window.first] for window in past))


def _perfect(asked: Stretch, terms: LoopTerms) -> list[Told]:
    """What knowing the demand would cost; nothing where sales are owed."""
    if not terms.lost_sales:
        return []
    known = perfect_orders(asked.demand, asked.start, terms, asked.rounds, asked.scored.any(axis=0).astype(np.float64))
    loop = run_loop(asked.demand, asked.start, terms, asked.rounds, _given(known))
    return [Told(PERFECT, "knows the demand", outcome(loop, asked.demand, terms, asked.scored))]


def _terms(folder: ReplayFolder) -> LoopTerms:
    told = folder.terms
    return LoopTerms(told.lead_time_periods, told.holding_cost, told.shortage_cost, told.lost_sales)


def _asked(folder: ReplayFolder, history: History) -> Stretch:
    """The stretch that the folder asks for, from its own state."""
    told = folder.terms
    first = (told.first_order_after - history.starts[0]).days // told.period_days
    demand = history.units[:, first + 1 :]
    days = np.array(history.starts[first + 1 :])
    is_scored = np.asarray((days >= told.score_from) & (days <= told.score_to), dtype=np.bool_)
    places = history.items.select(KEY).with_row_index("item")
    on_hand = places.join(folder.state, on=KEY, how="left", maintain_order="left")["on_hand"].fill_null(0.0).to_numpy()
    due = folder.receipts.join(places, on=KEY)
    receipts = np.zeros((demand.shape[0], int(due["ahead"].to_numpy().max(initial=1))))
    receipts[due["item"].to_numpy(), due["ahead"].to_numpy() - 1] = due["units"].to_numpy()
    scored = np.repeat(is_scored[None, :], demand.shape[0], axis=0)
    rounds = min(told.order_rounds, demand.shape[1] + 1)  # after score_to there is nothing to order for
    return Stretch(first, demand, scored, LoopStart(on_hand, receipts), rounds)


def _past_windows(folder: ReplayFolder, history: History, asked: Stretch) -> list[Stretch]:
    """The latest windows of the same shape that end before the first order, each a full set of rounds before the next; none where the
    history is too short."""
    lead, rounds, span = folder.terms.lead_time_periods, asked.rounds, asked.demand.shape[1]
    windows: list[Stretch] = []
    for back in range(1, WINDOWS + 1):
        first = asked.first - span - (back - 1) * rounds
        if first + 1 < LEAST_PERIODS[folder.terms.period]:
            break
        cells = slice(first + 1, first + 1 + span)
        scored = history.known[:, cells].copy()
        scored[:, :lead] = False
        mean = _recent_mean(history, first, 8)
        start = LoopStart(np.round(1.5 * mean), np.repeat(np.round(mean)[:, None], lead, axis=1))
        windows.append(Stretch(first, history.units[:, cells], scored, start, rounds))
    return windows


def _recent_mean(history: History, period: int, count: int) -> Floats:
    cells = slice(max(period + 1 - count, 0), period + 1)
    known = history.known[:, cells]
    return np.where(known, history.units[:, cells], 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)


def _volume_classes(history: History, period: int) -> NDArray[np.int64]:
    """0, 1 or 2 per item: the first 80 % of units, the next 15 %, the rest."""
    mean = _recent_mean(history, period, RECENT_PERIODS)
    order = np.argsort(-mean, kind="stable")
    before = np.concatenate([[0.0], np.cumsum(mean[order])[:-1]]) / max(mean.sum(), 1e-9)
    classes = np.zeros(mean.size, dtype=np.int64)
    classes[order] = np.searchsorted(np.array(VOLUME_CLASSES), before, side="right")
    return classes


def _paths(history: History, stretch: Stretch, terms: LoopTerms, say: Callable[[str], None]) -> list[PathsAt]:
    """Paths of every round, far enough for the last order to last to the end of the stretch."""
    say(f"forecasting {stretch.rounds} rounds after {history.starts[stretch.first]}")
    ahead = max(stretch.demand.shape[1] - (stretch.rounds - 1), terms.lead_time_periods + 1)
    return list(paths_of_rounds(history, stretch.first, stretch.rounds, ahead, SEED))


def _run_paths(stretch: Stretch, terms: LoopTerms, paths: Sequence[PathsAt], fractile: Floats) -> Loop:
    def decide(seen: Seen) -> Floats:
        number = seen.period + 1
        covered = stretch.demand.shape[1] - (number + terms.lead_time_periods)  # periods left when the order arrives
        if covered < 1:
            return np.zeros(fractile.size)
        last = number == stretch.rounds - 1
        return path_orders(seen, paths[number].units, terms, fractile, covered if last else 1)

    return run_loop(stretch.demand, stretch.start, terms, stretch.rounds, decide)


def _choose_fractiles(rehearsals: list[tuple[Stretch, list[PathsAt]]], terms: LoopTerms, classes: NDArray[np.int64]) -> Floats:
    """Per class the fractile with the least cost over the windows, its own and all items' cost (each relative to its least) weighed
    equally, drawn to the textbook's b / (b + h), which counts as one window more: one window's luck is large."""
    count = len(VOLUME_CLASSES) + 1
    textbook = float(np.clip(terms.shortage_cost / max(terms.shortage_cost + terms.holding_cost, 1e-9), *FRACTILE_BOUNDS))
    if not rehearsals:
        return np.full(count, textbook)
    cost = np.zeros((count, len(FRACTILES)))
    for stretch, paths in rehearsals:
        for column, fractile in enumerate(FRACTILES):
            loop = _run_paths(stretch, terms, paths, np.full(classes.size, fractile))
            item_cost = outcome(loop, stretch.demand, terms, stretch.scored).item_cost
            cost[:, column] += np.bincount(classes, weights=item_cost, minlength=count)
    whole = cost.sum(axis=0) / max(cost.sum(axis=0).min(), 1e-9)
    own = cost / np.maximum(cost.min(axis=1, keepdims=True), 1e-9)
    found = np.array(FRACTILES)[np.argmin(CLASS_TRUST * own + (1 - CLASS_TRUST) * whole, axis=1)]
    return (len(rehearsals) * found + textbook) / (len(rehearsals) + 1)


def _choose_parameter(history: History, past: list[Stretch], terms: LoopTerms, baseline: Baseline) -> float:
    """The parameter with the least cost over the windows; the middle one where there is none."""
    if not past:
        return baseline.parameters[len(baseline.parameters) // 2]

    def cost(parameter: float) -> float:
        loops = [(stretch, _run_baseline(history, stretch, terms, baseline, parameter)) for stretch in past]
        return sum(outcome(loop, stretch.demand, terms, stretch.scored).cost for stretch, loop in loops)

    return min(baseline.parameters, key=lambda parameter: (cost(parameter), parameter))


def _run_baseline(history: History, stretch: Stretch, terms: LoopTerms, baseline: Baseline, parameter: float) -> Loop:
    def decide(seen: Seen) -> Floats:
        period = stretch.first + seen.period + 1
        cells = slice(max(period + 1 - baseline.window, 0), period + 1)
        covered = stretch.demand.shape[1] - (seen.period + 1 + terms.lead_time_periods)
        if covered < 1:
            return np.zeros(stretch.demand.shape[0])
        level = baseline.level(history.units[:, cells], history.known[:, cells], terms, parameter)
        if seen.period + 1 == stretch.rounds - 1:  # the last order lasts to the end, as ours does
            level = level + (covered - 1) * _recent_mean(history, period, baseline.window)
        return order_up_to(level, seen.position)

    return run_loop(stretch.demand, stretch.start, terms, stretch.rounds, decide)


def _given(orders: Floats) -> Callable[[Seen], Floats]:
    return lambda seen: orders[:, seen.period + 1]


def _order_rows(history: History, asked: Stretch, terms: LoopTerms, loop: Loop) -> pl.DataFrame:
    def of_round(number: int) -> Iterator[pl.DataFrame]:
        decided = history.starts[asked.first + number]
        arrives = asked.first + number + 1 + terms.lead_time_periods
        step = history.starts[1] - history.starts[0] if len(history.starts) > 1 else None
        day = history.starts[arrives] if arrives < len(history.starts) else history.starts[-1] + (arrives - len(history.starts) + 1) * step
        yield history.items.select(
            pl.lit(number + 1).alias("round"),
            pl.lit(decided).alias("decided_after"),
            pl.lit(day).alias("arrives_at"),
            *KEY,
            pl.Series("order_units", loop.orders[:, number]),
        )

    return pl.concat([frame for number in range(asked.rounds) for frame in of_round(number)])


def _in_words(fractiles: Floats) -> str:
    return "fractile " + ", ".join(f"{name} {value:.2f}" for name, value in zip(("A", "B", "C"), fractiles, strict=True))
