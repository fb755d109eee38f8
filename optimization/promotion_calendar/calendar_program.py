"""The calendar as a program: columns are choices x and pairs of products promoted together y, rows are limits.

    maximise    profit of choices - loss of pairs on promotion together
    under       sum of x in any (cool-down + 1) weeks in a row <= 1            per product
                sum of x <= 0                                                 within the rest around a promotion that is held
                sum of x <= slots                                             per week, per category and week
                budget used <= budget, lift added so far <= stock so far      per calendar and category, per product and week
                sum of x in a week <= 1                                       per clique of products in conflict
                y >= x_i + x_j - 1, all kinds of promotion together           per pair with a loss and week
                sum of x >= minimum                                           per category
                sum of x = 1                                                  per product and week that a merchandiser decided

A window of weeks is one row instead of all pairs of weeks in it, so that the rows of one product alone leave no fractions. Where no
minimum and no decision asks for a product, a loss as large as its best profit of the week is a conflict: no best plan needs both.

Public: `LimitRow`, `CalendarProgram`, `calendar_program`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from optimization.linear_program import LinearArrays, RowBuilder
from optimization.linear_program.arrays import Floats, Integers
from optimization.promotion_calendar.cliques import conflict_cliques
from optimization.promotion_calendar.frames import ReadFrames
from optimization.promotion_calendar.limits import PromotionLimits
from optimization.promotion_calendar.stock_cuts import most_lift, stock_cuts

_ROUNDING = 1e-7
TOLD_ALWAYS = ("slots", "category_slots", "budget", "category_budget", "category_minimum")
OWN = ("cool_down", "stock", "stock_cut")
"""Rows that concern one product alone."""


@dataclass(frozen=True)
class LimitRow:
    """What a row of the program says. Rows named decision, loss and stock_cut are no limits of their own and never give way."""

    limit_name: str
    scope: str
    allowed: float
    unit: str

    @property
    def is_minimum(self) -> bool:
        """True where the limit is the least and not the most."""
        return self.limit_name == "category_minimum"

    @property
    def is_limit(self) -> bool:
        """True for what a merchandiser or the stock set."""
        return self.limit_name not in ("decision", "loss", "stock_cut")


@dataclass(frozen=True)
class CalendarProgram:
    """choices: the useful choices, one per column from the first on, sorted by product, week, promotion. rows: one per row of arrays.
    pairs: (product, product, week) per y column, which follow the choices."""

    arrays: LinearArrays
    choices: pl.DataFrame
    rows: tuple[LimitRow, ...]
    pairs: tuple[tuple[str, str, int], ...]


def calendar_program(
    frames: ReadFrames,
    choices: pl.DataFrame,
    limits: PromotionLimits,
    *,
    gave: Mapping[tuple[str, str], float] | None = None,
    with_cuts: bool = True,
) -> CalendarProgram:
    """Return the program over the useful choices (`judged`, left_out null).

    gave: by how much limits (limit_name, scope) give way. with_cuts: rows that follow from stock for whole choices are added, which brings
    the linear relaxation near to the integers; without them stock may still give way.
    """
    return _Rows(frames, choices, limits, gave or {}, with_cuts).program()


class _Rows:
    """Rows collected limit by limit."""

    def __init__(
        self,
        frames: ReadFrames,
        choices: pl.DataFrame,
        limits: PromotionLimits,
        gave: Mapping[tuple[str, str], float],
        with_cuts: bool,
    ) -> None:
        self.frames, self.limits, self.choices, self.gave, self.with_cuts = frames, limits, choices, gave, with_cuts
        self.rows = RowBuilder()
        self.told: list[LimitRow] = []
        self.products, self.category = choices["product_id"].to_list(), np.array(choices["category"].to_list(), dtype=object)
        self.week = choices["week"].to_numpy().astype(np.int64)
        self.profit, self.use, self.lift = (choices[name].to_numpy().astype(np.float64) for name in ("profit", "budget_use", "lift_units"))
        self.lift = np.maximum(self.lift, 0.0)
        self.spots: dict[str, dict[int, list[int]]] = {}
        for column, (product, week) in enumerate(zip(self.products, self.week.tolist(), strict=True)):
            self.spots.setdefault(product, {}).setdefault(week, []).append(column)

    def program(self) -> CalendarProgram:
        self._cool_down()
        self._slots()
        self._budgets()
        self._stock()
        losses = self._conflicts()
        self._minimums()
        self._decided()
        count, whole = len(self.profit), len(self.profit) + len(losses)
        for number, (a, b, week) in enumerate(losses):
            both = np.array(self.spots[a][week] + self.spots[b][week])
            y = (np.zeros(1, dtype=np.int64), np.array([count + number]), -np.ones(1))
            self._add(LimitRow("loss", f"{a}, {b}, week {week}", 1.0, "promotions"), both, None, y)
        objective = np.concatenate([self.profit, -np.array(list(losses.values()), dtype=np.float64)])
        arrays = self.rows.program(objective, np.zeros(whole), np.ones(whole), True, "max")
        arrays = replace(arrays, is_integer=np.arange(whole) < count)
        return CalendarProgram(arrays, self.choices, tuple(self.told), tuple(losses))

    def _add(self, row: LimitRow, columns: Integers, weights: Floats | None, *more: tuple[Integers, Integers, Floats]) -> None:
        weights = np.ones(len(columns)) if weights is None else weights
        sense = ">=" if row.is_minimum else "=" if row.limit_name == "decision" else "<="
        self.rows.add(sense, np.array([self._right(row)]), (np.zeros(len(columns), dtype=np.int64), columns, weights), *more)
        self.told.append(row)

    def _right(self, row: LimitRow) -> float:
        """Return the right-hand side: what is allowed and what gave way, with a little room for rounding where it did."""
        gave = self.gave.get((row.limit_name, row.scope), 0.0)
        room = gave + _ROUNDING * max(abs(row.allowed), 1.0) if gave else 0.0
        return row.allowed - room if row.is_minimum else row.allowed + room

    def _cool_down(self) -> None:
        reach = self.limits.cool_down_weeks
        held = dict(self.frames.held.group_by("product_id").agg(pl.col("week").sort()).iter_rows())
        for product, weeks in self.spots.items():
            for first, members in _windows(sorted(weeks), reach):
                columns = np.array([column for week in members for column in weeks[week]])
                if len(columns) > 1:
                    scope = f"{product}, week {first}" if reach == 0 else f"{product}, weeks {first} to {first + reach}"
                    self._add(LimitRow("cool_down", scope, 1.0, "promotions"), columns, None)
            for week in held.get(product, []):  # only what a merchandiser decided lies so near
                near = [column for one in weeks if abs(one - week) <= reach for column in weeks[one]]
                if near:
                    self._add(LimitRow("held_promotion", f"{product}, week {week}", 0.0, "promotions"), np.array(near), None)

    def _slots(self) -> None:
        last = self.frames.candidates["week"].max()
        category_of = dict(self.frames.candidates.select("product_id", "category").unique().iter_rows())
        held = [(week, category_of.get(product)) for product, week in self.frames.held.iter_rows()]
        for week in range(int(str(last)) + 1 if last is not None else 0):
            here, slots = np.flatnonzero(self.week == week), self.limits.slots(week)
            if slots is not None:
                free = float(max(slots - sum(one == week for one, _ in held), 0))
                self._add(LimitRow("slots", f"week {week}", free, "promotions"), here, None)
            for category, most in sorted(self.limits.category_slots.items()):
                own = here[self.category[here] == category]
                free = float(max(most - held.count((week, category)), 0))
                self._add(LimitRow("category_slots", f"{category}, week {week}", free, "promotions"), own, None)

    def _budgets(self) -> None:
        if self.limits.budget is not None:
            self._add(LimitRow("budget", "all", float(self.limits.budget), "money"), np.arange(len(self.use)), self.use)
        for category, amount in sorted(self.limits.category_budgets.items()):
            own = np.flatnonzero(self.category == category)
            self._add(LimitRow("category_budget", category, float(amount), "money"), own, self.use[own])

    def _stock(self) -> None:
        for product, until, available in self.frames.stock.iter_rows():
            weeks = {week: columns for week, columns in self.spots.get(product, {}).items() if week <= until}
            columns = np.array([column for week in sorted(weeks) for column in weeks[week]], dtype=np.int64)
            rest = self.limits.cool_down_weeks if self.with_cuts and not self.gave else 0  # which may give way too
            if not len(columns) or most_lift(self.week[columns], self.lift[columns], rest) <= available:
                continue
            row = LimitRow("stock", f"{product}, until week {until}", available, "units")
            self._add(row, columns, self.lift[columns])
            if self.with_cuts:
                for members, most in stock_cuts(self.lift[columns], self._right(row)):
                    self._add(LimitRow("stock_cut", product, float(most), "promotions"), columns[members], None)

    def _conflicts(self) -> dict[tuple[str, str, int], float]:
        """Add the rows of conflicts and return the losses that are none, by pair and week."""
        losses: dict[tuple[str, str, int], float] = {}
        apart: dict[int, list[tuple[str, str]]] = {}
        tables = (self.frames.conflicts.with_columns(loss=pl.lit(np.inf)), self.frames.cannibalisation)
        for a, b, loss in (row for table in tables for row in table.iter_rows()):
            for week in sorted(set(self.spots.get(a, {})) & set(self.spots.get(b, {}))):
                if loss >= min(self._worth(a, week), self._worth(b, week)):
                    apart.setdefault(week, []).append((a, b))
                elif loss > 0:
                    losses[a, b, week] = loss
        for product, week in self.frames.held.iter_rows():
            for a, b in self.frames.conflicts.filter((pl.col("product_a") == product) | (pl.col("product_b") == product)).iter_rows():
                columns = self.spots.get(b if a == product else a, {}).get(week)
                if columns:  # only what a merchandiser decided lies here
                    self._add(LimitRow("conflict", f"{a}, {b}, week {week}", 0.0, "promotions"), np.array(columns), None)
        for week, members in sorted(apart.items()):
            for clique in conflict_cliques(members):
                columns = np.array([column for product in clique for column in self.spots[product][week]])
                self._add(LimitRow("conflict", f"{', '.join(clique)}, week {week}", 1.0, "promotions"), columns, None)
        separate = {(a, b, week) for week, members in apart.items() for a, b in members}
        return {pair: losses[pair] for pair in sorted(losses) if pair not in separate}

    def _worth(self, product: str, week: int) -> float:
        """Return the most that is lost by leaving out the product's promotion of the week; infinite where something asks for it."""
        columns = self.spots[product][week]
        asked = self.choices["must_run"][columns[0]] or self.limits.category_minimums.get(str(self.category[columns[0]]), 0) > 0
        return np.inf if asked else float(self.profit[columns].max())

    def _minimums(self) -> None:
        for category, least in sorted(self.limits.category_minimums.items()):
            if least > 0:
                own = np.flatnonzero(self.category == category)
                self._add(LimitRow("category_minimum", category, float(least), "promotions"), own, None)

    def _decided(self) -> None:
        decided = self.choices.filter("must_run").select("product_id", "week").unique(maintain_order=True)
        for product, week in decided.iter_rows():
            self._add(LimitRow("decision", f"{product}, week {week}", 1.0, "promotions"), np.array(self.spots[product][week]), None)


def _windows(weeks: list[int], reach: int) -> Iterator[tuple[int, list[int]]]:
    """Yield first week and weeks of each window of reach + 1 weeks that lies in no other."""
    newest = -1
    for first in weeks:
        members = [week for week in weeks if first <= week <= first + reach]
        if members[-1] > newest:
            newest = members[-1]
            yield first, members
