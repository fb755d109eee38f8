"""What a promotion calendar is planned from, on one day: candidates with lifts from the panel, stock, announced promotions, decisions.

Terms: the calendar's *weeks* begin on Mondays, the first of them `lead_weeks` full weeks after the day; week -1 is the one before it. A
product is on promotion everywhere or nowhere; a promotion announced at one location counts as the product's.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from optimization.promotion_calendar import PromotionLimits
from shops.promotion_terms import PromotionTerms

DAYS_KEPT = 28  # days at the end of the forecast that stand for the weeks after it


@dataclass(frozen=True)
class CalendarWeeks:
    """Mondays of a calendar decided with the knowledge of `day`."""

    day: date
    first: date
    count: int

    @property
    def last_day(self) -> date:
        return self.first + timedelta(days=7 * self.count - 1)

    def starts(self) -> pl.DataFrame:
        """week, week_start, week_end."""
        rows = [(week, self.first + timedelta(days=7 * week), self.first + timedelta(days=7 * week + 6)) for week in range(self.count)]
        return pl.DataFrame(rows, schema={"week": pl.Int64, "week_start": pl.Date, "week_end": pl.Date}, orient="row")


def calendar_weeks(day: date, terms: PromotionTerms) -> CalendarWeeks:
    """The weeks of the calendar of `day`."""
    monday = day + timedelta(days=7 - day.weekday())
    return CalendarWeeks(day, monday + timedelta(days=7 * terms.lead_weeks), terms.weeks)


def base_units(forecast: pl.DataFrame, held_days: pl.DataFrame, weeks: CalendarWeeks) -> pl.DataFrame:
    """product_id, week, base_units, base_source: expected units of each week without promotions, all locations together.

    forecast: product_id, business_day, forecast_units, one row per location or several; held_days: product_id, business_day of announced
    promotions, whose days are left out. A week that the forecast holds whole is `forecast`; a later one is `continued`: the mean day of the
    forecast's last four weeks. Products without any day left have no row.
    """
    daily = forecast.group_by("product_id", "business_day").agg(pl.col("forecast_units").sum())
    plain = daily.join(held_days, on=["product_id", "business_day"], how="anti")
    last = daily["business_day"].max() or weeks.day
    recent = plain.filter(pl.col("business_day") > last - timedelta(days=DAYS_KEPT))
    usual = recent.group_by("product_id").agg(usual=pl.col("forecast_units").mean() * 7)
    week = (pl.col("business_day") - weeks.first).dt.total_days().floordiv(7)
    foreseen = plain.with_columns(week=week).group_by("product_id", "week").agg(pl.col("forecast_units").mean() * 7)
    whole = weeks.starts().with_columns(is_foreseen=pl.col("week_end") <= last)
    grid = usual.join(whole, how="cross").join(foreseen, on=["product_id", "week"], how="left")
    known = pl.col("is_foreseen") & pl.col("forecast_units").is_not_null()
    return grid.select(
        "product_id",
        "week",
        base_units=pl.when(known).then("forecast_units").otherwise("usual"),
        base_source=pl.when(known).then(pl.lit("forecast")).otherwise(pl.lit("continued")),
    ).sort("product_id", "week")


def held_weeks(promotions: pl.DataFrame, weeks: CalendarWeeks, cool_down_weeks: int) -> pl.DataFrame:
    """product_id, week of promotions that are announced or ran, as far back as a product rests."""
    first = pl.lit(weeks.first)
    spans = promotions.select(
        "product_id",
        begins=(pl.col("starts_on") - first).dt.total_days().floordiv(7),
        ends=(pl.col("ends_on") - first).dt.total_days().floordiv(7),
    )
    asked = pl.DataFrame({"week": range(-cool_down_weeks - 1, weeks.count + cool_down_weeks + 1)}, schema={"week": pl.Int64})
    touched = asked.join_where(spans, pl.col("week") >= pl.col("begins"), pl.col("week") <= pl.col("ends"))
    return touched.select("product_id", "week").unique().sort("product_id", "week")


def held_days(promotions: pl.DataFrame, forecast: pl.DataFrame) -> pl.DataFrame:
    """product_id, business_day of the forecast on which a promotion is announced."""
    days = forecast.select("business_day").unique()
    running = days.join_where(
        promotions.select("product_id", "starts_on", "ends_on"),
        pl.col("business_day") >= pl.col("starts_on"),
        pl.col("business_day") <= pl.col("ends_on"),
    )
    return running.select("product_id", "business_day").unique()


def candidates(
    base: pl.DataFrame, products: pl.DataFrame, effects: pl.DataFrame, terms: PromotionTerms, bands: dict[str, int], cost_share: float
) -> pl.DataFrame:
    """One row per product, week and kind of promotion with a known lift (columns of `CANDIDATE_COLUMNS` and what they rest on).

    products: product_id, category, unit_price, unit_cost (may be empty). effects: product_id, band, lift and what it rests on. bands: depth
    band by kind. Left out: products without a price, weeks without sales, and kinds of a depth that the shop has never seen.
    """
    kinds = pl.DataFrame(
        {
            "promotion_id": list(terms.kinds),
            "discount_share": list(terms.kinds.values()),
            "take_up_share": [terms.take_up.get(name, 1.0) for name in terms.kinds],
            "band": [bands[name] for name in terms.kinds],
        },
        schema={"promotion_id": pl.String, "discount_share": pl.Float64, "take_up_share": pl.Float64, "band": pl.Int64},
    )
    priced = products.filter(pl.col("unit_price") > 0).with_columns(
        cost_source=pl.when(pl.col("unit_cost").is_null()).then(pl.lit("assumed")).otherwise(pl.lit("shop")),
        unit_cost=pl.coalesce("unit_cost", pl.col("unit_price") * cost_share),
    )
    sold = base.filter(pl.col("base_units") > 0).join(priced, on="product_id")
    margin = (pl.col("base_units") * (pl.col("unit_price") - pl.col("unit_cost"))).sum() / pl.col("base_units").sum()
    elsewhere = sold.group_by("category").agg(other_margin=margin.clip(lower_bound=0))
    lifted = sold.join(elsewhere, on="category").join(kinds, how="cross").join(effects.drop("category"), on=["product_id", "band"])
    extra = {name: pl.col("base_units") * (pl.col(ratio) - 1) for name, ratio in _LIFTS.items()}
    return lifted.with_columns(**extra, slot_cost=pl.lit(terms.slot_cost)).with_columns(
        lost_elsewhere=pl.col("lift_units").clip(lower_bound=0) * terms.taken_from_others_share * pl.col("other_margin")
    )


_LIFTS = {"lift_units": "lift", "lift_low_units": "lift_low", "lift_high_units": "lift_high"}


def stock_for_lifts(orders: pl.DataFrame, forecast: pl.DataFrame, weeks: CalendarWeeks) -> pl.DataFrame:
    """product_id, week, available_units: what promotions may add up to the end of each week that no later order can reach in time.

    orders: the day's (on_hand, in_transit_units, order_units, order_day, expected_arrival_on, next_order_day). What is ordered on the next
    order day can still follow the calendar, so weeks that begin after it arrives have no limit; of the others, expected demand until the
    week's end comes first. Products with an unknown stock anywhere have no limit.
    """
    follows = pl.col("next_order_day") + (pl.col("expected_arrival_on") - pl.col("order_day"))
    stock = orders.group_by("product_id").agg(
        there=(pl.col("on_hand").clip(lower_bound=0) + pl.col("in_transit_units").fill_null(0.0) + pl.col("order_units")).sum(),
        is_known=pl.col("on_hand").is_not_null().all(),
        follows=follows.max(),
    )
    near = stock.filter("is_known").join_where(weeks.starts(), pl.col("week_start") < pl.col("follows"))
    daily = forecast.group_by("product_id", "business_day").agg(pl.col("forecast_units").sum())
    needed = (
        near.join(daily, on="product_id", how="left")
        .group_by("product_id", "week", "there")
        .agg(needed=pl.col("forecast_units").filter(pl.col("business_day") <= pl.col("week_end")).sum())
    )
    left = (pl.col("there") - pl.col("needed")).clip(lower_bound=0)
    return needed.select("product_id", "week", available_units=left).sort("product_id", "week")


def rejected(decisions: pl.DataFrame, weeks: CalendarWeeks) -> pl.DataFrame:
    """Rejections of weeks of the calendar as the program's decisions: product_id, week, promotion_id (null: every kind), action."""
    week = (pl.col("starts_on") - pl.lit(weeks.first)).dt.total_days().floordiv(7)
    told = decisions.filter(pl.col("action") == "reject").select(
        "product_id", week=week, promotion_id="promotion_name", action=pl.lit("forbid")
    )
    return told.filter(pl.col("week").is_between(0, weeks.count - 1)).unique().sort("product_id", "week", "promotion_id")


def program_limits(terms: PromotionTerms) -> PromotionLimits:
    """The limits of the shop's terms."""
    return PromotionLimits(
        slots_per_week=terms.slots_per_week,
        category_slots=terms.category_slots,
        cool_down_weeks=terms.cool_down_weeks,
        budget=terms.budget,
        category_minimums=terms.category_minimums,
    )


def conflict_pairs(terms: PromotionTerms) -> pl.DataFrame:
    """product_a, product_b."""
    return pl.DataFrame(list(terms.conflicts), schema={"product_a": pl.String, "product_b": pl.String}, orient="row")


__all__ = [
    "CalendarWeeks",
    "base_units",
    "calendar_weeks",
    "candidates",
    "conflict_pairs",
    "held_days",
    "held_weeks",
    "program_limits",
    "rejected",
    "stock_for_lifts",
]
