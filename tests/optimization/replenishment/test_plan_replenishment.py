"""`plan_replenishment` on tiny shops: the textbook's answer, each reason, bad input, colliding limits."""

from datetime import date

import polars as pl
import pytest

from optimization.replenishment import (
    ITEM_COLUMNS,
    ORDER_COLUMNS,
    PARTS_ADDED,
    PARTS_CUT,
    ReplenishmentLimits,
    ReplenishmentSettings,
    check_plan,
    plan_replenishment,
)

NEWSBOY = ReplenishmentSettings(holding_cost_per_year=0.0)


def one(plan: object, product: str = "p1") -> dict:
    """Return a product's row of the orders."""
    return plan.orders.filter(pl.col("product_id") == product).row(0, named=True)


def test_a_perishable_item_orders_the_newsvendors_fractile(make_items, make_suppliers) -> None:
    # bought at 6, sold at 10, worthless after a week: fractile (10 - 6) / 10 = 0.4 of uniform 0..100
    plan = plan_replenishment(make_items({"shelf_life_days": 7.0, "pack_units": 10}), make_suppliers(), settings=NEWSBOY)
    assert one(plan)["order_units"] == 40
    fine = plan_replenishment(make_items({"shelf_life_days": 7.0}), make_suppliers(), settings=NEWSBOY)
    assert one(fine)["order_units"] == pytest.approx(40, abs=1.5)


def test_stock_on_hand_and_in_transit_lower_the_order_one_for_one(make_items, make_suppliers) -> None:
    items = make_items({"shelf_life_days": 7.0, "pack_units": 10, "on_hand": 20.0, "in_transit_units": 10.0})
    # stock that is there already does not spoil by this order's doing, so 10 more are enough
    assert one(plan_replenishment(items, make_suppliers(), settings=NEWSBOY))["order_units"] == 10


def test_the_sentence_tells_the_numbers(make_items, make_suppliers) -> None:
    items = make_items({"shelf_life_days": 7.0, "pack_units": 10, "on_hand": 20.0, "in_transit_units": 10.0})
    assert one(plan_replenishment(items, make_suppliers(), settings=NEWSBOY))["sentence"] == (
        "Order 10 (1 pack of 10): 20 on hand + 10 in transit, 50 expected before the delivery after next; "
        "without it 70% chance to run out, with it 60%; the shelf life cuts 59.4; pack rounding adds 0.9."
    )


def test_chances_and_projected_stock_are_read_from_the_quantiles(make_items, make_suppliers) -> None:
    row = one(plan_replenishment(make_items({"demand": 100.0, "wait": 20.0, "on_hand": 30.0}), make_suppliers()))
    assert row["stockout_chance_without"] == pytest.approx(0.7)
    assert row["stockout_chance_before_arrival"] == pytest.approx(0.0)
    assert row["stockout_chance_with"] == pytest.approx(max(0.0, 0.7 - row["order_units"] / 100), abs=1e-9)
    assert (row["projected_stock_at_arrival_p10"], row["projected_stock_at_arrival_p90"]) == pytest.approx((12.0, 28.0))
    assert row["expected_arrival_on"] == date(2025, 3, 5)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"is_order_day": False}, "calendar"),
        ({"on_hand": 500.0}, "enough_stock"),
        ({"discontinued": True}, "blocked"),
        ({"unit_cost": float("nan")}, "blocked"),
        ({"unit_price": None}, "blocked"),
        ({"on_hand": None}, "blocked"),
        ({"cover_q50": None}, "no_forecast"),
        ({"unit_price": 6.0}, "enough_stock"),
        ({"moq_units": 100, "demand": 3.0, "shelf_life_days": 7.0}, "not_worth_it"),
    ],
)
def test_items_that_order_nothing_say_why(make_items, make_suppliers, changes: dict, reason: str) -> None:
    row = one(plan_replenishment(make_items(changes), make_suppliers()))
    assert (row["order_units"], row["reason_code"]) == (0, reason)
    assert row["sentence"].startswith("Order nothing")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "demand"),
        ({"on_hand": 49.0}, "safety"),
        ({"shelf_life_days": 7.0}, "shelf_life"),
        ({"demand": 10.0, "moq_units": 30}, "moq"),
        ({"demand": 10.0, "on_hand": 4.0, "pack_units": 12}, "pack_rounding"),
    ],
)
def test_items_that_order_say_why(make_items, make_suppliers, changes: dict, reason: str) -> None:
    row = one(plan_replenishment(make_items(changes), make_suppliers()))
    assert row["order_units"] > 0
    assert row["reason_code"] == reason


