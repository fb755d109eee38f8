"""The peers: well-known forecasting libraries as their own documentation uses them, one function per method.

Each takes the past of all items (one frame, sorted) and gives items x horizon in the order of the sorted keys. Nothing after the origin is
read but what the calendar tells. The worker tries every method on a few items first and does not count it: numba compiles on first use.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from benchmarks.demand.panels import HORIZON, BenchPanel

Matrix = np.ndarray
STATISTICAL = ("SeasonalNaive", "MA 28", "MA 8 per weekday", "SES", "Croston SBA", "AutoETS", "AutoTheta", "AutoARIMA")
GLOBAL = ("mlforecast LightGBM",)
PROPHET = ("Prophet per SKU",)
SEED = 7


@dataclass(frozen=True)
class Task:
    """One method at one origin: the panel up to the origin, and the panel's events."""

    past: pl.DataFrame
    events: pl.DataFrame
    country: str
    origin: date

    @property
    def keys(self) -> pl.DataFrame:
        return self.past.select("product_id", "location_id").unique().sort("product_id", "location_id")

    @property
    def coming(self) -> list[date]:
        return [self.origin + timedelta(days=step + 1) for step in range(HORIZON)]


def task(panel: BenchPanel, origin: date) -> Task:
    """What is known at the origin."""
    return Task(panel.rows.filter(pl.col("business_day") <= origin), panel.events, panel.country, origin)


def statistical(method: str) -> Callable[[Task], Matrix]:
    """A statsforecast model, one thread; items shorter than it needs fall back to their mean."""

    def forecast(given: Task) -> Matrix:
        from statsforecast import StatsForecast

        engine = StatsForecast(models=[_model(method)], freq="1d", n_jobs=1, fallback_model=_fallback())
        found = engine.forecast(df=_long(given.past), h=HORIZON)
        return _matrix(given, found.drop("ds").rename(lambda name: "value" if name != "unique_id" else name))

    return forecast


def mlforecast_lightgbm(given: Task) -> Matrix:
    """mlforecast, recursive: lags, rolling means, calendar and event features, item statics, tweedie loss."""
    import lightgbm
    from mlforecast import MLForecast
    from mlforecast.lag_transforms import RollingMean

    learner = lightgbm.LGBMRegressor(
        objective="tweedie",
        tweedie_variance_power=1.1,
        n_estimators=200,
        learning_rate=0.05,
        num_leaves=63,
        subsample=0.7,
        subsample_freq=1,
        colsample_bytree=0.7,
        n_jobs=1,
        random_state=SEED,
        verbose=-1,
    )
    engine = MLForecast(
        models={"value": learner},
        freq="1d",
        lags=[1, 7, 14, 21, 28],
        lag_transforms={1: [RollingMean(7), RollingMean(28), RollingMean(56)], 7: [RollingMean(7), RollingMean(28)]},
        date_features=["weekday", "day", "month"],
    )
    long = _long(given.past).join(_codes(given), on="unique_id")
    days = pl.concat([long.select("ds").unique(), pl.DataFrame({"ds": given.coming})])
    events = _event_flags(given, days)
    long = long.join(events, on=["location_id", "ds"], how="left").sort("unique_id", "ds")
    engine.fit(long.drop("location_id"), static_features=["product_code", "location_code", "category_code"])
    ahead = _codes(given).join(pl.DataFrame({"ds": given.coming}), how="cross").join(events, on=["location_id", "ds"], how="left")
    found = engine.predict(HORIZON, X_df=ahead.select("unique_id", "ds", "is_event", "is_snap"))
    return _matrix(given, found)


def prophet_per_sku(given: Task) -> Matrix:
    """Prophet's package on every item, its defaults, without intervals (which would cost more)."""
    from learning.demand.aggregates import quiet_prophet

    rows: list[Matrix] = []
    with quiet_prophet():
        import pandas as pd
        from prophet import Prophet

        coming = pd.DataFrame({"ds": pd.to_datetime(pd.Series(given.coming))})
        for _, own in given.past.group_by(["product_id", "location_id"], maintain_order=True):
            if own.height < 2:
                rows.append(np.full(HORIZON, float(own["units"].mean())))
                continue
            frame = pd.DataFrame({"ds": pd.to_datetime(pd.Series(own["business_day"].to_list())), "y": own["units"].to_numpy()})
            model = Prophet(uncertainty_samples=0)
            model.fit(frame)
            rows.append(model.predict(coming)["yhat"].to_numpy())
    return np.stack(rows)


