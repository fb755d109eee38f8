"""The joint newsvendor: one item by hand, every purchase tried, duals against solving again, prices against the whole program."""

import itertools
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.linear_program import SolveOptions
from optimization.replenishment import ReplenishmentLimits, ReplenishmentSettings
from optimization.replenishment.check_joint_newsvendor import check_joint_newsvendor
from optimization.replenishment.increment_prices import solve_by_prices
from optimization.replenishment.increment_program import Increments, solve_increments
from optimization.replenishment.joint_newsvendor import newsvendor_increments, plan_joint_newsvendor
from optimization.replenishment.oracles import poisson_newsvendor
from optimization.replenishment.read_items import read_items

EXACT = SolveOptions(relative_gap=0.0, absolute_gap=0.0)
FREE = ReplenishmentLimits()


def table(*rows: tuple) -> pl.DataFrame:
    """Return increments from (product, location, units of one, unit cost, unit volume, gains)."""
    told = [(p, place, i + 1, u, c, v, gain) for p, place, u, c, v, gains in rows for i, gain in enumerate(gains)]
    names = ["product_id", "location_id", "increment", "units", "unit_cost", "volume_m3", "expected_gain"]
    return pl.DataFrame(told, schema=names, orient="row").cast({"units": pl.Float64, "unit_cost": pl.Float64, "volume_m3": pl.Float64})


def random_table(seed: int, items: int, most: int) -> pl.DataFrame:
    """Return items with falling gains at two locations."""
    luck = np.random.default_rng(seed)
    return table(
        *(
            (
                f"p{i:04d}",
                ("north", "south")[int(luck.integers(2))],
                float(luck.integers(1, 5)),
                round(float(luck.uniform(1, 5)), 2),
                float(luck.choice([0.0, 0.3, 1.0])),
                np.sort(luck.uniform(0, 20, int(luck.integers(1, most + 1))))[::-1].tolist(),
            )
            for i in range(items)
        )
    )


def wants(increments: pl.DataFrame) -> tuple[float, dict[str, float]]:
    """Return the value and the volume per location of everything that gains something."""
    value = increments.select((pl.col("units") * pl.col("unit_cost")).sum()).item()
    return value, dict(increments.group_by("location_id").agg((pl.col("units") * pl.col("volume_m3")).sum()).iter_rows())


def test_three_items_by_hand() -> None:
    # per money: a 5, 1.5; b 3, 2; c 1. A budget of 7 buys a (2), b (3) and two thirds of b's second (3)
    increments = table(("a", "n", 1, 2, 0, [10, 3]), ("b", "n", 1, 3, 0, [9, 6]), ("c", "n", 1, 1, 0, [1]))
    plan = plan_joint_newsvendor(increments, ReplenishmentLimits(purchase_budget=7.0), EXACT)
    assert plan.orders["program_units"].to_list() == pytest.approx([1, 1 + 2 / 3, 0])
    assert plan.program_value == pytest.approx(23)
    assert plan.limits["shadow_price"].to_list() == pytest.approx([2.0])
    # in whole pieces: a twice and b once (22) beat a once and b once with c (20), and b twice (15)
    assert plan.orders["order_units"].to_list() == [2, 1, 0]
    assert (plan.certificate.value, plan.certificate.status) == (pytest.approx(22), "optimal")


def test_a_single_poisson_item_buys_the_newsvendors_fractile() -> None:
    mean, over, short = 20.0, 1.0, 4.0
    from scipy.stats import poisson

    gains = short - (short + over) * poisson.cdf(np.arange(60), mean)  # of the next piece
    increments = table(("a", "n", 1, over, 0, gains[gains > 0].tolist()))
    plan = plan_joint_newsvendor(increments, FREE, EXACT)
    assert plan.orders["order_units"].to_list() == poisson_newsvendor([mean], over, short).units.tolist()


