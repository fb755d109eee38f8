"""The read-out: which rows, which verdicts, and when nothing may be concluded."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from learning.experiments import READOUT_SCHEMA, Stage, campaign_readout
from tests.learning.experiments.conftest import drawn_campaign

DONE = Stage(28, 28, is_settled=True, has_after=True)
HALFWAY = Stage(14, 28, is_settled=False)


def verdicts(readout: pl.DataFrame, metric: str) -> dict[str, str]:
    rows = readout.filter((pl.col("metric") == metric) & (pl.col("segment") == "all"))
    return dict(rows.select("coupon_id", "verdict").rows())


def test_a_large_effect_is_found_and_none_is_not_invented(campaign) -> None:
    assert verdicts(campaign_readout("k", campaign(effect=0.5), DONE), "orders_per_customer") == dict.fromkeys(
        ["any", "c3", "c5"], "higher"
    )
    assert verdicts(campaign_readout("k", campaign(), DONE), "orders_per_customer") == dict.fromkeys(["any", "c3", "c5"], "unclear")
    assert verdicts(campaign_readout("k", campaign(), HALFWAY), "orders_per_customer") == dict.fromkeys(["any", "c3", "c5"], "too_early")


def test_while_it_runs_a_conclusion_needs_the_always_valid_interval(campaign) -> None:
    """An effect that the fixed interval shows and the always-valid one does not."""
    outcomes = campaign(2000, seed=8, effect=0.1)
    row = campaign_readout("k", outcomes, HALFWAY).row(
        by_predicate=(pl.col("metric") == "orders_per_customer") & (pl.col("coupon_id") == "any"), named=True
    )
    assert row["difference_low"] > 0 > row["always_valid_low"]
    assert row["p_value"] < 0.05 < row["always_valid_p_value"] == row["adjusted_p_value"]
    assert row["verdict"] == "too_early"
    assert row["sentence"].endswith("; too early to conclude.")


def test_rows_and_columns(campaign) -> None:
    readout = campaign_readout("k", campaign(), DONE)
    assert readout.schema == pl.Schema(READOUT_SCHEMA)
    assert readout.select("coupon_id", "segment").unique().height == 3 + 2
    assert not readout.select("coupon_id", "segment", "metric").is_duplicated().any()
    assert (readout["sentence"].str.len_chars() > 10).all()
    running = campaign_readout("k", campaign(), HALFWAY)
    assert running["segment"].unique().to_list() == ["all"]
    assert "orders_after_window" not in running["metric"].to_list()


def test_intervals_hold_their_difference_and_the_always_valid_one_is_wider(campaign) -> None:
    told = campaign_readout("k", campaign(effect=0.2), DONE).drop_nulls("always_valid_low")
    assert told.height > 40
    assert (told["always_valid_low"] < told["difference_low"]).all()
    assert (told["difference_low"] < told["difference"]).all()
    assert (told["difference"] < told["difference_high"]).all()
    assert (told["difference_high"] < told["always_valid_high"]).all()
    asked = told.drop_nulls("p_value")
    assert ((asked["p_value"] < 0.05) == ((asked["difference_low"] > 0) | (asked["difference_high"] < 0))).all()
    assert (asked["adjusted_p_value"] >= asked["p_value"] - 1e-12).all()


def test_lost_customers_block_the_conclusion(campaign) -> None:
    """A fifth of the control group is lost: everything is blocked. A fifth of one coupon: that coupon and all together, not the other."""
    outcomes = campaign(effect=0.5).with_row_index("row")
    no_control = outcomes.filter(pl.col("coupon_id").is_not_null() | (pl.col("row") % 5 > 0))
    told = campaign_readout("k", no_control, DONE)
    assert set(told.filter(pl.col("metric") != "redemption_rate")["verdict"]) == {"blocked"}
    assert told["sentence"].str.contains("No conclusion").any()
    no_c5 = outcomes.filter((pl.col("coupon_id") != "c5").fill_null(True) | (pl.col("row") % 3 > 0))
    told = verdicts(campaign_readout("k", no_c5, DONE), "conversion")
    assert (told["any"], told["c5"]) == ("blocked", "blocked")


def test_without_a_draw_nothing_is_causal(campaign) -> None:
    mailing = campaign(400).filter(pl.col("coupon_id").is_not_null()).with_columns(propensity=pl.lit(None, dtype=pl.Float64))
    told = campaign_readout("m", mailing, DONE)
    assert not told["causal"].any()
    assert told["difference"].null_count() == told["p_value"].null_count() == told.height
    assert set(told.filter(pl.col("metric") != "redemption_rate")["verdict"]) == {"not_causal"}


def test_customers_who_were_not_drawn_are_left_out_and_counted(campaign) -> None:
    outcomes = campaign(2000, effect=0.3)
    extra = campaign(50, seed=9).with_columns(
        propensity=pl.lit(1.0), customer_key=pl.lit("x") + pl.col("customer_key"), orders=pl.lit(99.0)
    )
    both = campaign_readout("k", pl.concat([outcomes, extra]), DONE)
    assert set(both["customers_left_out"]) == {50}
    assert_frame_equal(both.drop("customers_left_out"), campaign_readout("k", outcomes, DONE).drop("customers_left_out"))


def test_a_plan_that_chose_coupons_is_read_as_a_whole_only(campaign) -> None:
    """Held out by lot (0.1), coupons chosen for the rest (0.9 each): the arms' chances add up to 1.9."""
    outcomes = campaign(4000, effect=0.5, shares={None: 0.1, "c3": 0.5, "c5": 0.4})
    chosen = outcomes.with_columns(propensity=pl.when(pl.col("coupon_id").is_null()).then(0.1).otherwise(0.9))
    told = verdicts(campaign_readout("k", chosen, DONE), "orders_per_customer")
    assert told == {"any": "higher", "c3": "not_causal", "c5": "not_causal"}


