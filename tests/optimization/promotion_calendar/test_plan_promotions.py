"""Calendars that can be worked out by hand: what runs, why the rest does not, and what the limits are worth."""

from dataclasses import replace

import polars as pl
import pytest

from optimization.promotion_calendar import CALENDAR_SCHEMA, CalendarFrames, CalendarSettings, PromotionLimits, plan_promotions

EXACT = CalendarSettings(target_gap=0.0)


def frames(*rows: dict, **others: pl.DataFrame) -> CalendarFrames:
    return CalendarFrames(pl.DataFrame(list(rows)), **others)


def running(plan) -> list[tuple]:
    return plan.calendar.filter("is_promoted").select("product_id", "week", "promotion_id").rows()


def reason(plan, product: str, week: int = 0) -> tuple:
    return plan.calendar.filter(pl.col("product_id") == product, pl.col("week") == week).select("reason_code", "binding_limit").row(0)


def test_a_promotion_earns_the_margin_added_less_what_is_given_away(candidate) -> None:
    plan = plan_promotions(frames(candidate(), candidate("cup", lift=30.0)), settings=EXACT)
    # tea: 40 more at 3.00 less 100 at 1.00; cup: 30 more at 3.00 less 100 at 1.00 loses 10
    assert plan.certificate.value == pytest.approx(20.0)
    assert running(plan) == [("tea", 0, "10 percent")]
    assert reason(plan, "tea") == ("chosen", None)
    assert reason(plan, "cup") == ("not_worth_it", None)
    told = plan.calendar.filter("is_promoted").row(0, named=True)
    assert told["budget_use"] == pytest.approx(140.0)  # a tenth of 10.00 on 140 units
    assert told["sentence"] == "10 percent: 40 units more than 100, earns 20.00; no other week is open to it."
    assert plan.calendar.schema == CALENDAR_SCHEMA


def test_two_for_one_cuts_what_is_taken_up_and_slots_and_other_products_cost(candidate) -> None:
    half = candidate(lift=300.0, discount_share=0.5, take_up_share=0.4, slot_cost=7.0, lost_elsewhere=11.0)
    plan = plan_promotions(frames(half), settings=EXACT)
    # a fifth off: 300 more at 2.00, less 100 at 2.00, less 7 and 11
    assert plan.certificate.value == pytest.approx(382.0)
    assert plan.calendar["budget_use"].to_list() == [pytest.approx(807.0)]


def test_a_slot_goes_to_the_better_product_and_its_price_is_what_the_next_would_earn(candidate) -> None:
    limits = PromotionLimits(slots_per_week=1)
    plan = plan_promotions(frames(candidate(), candidate("cup", lift=50.0)), limits, EXACT)
    assert running(plan) == [("cup", 0, "10 percent")]
    assert reason(plan, "tea") == ("slot", "week 0")
    slots = plan.limits.row(0, named=True)
    assert (slots["limit_name"], slots["used"], slots["slack"]) == ("slots", 1.0, 0.0)
    assert slots["shadow_price"] == pytest.approx(20.0)
    assert slots["sentence"] == "One more promotion of the slots (week 0) earns 20.00."


def test_a_limit_that_stops_nothing_has_the_price_0(candidate) -> None:
    plan = plan_promotions(frames(candidate()), PromotionLimits(slots_per_week=3, budget=1_000.0), EXACT)
    assert plan.limits["shadow_price"].to_list() == [0.0, 0.0]
    assert plan.limits["sentence"][1] == "The budget (all) stops nothing: 140 of 1000 money."


def test_a_product_rests_and_the_next_best_week_is_told(candidate) -> None:
    weeks = [candidate(week=week, lift=lift) for week, lift in enumerate((40.0, 60.0, 50.0, 45.0))]
    plan = plan_promotions(frames(*weeks), PromotionLimits(cool_down_weeks=2), EXACT)
    # weeks 0 and 3 together earn 20 + 35, week 1 alone 80
    assert running(plan) == [("tea", 1, "10 percent")]
    assert [reason(plan, "tea", week)[0] for week in (0, 2, 3)] == ["cool_down"] * 3
    told = plan.calendar.filter("is_promoted").row(0, named=True)
    assert (told["next_best_week"], told["next_best_profit"]) == (2, pytest.approx(50.0))


