"""Settings of demand learning: what is forecast, how far ahead, how it is proved and at what price.

Terms: the *horizon* is the number of days after the as-of day; an *origin* is a day from which a past forecast is
replayed in the backtest; *notice* is how many days ahead promotions are known in this shop.
"""

import dataclasses
from dataclasses import dataclass

QUANTILE_LEVELS = (0.05, 0.10, 0.25, 0.50, 0.75, 0.80, 0.90, 0.95, 0.975, 0.99)


@dataclass(frozen=True)
class DemandSettings:
    """How demand is learned. Days are calendar days; raises ValueError when a value lies outside its range.

    horizon_days: how far daily forecasts and calibrated sums reach.
    scoring_days: how many days a model may serve after its training (weekly training needs 7).
    quantile_levels: levels published for lead-time demand.
    backtest_origins, backtest_step_days: number of replayed forecasts and the days between them.
    promotion_notice_days: promotions further ahead than this count as unknown in training and backtest.
    min_history_days: items with fewer selling days are new: class rate, and LightGBM where there is one.
    min_shop_days: shops with a shorter history get neither Prophet nor the direct models.
    level_days, weekday_weeks: windows of an item's level and of the weekday pattern.
    max_category_models: categories beyond this number (smallest first) share one Prophet model; locations beyond it have none.
    training_rows, boosting_rounds: rows that the direct models learn from, and LightGBM's rounds.
    series_at_once: most items of one model; a larger panel is cut into chunks of whole series (of 100,000 series of 419 days two workers of
    20,000 held 6.7 GB together).
    threads: LightGBM's; more than the free cores cost a multiple of the time (89 CPU s against 45 on a busy machine).
    """

    horizon_days: int = 42
    scoring_days: int = 7
    quantile_levels: tuple[float, ...] = QUANTILE_LEVELS
    backtest_origins: int = 3
    backtest_step_days: int = 28
    promotion_notice_days: int = 14
    min_history_days: int = 28
    min_shop_days: int = 84
    level_days: int = 56
    weekday_weeks: int = 24
    max_category_models: int = 12
    training_rows: int = 180_000
    boosting_rounds: int = 120
    series_at_once: int = 12_500
    seed: int = 7
    threads: int = 1

    def __post_init__(self) -> None:
        for name in ("horizon_days", "backtest_step_days", "min_history_days", "min_shop_days", "level_days", "weekday_weeks"):
            _expect(getattr(self, name) >= 1, name, getattr(self, name), "at least 1")
        for name in ("max_category_models", "training_rows", "boosting_rounds", "series_at_once", "threads"):
            _expect(getattr(self, name) >= 1, name, getattr(self, name), "at least 1")
        for name in ("scoring_days", "backtest_origins", "promotion_notice_days", "seed"):
            _expect(getattr(self, name) >= 0, name, getattr(self, name), "at least 0")
        _expect(len(self.quantile_levels) > 0, "quantile_levels", self.quantile_levels, "not empty")
        _expect(list(self.quantile_levels) == sorted(set(self.quantile_levels)), "quantile_levels", self.quantile_levels, "strictly rising")
        _expect(all(0.0 < level < 1.0 for level in self.quantile_levels), "quantile_levels", self.quantile_levels, "inside (0, 1)")

    def as_dict(self) -> dict[str, object]:
        """Plain values, as they are stored beside a saved model."""
        return dataclasses.asdict(self)


def settings_from(values: dict[str, object]) -> DemandSettings:
    """The settings stored by `as_dict`; raises TypeError on a name that this version does not know."""
    levels = values["quantile_levels"]
    assert isinstance(levels, list | tuple)
    return DemandSettings(**{**values, "quantile_levels": tuple(float(level) for level in levels)})  # pyright: ignore[reportArgumentType]


def quantile_column(level: float) -> str:
    """Column name of a quantile level: 0.05 is `q05`, 0.975 is `q975`."""
    digits = f"{level:.6f}".split(".")[1].rstrip("0")
    return "q" + digits.ljust(2, "0")


def _expect(holds: bool, name: str, value: object, rule: str) -> None:
    if not holds:
        raise ValueError(f"Expected {name} to be {rule}; got {value}.")
