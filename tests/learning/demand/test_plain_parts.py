"""The plain parts, checked by hand: windows, closing days, levels, weekday pattern, segments, lift, lost demand, spread."""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.demand.aggregates import location_members
from learning.demand.closing_days import coming_closings, learned_closings
from learning.demand.day_lift import learn_day_lift
from learning.demand.filled import lost_demand
from learning.demand.future import coming_from_frame
from learning.demand.grid import build_grid
from learning.demand.holiday_days import all_events, names_by_day, national_holidays, no_holidays
from learning.demand.lead_time import Calibration, calibrate, horizon_bucket, quantiles_of_sums, spread
from learning.demand.promotion_lift import learn_promotion_lift
from learning.demand.reference import reference_forecasts
from learning.demand.segments import segment_items
from learning.demand.settings import DemandSettings
from learning.demand.windows import Windows

FIRST_DAY = date(2024, 1, 1)
MakePanel = Callable[..., pl.DataFrame]
PLAIN = DemandSettings(horizon_days=7)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=40), st.integers(1, 20), st.integers(0, 3))
def test_windows_agree_with_sums_taken_day_by_day(cells: list[tuple[int, bool]], days: int, skip: int) -> None:
    values = np.array([[float(value) for value, _ in cells]])
    valid = np.array([[flag for _, flag in cells]])
    windows = Windows(values, valid)
    origin = len(cells) - 1
    inside = [value for (value, flag) in cells[: len(cells) - skip][-days:] if flag] if skip < len(cells) else []
    assert windows.total(origin, days, skip)[0] == sum(inside)
    assert windows.count(origin, days, skip)[0] == len(inside)
    by_weekday, counts = windows.weekday_totals(origin, 3)
    for back in range(min(21, len(cells) - len(cells) % 7)):
        counts[0, (-back) % 7] -= valid[0, origin - back]
        by_weekday[0, (-back) % 7] -= values[0, origin - back] * valid[0, origin - back]
    assert not counts.any()
    assert not by_weekday.any()


def test_a_day_without_any_sale_of_a_busy_location_is_a_closing_day() -> None:
    units = np.tile([5.0, 6.0, 4.0, 5.0, 7.0, 9.0, 0.0], 8)[None, :]
    closed = learned_closings(np.concatenate([units, units]), np.array([0, 0]))
    assert closed.shape == (1, 56)
    assert closed[0].tolist() == [False] * 6 + [True] + ([False] * 6 + [True]) * 7
    coming = coming_closings(closed, 14, [""] * 56, [""] * 10 + ["fair"] + [""] * 3)
    assert np.flatnonzero(coming[0]).tolist() == [6, 13]


def test_a_slow_location_is_not_taken_for_closed() -> None:
    assert not learned_closings(np.array([[1.0, 0.0, 0.0, 1.0, 0.0, 0.0] * 5]), np.array([0])).any()


def test_a_holiday_closed_last_time_is_closed_again() -> None:
    closed = np.zeros((1, 60), dtype=bool)
    closed[0, 10] = True
    events = [""] * 60
    events[10] = "feast"
    assert np.flatnonzero(coming_closings(closed, 5, events, ["", "", "feast", "", ""])[0]).tolist() == [2]


def test_stock_out_days_are_missing_not_zero(panel_of: MakePanel) -> None:
    full = panel_of({("A", "main"): [2.0] * 28}, is_censored=False)
    short = full.with_columns(
        is_censored=pl.col("business_day").dt.weekday() == 3,
        units=pl.when(pl.col("business_day").dt.weekday() == 3).then(0.0).otherwise("units"),
    )
    forecasts = []
    for panel in (full, short):
        grid = build_grid(panel)
        lift = learn_day_lift(grid, no_holidays(), PLAIN)
        forecasts.append(
            reference_forecasts(grid, coming_from_frame(grid, None, no_holidays(), 7, PLAIN), lift, PLAIN).moving_average.sum()
        )
    assert forecasts[0] == pytest.approx(14.0, rel=0.02)
    assert forecasts[1] == pytest.approx(14.0, rel=0.02)
    lost = lost_demand(build_grid(short), learn_day_lift(build_grid(short), no_holidays(), PLAIN), PLAIN)
    assert lost["business_day"].to_list() == [FIRST_DAY + timedelta(days=2 + 7 * week) for week in range(4)]
    assert lost["lost_units"].to_list() == pytest.approx([2.0] * 4, rel=0.1)


def test_seasonal_naive_repeats_the_last_valid_week(panel_of: MakePanel) -> None:
    grid = build_grid(panel_of({("A", "main"): [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, None, 11.0, 12.0, 13.0, 14.0]}))
    coming = coming_from_frame(grid, None, no_holidays(), 9, PLAIN)
    naive = reference_forecasts(grid, coming, learn_day_lift(grid, no_holidays(), PLAIN), PLAIN).seasonal_naive
    assert naive[0].tolist() == [8.0, 9.0, 3.0, 11.0, 12.0, 13.0, 14.0, 8.0, 9.0]


