"""One product's forecast explained: what is expected, what made it so, and what was sold lately, from the warehouse and the saved model.

Decides what belongs to an explanation and says what to do where there is none. The forecast is computed again, from the model that serves
the day and what was known then, so that its factors multiply to it exactly; it is the stored one, and where it is not the explanation says
so. What a promotion adds is the same forecast without its announcement: the learned lift alone would leave out what the gradient model
makes of it.

Terms: *level* is the item's base demand per open day, promotions taken out; the *factors* are those of `learning.demand.explain`; a week is
seven days counted from the as-of day, not a calendar week.
"""

from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import TYPE_CHECKING

import polars as pl

from assets.demand.explanation_words import days_in_words, sentences
from assets.demand.panel_model import load_model
from assets.demand.panels import read_demand_inputs
from assets.house import House
from assets.warehouse import Warehouse

if TYPE_CHECKING:
    from learning.demand import DemandModel
    from learning.demand.panel_model import PanelModel

KEY = ["product_id", "location_id"]
PAST_WEEKS = 4
TOLERANCE_UNITS = 1e-6
MOST_NEAR = 5


class NotExplainedError(ValueError):
    """There is no such forecast; the message says what to do."""


class NothingDecidedError(NotExplainedError):
    """No day of the shop was decided yet, or the model is gone."""


@dataclass(frozen=True)
class ItemExplanation:
    """A product at one location.

    days: one row per coming day: business_day, forecast_units, level_units, one `…_factor` each (null on closed days), on_promotion,
    discount_share, event_name ('' for none), is_closed, without_promotion_units. weeks: first_day, last_day, units, is_forecast,
    stockout_days, promoted_days. drivers: `explain.ITEM_SCHEMA`, largest share first, empty where the gradient model has no say.
    deliveries: horizon_days, mean_units, q05 … q99, calibration: until an order of tomorrow arrives, and until the one after it does.
    """

    location_id: str
    segment: str
    method: str
    level_units: float
    days: pl.DataFrame
    weeks: pl.DataFrame
    drivers: pl.DataFrame
    deliveries: pl.DataFrame
    sentences: tuple[str, ...]

    def units_of(self, n_days: int) -> float:
        """Units expected in the next days."""
        return float(self.days["forecast_units"].head(n_days).sum())


@dataclass(frozen=True)
class ForecastExplanation:
    """A product on one day; items are its locations, the largest forecast first."""

    product_id: str
    product_name: str
    category: str
    as_of_day: date
    trained_as_of: date
    model_version: str
    items: tuple[ItemExplanation, ...]
    notes: tuple[str, ...]


def explain_forecast(
    house: House, warehouse: Warehouse, product: str, location: str | None = None, day: date | None = None
) -> ForecastExplanation:
    """The forecast of a product (its id, or its name where only one has it) as of `day`, by default the newest day decided."""
    as_of_day = _decided_day(warehouse, day)
    about = _product(warehouse, product, as_of_day)
    stored = _stored(warehouse, about["product_id"], location, as_of_day)
    (serving,) = warehouse.read("select trained_as_of, model_version from demand.training_runs where as_of_day = ?", [as_of_day]).to_dicts()
    whole = _model(house, serving["trained_as_of"], as_of_day)
    inputs = read_demand_inputs(house, warehouse, as_of_day)
    items = stored.select(KEY).unique()
    parts = whole.each_with(items, inputs.panel(as_of_day), inputs.future(as_of_day, whole.settings.horizon_days))
    made = _together([_computed(model, panel, future, as_of_day, items) for model, (panel, future) in parts])
    sums = warehouse.read(
        "select * from demand.lead_time_quantiles where as_of_day = ? and product_id = ? order by horizon_days",
        [as_of_day, about["product_id"]],
    )
    items = [_item(made, stored.filter(location_id=name), sums.filter(location_id=name), name) for name in made.locations]
    return ForecastExplanation(
        **about,
        as_of_day=as_of_day,
        **serving,
        items=tuple(sorted(items, key=lambda item: (-item.days["forecast_units"].sum(), item.location_id))),
        notes=_notes(made.days, stored, as_of_day),
    )


@dataclass(frozen=True)
class _Computed:
    """Of the asked items: days and drivers as in `ItemExplanation`, and `history`, their panel rows."""

    days: pl.DataFrame
    drivers: pl.DataFrame
    history: pl.DataFrame

    @property
    def locations(self) -> list[str]:
        return self.days["location_id"].unique().sort().to_list()