def test_stock_is_shared_by_the_weeks_up_to_its_own(candidate) -> None:
    stock = pl.DataFrame({"product_id": ["tea", "tea"], "week": [0, 1], "available_units": [45.0, 85.0]})
    rows = [candidate(week=0, lift=40.0), candidate(week=1, lift=50.0), candidate(week=2, lift=200.0)]
    plan = plan_promotions(frames(*rows, stock=stock), settings=EXACT)
    assert running(plan) == [("tea", 1, "10 percent"), ("tea", 2, "10 percent")]
    assert reason(plan, "tea", 0) == ("stock", "tea, until week 1")


def test_the_budget_goes_where_it_earns_most(candidate) -> None:
    rows = [candidate("tea", lift=40.0), candidate("cup", lift=60.0), candidate("pot", lift=50.0)]
    plan = plan_promotions(frames(*rows), PromotionLimits(budget=310.0), EXACT)
    assert running(plan) == [("cup", 0, "10 percent"), ("pot", 0, "10 percent")]
    assert reason(plan, "tea") == ("budget", "all")


def test_products_in_conflict_never_share_a_week(candidate) -> None:
    conflicts = pl.DataFrame({"product_a": ["tea", "pot", "tea"], "product_b": ["cup", "cup", "pot"]})
    rows = [candidate(name, lift=lift) for name, lift in (("tea", 40.0), ("cup", 60.0), ("pot", 50.0))]
    plan = plan_promotions(frames(*rows, conflicts=conflicts), settings=EXACT)
    assert running(plan) == [("cup", 0, "10 percent")]
    assert reason(plan, "tea") == ("conflict", "cup, pot, tea, week 0")


def test_a_loss_is_paid_where_both_still_earn_and_else_one_stays_out(candidate) -> None:
    rows = [candidate("tea", lift=40.0), candidate("cup", lift=60.0)]
    loss = pl.DataFrame({"product_a": ["tea"], "product_b": ["cup"], "loss": [15.0]})
    both = plan_promotions(frames(*rows, cannibalisation=loss), settings=EXACT)
    assert both.certificate.value == pytest.approx(20 + 80 - 15)
    assert both.calendar["loss_together"].to_list() == [7.5, 7.5]
    one = plan_promotions(frames(*rows, cannibalisation=loss.with_columns(loss=25.0)), settings=EXACT)
    assert running(one) == [("cup", 0, "10 percent")]
    assert reason(one, "tea") == ("cannibalisation", None)


def test_a_minimum_runs_what_earns_nothing_and_names_its_price(candidate) -> None:
    rows = [candidate("tea"), candidate("cup", lift=30.0), candidate("bun", lift=25.0, category="food")]
    plan = plan_promotions(frames(*rows), PromotionLimits(category_minimums={"drink": 2}), EXACT)
    assert running(plan) == [("cup", 0, "10 percent"), ("tea", 0, "10 percent")]
    assert reason(plan, "cup") == ("minimum", None)
    assert plan.limits["shadow_price"].to_list() == [pytest.approx(10.0)]


def test_what_a_merchandiser_decided_is_kept_and_told(candidate) -> None:
    rows = [candidate("tea"), candidate("tea", promotion_id="20 percent", discount_share=0.2, lift=90.0), candidate("cup", lift=30.0)]
    decided = [("tea", 0, "10 percent", "force"), ("cup", 0, None, "forbid"), ("jar", 0, None, "force")]
    schema = {"product_id": pl.String, "week": pl.Int64, "promotion_id": pl.String, "action": pl.String}
    plan = plan_promotions(frames(*rows, decisions=pl.DataFrame(decided, schema=schema, orient="row")), settings=EXACT)
    assert running(plan) == [("tea", 0, "10 percent")]
    assert (reason(plan, "tea")[0], reason(plan, "cup")[0]) == ("forced", "forbidden")
    assert plan.overrides.select("product_id", "outcome").rows() == [("cup", "honoured"), ("jar", "no_candidate"), ("tea", "honoured")]
    assert plan.overrides["sentence"][2] == "10 percent of tea in week 0 runs, as decided."