def test_a_suppliers_minimum_is_filled_up_or_the_order_is_dropped(make_items, make_suppliers) -> None:
    rows = ({"product": "p1", "demand": 20.0}, {"product": "p2", "demand": 20.0})
    alone = plan_replenishment(make_items(*rows), make_suppliers()).orders
    value = alone["order_value"].sum()
    lifted = plan_replenishment(make_items(*rows), make_suppliers(s1=(value + 30, 0.0)))
    assert lifted.supplier_orders["order_value"].item() >= value + 30
    assert "supplier_minimum" in lifted.orders["reason_code"].to_list()
    assert lifted.limits["shadow_price"].item() > 0
    dropped = plan_replenishment(make_items(*rows), make_suppliers(s1=(5000.0, 0.0)))
    assert dropped.orders["order_units"].sum() == 0
    assert dropped.orders["reason_code"].to_list() == ["supplier_minimum"] * 2


def test_a_fixed_cost_above_what_the_order_saves_drops_it(make_items, make_suppliers) -> None:
    plan = plan_replenishment(make_items({"demand": 4.0}), make_suppliers(s1=(0.0, 500.0)))
    assert one(plan)["order_units"] == 0
    assert one(plan)["supplier_skip_cut_units"] == one(plan)["unconstrained_units"] > 0


def test_a_tight_budget_buys_the_better_item_and_says_what_more_money_is_worth(make_items, make_suppliers) -> None:
    items = make_items({"product": "dear", "unit_price": 20.0}, {"product": "poor", "unit_price": 7.0})
    free = plan_replenishment(items, make_suppliers())
    limit = float(one(free, "dear")["order_value"])
    plan = plan_replenishment(items, make_suppliers(), ReplenishmentLimits(purchase_budget=limit))
    assert one(plan, "poor")["budget_cut_units"] > one(plan, "dear")["budget_cut_units"]
    assert one(plan, "poor")["reason_code"] == "budget_cut"
    row = plan.limits.row(0, named=True)
    assert row["used"] <= limit + 1e-9
    assert row["shadow_price"] > 0
    assert row["sentence"].startswith("One more 1.00 of purchase budget saves")


def test_a_slack_budget_has_price_zero_exactly_and_changes_nothing(make_items, make_suppliers) -> None:
    items = make_items({"product": "p1"}, {"product": "p2"})
    free = plan_replenishment(items, make_suppliers())
    slack = plan_replenishment(items, make_suppliers(), ReplenishmentLimits(purchase_budget=1e6, warehouse_volume_m3={"north": 1e6}))
    assert slack.orders.equals(free.orders)
    assert slack.limits["shadow_price"].to_list() == [0.0, 0.0]


def test_a_full_warehouse_cuts_bulky_items_and_names_itself(make_items, make_suppliers) -> None:
    items = make_items({"product": "bulky", "volume_m3": 1.0}, {"product": "small", "volume_m3": 0.01})
    plan = plan_replenishment(items, make_suppliers(), ReplenishmentLimits(warehouse_volume_m3={"north": 30.0}))
    assert one(plan, "bulky")["reason_code"] == "capacity_cut"
    assert one(plan, "small")["capacity_cut_units"] <= 3  # a rounding's worth: it takes a hundredth of the room
    assert plan.limits.row(0, named=True)["used"] <= 30 + 1e-9
    assert plan.certificate.holds


def test_colliding_limits_are_named_with_their_smallest_relaxation_and_a_plan_is_still_given(make_items, make_suppliers) -> None:
    items = make_items({"product": "bulky", "volume_m3": 1.0, "on_hand": 40.0}, {"product": "other", "location_id": "south"})
    limits = ReplenishmentLimits(purchase_budget=-5.0, warehouse_volume_m3={"north": 10.0})
    plan = plan_replenishment(items, make_suppliers(), limits)
    assert plan.certificate.status == "relaxed"
    assert not plan.certificate.holds
    assert len(plan.certificate.violations) == 2
    assert dict(plan.limits.select("limit_name", "relaxed_by").iter_rows()) == pytest.approx(
        {"purchase_budget": 5.0, "warehouse_volume": 30.0}
    )
    assert plan.orders["order_units"].to_list() == [0, 0]


def test_a_negative_budget_alone_still_lets_nothing_be_ordered(make_items, make_suppliers) -> None:
    plan = plan_replenishment(make_items({}), make_suppliers(), ReplenishmentLimits(purchase_budget=0.0))
    assert plan.certificate.holds
    assert one(plan)["reason_code"] == "budget_cut"


def test_bad_numbers_are_mended_and_flagged(make_items, make_suppliers) -> None:
    items = make_items({"on_hand": -4.0, "pack_units": None, "volume_m3": None, "in_transit_units": None, "on_hand_flag": "stale"})
    flags = one(plan_replenishment(items, make_suppliers()))["flags"].split(";")
    assert flags == ["stale", "negative_stock_as_0", "pack_missing_as_1", "in_transit_missing_as_0", "volume_missing_as_0"]