def _together(parts: list[_Computed]) -> _Computed:
    """The locations of a product may lie in several chunks of the panel."""
    return _Computed(*(pl.concat([getattr(part, name) for part in parts]) for name in ("days", "drivers", "history")))


def _computed(model: "DemandModel", panel: pl.DataFrame, future: pl.DataFrame, as_of_day: date, items: pl.DataFrame) -> _Computed:
    from learning.demand.explain import forecast_factors, item_drivers

    factors = forecast_factors(model, panel, future, as_of_day, items)
    announced = future.join(items, on=KEY, how="semi").select(*KEY, "business_day", "is_open", "on_promotion", "discount_share")
    without = factors.select(*KEY, "business_day", without_promotion_units="forecast_units")
    if announced["on_promotion"].any():
        is_asked = pl.struct(KEY).is_in(items.select(pl.struct(KEY)).to_series().implode())
        plain = future.with_columns(on_promotion=pl.col("on_promotion") & ~is_asked)
        without = forecast_factors(model, panel, plain, as_of_day, items).select(
            without.columns[:3], without_promotion_units="forecast_units"
        )
    days = (
        factors.join(announced, on=[*KEY, "business_day"], how="left")
        .join(without, on=[*KEY, "business_day"])
        .join(_events(model, factors), on=[*KEY, "business_day"], how="left")
        .with_columns(
            pl.col("on_promotion").fill_null(False),
            pl.col("discount_share").fill_null(0.0),
            pl.col("event_name").fill_null(""),
            is_closed=~pl.col("is_open").fill_null(True)
            | (pl.col("weekday_factor").is_null() & (pl.col("forecast_units") == 0) & (pl.col("level_units") > 0)),
        )
        .drop("is_open")
        .sort(*KEY, "business_day")
    )
    drivers = item_drivers(model, panel, future, as_of_day, items)
    return _Computed(days, drivers, panel.join(items, on=KEY, how="semi"))


def _events(model: "DemandModel", factors: pl.DataFrame) -> pl.DataFrame:
    """Names of the events the model knows, by item and coming day; several are joined."""
    named = model.parts.holidays.rename({"location_id": "event_location"})
    return (
        factors.select(*KEY, "business_day")
        .join(named, on="business_day")
        .filter(pl.col("event_location").is_null() | (pl.col("event_location") == pl.col("location_id")))
        .group_by(*KEY, "business_day")
        .agg(event_name=pl.col("holiday").unique().sort().str.join(", "))
    )


def _item(made: _Computed, stored: pl.DataFrame, sums: pl.DataFrame, location: str) -> ItemExplanation:
    days = made.days.filter(location_id=location).drop(KEY)
    history = made.history.filter(location_id=location).sort("business_day")
    segment, method = stored["segment"][0], stored["model"][0]
    drivers = made.drivers.filter(location_id=location) if "LightGBM" in method else made.drivers.clear()
    weeks = _weeks(history, days)
    deliveries = sums.drop("as_of_day", *KEY, "segment", "model")
    told = sentences(segment, days, history, weeks, deliveries)
    return ItemExplanation(location, segment, method, days["level_units"][0], days, weeks, drivers, deliveries, tuple(told))


