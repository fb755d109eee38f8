"""The best plan of each product alone at given prices of the joint limits, and what each choice would cost in it.

Choices of one product are at most one in any (cool-down + 1) weeks and hold the product's stock. Without stock the best plan is found week
by week (dynamic program); with stock all plans that hold it are listed, as long as they are not too many, else stock gets a price too.

Public: `ProductPlans`, `product_plans`.
"""

from dataclasses import dataclass

import numpy as np

from optimization.linear_program.arrays import Flags, Floats, Integers
from optimization.promotion_calendar.calendar_program import CalendarProgram

MOST_PLANS = 3_000
"""More plans of one product than this are not listed."""
_TOLERANCE = 1e-9
_ONE_AND_MORE = 1.5  # right-hand side of a window of rest that gave way


@dataclass(frozen=True)
class ProductPlans:
    """What the products' own rows allow.

    product, week_spot: product and place in `weeks` of each choice. is_own: rows of the program that the plans keep. is_loose:
    products whose rest gave way, so that any weeks may be planned. is_listed: products
    whose plans are listed; plan_choice and plan_of: choice and plan, one entry per choice in a listed plan; plan_product: of each plan.
    """

    product: Integers
    week_spot: Integers
    weeks: Integers
    cool_down_weeks: int
    is_loose: Flags
    is_own: Flags
    plan_choice: Integers
    plan_of: Integers
    plan_product: Integers
    is_listed: Flags

    def regrets(self, profit: Floats) -> tuple[float, Floats]:
        """Return the value of the best plans at these profits of choices, and by how much it falls where a choice must run."""
        products = len(self.is_listed)
        best, with_choice = self._week_by_week(profit, self.cool_down_weeks)
        if self.is_loose.any():
            any_weeks, with_any = self._week_by_week(profit, 0)
            best = np.where(self.is_loose, any_weeks, best)
            with_choice = np.where(self.is_loose[self.product], with_any, with_choice)
        if len(self.plan_product):
            value = np.bincount(self.plan_of, weights=profit[self.plan_choice], minlength=len(self.plan_product))
            listed = np.full(products, -np.inf)
            np.maximum.at(listed, self.plan_product, value)
            best = np.where(self.is_listed, listed, best)
            most = np.full(len(profit), -np.inf)
            np.maximum.at(most, self.plan_choice, value[self.plan_of])
            with_choice = np.where(self.is_listed[self.product], most, with_choice)
        return float(best.sum()), best[self.product] - with_choice

    def _week_by_week(self, profit: Floats, rest: int) -> tuple[Floats, Floats]:
        """Best plan of each product from both ends; what a choice gives is itself and the best before and after its rest."""
        products, width = len(self.is_listed), len(self.weeks)
        spot = np.full((products, width), -np.inf)
        np.maximum.at(spot, (self.product, self.week_spot), profit)
        before, after = np.zeros((width + 1, products)), np.zeros((width + 1, products))
        open_before = np.searchsorted(self.weeks, self.weeks - rest, side="left")  # weeks before it have rested
        open_after = np.searchsorted(self.weeks, self.weeks + rest, side="right")
        for place in range(width):
            before[place + 1] = np.maximum(before[place], spot[:, place] + before[open_before[place]])
        for place in reversed(range(width)):
            after[place] = np.maximum(after[place + 1], spot[:, place] + after[open_after[place]])
        around = before[open_before[self.week_spot], self.product] + after[open_after[self.week_spot], self.product]
        return before[width], profit + around


def product_plans(program: CalendarProgram, cool_down_weeks: int) -> ProductPlans:
    """Return the plans of each product under its own rows of the program; a product whose rest gave way keeps only its stock."""
    count = program.choices.height
    names = program.choices["product_id"].rle_id().to_numpy().astype(np.int64)
    week = program.choices["week"].to_numpy().astype(np.int64)
    weeks, spot = np.unique(week, return_inverse=True)
    products = int(names[-1]) + 1 if count else 0
    kinds = np.array([row.limit_name for row in program.rows], dtype=object)
    row_product = np.full(len(program.rows), -1, dtype=np.int64)
    inside = program.arrays.entry_column < count
    row_product[program.arrays.entry_row[inside]] = names[program.arrays.entry_column[inside]]
    is_rest = kinds == "cool_down"
    is_loose = np.zeros(products, dtype=np.bool_)
    is_loose[row_product[is_rest & (program.arrays.rhs > _ONE_AND_MORE)]] = True
    stock = _stock_rows(program, np.flatnonzero(kinds == "stock"))
    is_listed, choices, plans, owners = np.zeros(products, dtype=np.bool_), list[int](), list[int](), list[int]()
    for product, rows in _by_product(stock, names).items():
        columns = np.flatnonzero(names == product)
        found = _list_plans(columns, week[columns], rows, 0 if is_loose[product] else cool_down_weeks)
        if found is None:
            continue
        is_listed[product] = True
        for plan in found:
            choices += plan
            plans += [len(owners)] * len(plan)
            owners.append(product)
    of_stock = np.isin(kinds, ("stock", "stock_cut"))
    is_own = (is_rest & ~is_loose[row_product]) | (of_stock & (row_product >= 0) & is_listed[row_product])
    return ProductPlans(
        product=names,
        week_spot=spot.astype(np.int64),
        weeks=weeks,
        cool_down_weeks=cool_down_weeks,
        is_loose=is_loose,
        is_own=is_own.astype(np.bool_),
        plan_choice=np.array(choices, dtype=np.int64),
        plan_of=np.array(plans, dtype=np.int64),
        plan_product=np.array(owners, dtype=np.int64),
        is_listed=is_listed,
    )


_StockRow = tuple[dict[int, float], float]


def _stock_rows(program: CalendarProgram, rows: Integers) -> list[_StockRow]:
    """Return lift by column and stock of each stock row."""
    lifts: dict[int, dict[int, float]] = {row: {} for row in rows.tolist()}
    arrays = program.arrays
    kept = np.isin(arrays.entry_row, rows)
    for row, column, value in zip(arrays.entry_row[kept], arrays.entry_column[kept], arrays.entry_value[kept], strict=True):
        lifts[int(row)][int(column)] = float(value)
    return [(lifts[row], float(arrays.rhs[row])) for row in rows.tolist()]


def _by_product(rows: list[_StockRow], product: Integers) -> dict[int, list[_StockRow]]:
    found: dict[int, list[_StockRow]] = {}
    for lifts, available in rows:
        found.setdefault(int(product[next(iter(lifts))]), []).append((lifts, available))
    return found


def _list_plans(columns: Integers, weeks: Integers, rows: list[_StockRow], rest: int) -> list[list[int]] | None:
    """Return every plan of one product that holds all its stock rows, the empty one too; None where there are too many."""
    following = np.searchsorted(weeks, weeks + rest, side="right").tolist()
    uses = [[lifts.get(column, 0.0) for lifts, _ in rows] for column in columns.tolist()]
    room = [available * (1 + _TOLERANCE) for _, available in rows]
    plans: list[list[int]] = [[]]
    open_plans: list[tuple[int, list[int], list[float]]] = [(0, [], room)]
    while open_plans:
        start, plan, left = open_plans.pop()
        for place in range(start, len(columns)):
            remains = [have - use for have, use in zip(left, uses[place], strict=True)]
            if min(remains) < 0:
                continue
            longer = [*plan, int(columns[place])]
            plans.append(longer)
            if len(plans) > MOST_PLANS:
                return None
            open_plans.append((following[place], longer, remains))
    return plans
