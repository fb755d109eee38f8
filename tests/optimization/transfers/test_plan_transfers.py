"""Transfers of small shops: by hand, each limit, bad input, and what holds for every plan."""

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.replenishment import ITEM_COLUMNS, ReplenishmentSettings
from optimization.transfers import TransferLimits, TransferSettings, after_transfers, check_transfers, plan_transfers

COSTS = ReplenishmentSettings()
NO_HOLDING = ReplenishmentSettings(holding_cost_per_year=0.0)
AT_ONCE = TransferSettings(transfer_days=0.0)


def moved(plan: object) -> dict:
    """Return units by (from, to)."""
    return {(giver, receiver): units for giver, receiver, units in plan.transfers.select(
        "from_location_id", "to_location_id", "transfer_units").iter_rows()}  # fmt: skip


def test_the_last_unit_moved_saves_what_it_costs_to_handle(make_stock) -> None:
    # a lost sale costs 4; the k-th unit at an empty location sells with a chance of 1 - k / 100, so at a handling cost of 3 some 25 move
    stock = make_stock({"location": "north", "on_hand": 300.0}, {"location": "south", "on_hand": 0.0})
    plan = plan_transfers(stock, settings=replace(AT_ONCE, handling_cost_per_unit=3.0), costs=NO_HOLDING)
    assert moved(plan)["north", "south"] == pytest.approx(25, abs=1.6)  # 32 scenarios: steps of 3.1 units
    # the area between 4 (1 - k / 100) and 3
    assert plan.certificate.value == pytest.approx(25 * 1.0 / 2, abs=0.5)
    assert plan.certificate.status == "optimal"
    assert plan.certificate.holds


def test_a_location_keeps_what_it_needs_itself(make_stock) -> None:
    plan = plan_transfers(make_stock({"location": "north", "on_hand": 110.0}, {"location": "south", "on_hand": 0.0}), costs=NO_HOLDING)
    row = plan.transfers.row(0, named=True)
    assert 10 <= row["transfer_units"] <= 12
    assert row["giver_stockout_chance_after"] <= 0.02
    even = plan_transfers(make_stock({"location": "north", "on_hand": 50.0}, {"location": "south", "on_hand": 0.0}), costs=NO_HOLDING)
    assert (even.transfers.height, even.certificate.status) == (0, "empty")


def test_units_in_transit_count_as_stock_but_cannot_be_moved(make_stock) -> None:
    giver = {"location": "north", "on_hand": 5.0, "in_transit_units": 300.0}
    assert moved(plan_transfers(make_stock(giver, {"location": "south", "on_hand": 0.0}))) == {("north", "south"): 5.0}


def test_the_sentence_and_its_numbers(make_stock) -> None:
    stock = make_stock({"location": "north", "on_hand": 300.0}, {"location": "south", "on_hand": 40.0, "wait": 20.0})
    row = plan_transfers(stock, settings=TransferSettings(handling_cost_per_unit=2.0), costs=NO_HOLDING).transfers.row(0, named=True)
    units = row["transfer_units"]
    assert row["receiver_stockout_chance_before"] == pytest.approx(0.6)
    assert row["receiver_stockout_chance_after"] == pytest.approx(0.6 - units / 100)
    assert row["giver_days_of_cover_after"] == pytest.approx((300 - units) / (50 / 7))
    assert row["handling_cost"] == pytest.approx(2 * units)
    assert row["sentence"] == (
        f"Move {units:.0f} from north, which keeps {row['giver_days_of_cover_after']:.0f} days of cover, to south: 40 there, 50 expected "
        f"before the delivery after next; chance to run out 60%, after it {0.6 - units / 100:.0%}; saves {row['expected_saving']:.2f}."
    )


def test_what_arrives_late_saves_less(make_stock) -> None:
    stock = make_stock({"location": "north", "on_hand": 300.0}, {"location": "south", "on_hand": 0.0, "wait": 30.0})
    values = [plan_transfers(stock, settings=TransferSettings(transfer_days=days)).certificate.value for days in (0.0, 1.0, 2.0, 4.0, 7.0)]
    assert values == sorted(values, reverse=True)
    assert values[0] > values[1] > values[3] > 0
    # after a week nothing is left to be saved there before the delivery after next; only holding differs, and that is less than handling
    late = plan_transfers(stock, settings=TransferSettings(transfer_days=7.0, handling_cost_per_unit=0.5))
    assert late.transfers.height == 0


def test_a_line_that_costs_more_than_it_saves_is_not_moved(make_stock) -> None:
    rows = ({"location": "north", "on_hand": 300.0}, {"location": "south", "on_hand": 0.0}, {"location": "west", "on_hand": 90.0})
    free = plan_transfers(make_stock(*rows), costs=NO_HOLDING)
    assert set(moved(free)) == {("north", "south"), ("north", "west")}
    saved = dict(free.transfers.select("to_location_id", "expected_saving").iter_rows())
    line = plan_transfers(make_stock(*rows), settings=TransferSettings(handling_cost_per_line=saved["west"] + 1), costs=NO_HOLDING)
    assert set(moved(line)) == {("north", "south")}
    assert line.certificate.value == pytest.approx(saved["south"] - saved["west"] - 1, abs=1e-6)
    assert line.certificate.status == "optimal"
    none = plan_transfers(make_stock(*rows), settings=TransferSettings(handling_cost_per_line=saved["south"] + 1), costs=NO_HOLDING)
    assert (none.transfers.height, none.certificate.value, none.certificate.status) == (0, 0.0, "optimal")


