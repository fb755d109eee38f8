"""Figures of two groups: eight customers by hand, then statsmodels and plain regression as oracles."""

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from scipy.stats import norm
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from learning.experiments import METRICS, ExperimentSettings
from learning.experiments.arms import COLUMNS, weighed_equally
from learning.experiments.compare import Comparison, compare, information_clock
from learning.experiments.moments import Moments

OF_NAME = {metric.name: metric for metric in METRICS}
EIGHT = ExperimentSettings(smallest_arm=2)
PLAIN = replace(EIGHT, least_variance_reduction=0.999)


def found(name: str, outcomes: pl.DataFrame, settings: ExperimentSettings = EIGHT) -> Comparison:
    ready = weighed_equally(outcomes)
    with_coupon, without = (Moments.of(ready.filter(pl.col("coupon_id").is_null() == flag), COLUMNS) for flag in (False, True))
    return compare(OF_NAME[name], with_coupon, without, settings)


@pytest.fixture
def eight(rows) -> pl.DataFrame:
    """Four with the coupon: orders 1, 2, 0, 1; revenue 10, 30, 0, 20; four without: orders 0, 1, 0, 1; revenue 0, 12, 0, 18."""
    orders = [1.0, 2.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0]
    return rows(
        coupon_id=["c"] * 4 + [None] * 4,
        orders=orders,
        ordered=[float(count > 0) for count in orders],
        revenue=[10.0, 30.0, 0.0, 20.0, 0.0, 12.0, 0.0, 18.0],
        gain=[6.0, 12.0, 0.0, 6.0, 0.0, 4.0, 0.0, 8.0],
        cost=[2.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0],
        redeemed=[1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
        coupon_orders=[1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
    )


def test_conversion_by_hand(eight) -> None:
    """3 of 4 against 2 of 4; variances 3/12 and 4/12 over 4 customers each: error sqrt(7 / 48)."""
    told = found("conversion", eight)
    assert (told.treated, told.control, told.difference) == (0.75, 0.5, pytest.approx(0.25))
    assert told.standard_error == pytest.approx(math.sqrt(7 / 48))
    assert told.p_value == pytest.approx(2 * norm.sf(0.25 / math.sqrt(7 / 48)))
    assert told.covariate is None


def test_basket_value_by_hand(eight) -> None:
    """60 / 4 orders against 30 / 2: both 15.

    Delta method, with coupon: residuals revenue - 15 orders are -5, 0, 0, 5, variance 50 / 3, over the mean of orders squared (1) and 4
    customers: 50 / 12. Without: 0, -3, 0, 3, variance 6, over 0.25 and 4: 6. Error sqrt(50 / 12 + 6).
    """
    told = found("basket_value", eight)
    assert (told.treated, told.control, told.difference) == (15.0, 15.0, pytest.approx(0.0, abs=1e-12))
    assert told.standard_error == pytest.approx(math.sqrt(50 / 12 + 6))
    assert told.p_value == pytest.approx(1.0)


def test_return_on_the_coupons_cost_by_hand(eight) -> None:
    """Margin 6 against 3 a customer, cost 1 a customer: 3 added per 1.00, less the 1.00 itself: 2.

    Error: gain - 3 cost is 0, 12, 0, 0 with coupon, variance 36; gain without 0, 4, 0, 8, variance 44 / 3; over 4 customers each.
    """
    told = found("roi", eight)
    assert (told.treated, told.control, told.difference) == (pytest.approx(2.0), None, pytest.approx(2.0))
    assert told.standard_error == pytest.approx(math.sqrt(36 / 4 + 44 / 12))


def test_redemptions_that_added_no_order_by_hand(eight) -> None:
    """Orders 1 against 0.5 a customer, redemptions 0.5 a customer: all of them were added, none would have come anyway."""
    told = found("redeemed_anyway_share", eight)
    assert told.difference == pytest.approx(0.0)
    assert told.p_value is None
    assert found("redemption_rate", eight) == Comparison(0.5, None, None, None, None)


def test_means_are_those_of_statsmodels(campaign) -> None:
    outcomes = campaign(600, effect=0.3)
    oracle = CompareMeans(*(DescrStatsW(outcomes.filter(pl.col("coupon_id").is_null() == flag)["gain"]) for flag in (False, True)))
    told = found("margin_per_customer", outcomes, PLAIN)
    low, high = oracle.zconfint_diff(usevar="unequal")
    assert told.difference is not None
    assert told.standard_error is not None
    assert told.difference - norm.isf(0.025) * told.standard_error == pytest.approx(low)
    assert told.difference + norm.isf(0.025) * told.standard_error == pytest.approx(high)
    assert told.p_value == pytest.approx(oracle.ztest_ind(usevar="unequal")[1])


def test_the_pre_period_taken_out_is_close_to_a_regression_on_it(campaign) -> None:
    """The library takes out one slope for both groups, as least squares on treatment and pre-period does."""
    outcomes = campaign(4000, effect=0.2)
    told = found("orders_per_customer", outcomes)
    assert told.covariate == "orders_365"
    assert 0.2 < told.variance_reduction < 0.9
    columns = np.column_stack([outcomes["coupon_id"].is_not_null().to_numpy().astype(float), outcomes["orders_365"].to_numpy()])
    fitted = sm.OLS(outcomes["orders"].to_numpy(), sm.add_constant(columns)).fit(cov_type="HC1")
    assert told.difference == pytest.approx(fitted.params[1], abs=0.02 * fitted.bse[1])
    assert told.standard_error == pytest.approx(fitted.bse[1], rel=0.02)


def test_a_pre_period_that_explains_nothing_is_left_alone(campaign) -> None:
    noise = np.random.default_rng(3).poisson(1.0, (9, 2000)).astype(float)
    outcomes = campaign(2000)
    names = [f"{measure}_{days}" for measure in ("orders", "revenue", "margin") for days in (28, 84, 365)]
    outcomes = outcomes.with_columns(pl.Series(name, values) for name, values in zip(names, noise, strict=True))
    told = found("orders_per_customer", outcomes, ExperimentSettings())
    assert (told.covariate, told.variance_reduction) == (None, 0.0)


def test_equal_weights_are_no_weights(campaign) -> None:
    outcomes = weighed_equally(campaign(500, effect=0.4))
    groups = [Moments.of(outcomes.filter(pl.col("coupon_id").is_null() == flag), COLUMNS) for flag in (False, True)]
    for metric in METRICS:
        plain, weighted = (compare(metric, *groups, EIGHT, is_weighted=flag) for flag in (False, True))
        assert weighted.difference == (None if plain.difference is None else pytest.approx(plain.difference))
        assert weighted.standard_error == (None if plain.standard_error is None else pytest.approx(plain.standard_error))


def test_a_group_too_small_has_levels_and_no_effect(eight) -> None:
    assert found("conversion", eight, ExperimentSettings()) == Comparison(0.75, 0.5, None, None, None)


def test_where_nothing_varies_there_is_no_interval(rows) -> None:
    all_or_none = rows(coupon_id=["c", "c", None, None], ordered=[1.0, 1.0, 0.0, 0.0])
    assert found("conversion", all_or_none) == Comparison(1.0, 0.0, 1.0, None, None)
    nobody = rows(coupon_id=["c", "c", None, None])
    assert found("conversion", nobody) == Comparison(0.0, 0.0, 0.0, None, 1.0)
    assert found("basket_value", nobody) == Comparison(None, None, None, None, None)
    assert found("roi", nobody) == Comparison(None, None, None, None, None)


def test_the_clock_is_variance_over_that_of_the_pre_period(rows) -> None:
    outcomes = weighed_equally(rows(coupon_id=["c", "c", None, None], orders=[1.0, 0.0, 1.0, 0.0], orders_28=[2.0, 0.0, 2.0, 0.0]))
    both = [Moments.of(outcomes.filter(pl.col("coupon_id").is_null() == flag), COLUMNS) for flag in (False, True)]
    assert information_clock(OF_NAME["orders_per_customer"], *both, window_days=28, elapsed_days=9) == pytest.approx(0.25)
    assert information_clock(OF_NAME["orders_per_customer"], *both, window_days=14, elapsed_days=9) == pytest.approx(0.5)
    unknown = rows(coupon_id=["c", "c", None, None], orders=[1.0, 0.0, 1.0, 0.0])
    both = [Moments.of(weighed_equally(unknown).filter(pl.col("coupon_id").is_null() == flag), COLUMNS) for flag in (False, True)]
    assert information_clock(OF_NAME["orders_per_customer"], *both, window_days=28, elapsed_days=7) == pytest.approx(0.25)