def test_unequal_chances_are_weighed(rows) -> None:
    """Frequent buyers got the coupon more often: by plain means the useless coupon looks good, by weighted ones it does not."""
    often, seldom = 4000, 4000
    parts = [(often, 0.8, 2.0), (seldom, 0.2, 1.0)]
    coupon, chance, orders = [], [], []
    for size, share, level in parts:
        treated = round(size * share)
        coupon += ["c"] * treated + [None] * (size - treated)
        chance += [share] * treated + [1 - share] * (size - treated)
        orders += [level + (-1) ** number * 0.5 for number in range(size)]
    outcomes = rows(coupon_id=coupon, propensity=chance, orders=orders)
    row = campaign_readout("k", outcomes, DONE).row(
        by_predicate=(pl.col("metric") == "orders_per_customer") & (pl.col("coupon_id") == "c"), named=True
    )
    assert row["treated_value"] == pytest.approx(1.5)
    assert row["difference"] == pytest.approx(0.0, abs=1e-9)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.0, 0.6))
def test_the_order_of_customers_changes_nothing(seed: int, effect: float) -> None:
    outcomes = drawn_campaign(300, seed=seed, effect=effect)
    shuffled = outcomes.sample(fraction=1.0, shuffle=True, seed=seed)
    assert_frame_equal(campaign_readout("k", shuffled, DONE), campaign_readout("k", outcomes, DONE), check_exact=True)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.5, 20.0))
def test_another_currency_changes_money_and_no_conclusion(seed: int, rate: float) -> None:
    """Money times a factor: differences of money by the factor, everything else as it was."""
    outcomes = drawn_campaign(300, seed=seed, effect=0.3)
    money = ["revenue", "gain", "cost", "profit", *(name for name in outcomes.columns if name.startswith(("revenue_", "margin_")))]
    before, after = (campaign_readout("k", each, DONE) for each in (outcomes, outcomes.with_columns(pl.col(money) * rate)))
    in_money = pl.col("metric").is_in(["revenue_per_customer", "basket_value", "margin_per_customer", "profit_per_customer"])
    factor = before.select(f=pl.when(in_money).then(pl.lit(rate)).otherwise(pl.lit(1.0)))["f"]
    assert_frame_equal(
        after.select("p_value", "always_valid_p_value", "variance_reduction"),
        before.select("p_value", "always_valid_p_value", "variance_reduction"),
        abs_tol=1e-6,
    )
    assert ((after["difference"] - before["difference"] * factor).abs() < 1e-6 * (1 + rate * 100)).all()


def test_bad_input_is_refused_and_nothing_gives_nothing(campaign) -> None:
    outcomes = campaign(50)
    with pytest.raises(ValueError, match="twice in campaign k"):
        campaign_readout("k", pl.concat([outcomes, outcomes]), DONE)
    assert_frame_equal(campaign_readout("k", outcomes.clear(), DONE), pl.DataFrame(schema=READOUT_SCHEMA))
