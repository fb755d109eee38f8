"""What demand learning reads: the sales panel, holidays and announced promotions, as they were known on a day."""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from assets.as_of import Versions, read_versions
from assets.house import House
from assets.warehouse import Warehouse

PANEL_COLUMNS = (
    "business_day",
    "product_id",
    "location_id",
    "units",
    "unit_price",
    "regular_price",
    "discount_share",
    "on_promotion",
    "on_hand",
    "is_censored",
    "is_open",
)
ALL_LOCATIONS = ("all", "main")


@dataclass(frozen=True)
class DemandInputs:
    """Version tables of one run; each method gives the knowledge of one day."""

    panel_versions: Versions
    products: Versions
    promotions: Versions
    calendar: Versions
    country: str | None

    def panel(self, day: date) -> pl.DataFrame:
        """The sales panel as of `day`, with each product's category; grain product x location x day up to `day`."""
        categories = self.products.as_of(day).select("product_id", "category")
        panel = self.panel_versions.as_of(day).filter(pl.col("business_day") <= day)
        joined = panel.join(categories, on="product_id", how="left").with_columns(pl.col("category").fill_null("uncategorised"))
        return joined.sort("product_id", "location_id", "business_day")

    def holidays(self, day: date) -> pl.DataFrame:
        """National holidays and the shop's own events, up to a year after `day` (they are known in advance)."""
        from learning.demand import all_events, calendar_events, national_holidays

        first = self.panel_versions.as_of(day)["business_day"].min() or day
        assert isinstance(first, date)
        return all_events(national_holidays(self.country, first, day + timedelta(days=366)), calendar_events(self.calendar.as_of(day)))

    def future(self, day: date, horizon_days: int) -> pl.DataFrame:
        """Coming days on which something is announced: promotions and closing days; grain product x location x day after `day`.

        Columns: business_day, product_id, location_id, is_open, on_promotion, discount_share, event_name. Days not named are regular ones.
        """
        items = self.panel_versions.frame.filter(pl.col("known_on") <= day).select("product_id", "location_id").unique()
        days = pl.DataFrame({"business_day": pl.date_range(day + timedelta(days=1), day + timedelta(days=horizon_days), eager=True)})
        return (
            _promoted(self.promotions.as_of(day), items, days)
            .join(
                _closings(self.calendar.as_of(day), items, days),
                on=["business_day", "product_id", "location_id"],
                how="full",
                coalesce=True,
            )
            .with_columns(
                pl.col("is_open").fill_null(True),
                pl.col("on_promotion").fill_null(False),
                pl.col("discount_share").fill_null(0.0),
                event_name=pl.lit(None, dtype=pl.String),
            )
            .select("business_day", "product_id", "location_id", "is_open", "on_promotion", "discount_share", "event_name")
            .sort("product_id", "location_id", "business_day")
        )


def read_demand_inputs(house: House, warehouse: Warehouse, last_day: date) -> DemandInputs:
    """Read once what every day up to `last_day` needs."""
    return DemandInputs(
        panel_versions=read_versions(warehouse, "sales_panel", last_day, PANEL_COLUMNS),
        products=read_versions(warehouse, "dim_products", last_day),
        promotions=read_versions(warehouse, "fct_promotions", last_day),
        calendar=read_versions(warehouse, "dim_calendar", last_day),
        country=house.shop.country,
    )


def _promoted(promotions: pl.DataFrame, items: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    everywhere = promotions.filter(
        pl.col("location_id").is_in(ALL_LOCATIONS) & ~pl.col("location_id").is_in(items["location_id"].unique().implode())
    )
    located = pl.concat(
        [
            promotions.join(items, on=["product_id", "location_id"], how="semi"),
            everywhere.drop("location_id").join(items, on="product_id").select(promotions.columns),
        ]
    )
    running = days.join_where(located, pl.col("business_day") >= pl.col("starts_on"), pl.col("business_day") <= pl.col("ends_on"))
    return running.group_by("business_day", "product_id", "location_id").agg(
        on_promotion=pl.lit(True).first(), discount_share=pl.col("discount_share").max()
    )


def _closings(calendar: pl.DataFrame, items: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """Announced closing days; a row for one location goes before a row for `all`."""
    announced = calendar.join(days, on="business_day", how="semi").select("business_day", "location_id", "is_open")
    locations = items.select("location_id").unique()
    general = announced.filter(pl.col("location_id") == "all").drop("location_id").join(locations, how="cross")
    own = announced.filter(pl.col("location_id") != "all")
    decided = general.join(own, on=["business_day", "location_id"], how="full", coalesce=True, suffix="_own").with_columns(
        is_open=pl.coalesce("is_open_own", "is_open")
    )
    return decided.filter(~pl.col("is_open")).select("business_day", "location_id", "is_open").join(items, on="location_id")
