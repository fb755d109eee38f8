"""The demand model: trained weekly, scored daily, saved as plain text and tables.

`train` fits the parts and replays past forecasts for scores and calibration. `DemandModel.predict` gives daily forecasts
from a panel up to `scoring_days` newer than the training; `lead_time_quantiles` gives the distribution of summed demand.
"""

import json
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from learning.demand.backtest import Backtest, backtest_grid
from learning.demand.boosting import booster_from, booster_text, importance
from learning.demand.day_lift import DayLift
from learning.demand.direct import DirectModels
from learning.demand.event_lift import EventLift
from learning.demand.filled import lost_demand
from learning.demand.forecast_table import daily_table, sums_table
from learning.demand.future import close_learned_days, coming_from_frame
from learning.demand.grid import DemandGrid, build_grid
from learning.demand.holiday_days import all_events
from learning.demand.lead_time import Calibration, calibrate
from learning.demand.lead_time_paths import lead_time_paths
from learning.demand.parts import Forecasts, Parts, fit_parts, forecast_items
from learning.demand.promotion_lift import PromotionLift
from learning.demand.regression import regression_table, regressions_from
from learning.demand.settings import DemandSettings, settings_from
from learning.demand.weights import Weights

FORMAT = 3
TABLES = ("lift", "event_lift", "event_days", "aggregates", "holidays", "calibration", "scores", "residuals", "weights")