def test_increments_of_a_shop_are_those_of_its_cost_curves(make_items) -> None:
    # bought at 6, sold at 10, worthless after a week: fractile 0.4 of uniform 0..100, in packs of 10
    items = read_items(make_items({"shelf_life_days": 7.0, "pack_units": 10}))
    increments = newsvendor_increments(items, ReplenishmentSettings(holding_cost_per_year=0.0))
    assert increments["units"].to_list() == [10.0] * 4
    # the k-th pack sells with a mean chance of 1 - (k - 0.5) / 10: gain 10 (10 (1.05 - k / 10) - 6)
    assert increments["expected_gain"].to_list() == pytest.approx([35, 25, 15, 5], abs=1.0)
    plan = plan_joint_newsvendor(increments, FREE)
    assert plan.orders["order_units"].to_list() == [40]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), tight=st.sampled_from([0.0, 0.3, 0.7, 1.5]), full=st.sampled_from([0.3, 0.8, 2.0]))
def test_no_whole_purchase_gains_more(seed: int, tight: float, full: float) -> None:
    increments = random_table(seed, items=4, most=3)
    value, volume = wants(increments)
    limits = ReplenishmentLimits(value * tight, {place: room * full for place, room in volume.items()})
    plan = plan_joint_newsvendor(increments, limits, EXACT)
    items = (
        increments.group_by("product_id", maintain_order=True).agg("location_id", "units", "unit_cost", "volume_m3", "expected_gain").rows()
    )
    best = 0.0
    for counts in itertools.product(*(range(len(row[2]) + 1) for row in items)):
        bought = [(row, count) for row, count in zip(items, counts, strict=True) if count]
        spent = sum(row[2][0] * row[3][0] * count for row, count in bought)
        lies = {place: sum(row[2][0] * row[4][0] * count for row, count in bought if row[1][0] == place) for place in volume}
        if spent <= value * tight + 1e-9 and all(lies[place] <= volume[place] * full + 1e-9 for place in volume):
            best = max(best, sum(sum(row[5][:count]) for row, count in bought))
    assert plan.certificate.value == pytest.approx(best, abs=1e-6)
    assert plan.program_value >= best - 1e-6
    assert plan.certificate.holds
    assert plan.certificate.gap == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("tight", "full"), [(0.3, 5.0), (0.6, 0.4), (0.9, 0.4)])
def test_the_duals_are_what_one_percent_more_or_less_is_worth(tight: float, full: float) -> None:
    increments = random_table(1, items=400, most=8)
    value, volume = wants(increments)
    limits = ReplenishmentLimits(value * tight, {place: room * full for place, room in volume.items()})
    plan = plan_joint_newsvendor(increments, limits, integer_variables=0)
    for row in plan.limits.filter(pl.col("shadow_price") > 0).iter_rows(named=True):
        gains = []
        for factor in (0.99, 1.01):
            moved = dict(limits.warehouse_volume_m3) | ({} if row["scope"] == "all" else {row["scope"]: row["allowed"] * factor})
            budget = limits.purchase_budget * (factor if row["scope"] == "all" else 1.0)
            gains.append(plan_joint_newsvendor(increments, ReplenishmentLimits(budget, moved), integer_variables=0).program_value)
        one_percent = 0.01 * row["allowed"]
        assert (gains[1] - plan.program_value) / one_percent <= row["shadow_price"] + 1e-9  # the value is concave in the room
        assert (plan.program_value - gains[0]) / one_percent >= row["shadow_price"] - 1e-9
        assert row["shadow_price"] == pytest.approx((gains[1] - gains[0]) / (0.02 * row["allowed"]), rel=0.05)
    assert plan.limits.filter(pl.col("shadow_price") > 0).height >= 1


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), tight=st.sampled_from([0.0, 0.2, 0.6, 2.0]), full=st.sampled_from([0.0, 0.4, 0.9, 3.0]))
def test_prices_find_the_programs_optimum_and_prove_it(seed: int, tight: float, full: float) -> None:
    increments = random_increments(seed, 60)
    wanted = increments.use(np.ones(len(increments.gain)))
    given_rooms = replace(increments, room=wanted * np.array([tight, full, full, full]))
    whole, priced = solve_increments(given_rooms, EXACT), solve_by_prices(given_rooms, core=25)
    assert priced.value == pytest.approx(whole.value, rel=1e-7, abs=1e-7)
    assert priced.bound == pytest.approx(priced.value, rel=1e-7, abs=1e-7)
    assert (given_rooms.use(priced.taken) <= given_rooms.room + 1e-6).all()
    assert whole.bound == pytest.approx(whole.value, rel=1e-7, abs=1e-7)