def _weeks(history: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """The last four weeks sold and the coming whole weeks expected, seven days each, counted from the as-of day."""
    as_of_day = days["as_of_day"][0]
    ago = (pl.lit(as_of_day) - pl.col("business_day")).dt.total_days()
    sold = history.filter(ago < 7 * PAST_WEEKS).select(
        "business_day",
        "units",
        is_forecast=pl.lit(False),
        week=-(ago // 7) - 1,
        out=(pl.col("is_censored") & pl.col("is_open")).cast(pl.Int64),
        on=pl.col("on_promotion").cast(pl.Int64),
    )
    whole = days.height // 7 * 7
    coming = days.head(whole).select(
        "business_day",
        units="forecast_units",
        is_forecast=pl.lit(True),
        week=(-ago - 1) // 7,
        out=pl.lit(0, pl.Int64),
        on=pl.col("on_promotion").cast(pl.Int64),
    )
    return (
        pl.concat([sold, coming])
        .group_by("week", "is_forecast")
        .agg(
            first_day=pl.col("business_day").min(),
            last_day=pl.col("business_day").max(),
            units=pl.col("units").sum(),
            stockout_days=pl.col("out").sum(),
            promoted_days=pl.col("on").sum(),
        )
        .sort("week")
        .select("first_day", "last_day", "units", "is_forecast", "stockout_days", "promoted_days")
    )


def _notes(days: pl.DataFrame, stored: pl.DataFrame, as_of_day: date) -> tuple[str, ...]:
    """What is to be said where forecast and explanation are not one."""
    both = days.select(*KEY, "business_day", "forecast_units").join(stored, on=[*KEY, "business_day"], how="full", suffix="_stored")
    apart = (both["forecast_units"] - both["forecast_units_stored"]).abs().max()
    is_whole = both.height == days.height and both["forecast_units_stored"].null_count() == 0
    if is_whole and isinstance(apart, float) and apart <= TOLERANCE_UNITS:
        return ()
    return (
        f"The stored forecast of {as_of_day} is another one: model, program or records have changed since. Explained is what they say now. "
        f"`countinghouse run --day {as_of_day}` brings tables and explanation together.",
    )


def _decided_day(warehouse: Warehouse, day: date | None) -> date:
    if not (warehouse.is_there and warehouse.exists("demand.forecast_daily")):
        raise NothingDecidedError("No forecast was made yet. Run `countinghouse run` first.")
    decided = warehouse.read("select distinct as_of_day from demand.forecast_daily order by 1")["as_of_day"].to_list()
    if not decided:
        raise NothingDecidedError("No forecast was made yet. Run `countinghouse run` first.")
    if day is not None and day not in decided:
        raise NotExplainedError(
            f"No forecast was made as of {day}; there are those of {days_in_words(decided)}. Choose one of them, or run "
            f"`countinghouse run --day {day}` first."
        )
    return day or decided[-1]


def _product(warehouse: Warehouse, asked: str, as_of_day: date) -> dict[str, str]:
    """product_id, product_name and category of what was asked for, by id or else by name."""
    known = warehouse.read(
        "select product_id, product_name, category from marts.dim_products "
        "where known_on <= $1 and (superseded_on is null or superseded_on > $1) "
        "and product_id in (select product_id from demand.forecast_daily where as_of_day = $1) order by all",
        [as_of_day],
    )
    wanted = asked.strip().casefold()
    for column in ("product_id", "product_name"):
        found = known.filter(pl.col(column).str.to_lowercase() == wanted) if wanted else known.clear()
        exact = found.filter(pl.col(column) == asked)
        found = exact if exact.height else found
        if found.height == 1:
            return found.to_dicts()[0]
        if found.height > 1:
            raise NotExplainedError(f"{found.height} products are called {asked!r}: {', '.join(found['product_id'].head(6))}. Give the id.")
    raise NotExplainedError(f"No product {asked!r} has a forecast as of {as_of_day}.{_nearest(known, wanted)}")


def _nearest(known: pl.DataFrame, wanted: str) -> str:
    """Products whose name holds what was asked for, else those spelled most like it, else what an id looks like."""
    label = pl.format("{} ({})", "product_id", "product_name")
    holding = known.filter(pl.col("product_name").str.to_lowercase().str.contains(wanted, literal=True)) if wanted else known.clear()
    if holding.height:
        more = f" and {holding.height - MOST_NEAR} more" if holding.height > MOST_NEAR else ""
        return f" Names that hold it: {', '.join(holding.select(label).to_series().head(MOST_NEAR))}{more}."
    spelled = {text.casefold(): said for name in ("product_name", "product_id") for text, said in known.select(name, label=label).rows()}
    near = dict.fromkeys(spelled[text] for text in get_close_matches(wanted, spelled, n=MOST_NEAR, cutoff=0.6))
    if near:
        return f" Near to it: {', '.join(near)}."
    samples = known["product_id"].gather_every(max(known.height // 3, 1), offset=known.height // 6).head(3)
    return f" Ids look like {', '.join(samples)}; all stand in the published table demand_forecast."


def _stored(warehouse: Warehouse, product_id: str, location: str | None, as_of_day: date) -> pl.DataFrame:
    stored = warehouse.read(
        "select * from demand.forecast_daily where as_of_day = ? and product_id = ? order by all", [as_of_day, product_id]
    )
    locations = stored["location_id"].unique().sort().to_list()
    if location is not None and location not in locations:
        raise NotExplainedError(f"{product_id} has no forecast at {location!r} as of {as_of_day}; it has one at {', '.join(locations)}.")
    return stored if location is None else stored.filter(location_id=location)


def _model(house: House, trained_as_of: date, as_of_day: date) -> "PanelModel":
    try:
        return load_model(house, trained_as_of)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NothingDecidedError(
            f"The model trained on {trained_as_of} cannot be read any more ({type(error).__name__}). "
            f"`countinghouse run --day {as_of_day}` trains it anew."
        ) from error