def test_segments_by_demand_interval_age_and_silence(panel_of: MakePanel) -> None:
    panel = panel_of(
        {
            ("dormant", "main"): [1.0] + [0.0] * 150,
            ("smooth", "main"): [1.0] * 151,
            ("thin", "main"): [1.0, 0.0, 0.0] * 50 + [1.0],
        }
    )
    newcomer = panel.filter((pl.col("product_id") == "smooth") & (pl.col("business_day") > FIRST_DAY + timedelta(days=140)))
    grid = build_grid(pl.concat([panel, newcomer.with_columns(product_id=pl.lit("young"))]))
    assert dict(zip(grid.items["product_id"], segment_items(grid, PLAIN), strict=True)) == {
        "dormant": "dormant",
        "smooth": "smooth",
        "thin": "intermittent",
        "young": "new",
    }


def test_promotion_lift_is_the_ratio_to_base_demand(weekly_shop: MakePanel) -> None:
    table = learn_promotion_lift(build_grid(weekly_shop(n_items=30, n_days=300))).table
    whole = table.filter(pl.col("category").is_null()).sort("band")
    assert whole["lift"][2] == pytest.approx(2.0, rel=0.08)  # the shop's promotions cut 20 % and double demand
    assert whole["lift"][4] == 1.0


def test_promotions_beyond_the_notice_are_unknown_unless_announced(panel_of: MakePanel) -> None:
    grid = build_grid(panel_of({("A", "main"): [1.0] * 10}))
    last = FIRST_DAY + timedelta(days=9)
    told = pl.DataFrame({"business_day": [last + timedelta(days=20)], "product_id": "A", "location_id": "main", "on_promotion": True})
    coming = coming_from_frame(grid, told.with_columns(discount_share=pl.lit(0.3)), no_holidays(), 21, PLAIN)
    assert coming.promoted[0, :14].tolist() == [0.0] * 14
    assert np.isnan(coming.promoted[0, 14:19]).all()
    assert (coming.promoted[0, 19], coming.discount[0, 19]) == (1.0, 0.3)


def test_holidays_come_by_country_and_join_with_events() -> None:
    german = national_holidays("DE", date(2025, 12, 24), date(2025, 12, 31))
    assert german["business_day"].to_list() == [date(2025, 12, 25), date(2025, 12, 26)]
    own = pl.DataFrame({"business_day": [date(2025, 12, 30)], "holiday": ["Sale"]})
    assert names_by_day(all_events(german, own), [date(2025, 12, 29), date(2025, 12, 30)]) == ["", "Sale"]
    assert national_holidays(None, date(2025, 1, 1), date(2025, 2, 1)).is_empty()
    with pytest.raises(ValueError, match="country code"):
        national_holidays("XX", date(2025, 1, 1), date(2025, 2, 1))


def test_conformal_quantiles_cover_as_promised_on_fresh_sums() -> None:
    rng = np.random.default_rng(1)
    mean = np.exp(rng.uniform(-1, 4, size=20_000))
    frame = pl.DataFrame(
        {"segment": "smooth", "horizon_days": 7, "forecast_units": mean, "actual_units": rng.poisson(1.2 * mean).astype(float)}
    )
    residuals = frame.with_columns(spread_units=pl.Series(spread(mean, np.ones(20_000))))
    calibration = calibrate(residuals.head(10_000), PLAIN)
    fresh = residuals.tail(10_000)
    found, how = quantiles_of_sums(
        fresh["forecast_units"].to_numpy(), np.ones(10_000), np.full(10_000, "smooth"), np.full(10_000, 7), calibration, PLAIN
    )
    assert set(how) == {"backtest"}
    covered = (fresh["actual_units"].to_numpy()[:, None] <= found).mean(axis=0)
    for level, share in zip(PLAIN.quantile_levels[4:], covered[4:], strict=True):
        assert share == pytest.approx(level, abs=0.02)


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 1e5), st.floats(0.3, 50), st.integers(0, 400))
def test_assumed_quantiles_rise_from_zero(mean: float, dispersion: float, days: int) -> None:
    empty = Calibration(calibrate(_no_residuals(), PLAIN).table)
    found, how = quantiles_of_sums(np.array([mean]), np.array([dispersion]), np.array(["new"]), np.array([days]), empty, PLAIN)
    assert how == ["assumed"]
    assert (found >= 0).all()
    assert (np.diff(found) >= 0).all()
    assert np.isfinite(found).all()


def test_horizons_fall_into_the_nearest_bucket() -> None:
    assert horizon_bucket(np.array([0, 1, 2, 5, 10, 17, 400])).tolist() == [1, 1, 3, 7, 14, 14, 84]


def _no_residuals() -> pl.DataFrame:
    floats = dict.fromkeys(("forecast_units", "actual_units", "spread_units"), pl.Float64)
    return pl.DataFrame(schema={"segment": pl.String, "horizon_days": pl.Int64, **floats})


def test_large_locations_have_nodes_of_their_own_and_a_single_one_has_none(panel_of: MakePanel) -> None:
    units = {("A", "north"): [1.0] * 14, ("A", "south"): [5.0] * 14, ("B", "south"): [2.0] * 14, ("C", "west"): [3.0] * 14}
    grid = build_grid(panel_of(units))
    found = location_members(grid, DemandSettings(max_category_models=2))
    assert {name: members.tolist() for name, members in found.items()} == {
        "location: south": [False, True, True, False],
        "location: west": [False, False, False, True],
    }
    assert location_members(build_grid(panel_of({("A", "main"): [1.0] * 14})), PLAIN) == {}