def test_lanes_and_receiving_volume_are_shared_by_all_products(make_stock) -> None:
    rows = [
        {"location": place, "on_hand": units, "product_id": product, "unit_price": price}
        for product, price in (("p1", 10.0), ("p2", 20.0))
        for place, units in (("north", 300.0), ("south", 0.0))
    ]
    stock = make_stock(*rows)
    lane = plan_transfers(stock, TransferLimits(lanes={("north", "south"): 80.0}), AT_ONCE, NO_HOLDING)
    units = dict(lane.transfers.select("product_id", "transfer_units").iter_rows())
    assert sum(units.values()) == 80
    # a lost sale of p2 costs 14, of p1 4: the next unit of either saves the same where 14 (1 - k / 100) = 4 (1 - (80 - k) / 100)
    assert units["p2"] == pytest.approx(73.3, abs=3.2)
    assert lane.certificate.holds
    assert lane.certificate.status == "optimal"
    room = plan_transfers(stock, TransferLimits(receiving_volume_m3={"south": 8.0}), AT_ONCE, NO_HOLDING)
    assert room.transfers.select("product_id", "transfer_units").equals(lane.transfers.select("product_id", "transfer_units"))
    closed = plan_transfers(stock, TransferLimits(lanes={("south", "north"): 80.0}), AT_ONCE, NO_HOLDING)
    assert closed.transfers.height == 0
    rule = plan_transfers(stock, TransferLimits(lanes={("north", "south"): 80.0}), replace(AT_ONCE, program_variables=1), NO_HOLDING)
    assert rule.certificate.status == "feasible"
    assert rule.certificate.value <= lane.certificate.value + 1e-9 <= rule.certificate.bound + 1e-9


def test_packs_move_whole_and_large_stocks_in_larger_steps(make_stock) -> None:
    rows = ({"location": "north", "on_hand": 300.0, "pack_units": 12}, {"location": "south", "on_hand": 0.0, "pack_units": 12})
    packs = plan_transfers(make_stock(*rows), settings=TransferSettings(whole_packs=True))
    assert moved(packs)["north", "south"] % 12 == 0
    assert packs.certificate.holds
    coarse, fine = (plan_transfers(make_stock(*rows), settings=TransferSettings(most_steps=steps)) for steps in (7, 500))
    assert moved(coarse)["north", "south"] % 29 == 0  # about 200 units of overstock in 7 steps
    assert coarse.certificate.value == pytest.approx(fine.certificate.value, rel=0.02)
    assert coarse.certificate.holds


def test_discontinued_products_move_and_unknown_ones_do_not(make_stock) -> None:
    gone = make_stock(
        {"location": "north", "on_hand": 300.0, "discontinued": True}, {"location": "south", "on_hand": 0.0, "discontinued": True}
    )
    assert plan_transfers(gone).transfers.height == 1
    for change in ({"unit_price": None}, {"cover_q50": None}, {"on_hand": None}, {"unit_cost": 0.0}):
        unknown = make_stock({"location": "north", "on_hand": 300.0}, {"location": "south", "on_hand": 0.0} | change)
        assert plan_transfers(unknown).transfers.height == 0


def test_orders_start_from_what_is_left(make_stock) -> None:
    stock = make_stock({"location": "south", "on_hand": 0.0}, {"location": "west", "on_hand": 7.0}, {"location": "north", "on_hand": 300.0})
    plan = plan_transfers(stock)
    after = after_transfers(stock, plan.transfers)
    assert after["location_id"].to_list() == ["south", "west", "north"]
    assert after.columns == stock.columns
    assert after["on_hand"].to_list() == [0.0, 7.0, 300.0 - plan.transfers["transfer_units"].sum()]
    assert after["in_transit_units"].sum() == plan.transfers["transfer_units"].sum()
    assert after_transfers(stock, plan.transfers.head(0)).equals(stock)


def test_a_lost_sale_that_counts_more_moves_more_and_is_another_input(make_stock) -> None:
    stock = make_stock({"location": "north", "on_hand": 300.0}, {"location": "south", "on_hand": 0.0})
    ways = TransferSettings(handling_cost_per_unit=3.0)
    plain, double = (plan_transfers(stock.with_columns(lost_sale_multiplier=pl.lit(one)), settings=ways) for one in (1.0, 2.0))
    assert double.transfers["transfer_units"].item() > plain.transfers["transfer_units"].item()
    assert double.certificate.input_hash != plain.certificate.input_hash == plan_transfers(stock, settings=ways).certificate.input_hash


