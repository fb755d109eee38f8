"""From curves and spend to ad channels, on figures that can be checked by hand."""

from datetime import date, timedelta

import polars as pl
import pytest

from assets.decisions.ad_audiences import live_campaigns
from assets.decisions.ad_channels import ad_channels, ad_draws, daily_spend, known_limits
from shops.ad_terms import AdTerms

DAY = date(2025, 11, 30)
CURVE = {
    "most": 4.0,
    "half_saturation": 30.0,
    "shape": 1.0,
    "memory": 0.5,
    "margin_per_outcome": 10.0,
    "largest_daily_spend": 20.0,
    "is_identified": True,
}
UNKNOWN = CURVE | {"most": None, "half_saturation": None, "memory": None, "is_identified": False}
CURVES = pl.DataFrame([{"channel": "search", **CURVE}, {"channel": "tv", **UNKNOWN}])


def spends(known_until: date, amount: float = 10.0) -> pl.DataFrame:
    days = pl.date_range(date(2025, 9, 1), known_until, eager=True)
    return pl.DataFrame({"business_day": days}).select("business_day", channel=pl.lit("search"), spend=pl.lit(amount))


def test_days_whose_bill_has_not_come_count_as_the_week_before() -> None:
    series = daily_spend(spends(DAY - timedelta(days=2)), DAY)["search"]
    assert series.len() == 180
    assert series.tail(3).to_list() == [10.0, 10.0, 10.0]
    assert series.head(1).to_list() == [0.0]


def test_what_comes_later_is_not_seen() -> None:
    later = pl.concat([spends(DAY), pl.DataFrame({"business_day": [DAY + timedelta(days=1)], "channel": ["search"], "spend": [900.0]})])
    assert daily_spend(later, DAY)["search"].to_list() == daily_spend(spends(DAY), DAY)["search"].to_list()


def test_channels_speak_of_weeks_and_margin_and_unknown_ones_are_held() -> None:
    channels = ad_channels(CURVES, spends(DAY), DAY, {"search": "text"})
    search, tv = channels.rows(named=True)
    assert (search["spend_today"], search["largest_spend"], search["most"]) == (70.0, 140.0, 40.0)
    assert search["opening_adstock"] == pytest.approx(20.0)  # 10 + 5 + 2.5 + …
    assert search["channel_group"] == "text"
    assert not search["is_held"]
    assert tv["is_held"]
    assert (tv["spend_today"], tv["most"]) == (0.0, 0.0)


def test_draws_remember_by_their_own_memory() -> None:
    draws = pl.DataFrame(
        {
            "channel": ["search", "search"],
            "draw": [0, 1],
            "most": [4.0, 5.0],
            "half_saturation": [30.0, 30.0],
            "shape": [1.0, 1.0],
            "memory": [0.0, 0.5],
        }
    )
    told = ad_draws(CURVES, draws, spends(DAY), DAY)
    assert told["opening_adstock"].to_list() == pytest.approx([10.0, 20.0])
    assert told["most"].to_list() == [40.0, 50.0]


def test_limits_are_for_all_weeks_and_names_without_spend_are_told() -> None:
    channels = ad_channels(CURVES, spends(DAY), DAY, {"search": "text"})
    limits, strangers = known_limits(
        AdTerms(weeks=3, groups={"search": "text", "radio": "air"}, group_budgets={"text": 50.0}, channel_minimums={"print": 1.0}), channels
    )
    assert limits.total_budget == pytest.approx(210.0)  # today's spend, where no budget is declared
    assert limits.group_budgets == {"text": 150.0}
    assert limits.channel_minimums == {}
    assert strangers == {"print", "radio"}
    declared, _ = known_limits(AdTerms(weeks=3, budget=100.0), channels)
    assert declared.total_budget == 300.0


def test_campaigns_with_spend_in_the_last_four_weeks_are_live() -> None:
    rows = [("old", "tv", 60, 5.0), ("spring", "tv", 3, 5.0), ("spring", "search", 20, 5.0), ("idle", "tv", 2, 0.0)]
    spend = pl.DataFrame(
        [(campaign, channel, DAY - timedelta(days=ago), amount) for campaign, channel, ago, amount in rows],
        schema=["campaign_id", "channel", "business_day", "spend"],
        orient="row",
    )
    assert list(live_campaigns(spend)) == [("spring", "search, tv")]
    assert list(live_campaigns(spend.clear())) == []
