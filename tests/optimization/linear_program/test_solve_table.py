"""`solve_table`: textbook answers, signs of prices, colliding limits, and properties against brute force."""

import itertools

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.linear_program import LinearPlan, SolveOptions, solve_table


def program(objective: dict, limits: dict, integer: bool = False, upper: float | None = None) -> tuple:
    """Return the three tables of a program; limits are {row: (sense, rhs, {variable: value})}."""
    variables = pl.DataFrame(
        [{"variable": v, "objective": float(c), "lower": 0.0, "upper": upper, "is_integer": integer} for v, c in objective.items()],
        schema={"variable": pl.String, "objective": pl.Float64, "lower": pl.Float64, "upper": pl.Float64, "is_integer": pl.Boolean},
    )
    rows = pl.DataFrame(
        [{"row": r, "sense": s, "rhs": float(b)} for r, (s, b, _) in limits.items()],
        schema={"row": pl.String, "sense": pl.String, "rhs": pl.Float64},
    )
    coefficients = pl.DataFrame(
        [{"row": r, "variable": v, "value": float(a)} for r, (_, _, terms) in limits.items() for v, a in terms.items()],
        schema={"row": pl.String, "variable": pl.String, "value": pl.Float64},
    )
    return variables, rows, coefficients


def x_of(plan: LinearPlan) -> dict:
    return dict(plan.variables.select("variable", "x").iter_rows())


def column(plan: LinearPlan, name: str) -> dict:
    return dict(plan.rows.select("row", name).iter_rows())


# Hillier and Lieberman's glass works: max 3 doors + 5 windows
GLASS = (
    {"doors": 3, "windows": 5},
    {"a": ("<=", 4, {"doors": 1}), "b": ("<=", 12, {"windows": 2}), "c": ("<=", 18, {"doors": 3, "windows": 2})},
)


def test_the_glass_works_give_two_doors_six_windows_and_the_textbooks_prices() -> None:
    plan = solve_table(*program(*GLASS), sense="max")
    assert x_of(plan) == pytest.approx({"doors": 2, "windows": 6})
    assert plan.certificate.value == pytest.approx(36)
    assert column(plan, "dual") == pytest.approx({"a": 0.0, "b": 1.5, "c": 1.0})
    assert column(plan, "slack") == pytest.approx({"a": 2.0, "b": 0.0, "c": 0.0})
    assert plan.certificate.holds
    assert plan.dual_source == "program"


def test_minimising_the_negative_is_the_same_plan_with_prices_of_the_other_sign() -> None:
    objective, limits = GLASS
    plan = solve_table(*program({v: -c for v, c in objective.items()}, limits), sense="min")
    assert x_of(plan) == pytest.approx({"doors": 2, "windows": 6})
    assert column(plan, "dual") == pytest.approx({"a": 0.0, "b": -1.5, "c": -1.0})


@pytest.mark.parametrize("row", ["a", "b", "c"])
def test_the_dual_is_what_one_percent_more_of_a_limit_earns(row: str) -> None:
    objective, limits = GLASS
    sense, rhs, terms = limits[row]
    base = solve_table(*program(*GLASS), sense="max")
    more = solve_table(*program(objective, {**limits, row: (sense, rhs * 1.01, terms)}), sense="max")
    assert more.certificate.value - base.certificate.value == pytest.approx(column(base, "dual")[row] * rhs * 0.01, abs=1e-9)


def test_whole_numbers_take_their_prices_from_the_linear_relaxation_and_say_so() -> None:
    plan = solve_table(*program({"a": 5, "b": 4}, {"cap": ("<=", 7, {"a": 2, "b": 3})}, integer=True), sense="max")
    assert x_of(plan) == {"a": 3.0, "b": 0.0}
    assert plan.dual_source == "linear relaxation"
    assert column(plan, "dual")["cap"] == pytest.approx(2.5)
    assert plan.certificate.bound == pytest.approx(15)


