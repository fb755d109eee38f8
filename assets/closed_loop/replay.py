"""The closed loop of a replay folder: all settings chosen on the past, then every order round decided with what was known in it.

Decides how often the shortage cost counts, by cost class, and the parameter of every baseline, by replaying windows that end before the
first order; then runs all of them, and perfect information, over the rounds of the folder. Cost classes are by what lost sales would cost:
the items that make up the first 80 %, the next 15 % and the rest.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from assets.closed_loop.cases import Case, Stretch, loss_classes, past_stretches
from assets.closed_loop.folder_case import asked_stretch, folder_case
from assets.closed_loop.forecast_paths import PathForecaster
from assets.closed_loop.history import Floats
from assets.closed_loop.policies import choose_parameter, choose_weights, periods_ahead, run_ours, run_perfect, run_rule
from optimization.closed_loop import BASELINES, Loop, Outcome, outcome
from shops.replay_folder import KEY, ReplayFolder

OURS, PERFECT = "Countinghouse", "perfect information"
WINDOWS = 3
SEED = 7


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


@dataclass(frozen=True)
class Judged:
    """One stretch: what each policy cost, ours first; our loop; and the windows on which settings were chosen."""

    policies: tuple[Told, ...]
    ours: Loop
    past: tuple[Stretch, ...]


def replay(folder: ReplayFolder, say: Callable[[str], None] = lambda _: None) -> ReplayResult:
    """Choose on the past, run the rounds, and judge."""
    case = folder_case(folder)
    asked = asked_stretch(folder, case)
    forecaster = PathForecaster(case.history, asked.first, periods_ahead(case, asked), SEED, say)
    judged = judge(case, asked, forecaster, WINDOWS)
    windows = tuple(case.history.starts[window.first] for window in judged.past)
    return ReplayResult(order_rows(case, asked, judged.ours), judged.policies, windows)


def judge(case: Case, asked: Stretch, forecaster: PathForecaster, windows: int) -> Judged:
    """Settings from at most `windows` past windows, then every policy over the stretch asked for."""
    past = past_stretches(case, asked, windows)
    classes = loss_classes(case, asked.first)
    weights = choose_weights(case, past, forecaster, classes).chosen
    ours = run_ours(case, asked, forecaster, weights[classes])
    told = [Told(OURS, _in_words(weights), outcome(ours, asked.demand, case.terms, asked.scored))]
    for rule in BASELINES:
        parameter = choose_parameter(case, past, rule)
        loop = run_rule(case, asked, rule, parameter)
        told.append(Told(rule.name, f"parameter {parameter:g}", outcome(loop, asked.demand, case.terms, asked.scored)))
    if case.terms.lost_sales:
        told.append(Told(PERFECT, "knows the demand, keeps no limits", run_perfect(case, asked)))
    return Judged(tuple(told), ours, tuple(past))


def order_rows(case: Case, asked: Stretch, loop: Loop) -> pl.DataFrame:
    """Every order of a loop: round, decided_after, arrives_at (first days of periods), item_id, location_id, order_units."""
    history, lead = case.history, case.terms.lead_times(case.history.items.height)

    def of_round(number: int) -> pl.DataFrame:
        decided = history.starts[asked.first + number]
        ahead = pl.Series("ahead", (1 + lead) * history.period_days)
        return history.items.select(
            pl.lit(number + 1).alias("round"),
            pl.lit(decided).alias("decided_after"),
            (pl.lit(decided) + pl.duration(days=ahead)).alias("arrives_at"),
            *KEY,
            pl.Series("order_units", loop.orders[:, number]),
        )

    return pl.concat([of_round(number) for number in range(asked.rounds)])


def _in_words(weights: Floats) -> str:
    told = ", ".join(f"{name} {value:.2f}" for name, value in zip(("A", "B", "C"), np.resize(weights, 3), strict=True))
    return f"shortage counts {told}"
