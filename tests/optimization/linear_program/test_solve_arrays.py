"""Solving arrays: a search that a node limit ends hands over its best plan and an honest bound."""

import numpy as np

from optimization.linear_program.arrays import LinearArrays
from optimization.linear_program.options import SolveOptions
from optimization.linear_program.solve_arrays import solve_arrays


def hard_knapsack(rows: int = 6, columns: int = 60) -> LinearArrays:
    """Dense knapsack rows over 0/1 columns: more nodes to the end than the test allows."""
    random = np.random.default_rng(3)
    weight = random.integers(20, 100, size=(rows, columns)).astype(np.float64)
    row, column = np.divmod(np.arange(rows * columns), columns)
    return LinearArrays(
        objective=random.integers(20, 100, size=columns).astype(np.float64),
        lower=np.zeros(columns),
        upper=np.ones(columns),
        is_integer=np.ones(columns, dtype=bool),
        row_sense=np.full(rows, -1),
        rhs=np.floor(weight.sum(axis=1) / 2),
        entry_row=row,
        entry_column=column,
        entry_value=weight.ravel(),
        sense="max",
    )


def test_node_limit_gives_a_plan_with_an_honest_bound_and_the_same_one_twice() -> None:
    program = hard_knapsack()
    stopped = [solve_arrays(program, SolveOptions(most_nodes=5)) for _ in range(2)]
    best = solve_arrays(program)
    assert best.status == "optimal"
    assert stopped[0].status == "feasible"
    assert (program.excess(stopped[0].x) <= 1e-6).all()
    assert stopped[0].value is not None
    assert stopped[0].bound is not None
    assert best.value is not None
    assert stopped[0].value <= best.value + 1e-6 <= stopped[0].bound + 1e-5
    assert (stopped[0].x == stopped[1].x).all()
    assert stopped[0].bound == stopped[1].bound