def on_the_total(method: str) -> Callable[[Task], Matrix]:
    """The same methods on the one series of the total: 1 x horizon."""

    def forecast(given: Task) -> Matrix:
        total = given.past.group_by("business_day").agg(pl.col("units").sum()).sort("business_day")
        whole = total.with_columns(product_id=pl.lit("total"), location_id=pl.lit("all"))
        one = Task(whole, given.events, given.country, given.origin)
        if method != "Prophet":
            return statistical(method)(one)
        return _prophet_with_holidays(one)

    return forecast


def _prophet_with_holidays(given: Task) -> Matrix:
    from learning.demand.aggregates import quiet_prophet

    with quiet_prophet():
        import pandas as pd
        from prophet import Prophet

        general = given.events.filter(pl.col("location_id").is_null()).select("business_day", "holiday").unique()
        holidays = pd.DataFrame(
            {"holiday": general["holiday"].to_list(), "ds": pd.to_datetime(pd.Series(general["business_day"].to_list()))}
        )
        model = Prophet(uncertainty_samples=0, holidays=holidays if len(holidays) else None, seasonality_mode="multiplicative")
        if not len(holidays):
            model.add_country_holidays(given.country)
        past = given.past
        model.fit(pd.DataFrame({"ds": pd.to_datetime(pd.Series(past["business_day"].to_list())), "y": past["units"].to_numpy()}))
        found = model.predict(pd.DataFrame({"ds": pd.to_datetime(pd.Series(given.coming))}))["yhat"].to_numpy()
    return found[None, :]


def peer(method: str) -> Callable[[Task], Matrix]:
    """The function of a method's name; names that end in 'on the total' forecast one series."""
    if method.endswith(" on the total"):
        return on_the_total(method.removesuffix(" on the total"))
    if method in STATISTICAL:
        return statistical(method)
    return {"mlforecast LightGBM": mlforecast_lightgbm, "Prophet per SKU": prophet_per_sku}[method]


def _model(method: str) -> Any:
    from statsforecast import models

    made: dict[str, Callable[[], Any]] = {
        "SeasonalNaive": lambda: models.SeasonalNaive(season_length=7),
        "MA 28": lambda: models.WindowAverage(window_size=28),
        "MA 8 per weekday": lambda: models.SeasonalWindowAverage(season_length=7, window_size=8),
        "SES": models.SimpleExponentialSmoothingOptimized,
        "Croston SBA": models.CrostonSBA,
        "AutoETS": lambda: models.AutoETS(season_length=7),
        "AutoTheta": lambda: models.AutoTheta(season_length=7),
        "AutoARIMA": lambda: models.AutoARIMA(season_length=7),
    }
    return made[method]()


def _fallback() -> Any:
    from statsforecast.models import HistoricAverage

    return HistoricAverage()


def _name() -> pl.Expr:
    return pl.concat_str("product_id", "location_id", separator="\t")


def _long(past: pl.DataFrame) -> pl.DataFrame:
    return past.select(unique_id=_name(), ds="business_day", y="units")


def _codes(given: Task) -> pl.DataFrame:
    items = given.past.select("product_id", "location_id", "category").unique().sort("product_id", "location_id")
    coded = [(pl.col(name).rank("dense") - 1).cast(pl.Int32).alias(f"{name.split('_')[0]}_code") for name in items.columns]
    return items.with_columns(*coded, unique_id=_name()).select(
        "unique_id", "location_id", "product_code", "location_code", "category_code"
    )


def _event_flags(given: Task, days: pl.DataFrame) -> pl.DataFrame:
    cells = given.past.select("location_id").unique().join(days, how="cross")
    general = given.events.filter(pl.col("location_id").is_null())["business_day"].unique()
    own = given.events.drop_nulls("location_id").select("location_id", ds="business_day").unique().with_columns(is_snap=pl.lit(1))
    return cells.join(own, on=["location_id", "ds"], how="left").with_columns(
        pl.col("is_snap").fill_null(0), is_event=pl.col("ds").is_in(general.implode()).cast(pl.Int32)
    )


def _matrix(given: Task, found: pl.DataFrame) -> Matrix:
    """Items x horizon from a long frame of unique_id and value in day order."""
    names = given.keys.select(_name())["product_id"].to_list()
    rows = {str(name): own["value"].to_numpy() for (name,), own in found.group_by(["unique_id"], maintain_order=True)}
    return np.stack([rows[name] for name in names])
