"""The program over lines: a linear one where every node has one segment, else one binary per segment.

Columns: spend per cell, exposure and response per node, shortages where limits collide, then per segment of a cut node its exposure, its
response and whether it is the one. A node's segments are disjoint, so their convex hull needs no large constants.

Public: `ad_program`.
"""

from dataclasses import replace

import numpy as np

from optimization.ad_budget.ad_problem import AdProblem
from optimization.ad_budget.envelopes import Envelope
from optimization.linear_program import LinearArrays, RowBuilder
from optimization.linear_program.arrays import Floats, Integers


def ad_program(problem: AdProblem, envelopes: list[Envelope]) -> LinearArrays:
    """Return the program whose best value is an upper bound on every plan's value."""
    cells, nodes = problem.lower.size, len(envelopes)
    spend, exposure, response = np.arange(cells), cells + np.arange(nodes), cells + nodes + np.arange(nodes)
    rows = RowBuilder()
    short = _limit_rows(rows, problem, spend, cells + 2 * nodes)
    _exposure_rows(rows, problem, exposure)
    width = cells + 2 * nodes + short
    relaxed = problem.shortage > 0
    lower = [np.zeros(cells) if relaxed else problem.lower.ravel(), *_ranges(envelopes, 0), np.zeros(short)]
    upper = [problem.upper.ravel(), *_ranges(envelopes, 1), np.full(short, np.inf)]
    integers: list[int] = []
    for index, node in enumerate(envelopes):
        if len(node.cuts) == 2:
            _lines(rows, node.lines(*node.segments[0]), int(exposure[index]), int(response[index]), None)
            continue
        count = len(node.segments)
        parts = width + np.arange(3 * count).reshape(3, count)  # exposure, response, chosen
        width += 3 * count
        lower.append(np.zeros(3 * count))
        upper.append(np.concatenate([np.full(2 * count, np.inf), np.ones(count)]))
        integers += parts[2].tolist()
        _sum_to(rows, parts[0], int(exposure[index]))
        _sum_to(rows, parts[1], int(response[index]))
        rows.add("=", np.ones(1), (np.zeros(count, dtype=np.int64), parts[2], np.ones(count)))
        for position, (low, high) in enumerate(node.segments):
            x, y, one = (int(part[position]) for part in parts)
            pair, zero = np.array([x, one]), np.zeros(2, dtype=np.int64)
            rows.add(">=", np.zeros(1), (zero, pair, np.array([1.0, -low])))
            rows.add("<=", np.zeros(1), (zero, pair, np.array([1.0, -high])))
            _lines(rows, node.lines(low, high), x, y, one)
    objective = np.zeros(width)
    objective[spend], objective[response] = -problem.price, 1.0
    program = rows.program(objective, np.concatenate(lower), np.concatenate(upper), False, "max")
    whole = np.zeros(width, dtype=np.bool_)
    whole[integers] = True
    return replace(program, is_integer=whole)


def _limit_rows(rows: RowBuilder, problem: AdProblem, spend: Integers, first: int) -> int:
    """Add budgets and minimums; where limits collide every minimum gets a shortage, all of which together are no more than needed."""
    relaxed = problem.shortage > 0
    shortages = 0
    for row in problem.rows:
        columns = spend[row.cells.ravel()]
        entries = [(np.zeros(len(columns), dtype=np.int64), columns, np.ones(len(columns)))]
        if row.is_minimum and relaxed:
            entries.append((np.zeros(1, dtype=np.int64), np.array([first + shortages]), np.ones(1)))
            shortages += 1
        rows.add(">=" if row.is_minimum else "<=", np.array([row.allowed]), *entries)
    if not relaxed:
        return 0
    cells = np.arange(len(spend))
    rows.add(">=", problem.lower.ravel(), (cells, spend, np.ones(len(spend))), (cells, first + shortages + cells, np.ones(len(spend))))
    shortages += len(spend)
    rows.add(
        "<=",
        np.array([problem.shortage * (1 + 1e-9) + 1e-9]),
        (np.zeros(shortages, dtype=np.int64), first + np.arange(shortages), np.ones(shortages)),
    )
    return shortages


def _exposure_rows(rows: RowBuilder, problem: AdProblem, exposure: Integers) -> None:
    channels, length, periods = problem.per_unit.shape
    node = np.arange(channels * length)
    row = np.repeat(node, periods)
    cell = (np.arange(channels)[:, None, None] * periods + np.arange(periods)[None, None, :]).repeat(length, axis=1).ravel()
    rows.add(
        "=",
        -problem.opening.ravel(),
        (row, cell, problem.per_unit.ravel()),
        (node, exposure, -np.ones(len(node))),
    )


def _ranges(envelopes: list[Envelope], side: int) -> list[Floats]:
    """Bounds of exposures and of responses, lower (0) or upper (1); rounding of the exposure row must not make the program infeasible."""
    ends = np.array([node.cuts[-side] for node in envelopes], dtype=np.float64)
    slack = 1e-9 * np.maximum(ends, 1.0)
    if side == 0:
        return [np.maximum(ends - slack, 0.0), np.zeros(len(ends))]
    return [ends + slack, np.array([node.curve.height for node in envelopes], dtype=np.float64)]


def _lines(rows: RowBuilder, lines: list[tuple[float, float]], x: int, y: int, one: int | None) -> None:
    """Add response <= slope * exposure + intercept, the intercept only where the segment is chosen."""
    count = len(lines)
    slopes, intercepts = np.array([line[0] for line in lines]), np.array([line[1] for line in lines])
    index = np.arange(count)
    entries = [(index, np.full(count, y), np.ones(count)), (index, np.full(count, x), -slopes)]
    if one is not None:
        entries.append((index, np.full(count, one), -intercepts))
    rows.add("<=", intercepts if one is None else np.zeros(count), *entries)


def _sum_to(rows: RowBuilder, parts: Integers, total: int) -> None:
    columns = np.append(parts, total)
    values = np.append(np.ones(len(parts)), -1.0)
    rows.add("=", np.zeros(1), (np.zeros(len(columns), dtype=np.int64), columns, values))