def test_no_items_are_an_empty_plan() -> None:
    plan = plan_transfers(pl.DataFrame(schema=dict(ITEM_COLUMNS)))
    assert (plan.transfers.height, plan.certificate.status) == (0, "empty")
    assert plan.certificate.holds


PLACE = st.fixed_dictionaries(
    {
        "on_hand": st.floats(-3, 150).map(lambda units: round(units, 1)),
        "demand": st.floats(0, 80),
        "wait": st.floats(0, 10),
        "in_transit_units": st.sampled_from([0.0, 20.0]),
        "volume_m3": st.sampled_from([None, 0.05, 0.5]),
        "shelf_life_days": st.sampled_from([None, 3.0, 20.0]),
        "pack_units": st.sampled_from([1, 6]),
        "unit_price": st.floats(5, 20),
    }
)
SHOP = st.lists(st.lists(PLACE, min_size=2, max_size=4), min_size=1, max_size=3).map(
    lambda products: [row | {"product_id": f"p{p}", "location": f"l{i}"} for p, rows in enumerate(products) for i, row in enumerate(rows)]
)
SETTINGS = st.builds(
    TransferSettings,
    handling_cost_per_unit=st.sampled_from([0.0, 0.3]),
    handling_cost_per_line=st.sampled_from([0.0, 2.0]),
    transfer_days=st.sampled_from([0.0, 1.0, 3.0]),
    whole_packs=st.booleans(),
    program_variables=st.sampled_from([1, 20_000]),
)
LIMITS = st.builds(
    TransferLimits,
    lanes=st.sampled_from([None, {("l0", "l1"): 9.0, ("l1", "l0"): 20.0, ("l0", "l2"): 5.5, ("l2", "l0"): float("inf")}]),
    receiving_volume_m3=st.sampled_from([{}, {"l0": 1.0, "l1": 2.5}]),
)


@settings(max_examples=40, deadline=None)
@given(shop=SHOP, ways=SETTINGS, limits=LIMITS, shuffle=st.integers(0, 99))
def test_every_plan_passes_its_checker_adds_up_and_does_not_depend_on_the_order_of_rows(make_stock, shop, ways, limits, shuffle) -> None:
    stock = make_stock(*shop)
    plan = plan_transfers(stock, limits, ways)
    assert plan.certificate.violations == ()
    assert plan.certificate.value == pytest.approx(plan.transfers["expected_saving"].sum(), abs=1e-9)
    assert plan.certificate.value >= -1e-9
    assert plan.certificate.bound >= plan.certificate.value - 1e-9
    again = plan_transfers(stock.sample(fraction=1, shuffle=True, seed=shuffle), limits, ways)
    assert again.transfers.equals(plan.transfers)
    assert again.certificate == plan.certificate
    after = after_transfers(stock, plan.transfers)
    assert after.filter((pl.col("on_hand") < 0) & (pl.col("on_hand") < pl.Series(stock["on_hand"]))).is_empty()
    back = plan_transfers(after, limits, ways).transfers.rename(
        {"from_location_id": "to_location_id", "to_location_id": "from_location_id"}
    )
    assert back.join(plan.transfers, on=["product_id", "from_location_id", "to_location_id"]).is_empty()  # nothing is moved back


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        ({"transfer_units": 20.5}, "no whole quantity"),
        ({"transfer_units": 290.0}, "above its own best level"),
        ({"to_location_id": "moon"}, "cannot give or receive"),
        ({"to_location_id": "north"}, "both gives and receives"),
        ({"transfer_units": 61.0}, "more than the lane takes"),
        ({"expected_saving": 1e4}, "the cost curves say"),
    ],
)
def test_the_checker_finds_tampered_transfers(make_stock, tamper: dict, says: str) -> None:
    stock = make_stock({"location": "north", "on_hand": 300.0}, {"location": "south", "on_hand": 0.0})
    limits = TransferLimits(lanes={("north", "south"): 60.0}, receiving_volume_m3={"south": 5.0})
    plan = plan_transfers(stock, limits)
    assert plan.transfers["transfer_units"].to_list() == [50.0]  # 5 m3 of 0.1 m3 each
    assert check_transfers(stock, limits, TransferSettings(), COSTS, plan.transfers) == []
    broken = plan.transfers.with_columns(**{name: pl.lit(what) for name, what in tamper.items()})
    assert any(says in one for one in check_transfers(stock, limits, TransferSettings(), COSTS, broken))
    over = plan.transfers.with_columns(transfer_units=pl.lit(55.0))
    assert any("it can receive 5.000" in one for one in check_transfers(stock, limits, TransferSettings(), COSTS, over))


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: TransferSettings(transfer_days=-1.0), "transfer_days of 0"),
        (lambda: TransferSettings(program_variables=0), "program_variables"),
        (lambda: TransferSettings(most_steps=0), "most_steps"),
        (lambda: TransferLimits(receiving_volume_m3={"n": -1.0}), "0 or more"),
    ],
)
def test_settings_that_make_no_sense_raise(build, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        build()
