"""Purchase propensities on drawn customers whose chances are known."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from learning.purchase_propensity import PropensityModel, train_propensity


def snapshots(count: int, seed: int = 1) -> pl.DataFrame:
    """Customers who buy at a rate of their own; whether they buy in the next 28 days follows it."""
    chance = np.random.default_rng(seed)
    rate = chance.gamma(1.0, 0.01, count)  # orders per day
    recency = np.minimum(chance.exponential(1 / rate), 700).astype(int)
    orders = {days: chance.poisson(rate * max(days, 1)) for days in (28, 84, 365)}
    return pl.DataFrame(
        {
            "customer_key": [f"c{index:05d}" for index in range(count)],
            "snapshot_day": [date(2025, 6, 1)] * count,
            "recency_days": recency,
            "tenure_days": recency + 200,
            **{f"orders_{days}": number for days, number in orders.items()},
            "true_chance": 1 - np.exp(-28 * rate),
        }
    ).with_columns(has_bought=pl.Series(chance.random(count)) < pl.col("true_chance"))


def test_chances_are_near_the_truth_and_well_ordered() -> None:
    model = train_propensity(snapshots(4000).drop("true_chance"))
    assert model.auc > 0.7
    assert model.predicted_rate == pytest.approx(model.base_rate, abs=0.03)
    fresh = snapshots(3000, seed=2)
    told = model.predict(fresh).join(fresh, on="customer_key")
    assert np.corrcoef(told["purchase_probability"], told["true_chance"])[0, 1] > 0.85
    for part in told.sort("purchase_probability").iter_slices(600):
        assert abs(part["purchase_probability"].mean() - part["has_bought"].mean()) < 0.06


def test_too_little_history_predicts_nothing() -> None:
    few = snapshots(100).drop("true_chance")
    model = train_propensity(few)
    assert model.coefficients is None
    assert model.predict(few)["purchase_probability"].null_count() == 100
    everybody = snapshots(400).drop("true_chance").with_columns(has_bought=pl.lit(True))
    assert train_propensity(everybody).coefficients is None


def test_rows_in_any_order_and_a_file_give_the_same_model(tmp_path) -> None:
    frame = snapshots(1000).drop("true_chance")
    model = train_propensity(frame)
    assert train_propensity(frame.sample(fraction=1, shuffle=True, seed=3)) == model
    model.save(tmp_path / "model.json")
    assert PropensityModel.load(tmp_path / "model.json") == model


def test_a_customer_twice_is_refused() -> None:
    frame = snapshots(300).drop("true_chance")
    with pytest.raises(ValueError, match="twice"):
        train_propensity(pl.concat([frame, frame.head(1)]))
    model = train_propensity(frame)
    with pytest.raises(ValueError, match="two profiles"):
        model.predict(pl.concat([frame, frame.head(1)]))
