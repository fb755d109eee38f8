"""Scoring once gives what scoring twice gives."""

from datetime import date, timedelta

import polars as pl
from polars.testing import assert_frame_equal

from learning.demand import DemandSettings, lead_time_quantiles, no_holidays, train


def test_score_equals_predict_and_lead_time_quantiles() -> None:
    days = [date(2025, 1, 1) + timedelta(days=step) for step in range(40)]
    panel = pl.DataFrame(
        [("a", "x", day, float(2 + step % 7)) for step, day in enumerate(days)] + [("b", "x", day, 1.0) for day in days],
        schema=["product_id", "location_id", "business_day", "units"],
        orient="row",
    )
    model = train(panel, no_holidays(), DemandSettings(), days[-1])
    horizons = pl.DataFrame({"product_id": ["a", "b"], "location_id": ["x", "x"], "horizon_days": [7, 14]})

    daily, sums = model.score(panel, None, horizons, days[-1])

    assert_frame_equal(daily, model.predict(panel, None, days[-1]))
    assert_frame_equal(sums, lead_time_quantiles(model, panel, None, horizons, days[-1]))
