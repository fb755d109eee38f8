"""Moves as a linear or integer program in PuLP: line costs, closed lanes, units per lane and receiving volume.

    maximise   gains of steps given and received - handling of steps moved - line cost of lanes used
    under      steps given = steps leaving, steps arriving = steps received      per product and location
               steps moved <= most x lane used                                  where lines cost something
               units on a lane, volume arriving at a location <= limit           over all products of the program

Without line costs and joint limits this is a flow through a network, whose corner points are whole numbers.

Public: `solve_moves`, `program_size`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimization.linear_program import RowBuilder, SolveOptions, solve_arrays
from optimization.replenishment.demand_scenarios import Floats
from optimization.transfers.greedy_moves import Moves
from optimization.transfers.settings import TransferLimits, TransferSettings
from optimization.transfers.stock_curves import ProductStock


@dataclass(frozen=True)
class SolvedMoves:
    """moves: per product. bound: no moves of these products gain more under the limits."""

    moves: list[Moves]
    bound: float


def program_size(stocks: Sequence[ProductStock], settings: TransferSettings) -> int:
    """Return an upper limit on the variables of the program of these products."""
    lanes = sum(len(one.givers) * len(one.receivers) for one in stocks)
    return sum(len(node.gains) for one in stocks for node in (*one.givers, *one.receivers)) + lanes * (
        1 + (settings.handling_cost_per_line > 0)
    )


def solve_moves(stocks: Sequence[ProductStock], limits: TransferLimits, settings: TransferSettings) -> SolvedMoves | None:
    """Return the best moves of some products together, None where the solver found none in time."""
    program = _Program(settings)
    for stock in stocks:
        program.add(stock, limits)
    program.add_joint_rows(limits)
    return program.solve(stocks)


class _Program:
    """Columns and rows collected product by product."""

    def __init__(self, settings: TransferSettings) -> None:
        self.settings, self.rows = settings, RowBuilder()
        self.objective: list[Floats] = []
        self.upper: list[Floats] = []
        self.whole: list[bool] = []
        self.count = 0
        self.flows: list[dict[tuple[int, int], int]] = []
        self.lane_terms: dict[tuple[str, str], list[tuple[int, float]]] = {}
        self.volume_terms: dict[str, list[tuple[int, float]]] = {}

    def _columns(self, objective: Floats, upper: Floats, whole: bool) -> np.ndarray:
        self.objective.append(objective)
        self.upper.append(upper)
        self.whole += [whole] * len(objective)
        self.count += len(objective)
        return np.arange(self.count - len(objective), self.count)

    def add(self, stock: ProductStock, limits: TransferLimits) -> None:
        settings, handling = self.settings, self.settings.handling_cost_per_unit * stock.step
        lanes = [
            (g, r)
            for g, giver in enumerate(stock.givers)
            for r, receiver in enumerate(stock.receivers)
            if limits.allows(giver.location, receiver.location)
        ]
        most = np.array([float(min(len(stock.givers[g].gains), len(stock.receivers[r].gains))) for g, r in lanes])
        flow = self._columns(np.full(len(lanes), -handling), most, True)
        self.flows.append(dict(zip(lanes, flow.tolist(), strict=True)))
        for side, nodes in enumerate((stock.givers, stock.receivers)):
            for index, node in enumerate(nodes):
                steps = self._columns(node.gains, np.ones(len(node.gains)), False)
                moved = np.array([flow[place] for place, lane in enumerate(lanes) if lane[side] == index], dtype=np.int64)
                zero = np.zeros(1)
                self.rows.add("=", zero, _same_row(steps, np.ones(len(steps))), _same_row(moved, -np.ones(len(moved))))
        if settings.handling_cost_per_line > 0 and lanes:
            used = self._columns(np.full(len(lanes), -settings.handling_cost_per_line), np.ones(len(lanes)), True)
            row = np.arange(len(lanes))
            self.rows.add("<=", np.zeros(len(lanes)), (row, flow, np.ones(len(lanes))), (row, used, -most))
        for (g, r), column in self.flows[-1].items():
            pair = (stock.givers[g].location, stock.receivers[r].location)
            self.lane_terms.setdefault(pair, []).append((column, stock.step))
            self.volume_terms.setdefault(pair[1], []).append((column, stock.step_volume))

    def add_joint_rows(self, limits: TransferLimits) -> None:
        lanes = [(limits.lane_units(*pair), terms) for pair, terms in sorted(self.lane_terms.items())]
        rooms = [(limits.receiving_volume_m3.get(place, np.inf), terms) for place, terms in sorted(self.volume_terms.items())]
        for allowed, terms in (*lanes, *rooms):
            if np.isfinite(allowed):
                columns, weights = (np.array(side) for side in zip(*terms, strict=True))
                self.rows.add("<=", np.array([allowed]), _same_row(columns, weights))

    def solve(self, stocks: Sequence[ProductStock]) -> SolvedMoves | None:
        settings = self.settings
        program = self.rows.program(
            np.concatenate([np.zeros(0), *self.objective]), np.zeros(self.count), np.concatenate([np.zeros(0), *self.upper]), False, "max"
        )
        options = SolveOptions(
            relative_gap=settings.relative_gap, absolute_gap=1e-9, time_limit_seconds=settings.time_limit_seconds, seed=settings.seed
        )
        answer = solve_arrays(replace(program, is_integer=np.array(self.whole, dtype=np.bool_)), options)
        if answer.value is None or answer.bound is None:
            return None
        found: list[Moves] = []
        for stock, flows in zip(stocks, self.flows, strict=True):
            moves = np.zeros((len(stock.givers), len(stock.receivers)))
            for (g, r), column in flows.items():
                moves[g, r] = np.rint(answer.x[column])
            found.append(moves)
        return SolvedMoves(found, answer.bound)


def _same_row(columns: np.ndarray, values: Floats) -> tuple[np.ndarray, np.ndarray, Floats]:
    return np.zeros(len(columns), dtype=np.int64), columns, values
