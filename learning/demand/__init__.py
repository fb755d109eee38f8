"""Demand learning: how many units of each item will be asked for, and how sure that is.

Public: `DemandSettings`, `train`, `DemandModel`, `backtest`, `Backtest`, `lead_time_quantiles`, `no_holidays`, `national_holidays`,
`calendar_events`, `all_events`; for very many series `cut_items`, `Chunk`, `forecast_in_chunks`. Read `model.py` first.
"""

from learning.demand.backtest import Backtest, backtest
from learning.demand.chunks import Chunk, ChunkResult, cut_items, forecast_in_chunks
from learning.demand.forecast_table import lead_time_quantiles
from learning.demand.holiday_days import all_events, calendar_events, national_holidays, no_holidays
from learning.demand.model import DemandModel, train
from learning.demand.settings import DemandSettings

__all__ = [
    "Backtest",
    "Chunk",
    "ChunkResult",
    "DemandModel",
    "DemandSettings",
    "all_events",
    "backtest",
    "calendar_events",
    "cut_items",
    "forecast_in_chunks",
    "lead_time_quantiles",
    "national_holidays",
    "no_holidays",
    "train",
]