def test_announced_promotions_take_their_slot_rest_and_conflicts(candidate) -> None:
    rows = [candidate(name, week=week) for name in ("tea", "cup", "pot") for week in range(3)]
    held = pl.DataFrame({"product_id": ["tea", "pot"], "week": [1, -1]})
    conflicts = pl.DataFrame({"product_a": ["cup"], "product_b": ["tea"]})
    limits = PromotionLimits(slots_per_week=1, cool_down_weeks=1)
    plan = plan_promotions(frames(*rows, held=held, conflicts=conflicts), limits, EXACT)
    assert running(plan) in ([("cup", 0, "10 percent"), ("pot", 2, "10 percent")], [("cup", 0, "10 percent"), ("cup", 2, "10 percent")])
    assert [reason(plan, "tea", week)[0] for week in range(3)] == ["cool_down", "announced", "cool_down"]
    assert (reason(plan, "pot", 0)[0], reason(plan, "cup", 1)[0]) == ("cool_down", "conflict")
    assert reason(plan, "pot", 1) == ("slot", "week 1")
    assert plan.limits.filter(pl.col("scope") == "week 1")["allowed"].to_list() == [0.0]


def test_decisions_that_collide_with_limits_make_these_give_way_by_name(candidate) -> None:
    rows = [candidate(name) for name in ("tea", "cup", "pot")]
    schema = {"product_id": pl.String, "week": pl.Int64, "promotion_id": pl.String, "action": pl.String}
    decided = pl.DataFrame([(name, 0, None, "force") for name in ("tea", "cup")], schema=schema, orient="row")
    plan = plan_promotions(frames(*rows, decisions=decided), PromotionLimits(slots_per_week=1, budget=150.0), EXACT)
    assert plan.certificate.status == "relaxed"
    assert plan.certificate.violations == ()
    assert not plan.certificate.holds
    assert running(plan) == [("cup", 0, "10 percent"), ("tea", 0, "10 percent")]
    gave = dict(plan.limits.select("limit_name", "relaxed_by").rows())
    assert gave == {"slots": pytest.approx(1.0), "budget": pytest.approx(130.0)}
    assert plan.message.startswith(
        "What was decided and the limits cannot hold together; the smallest relaxation moves slots (week 0) by 1;"
    )


def test_without_candidates_there_is_nothing_to_decide(candidate) -> None:
    empty = pl.DataFrame(schema=pl.DataFrame([candidate()]).schema)
    plan = plan_promotions(CalendarFrames(empty), PromotionLimits(slots_per_week=1, budget=5.0))
    assert (plan.certificate.status, plan.certificate.value, plan.calendar.height) == ("empty", 0.0, 0)
    assert plan.certificate.holds


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"discount_share": 1.2}, "Expected discount_share in"),
        ({"lift_units": -101.0}, r"base_units \+ lift_units of 0 or more"),
        ({"unit_cost": float("nan")}, "missing or infinite value in column unit_cost"),
        ({"week": -1}, "week of 0 or more"),
    ],
)
def test_senseless_candidates_are_refused(candidate, change: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        plan_promotions(frames(candidate(**change)))


def test_frames_that_contradict_themselves_are_refused(candidate) -> None:
    schema = {"product_id": pl.String, "week": pl.Int64, "promotion_id": pl.String, "action": pl.String}

    def decided(*rows: tuple) -> CalendarFrames:
        return frames(candidate(), decisions=pl.DataFrame(list(rows), schema=schema, orient="row"))

    with pytest.raises(ValueError, match="repeats"):
        plan_promotions(frames(candidate(), candidate()))
    with pytest.raises(ValueError, match="both force and forbid"):
        plan_promotions(decided(("tea", 0, "10 percent", "force"), ("tea", 0, None, "forbid")))
    with pytest.raises(ValueError, match="force two promotions"):
        plan_promotions(decided(("tea", 0, "10 percent", "force"), ("tea", 0, "2 for 1", "force")))
    with pytest.raises(ValueError, match="force or forbid"):
        plan_promotions(decided(("tea", 0, "10 percent", "maybe")))
    with pytest.raises(ValueError, match="lacks the columns"):
        plan_promotions(replace(frames(candidate()), stock=pl.DataFrame({"product_id": ["tea"]})))
    with pytest.raises(ValueError, match="whole number"):
        PromotionLimits(slots_per_week=-1)