def test_crossed_quantiles_are_straightened(make_items, make_suppliers) -> None:
    plan = plan_replenishment(make_items({"cover_q75": 10.0}), make_suppliers())
    assert plan.certificate.holds


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda items: pl.concat([items, items]), "repeat the key"),
        (lambda items: items.drop("unit_cost"), "unit_cost"),
        (lambda items: items.with_columns(product_id=pl.lit(None, dtype=pl.String)), "product_id"),
    ],
)
def test_inputs_that_cannot_be_read_raise(make_items, make_suppliers, spoil, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        plan_replenishment(spoil(make_items({})), make_suppliers())


def test_no_items_give_empty_tables_with_their_columns(make_suppliers) -> None:
    plan = plan_replenishment(pl.DataFrame(schema=dict(ITEM_COLUMNS)), make_suppliers(), ReplenishmentLimits(purchase_budget=10.0))
    assert plan.orders.columns == list(ORDER_COLUMNS)
    assert plan.certificate.status == "empty"
    assert plan.certificate.holds


def test_every_part_of_every_row_adds_up(make_items, make_suppliers) -> None:
    rows = [{"product": f"p{i}", "demand": 7.0 * i, "pack_units": i % 5 + 1, "moq_units": 3 * i, "on_hand": 2.0 * i} for i in range(1, 9)]
    plan = plan_replenishment(make_items(*rows), make_suppliers(s1=(300.0, 2.0)), ReplenishmentLimits(purchase_budget=350.0))
    added, cut = pl.sum_horizontal(PARTS_ADDED), pl.sum_horizontal(PARTS_CUT)
    assert plan.orders.select((added - cut - pl.col("order_units")).abs().max()).item() < 1e-9


@pytest.mark.parametrize(
    ("rule", "tamper"),
    [
        ("pack", lambda orders: orders.with_columns(pl.col("order_units") + 1)),
        ("moq", lambda orders: orders.with_columns(order_units=5.0, order_packs=pl.lit(1, dtype=pl.Int64))),
        ("value", lambda orders: orders.with_columns(pl.col("order_value") * 1.01)),
        ("parts", lambda orders: orders.with_columns(pl.col("need_units") + 1)),
        ("purchase_budget", lambda orders: orders.with_columns(order_units=1000.0, order_packs=pl.lit(200, dtype=pl.Int64))),
        ("supplier_minimum", lambda orders: orders.with_columns(order_units=10.0, order_packs=pl.lit(2, dtype=pl.Int64))),
        ("warehouse_volume", lambda orders: orders.with_columns(order_units=1000.0, order_packs=pl.lit(200, dtype=pl.Int64))),
        ("rows", lambda orders: orders.head(0)),
        ("units", lambda orders: orders.with_columns(order_units=-5.0)),
    ],
)
def test_the_checker_finds_a_tampered_order(make_items, make_suppliers, rule: str, tamper) -> None:
    items, suppliers = make_items({"pack_units": 5, "moq_units": 10}), make_suppliers(s1=(100.0, 0.0))
    limits = ReplenishmentLimits(purchase_budget=500.0, warehouse_volume_m3={"north": 50.0})
    plan = plan_replenishment(items, suppliers, limits)
    assert check_plan(items, suppliers, limits, plan.orders) == []
    assert rule in [one.rule for one in check_plan(items, suppliers, limits, tamper(plan.orders))]


@pytest.mark.parametrize(
    ("minimum", "budget", "says"),
    [
        (5000.0, 100.0, "its minimum of 5,000 is above the purchase budget of 100"),
        (5000.0, None, "less than its minimum of 5,000"),
    ],
)
def test_a_suppliers_minimum_that_keeps_goods_from_being_ordered_says_what_it_collides_with(
    make_items, make_suppliers, minimum: float, budget: float | None, says: str
) -> None:
    plan = plan_replenishment(make_items({}), make_suppliers(s1=(minimum, 0.0)), ReplenishmentLimits(purchase_budget=budget))
    assert one(plan)["order_units"] == 0
    told = plan.limits.filter(pl.col("limit_name") == "supplier_minimum")["sentence"].item()
    assert says in told
    assert told.startswith("Goods worth ")


def test_a_minimum_does_not_matter_where_nothing_is_wanted(make_items, make_suppliers) -> None:
    plan = plan_replenishment(make_items({"on_hand": 500.0}), make_suppliers(s1=(50.0, 0.0)))
    assert plan.limits["sentence"].item() == "Nothing is wanted from s1 today, so its minimum of 50 does not matter."


def test_an_order_of_nothing_speaks_of_no_packs(make_items, make_suppliers) -> None:
    plan = plan_replenishment(make_items({"pack_units": 12}), make_suppliers(), ReplenishmentLimits(purchase_budget=0.0))
    assert one(plan)["reason_code"] == "budget_cut"
    assert "pack" not in one(plan)["sentence"]


def test_an_item_without_cost_and_price_says_so(make_items, make_suppliers) -> None:
    row = one(plan_replenishment(make_items({"unit_cost": None, "unit_price": None}), make_suppliers()))
    assert row["sentence"] == "Order nothing: neither its unit cost nor its price is known."
