"""Power and sizes before a campaign, with statsmodels as the oracle."""

import polars as pl
import pytest
from statsmodels.stats.power import NormalIndPower

from learning.experiments import ExperimentSettings, experiment_power

PLAIN = ExperimentSettings(least_variance_reduction=0.999)


def row_of(table: pl.DataFrame, metric: str, segment: str = "all") -> dict:
    return table.row(by_predicate=(pl.col("metric") == metric) & (pl.col("segment") == segment), named=True)


@pytest.fixture(scope="module")
def rehearsal(campaign) -> pl.DataFrame:
    return campaign(4000)


def test_sizes_are_those_of_statsmodels(rehearsal) -> None:
    told = row_of(experiment_power(rehearsal, rehearsal.select("customer_key", "segment"), 0.2, PLAIN), "orders_per_customer")
    spread = rehearsal["orders"].std()
    oracle = NormalIndPower()
    effect = oracle.solve_power(nobs1=800, ratio=4.0, alpha=0.05, power=0.8)
    assert told["detectable_difference"] == pytest.approx(effect * spread, rel=1e-3)
    wanted = told["wanted_difference"]
    assert wanted == pytest.approx(0.1 * rehearsal["orders"].mean())
    control = oracle.solve_power(effect_size=wanted / spread, ratio=4.0, alpha=0.05, power=0.8)
    assert told["customers_needed"] == pytest.approx(5 * control, rel=1e-3)
    assert told["power_for_wanted"] == pytest.approx(oracle.power(wanted / spread, 800, 0.05, ratio=4.0), rel=1e-3)
    halves = oracle.solve_power(effect_size=wanted / spread, ratio=1.0, alpha=0.05, power=0.8)
    assert told["customers_needed_in_halves"] == pytest.approx(2 * halves, rel=1e-3)


def test_the_pre_period_makes_smaller_effects_visible_and_daily_looks_larger_ones(rehearsal) -> None:
    customers = rehearsal.select("customer_key", "segment")
    plain, adjusted = (row_of(experiment_power(rehearsal, customers, 0.2, s), "margin_per_customer") for s in (PLAIN, ExperimentSettings()))
    assert adjusted["variance_reduction"] > 0.2
    expected = plain["detectable_difference"] * (1 - adjusted["variance_reduction"]) ** 0.5
    assert adjusted["detectable_difference"] == pytest.approx(expected, rel=0.01)
    assert 1.2 < adjusted["detectable_daily"] / adjusted["detectable_difference"] < 1.6


def test_more_customers_show_more(rehearsal) -> None:
    few = rehearsal.select("customer_key", "segment").head(1000)
    many = rehearsal.select("customer_key", "segment")
    for metric in ("conversion", "orders_per_customer", "basket_value", "margin_per_customer"):
        a, b = (row_of(experiment_power(rehearsal, each, 0.1), metric) for each in (few, many))
        assert a["detectable_difference"] > b["detectable_difference"]
        assert a["customers_needed"] == b["customers_needed"]


def test_where_no_experiment_is_possible_the_sentence_says_so(rehearsal) -> None:
    customers = rehearsal.select("customer_key", "segment")
    assert "goes without" in row_of(experiment_power(rehearsal, customers, 0.0), "conversion")["sentence"]
    small = row_of(experiment_power(rehearsal, customers.head(100), 0.1), "conversion")
    assert small["detectable_difference"] is None
    assert "fewer than 30" in small["sentence"]
    assert small["customers_needed"] > 100
    assert "Too few" in row_of(experiment_power(rehearsal.head(10), customers, 0.1), "conversion")["sentence"]
    nobody = experiment_power(rehearsal.clear(), customers.clear(), 0.1)
    assert nobody["customers"].to_list() == [0] * 4
    with pytest.raises(ValueError, match="control_share"):
        experiment_power(rehearsal, customers, 1.0)