@dataclass(frozen=True)
class DemandModel:
    """The fitted parts, the calibration of sums, and the backtest that proved them."""

    settings: DemandSettings
    parts: Parts
    calibration: Calibration
    backtest: Backtest

    def predict(self, panel: pl.DataFrame, future: pl.DataFrame | None, as_of_day: date, horizon_days: int | None = None) -> pl.DataFrame:
        """Daily forecasts of every item of the panel, from the day after `as_of_day`; see `forecast_table.DAILY_SCHEMA`.

        panel: the sales panel known as of that day. future: see `future.coming_from_frame`; None means regular days. Raises
        ValueError where the panel reaches beyond the as-of day, or the model is too old or too young for it.
        """
        grid, forecasts = self.forecast(panel, future, as_of_day, horizon_days or self.settings.horizon_days)
        return daily_table(grid, forecasts, as_of_day)

    def score(
        self, panel: pl.DataFrame, future: pl.DataFrame | None, horizons: pl.DataFrame, as_of_day: date
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Daily forecasts and the distribution of sums (`predict` and `lead_time_quantiles`) for the price of one."""
        grid, forecasts = self.forecast(panel, future, as_of_day, self.settings.horizon_days)
        return daily_table(grid, forecasts, as_of_day), sums_table(self, grid, forecasts, horizons, as_of_day)

    def score_with_paths(
        self, panel: pl.DataFrame, future: pl.DataFrame | None, horizons: pl.DataFrame, as_of_day: date
    ) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """`score`, and pairs of demand until arrival and until cover (`lead_time_paths`), from the same forecast."""
        grid, forecasts = self.forecast(panel, future, as_of_day, self.settings.horizon_days)
        sums = sums_table(self, grid, forecasts, horizons, as_of_day)
        return daily_table(grid, forecasts, as_of_day), sums, lead_time_paths(self, grid, sums)

    def forecast(
        self, panel: pl.DataFrame, future: pl.DataFrame | None, as_of_day: date, horizon_days: int
    ) -> tuple[DemandGrid, Forecasts]:
        """The same as matrices."""
        grid = self.grid(panel, as_of_day, horizon_days)
        coming = coming_from_frame(grid, future, self.parts.holidays, horizon_days, self.settings)
        return grid, forecast_items(self.parts, grid, coming, self.settings)

    def grid(self, panel: pl.DataFrame, as_of_day: date, horizon_days: int) -> DemandGrid:
        """The panel as matrices, learned closing days included; raises ValueError like `predict`."""
        self._expect_usable(as_of_day, horizon_days)
        return close_learned_days(build_grid(panel, as_of_day))

    def lost_units(self, panel: pl.DataFrame, as_of_day: date) -> pl.DataFrame:
        """Estimated lost sales on open stock-out days of the panel; see `filled.lost_demand` for columns."""
        return lost_demand(close_learned_days(build_grid(panel, as_of_day)), self.parts.lift, self.settings)

    def feature_importance(self) -> pl.DataFrame:
        """feature, gain_share, splits of the LightGBM model, largest first; empty where the shop is too small for it."""
        return importance(None if self.parts.direct is None else self.parts.direct.booster)

    def save(self, folder: Path) -> None:
        """Writes the model as JSON, LightGBM text and Parquet tables; replaces what was there."""
        folder.mkdir(parents=True, exist_ok=True)
        head = {
            "format": FORMAT,
            "trained_through": self.parts.trained_through.isoformat(),
            "nodes": self.parts.nodes,
            "settings": self.settings.as_dict(),
            "has_direct_models": self.parts.direct is not None,
        }
        (folder / "model.json").write_text(json.dumps(head, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        if self.parts.direct is not None:
            (folder / "lightgbm.txt").write_text(booster_text(self.parts.direct.booster), encoding="utf-8")
            regression_table(self.parts.direct.lines).write_parquet(folder / "regressions.parquet")
        frames = (
            self.parts.lift.promotion.table,
            self.parts.lift.events.table,
            self.parts.lift.events.occurrences,
            self.parts.aggregates,
            self.parts.holidays,
            self.calibration.table,
            self.backtest.scores,
            self.backtest.residuals,
            self.parts.weights.table,
        )
        for name, frame in zip(TABLES, frames, strict=True):
            frame.write_parquet(folder / f"{name}.parquet")

    @staticmethod
    def load(folder: Path) -> "DemandModel":
        """The model written by `save`; raises ValueError on another format."""
        head = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        if head["format"] != FORMAT:
            raise ValueError(f"Expected demand model format {FORMAT} in {folder.name}; got {head['format']}: train again.")
        tables = {name: pl.read_parquet(folder / f"{name}.parquet") for name in TABLES}
        direct = _load_direct(folder) if head["has_direct_models"] else None
        lift = DayLift(PromotionLift(tables["lift"]), EventLift(tables["event_lift"], tables["event_days"]))
        trained = date.fromisoformat(head["trained_through"])
        weights = Weights(tables["weights"])
        parts = Parts(lift, head["nodes"], tables["aggregates"], direct, tables["holidays"], trained, weights)
        proof = Backtest(tables["scores"], tables["residuals"], weights)
        return DemandModel(settings_from(head["settings"]), parts, Calibration(tables["calibration"]), proof)

    def _expect_usable(self, as_of_day: date, horizon_days: int) -> None:
        trained = self.parts.trained_through
        if not trained <= as_of_day <= trained + timedelta(days=self.settings.scoring_days):
            raise ValueError(
                f"Expected an as-of day within {self.settings.scoring_days} days after the training through {trained}; "
                f"got {as_of_day}: train again."
            )
        if not 1 <= horizon_days <= self.settings.horizon_days:
            raise ValueError(f"Expected horizon_days within 1 and {self.settings.horizon_days}; got {horizon_days}.")


def train(panel: pl.DataFrame, holidays: pl.DataFrame, settings: DemandSettings, as_of_day: date | None = None) -> DemandModel:
    """Trains on the whole panel (see `grid.build_grid`) and replays past forecasts.

    holidays: business_day, holiday and, where an event is local, location_id; may reach beyond the panel. as_of_day: the day of
    knowledge; the panel's last day when None. Raises ValueError on an empty or malformed panel.
    """
    grid, holidays = build_grid(panel, as_of_day), all_events(holidays)
    proof = backtest_grid(grid, holidays, settings)
    parts = replace(fit_parts(close_learned_days(grid), holidays, settings), weights=proof.weights)
    return DemandModel(settings, parts, calibrate(proof.residuals, settings), proof)


def _load_direct(folder: Path) -> DirectModels:
    booster = booster_from((folder / "lightgbm.txt").read_text(encoding="utf-8"))
    return DirectModels(booster, regressions_from(pl.read_parquet(folder / "regressions.parquet")))