def test_colliding_limits_are_named_and_the_best_relaxed_plan_is_given() -> None:
    limits = {"need": (">=", 10, {"a": 1}), "budget": ("<=", 8, {"a": 2}), "idle": ("<=", 99, {"a": 1})}
    plan = solve_table(*program({"a": 1}, limits))
    assert plan.certificate.status == "relaxed"
    assert not plan.certificate.holds
    assert column(plan, "is_colliding") == {"need": True, "budget": True, "idle": False}
    # need gives 6 of 10 (0.6 of itself) where budget would have to give 12 of 8
    assert column(plan, "relaxed_by") == pytest.approx({"need": 6.0, "budget": 0.0, "idle": 0.0})
    assert x_of(plan)["a"] == pytest.approx(4, abs=1e-5)
    assert "need by 6" in plan.message


def test_limits_that_collide_only_in_whole_numbers_are_found_by_dropping_rows() -> None:
    limits = {"half": ("=", 1, {"a": 2}), "other": ("<=", 5, {"a": 1})}
    plan = solve_table(*program({"a": 1}, limits, integer=True))
    assert plan.certificate.status == "relaxed"
    assert column(plan, "is_colliding") == {"half": True, "other": False}


def test_an_objective_without_end_is_unbounded() -> None:
    plan = solve_table(*program({"a": 1}, {"floor": (">=", 1, {"a": 1})}), sense="max")
    assert plan.certificate.status == "unbounded"
    assert plan.variables["x"].null_count() == 1


def test_no_variables_give_empty_tables() -> None:
    plan = solve_table(*program({}, {}))
    assert plan.certificate.status == "optimal"
    assert plan.variables.columns == ["variable", "x", "reduced_cost"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda v, r, c: (pl.concat([v, v]), r, c), "repeats"),
        (lambda v, r, c: (v, r.with_columns(sense=pl.lit("<")), c), "sense"),
        (lambda v, r, c: (v, r, c.with_columns(variable=pl.lit("ghost")).unique()), "ghost"),
        (lambda v, r, c: (v.with_columns(objective=pl.lit(float("nan"))), r, c), "objective"),
        (lambda v, r, c: (v.drop("upper"), r, c), "upper"),
    ],
)
def test_tables_that_do_not_fit_together_raise(change, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        solve_table(*change(*program(*GLASS)))


def test_too_many_variables_for_one_model_raise() -> None:
    with pytest.raises(ValueError, match="decompose"):
        solve_table(*program(*GLASS), options=SolveOptions(most_variables=1))


SMALL = st.lists(st.tuples(st.integers(-5, 9), st.integers(1, 6)), min_size=1, max_size=4)


@settings(max_examples=40, deadline=None)
@given(items=SMALL, budget=st.integers(0, 20))
def test_small_knapsacks_equal_brute_force_and_more_budget_is_never_worth_less(items: list, budget: int) -> None:
    objective = {f"v{i}": gain for i, (gain, _) in enumerate(items)}
    cost = {f"v{i}": price for i, (_, price) in enumerate(items)}
    tables = program(objective, {"budget": ("<=", budget, cost)}, integer=True, upper=2.0)
    plan = solve_table(*tables, sense="max")
    choices = itertools.product(range(3), repeat=len(items))
    best = max(
        sum(n * g for n, (g, _) in zip(pick, items, strict=True))
        for pick in choices
        if sum(n * p for n, (_, p) in zip(pick, items, strict=True)) <= budget
    )
    assert plan.certificate.value == pytest.approx(best)
    assert plan.certificate.holds
    assert column(plan, "activity")["budget"] <= budget + 1e-9
    wider = solve_table(*program(objective, {"budget": ("<=", budget + 1, cost)}, integer=True, upper=2.0), sense="max")
    assert wider.certificate.value >= plan.certificate.value - 1e-9


@settings(max_examples=15, deadline=None)
@given(items=SMALL, seed=st.integers(0, 99))
def test_permuted_tables_change_nothing(items: list, seed: int) -> None:
    tables = program(
        {f"v{i}": g for i, (g, _) in enumerate(items)}, {"b": ("<=", 7, {f"v{i}": p for i, (_, p) in enumerate(items)})}, True, 3.0
    )
    plan = solve_table(*tables, sense="max")
    shuffled = solve_table(*(frame.sample(fraction=1, shuffle=True, seed=seed) for frame in tables), sense="max")
    assert shuffled.variables.equals(plan.variables)
    assert shuffled.rows.equals(plan.rows)
    assert shuffled.certificate == plan.certificate
