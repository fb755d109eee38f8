"""Prices of the rooms and of suppliers' minima, and the best provable bound on the cost of every plan.

The priced cost is a concave function of the prices, and use less room is its slope: it is climbed by L-BFGS-B over the few best patterns
of each supplier; then all patterns are weighed at the prices found, which gives a true bound and the patterns for the next climb.
Large problems start from the prices of a sample of suppliers, itself started from a sample where it is large.
Source: Lagrange relaxation (Geoffrion 1974).

Public: `FoundPrices`, `find_prices`, `improved`.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from optimization.replenishment_horizon.course_of_stock import course_of, used_room
from optimization.replenishment_horizon.fixed_periods import fix_periods
from optimization.replenishment_horizon.horizon_problem import Floats, HorizonProblem, Integers
from optimization.replenishment_horizon.mixtures import mix_plans
from optimization.replenishment_horizon.plan_pool import PlanPool
from optimization.replenishment_horizon.priced_horizon import Priced, PricedHorizon
from optimization.replenishment_horizon.prices import Prices
from optimization.replenishment_horizon.settings import HorizonSettings

_LARGE = 4_000  # items: above, prices start from a sample
_SAMPLE, _SHARE = 2_000, 0.1  # items of a sample, or this share of all
_SAMPLE_GAP = 1e-3  # a sample's prices are never nearer than that
_EXACT = 20_000  # items: up to here every answer of a climb weighs all patterns
_NEAR = 3  # above, patterns of each supplier weighed while climbing
_KEPT = 20  # plans kept from the climb


@dataclass(frozen=True)
class FoundPrices:
    """prices: of the best bound. bound: no plan costs less. answer: to the prices, over all patterns. plans: met near the end of the
    climb (items x arrival periods, units)."""

    horizon: PricedHorizon
    prices: Prices
    bound: float
    answer: Priced
    plans: list[Integers]


def find_prices(problem: HorizonProblem, settings: HorizonSettings) -> FoundPrices:
    """Return the best prices found in a few climbs; stops where a climb gains little."""
    start, answers = _start(problem, settings)
    rounds = settings.price_rounds_with_terms if problem.has_terms.any() else settings.price_rounds
    return _climbed(PricedHorizon(problem), start, rounds, answers, settings.relative_gap / 4)


def improved(found: FoundPrices, prices: Prices) -> FoundPrices:
    """Return the better of what was found and what other prices prove."""
    other = _proven(found.horizon, prices, found.horizon.problem.items <= _EXACT, found.plans)
    return other if other.bound > found.bound else found


def _climbed(horizon: PricedHorizon, start: Prices, rounds: int, climb: int, relative_gap: float) -> FoundPrices:
    exact = horizon.problem.items <= _EXACT
    plans: list[Integers] = []
    best = _proven(horizon, start, exact, plans)
    for _ in range(rounds):
        ascent = _Ascent(horizon, best.prices, best.answer, plans, relative_gap / 100)
        if not len(ascent.rooms) and not len(ascent.minima):
            break
        reached, answer = ascent.climb(climb, exact)
        before = best.bound
        now = FoundPrices(horizon, reached, answer.value, answer, plans) if exact else _proven(horizon, reached, exact, plans)
        best = now if now.bound > best.bound else best
        if max(answer.value, best.bound) - before <= relative_gap * max(abs(before), 1.0):
            break
    del plans[:-_KEPT]
    return best


def _proven(horizon: PricedHorizon, prices: Prices, exact: bool, plans: list[Integers]) -> FoundPrices:
    """Return what the prices prove, all patterns weighed; from now on the best of them are."""
    horizon.keep_patterns(horizon.best_patterns(prices, 1 if exact else _NEAR))
    answer = horizon.answer(prices)
    return FoundPrices(horizon, prices, answer.value, answer, plans)


class _Ascent:
    """One climb: free prices are those of rooms with a limit and of minima that are short or priced already."""

    def __init__(self, horizon: PricedHorizon, start: Prices, answer: Priced, plans: list[Integers], tolerance: float) -> None:
        problem = horizon.problem
        self.horizon, self.start, self.plans, self.tolerance = horizon, start, plans, tolerance
        self.rooms = np.flatnonzero(horizon.finite & (problem.room > 0))
        wanted = horizon.branching & (problem.minimum > 0)[:, None] & ((answer.shortfall > 0) | (start.minimum > 0))
        self.minima = np.flatnonzero(wanted.ravel())
        # one step of 1 moves the value by the share of a room that is overused, so that all prices have like scales
        size = max(abs(answer.value), 1.0)
        owner = self.minima // max(problem.periods, 1)
        self.scale = size * np.concatenate([1 / problem.room[self.rooms], 1 / (problem.minimum[owner] * max(len(problem.minimum), 1))])
        self.size = size

    def prices(self, x: Floats) -> Prices:
        room, minimum = self.start.room.copy(), self.start.minimum.copy()
        count = len(self.rooms)
        room[self.rooms] = (x * self.scale)[:count]
        minimum.ravel()[self.minima] = (x * self.scale)[count:]
        return Prices(room, minimum)

    def climb(self, answers: int, exact: bool) -> tuple[Prices, Priced]:
        """Return the best prices over the patterns weighed (all of them where `exact`) and the answer there."""
        first = np.concatenate([self.start.room[self.rooms], self.start.minimum.ravel()[self.minima]]) / self.scale
        best: tuple[Floats, Priced] | None = None

        def negative(x: Floats) -> tuple[float, Floats]:
            nonlocal best
            prices = self.prices(x)
            if exact and len(self.horizon.space.suppliers):
                self.horizon.keep_patterns(self.horizon.best_patterns(prices, 1))
            answer = self.horizon.answer(prices)
            self.plans.append(answer.course.arriving)
            del self.plans[: -2 * _KEPT]
            if best is None or answer.value > best[1].value:
                best = x.copy(), answer
            slope = np.concatenate([answer.excess[self.rooms], answer.shortfall.ravel()[self.minima]])
            return -answer.value / self.size, -slope * self.scale / self.size

        settings = {"maxfun": answers, "maxiter": answers, "ftol": self.tolerance, "gtol": 1e-9, "maxcor": 20}
        minimize(negative, first, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(first), options=settings)
        assert best is not None
        return self.prices(best[0]), best[1]


def _start(problem: HorizonProblem, settings: HorizonSettings) -> tuple[Prices, int]:
    """Return prices to start from, and how many answers to climb from there: nothing is known of a small problem, and a sample's prices of
    a large one."""
    if problem.items <= _LARGE:
        return Prices(np.zeros(len(problem.room)), np.zeros(problem.may_order.shape)), settings.price_answers
    return _sampled(problem, settings), settings.price_answers_at_size


def _sampled(problem: HorizonProblem, settings: HorizonSettings) -> Prices:
    """Return the prices of a sample of suppliers whose rooms are as tight, itself started from a sample where it is large; minima outside
    the sample have the price 0."""
    suppliers = len(problem.minimum)
    count = max(round(suppliers * max(_SAMPLE / problem.items, _SHARE)), 1)
    chosen = np.zeros(suppliers, dtype=np.bool_)
    chosen[np.linspace(0, suppliers - 1, count).round().astype(np.int64)] = True
    rows = np.flatnonzero(chosen[problem.supplier])
    part = problem.part(rows)
    (unmoved, free), (own_unmoved, own_free) = _uses(problem), _uses(part)
    whole = free - unmoved  # what orders take, beside what lies there anyway
    share = np.where(whole > 0, (own_free - own_unmoved) / np.where(whole > 0, whole, 1.0), len(rows) / problem.items)
    room = own_unmoved + (problem.room - unmoved) * np.maximum(share, 1e-9)
    part = part.with_room(np.where(np.isfinite(problem.room), room, np.inf))
    start, answers = _start(part, settings)
    found = _climbed(PricedHorizon(part), start, settings.price_rounds, answers, settings.relative_gap)
    if problem.has_terms.any():
        return found.prices
    pool = PlanPool(part)
    for plan in (np.zeros_like(part.demand), *found.plans):
        pool.add(plan)
    return mix_plans(fix_periods(part, part.may_order), pool, found.prices, _SAMPLE_GAP * abs(found.bound), settings).prices


def _uses(problem: HorizonProblem) -> tuple[Floats, Floats]:
    """Return what each room is used for without orders, and where every period's demand arrives in it."""
    without = np.zeros_like(problem.demand)
    ordered = np.where(problem.may_arrive, problem.demand, 0)
    return used_room(problem, course_of(problem, without)), used_room(problem, course_of(problem, ordered))
