"""Ad budgets that can be checked by hand."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from optimization.ad_budget import AdLimits, AdSettings, check_ad_budget, plan_ad_budget

from .conftest import channel, table

WEEK = AdSettings(periods=1)


def planned(plan, period: int = 1) -> dict[str, float]:
    return dict(plan.budget.filter(pl.col("period") == period).select("channel", "spend_planned").iter_rows())


def test_equal_curves_share_the_budget_equally(two_channels: pl.DataFrame) -> None:
    plan = plan_ad_budget(two_channels, AdLimits(total_budget=140.0, minimum_marginal_return=0.0), WEEK)
    assert planned(plan) == pytest.approx({"search": 70.0, "social": 70.0}, rel=1e-4)
    assert plan.certificate.status == "optimal"
    assert plan.certificate.violations == ()
    # 7 days at 20 * 10 / 20 in both channels
    assert plan.certificate.value == pytest.approx(140.0)
    assert plan.certificate.bound >= plan.certificate.value
    assert plan.certificate.gap <= WEEK.target_gap


def test_spending_stops_where_the_last_money_brings_less_than_the_floor() -> None:
    """Slope 20 * 10 / (x + 10)^2 equals 0.5 at x = 10 a day: 70 a week, whatever the budget."""
    plan = plan_ad_budget(table(channel("search")), AdLimits(total_budget=500.0, minimum_marginal_return=0.5), WEEK)
    assert planned(plan)["search"] == pytest.approx(70.0, rel=1e-4)
    budget = plan.limits.row(by_predicate=pl.col("limit_name") == "total_budget", named=True)
    assert budget["shadow_price"] == 0.0
    assert budget["slack"] == pytest.approx(430.0, rel=1e-4)


def test_one_more_of_a_binding_budget_is_worth_what_a_larger_budget_earns(two_channels: pl.DataFrame) -> None:
    limits = AdLimits(total_budget=140.0)
    plan, more = (plan_ad_budget(two_channels, replace(limits, total_budget=amount), WEEK) for amount in (140.0, 141.0))
    budget = plan.limits.row(by_predicate=pl.col("limit_name") == "total_budget", named=True)
    # both at 10 a day: the slope is 0.5, below the floor of 1, so less is spent and the budget has no price
    assert budget["shadow_price"] == 0.0
    tight, wider = (plan_ad_budget(two_channels, replace(limits, total_budget=amount), WEEK) for amount in (40.0, 40.5))
    price = tight.limits.row(by_predicate=pl.col("limit_name") == "total_budget", named=True)["shadow_price"]
    assert price == pytest.approx((wider.certificate.value - tight.certificate.value) / 0.5, rel=0.03)
    assert price > 0
    assert more.certificate.value == pytest.approx(plan.certificate.value, rel=1e-6)


def test_memory_lets_money_of_the_first_week_work_in_the_second_and_after_the_plan() -> None:
    forgetful = plan_ad_budget(table(channel("tv")), AdLimits(total_budget=140.0, minimum_marginal_return=0.0), AdSettings(periods=2))
    lasting = plan_ad_budget(
        table(channel("tv", memory=0.8, half_saturation=50.0)),
        AdLimits(total_budget=140.0, minimum_marginal_return=0.0),
        AdSettings(periods=2),
    )
    assert forgetful.budget["response_after_plan"].to_list() == [0.0, 0.0]
    assert lasting.budget["response_after_plan"].to_list()[1] > 0
    assert planned(lasting, 1)["tv"] + planned(lasting, 2)["tv"] == pytest.approx(140.0)
    assert lasting.certificate.violations == ()


def test_a_channel_that_forgets_at_once_beside_one_that_remembers_for_weeks_is_planned() -> None:
    """What is left of the first after weeks is too small for a solver to see, and must not make the program infeasible."""
    channels = table(channel("brief", memory=0.01, spend_today=4000.0, half_saturation=500.0), channel("tv", memory=0.85))
    plan = plan_ad_budget(channels, AdLimits(total_budget=16000.0, largest_change=0.5, minimum_marginal_return=0.0), AdSettings())
    assert plan.certificate.status == "optimal"
    assert plan.certificate.violations == ()


def test_an_s_curve_gets_all_or_nothing_where_half_of_the_money_does_nothing() -> None:
    """Two steep S-curves with money for one: half each would stay below the bend."""
    steep = {"shape": 6.0, "half_saturation": 10.0, "spend_today": 42.0}
    plan = plan_ad_budget(
        table(channel("a", **steep), channel("b", **steep)), AdLimits(total_budget=84.0, minimum_marginal_return=0.0), WEEK
    )
    spends = sorted(planned(plan).values())
    assert spends[0] < 1.0
    assert spends[1] > 83.0
    half_each = 2 * 7 * 20 * 6**6 / (6**6 + 10**6)
    assert plan.certificate.value > 5 * half_each
    assert plan.certificate.gap <= WEEK.target_gap


def test_a_held_channel_keeps_todays_spend_and_says_why(two_channels: pl.DataFrame) -> None:
    held = two_channels.with_columns(is_held=pl.col("channel") == "search")
    plan = plan_ad_budget(held, AdLimits(total_budget=175.0, minimum_marginal_return=0.0), WEEK)
    assert planned(plan) == pytest.approx({"search": 140.0, "social": 35.0}, rel=1e-6)
    row = plan.budget.row(by_predicate=pl.col("channel") == "search", named=True)
    assert row["reason_code"] == "held"
    assert "not known" in row["sentence"]


def test_change_from_todays_plan_is_limited_but_an_explicit_minimum_goes_before_it(two_channels: pl.DataFrame) -> None:
    limits = AdLimits(total_budget=175.0, largest_change=0.2, minimum_marginal_return=0.0)
    assert planned(plan_ad_budget(two_channels, limits, WEEK)) == pytest.approx({"search": 133.0, "social": 42.0}, rel=1e-4)
    asked = replace(limits, channel_minimums={"social": 60.0})
    assert planned(plan_ad_budget(two_channels, asked, WEEK)) == pytest.approx({"search": 115.0, "social": 60.0}, rel=1e-4)


def test_groups_have_budgets_and_minimums() -> None:
    channels = table(*(channel(name, channel_group=name[0]) for name in ("a1", "a2", "b1")))
    limits = AdLimits(total_budget=210.0, group_budgets={"a": 60.0}, group_minimums={"b": 100.0}, minimum_marginal_return=0.0)
    plan = plan_ad_budget(channels, limits, WEEK)
    spends = planned(plan)
    assert spends["a1"] == pytest.approx(30.0, rel=1e-3)
    assert spends["a2"] == pytest.approx(30.0, rel=1e-3)
    assert spends["b1"] == pytest.approx(150.0, rel=1e-3)
    assert plan.certificate.holds


def test_minimums_beyond_the_budget_fall_short_by_just_that_and_are_named(two_channels: pl.DataFrame) -> None:
    limits = AdLimits(total_budget=100.0, channel_minimums={"search": 80.0, "social": 50.0}, minimum_marginal_return=0.0)
    plan = plan_ad_budget(two_channels, limits, WEEK)
    assert plan.certificate.status == "relaxed"
    assert plan.certificate.violations == ()
    assert not plan.certificate.holds
    short = plan.limits.filter(pl.col("relaxed_by") > 0)
    assert float(short["relaxed_by"].sum()) == pytest.approx(30.0, rel=1e-4)
    assert set(short["limit_name"]) == {"channel_minimum"}
    budget = plan.limits.row(by_predicate=pl.col("limit_name") == "total_budget", named=True)
    assert budget["used"] <= 100.0 + 1e-9
    assert "collide" in budget["sentence"]
    # still the best plan under it: equal curves, so 50 each, and social's minimum holds
    assert planned(plan) == pytest.approx({"search": 50.0, "social": 50.0}, rel=1e-3)


def test_the_curve_never_falls_and_names_budgets_that_minimums_rule_out(two_channels: pl.DataFrame) -> None:
    limits = AdLimits(total_budget=140.0, channel_minimums={"search": 80.0}, minimum_marginal_return=0.0)
    curve = plan_ad_budget(two_channels, limits, WEEK).curve
    assert curve["is_feasible"].to_list() == [budget >= 80.0 for budget in curve["budget"]]
    told = curve.filter("is_feasible")
    assert told["expected_profit"].diff().drop_nulls().min() >= 0
    assert (told["spend"] <= told["budget"] + 1e-9).all()
    assert told["marginal_return"].diff().drop_nulls().max() <= 1e-6


def test_intervals_come_from_the_draws(two_channels: pl.DataFrame) -> None:
    draws = pl.concat(
        [
            two_channels.select("channel", "half_saturation", "shape", "memory", "opening_adstock").with_columns(
                draw=pl.lit(index, dtype=pl.Int64), most=pl.lit(20.0 * factor)
            )
            for index, factor in enumerate(np.linspace(0.5, 1.5, 101))
        ]
    )
    limits = AdLimits(total_budget=175.0, minimum_marginal_return=0.0)
    plan = plan_ad_budget(two_channels, limits, AdSettings(periods=1, confidence=0.9), draws)
    for row in plan.budget.iter_rows(named=True):
        assert row["expected_response_low"] == pytest.approx(0.55 * row["expected_response"], rel=1e-6)
        assert row["expected_response_high"] == pytest.approx(1.45 * row["expected_response"], rel=1e-6)
    assert plan.comparison.chance_better == 1.0  # in every draw the curves are equal, so equal shares are better
    assert plan.comparison.gain_low < plan.comparison.gain < plan.comparison.gain_high


def test_without_channels_there_is_nothing_to_decide() -> None:
    plan = plan_ad_budget(table(), AdLimits(total_budget=100.0))
    assert plan.certificate.status == "empty"
    assert plan.certificate.holds
    assert plan.budget.is_empty()
    assert plan.limits.is_empty()
    assert plan.curve.is_empty()


def test_a_channel_that_brings_nothing_gets_nothing() -> None:
    plan = plan_ad_budget(table(channel("dead", most=0.0), channel("search")), AdLimits(total_budget=100.0), WEEK)
    assert planned(plan)["dead"] == pytest.approx(0.0, abs=1e-6)
    assert plan.budget.row(by_predicate=pl.col("channel") == "dead", named=True)["reason_code"] == "nothing"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"half_saturation": 0.0}, "half saturation"),
        ({"shape": 0.5}, "shape below 1"),
        ({"memory": 1.0}, "memory"),
        ({"spend_today": -1.0}, "below 0"),
        ({"most": float("nan")}, "not finite"),
        ({"most": None}, "empty field"),
    ],
)
def test_a_channel_that_makes_no_sense_is_refused_by_name(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plan_ad_budget(table(channel("odd", **change)), AdLimits(total_budget=1.0))


def test_limits_that_make_no_sense_are_refused(two_channels: pl.DataFrame) -> None:
    with pytest.raises(ValueError, match="radio"):
        plan_ad_budget(two_channels, AdLimits(total_budget=1.0, channel_minimums={"radio": 1.0}))
    with pytest.raises(ValueError, match="at least"):
        AdLimits(channel_minimums={"search": 2.0}, channel_maximums={"search": 1.0})
    with pytest.raises(ValueError, match="total_budget"):
        AdLimits(total_budget=float("inf"))
    with pytest.raises(ValueError, match="without end"):
        plan_ad_budget(two_channels, AdLimits(minimum_marginal_return=0.0))


def test_the_checker_finds_what_is_wrong(two_channels: pl.DataFrame) -> None:
    limits = AdLimits(total_budget=140.0, period_budget=140.0, largest_change=0.9, channel_maximums={"search": 100.0})
    plan = plan_ad_budget(two_channels, limits, WEEK)
    value = plan.certificate.value

    def found(spends: tuple[float, float]) -> str:
        wrong = plan.budget.with_columns(spend_planned=pl.Series(spends))
        return " ".join(check_ad_budget(two_channels, limits, WEEK, wrong, plan.limits, value))

    assert check_ad_budget(two_channels, limits, WEEK, plan.budget, plan.limits, value) == []
    assert "total_budget" in found((100.0, 60.0))
    assert "period_budget" in found((100.0, 60.0))
    assert "maximum" in found((110.0, 20.0))
    assert "further from today" in found((60.0, 70.0))
    assert "curves say" in found((60.0, 50.0))
    assert "one per channel" in " ".join(check_ad_budget(two_channels, limits, WEEK, plan.budget.head(1), plan.limits, value))