def random_increments(seed: int, items: int) -> Increments:
    """Return up to ten increments per item at three limited warehouses and one without a limit."""
    luck = np.random.default_rng(seed)
    item = np.repeat(np.arange(items), luck.integers(1, 11, items))
    value, volume, place = luck.uniform(1, 9, items), luck.choice([0.0, 0.5, 2.0], items), luck.integers(-1, 3, items)
    gain = luck.uniform(0.1, 30, len(item))
    gain = gain[np.lexsort((-gain, item))]
    return Increments(item, gain, value[item], volume[item], place[item], np.full(4, np.inf))


def test_the_path_for_very_many_increments_gives_the_same_plan() -> None:
    increments = random_table(2, items=150, most=10)
    value, volume = wants(increments)
    limits = ReplenishmentLimits(value * 0.4, {place: room * 0.5 for place, room in volume.items()})
    small, large = plan_joint_newsvendor(increments, limits), plan_joint_newsvendor(increments, limits, SolveOptions(most_variables=100))
    assert large.program_value == pytest.approx(small.program_value, rel=1e-8)
    assert large.limits["shadow_price"].to_list() == pytest.approx(small.limits["shadow_price"].to_list(), rel=1e-6)
    assert "prices" in large.certificate.solver
    assert large.certificate.holds


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), tight=st.floats(0.05, 1), shuffle=st.integers(0, 99))
def test_whatever_the_size_at_which_integers_are_solved_the_plan_is_checked_and_rows_may_be_permuted(seed, tight, shuffle) -> None:
    increments = random_table(seed, items=8, most=5)
    limits = ReplenishmentLimits(wants(increments)[0] * tight)
    exact, rounded = plan_joint_newsvendor(increments, limits), plan_joint_newsvendor(increments, limits, integer_variables=0)
    assert exact.certificate.holds
    assert rounded.certificate.holds
    assert rounded.certificate.value <= exact.certificate.value + 1e-9 <= rounded.certificate.bound + 1e-6
    again = plan_joint_newsvendor(increments.sample(fraction=1, shuffle=True, seed=shuffle), limits)
    assert again.orders.equals(exact.orders)
    assert again.certificate == exact.certificate


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        ({"order_units": 1.5}, "no whole number"),
        ({"order_value": 0.0}, "order value"),
        ({"expected_gain": 99.0}, "expected gain"),
        ({"order_units": 4.0, "order_value": 4.0, "expected_gain": 10.0}, "purchase budget is 3.00"),
        ({"order_units": 3.0, "order_value": 3.0, "expected_gain": 9.0}, "4.000 m3 would lie at n, its volume is 3.000 m3"),
        ({"product_id": "x"}, "one row per item"),
    ],
)
def test_the_checker_finds_a_tampered_purchase(tamper: dict, says: str) -> None:
    increments = table(("a", "n", 1, 1, 1, [4, 3, 2, 1]))
    limits = ReplenishmentLimits(3.0, {"n": 3.0}, {"n": 1.0})
    plan = plan_joint_newsvendor(increments, limits)
    assert plan.orders["order_units"].to_list() == [2]
    assert plan.certificate.holds
    found = check_joint_newsvendor(increments, limits, plan.orders.with_columns(**{name: pl.lit(what) for name, what in tamper.items()}))
    assert any(says in one for one in found)


@pytest.mark.parametrize(
    ("increments", "says"),
    [
        (table(("a", "n", 1, 1, 0, [1, 2])), "gain more than the one before"),
        (table(("a", "n", 1, 1, 0, [2, 1])).with_columns(increment=pl.lit(1)), "numbered from 1"),
        (table(("a", "n", 1, 0, 0, [2, 1])), "no cost"),
        (table(("a", "n", 1, 1, 0, [float("nan")])), "finite"),
        (table(("a", "n", 1, 1, 0, [2, 1])).drop("units"), "units"),
    ],
)
def test_increments_that_cannot_be_read_raise(increments: pl.DataFrame, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        plan_joint_newsvendor(increments, FREE)


def test_nothing_to_buy_is_an_empty_plan() -> None:
    plan = plan_joint_newsvendor(table(("a", "n", 1, 1, 0, [1])).head(0), ReplenishmentLimits(purchase_budget=5.0))
    assert (plan.certificate.status, plan.certificate.value, plan.orders.height) == ("empty", 0.0, 0)
    assert plan.certificate.holds
