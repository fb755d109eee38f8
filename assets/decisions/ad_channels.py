"""From curves and spend to what the ad program reads: today's spend, what still works of earlier spend, margins instead of orders."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

import polars as pl

from optimization.ad_budget import CHANNEL_SCHEMA, DRAWS_SCHEMA, AdLimits
from shops.ad_terms import AdTerms

TODAY_DAYS, MEMORY_DAYS, BILL_DAYS = 28, 180, 7


def daily_spend(spend: pl.DataFrame, day: date) -> dict[str, pl.Series]:
    """Spend per channel and day of the last `MEMORY_DAYS` days up to `day`.

    spend: business_day, channel, spend as known on `day`. Bills come in later: days after the last one with any spend known count as the
    mean of the week before it.
    """
    known = spend.filter(pl.col("business_day") <= day)
    if known.is_empty():
        return {}
    last = known["business_day"].max()
    assert isinstance(last, date)
    days = pl.DataFrame({"business_day": pl.date_range(day - timedelta(days=MEMORY_DAYS - 1), day, eager=True)})
    found: dict[str, pl.Series] = {}
    for channel in known["channel"].unique().sort().to_list():
        own = known.filter(pl.col("channel") == channel).group_by("business_day").agg(pl.col("spend").fill_null(0.0).sum())
        filled = days.join(own, on="business_day", how="left", maintain_order="left").with_columns(pl.col("spend").fill_null(0.0))
        recent = filled.filter(pl.col("business_day").is_between(last - timedelta(days=BILL_DAYS - 1), last))["spend"].mean() or 0.0
        found[channel] = filled.select(pl.when(pl.col("business_day") > last).then(recent).otherwise("spend").alias(channel)).to_series()
    return found


def ad_channels(curves: pl.DataFrame, spend: pl.DataFrame, day: date, groups: Mapping[str, str]) -> pl.DataFrame:
    """Channels as `plan_ad_budget` reads them. curves: `response.ad_curves` of the day; a channel without a known curve is held."""
    series = daily_spend(spend, day)
    rows: list[dict[str, object]] = []
    for row in curves.sort("channel").iter_rows(named=True):
        channel = row["channel"]
        own = series.get(channel, pl.Series([0.0]))
        memory = row["memory"] or 0.0
        rows.append(
            {
                "channel": channel,
                "channel_group": groups.get(channel),
                "most": (row["most"] or 0.0) * row["margin_per_outcome"],
                "half_saturation": row["half_saturation"] or 1.0,
                "shape": row["shape"] or 1.0,
                "memory": memory,
                "opening_adstock": _opening(own, memory),
                "spend_today": 7.0 * float(own.tail(TODAY_DAYS).mean() or 0.0),  # pyright: ignore[reportArgumentType]
                "largest_spend": 7.0 * row["largest_daily_spend"],
                "is_held": row["most"] is None or not row["is_identified"],
            }
        )
    return pl.DataFrame(rows, schema=CHANNEL_SCHEMA)


def ad_draws(curves: pl.DataFrame, draws: pl.DataFrame, spend: pl.DataFrame, day: date) -> pl.DataFrame:
    """The bootstrap's curves as `plan_ad_budget` reads them, in margin and with what each remembers of earlier spend."""
    series = daily_spend(spend, day)
    pairs = draws.select("channel", "memory").unique().sort("channel", "memory").iter_rows()
    opening = [(channel, memory, _opening(series.get(channel, pl.Series([0.0])), memory)) for channel, memory in pairs]
    remembered = pl.DataFrame(opening, schema={"channel": pl.String, "memory": pl.Float64, "opening_adstock": pl.Float64}, orient="row")
    worth = curves.select("channel", "margin_per_outcome")
    joined = draws.join(remembered, on=["channel", "memory"], how="left").join(worth, on="channel", how="left")
    return joined.with_columns(most=pl.col("most") * pl.col("margin_per_outcome")).select(list(DRAWS_SCHEMA)).sort("channel", "draw")


def known_limits(terms: AdTerms, channels: pl.DataFrame) -> tuple[AdLimits, set[str]]:
    """The limits of shop.toml for all weeks planned, and the names it gives that no spend is known of (yet)."""
    names = set(channels["channel"].to_list())
    groups = set(channels["channel_group"].drop_nulls().to_list())
    strangers = set(_strangers(terms, names))

    def kept(amounts: Mapping[str, float], known: set[str], times: float = 1.0) -> dict[str, float]:
        return {name: times * amount for name, amount in sorted(amounts.items()) if name in known}

    today = float(channels["spend_today"].sum())
    weeks = float(terms.weeks)
    limits = AdLimits(
        total_budget=weeks * (today if terms.budget is None else terms.budget),
        group_budgets=kept(terms.group_budgets, groups, weeks),
        group_minimums=kept(terms.group_minimums, groups, weeks),
        channel_minimums=kept(terms.channel_minimums, names),
        channel_maximums=kept(terms.channel_maximums, names),
        largest_change=terms.largest_change,
        minimum_marginal_return=terms.minimum_marginal_return,
    )
    return limits, strangers


def _strangers(terms: AdTerms, names: set[str]) -> Iterator[str]:
    for amounts in (terms.channel_minimums, terms.channel_maximums, terms.groups):
        yield from (name for name in amounts if name not in names)


def _opening(spend: pl.Series, memory: float) -> float:
    """Adstock at the end of the last day."""
    from learning.ad_response import adstock

    return float(adstock(spend.to_numpy(), memory)[-1])
