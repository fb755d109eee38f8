"""Lifts read off past promotions: right where they can be counted, drawn to the category where little is known, blind to the season."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from learning.promotions import EFFECT_SCHEMA, depth_band, promotion_effects, promotion_events

FIRST, DAYS = date(2024, 1, 1), 224
LAST = FIRST + timedelta(days=DAYS - 1)


def panel(
    lifts: dict[str, float], weeks: dict[str, list[int]], season: np.ndarray | None = None, plain: int = 20, seed: int | None = None
) -> pl.DataFrame:
    """Products of 10 units a day times the season, on promotion at a fifth off in the given weeks; `plain` others never are.

    Products whose name begins with t are of category tea. With a seed, sales are drawn (Poisson).
    """
    luck = np.random.default_rng(seed)
    season = np.ones(DAYS) if season is None else season
    parts = []
    for name in (*lifts, *(f"x{number:02d}" for number in range(plain))):
        on = np.isin(np.arange(DAYS) // 7, weeks.get(name, []))
        mean = 10 * season * np.where(on, lifts.get(name, 1.0), 1.0)
        parts.append(
            pl.DataFrame(
                {
                    "business_day": [FIRST + timedelta(days=day) for day in range(DAYS)],
                    "product_id": name,
                    "location_id": "main",
                    "category": "tea" if name.startswith("t") else "other",
                    "units": luck.poisson(mean).astype(np.float64) if seed is not None else mean,
                    "unit_price": 5.0,
                    "discount_share": np.where(on, 0.2, 0.0),
                    "on_promotion": on,
                }
            )
        )
    return pl.concat(parts)


def lift_of(effects: pl.DataFrame, product: str) -> dict:
    return effects.filter(pl.col("product_id") == product, pl.col("band") == depth_band(0.2)).row(0, named=True)


def test_an_event_is_a_run_of_promoted_days_with_what_its_level_would_have_sold() -> None:
    events = promotion_events(panel({"tea": 3.0}, {"tea": [10, 11, 20]}), LAST)
    assert events.select("product_id", "first_day", "days", "sold_units").rows() == [
        ("tea", FIRST + timedelta(days=70), 14, pytest.approx(420.0)),
        ("tea", FIRST + timedelta(days=140), 7, pytest.approx(210.0)),
    ]
    assert events["expected_units"].to_list() == [pytest.approx(140.0), pytest.approx(70.0)]


def test_a_season_that_moves_all_products_is_no_lift() -> None:
    season = np.where(np.arange(DAYS) // 7 == 20, 2.5, 1.0)
    events = promotion_events(panel({"tea": 2.0}, {"tea": [20]}, season), LAST)
    # of the 20 others 200 units are usual, 500 were sold, both with 20 more: (520 / 220) x 70; a little less as the week enters their means
    assert events["expected_units"].to_list() == [pytest.approx(70 * 520 / 220, rel=0.08)]
    assert events["sold_units"].to_list() == [pytest.approx(350.0)]


def test_products_without_events_take_their_categorys_lift_or_the_shops_and_say_so() -> None:
    rows = panel({"tea": 3.0, "t2": 3.0, "t3": 3.0, "t4": 1.0}, {"tea": [10, 15], "t2": [12, 20], "t3": [14]})
    effects = promotion_effects(rows, LAST)
    assert effects.schema == EFFECT_SCHEMA
    assert effects.filter(pl.struct("product_id", "band").is_duplicated()).is_empty()
    for product, source, events in (("t3", "product", 1), ("t4", "category", 0), ("x00", "shop", 0)):
        told = lift_of(effects, product)
        assert (told["lift_source"], told["events"]) == (source, events)
        assert told["lift"] == pytest.approx(3.0, rel=0.02)
        assert told["lift_low"] <= told["lift"] <= told["lift_high"]
    assert lift_of(effects, "t4")["category_events"] == 5


def test_many_events_of_its_own_speak_for_a_product_and_one_does_not() -> None:
    names = [f"t{number}" for number in range(12)]
    often = {name: [9 + (number * 3 + step * 6) % 22 for step in range(3)] for number, name in enumerate(names)}
    weeks = {**often, "tmany": [9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29], "tonce": [18]}
    rows = panel({**dict.fromkeys(names, 2.0), "tmany": 4.0, "tonce": 4.0}, weeks, seed=5)
    effects = promotion_effects(rows, LAST)
    many, once = lift_of(effects, "tmany"), lift_of(effects, "tonce")
    assert 2.0 < once["lift"] < many["lift"] < 4.2
    assert many["lift_high"] - many["lift_low"] < once["lift_high"] - once["lift_low"]


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """Twenty products with lifts of their own, three promotions each, over ten drawn shops."""
    inside = total = 0
    for seed in range(10):
        luck = np.random.default_rng(100 + seed)
        lifts = {f"t{number:02d}": float(lift) for number, lift in enumerate(np.clip(luck.normal(2.2, 0.4, 20), 1.1, 4.0))}
        weeks = {name: sorted(luck.choice(np.arange(9, 32), 3, replace=False).tolist()) for name in lifts}
        effects = promotion_effects(panel(lifts, weeks, seed=seed, plain=40), LAST)
        for name, lift in lifts.items():
            told = lift_of(effects, name)
            inside += told["lift_low"] <= lift <= told["lift_high"]
            total += 1
    assert 0.7 <= inside / total <= 0.95


def test_a_shop_without_promotions_has_no_lifts_and_a_depth_never_seen_none() -> None:
    assert promotion_effects(panel({}, {}), LAST).is_empty()
    effects = promotion_effects(panel({"tea": 2.0}, {"tea": [20]}), LAST)
    assert effects["band"].unique().to_list() == [depth_band(0.2)]


def test_days_after_the_as_of_day_are_refused() -> None:
    with pytest.raises(ValueError, match="after the as-of day"):
        promotion_effects(panel({"tea": 2.0}, {"tea": [20]}), LAST - timedelta(days=1))


@pytest.mark.parametrize(("share", "band"), [(0.0, 0), (0.1, 1), (0.15, 2), (0.2, 2), (0.3, 3), (0.5, 4)])
def test_depth_bands(share: float, band: int) -> None:
    assert depth_band(share) == band
