"""The rows that the direct models learn from: item-days drawn evenly from many past origins, as each would have been seen from there.

Target: units / level at the origin. Stock-out and closed days are never targets; no sale after an origin enters its features, but
for the lift of promotions and events, which is learned on the whole grid.
"""

from dataclasses import dataclass

import numpy as np

from learning.demand.features import FEATURES, FeatureMaker, Picks
from learning.demand.future import announced
from learning.demand.grid import Floats
from learning.demand.holiday_days import names_by_day
from learning.demand.settings import DemandSettings

ORIGIN_STEP_DAYS = 8  # not a multiple of 7: origins fall on every weekday
MAX_ORIGINS = 45
RATIO_CAP = 50.0  # a single bulk order must not outweigh a category


@dataclass(frozen=True)
class TrainingRows:
    """features: rows x FEATURES; ratio: units / level; weight: sqrt of the level (the larger the item, the surer its ratio)."""

    features: Floats
    ratio: Floats
    weight: Floats


def training_rows(maker: FeatureMaker, settings: DemandSettings) -> TrainingRows:
    """Item-days drawn from past origins of the maker's grid, evenly over origins and horizons, seeded."""
    grid = maker.grid
    rng = np.random.default_rng(settings.seed)
    earliest = settings.level_days - 1
    origins = list(range(grid.n_days - 1 - 7, earliest, -ORIGIN_STEP_DAYS))[:MAX_ORIGINS]
    events = names_by_day(maker.holidays, grid.days.tolist())
    parts: list[tuple[Floats, Floats, Floats]] = []
    per_origin = max(settings.training_rows // max(len(origins), 1), 1)
    for origin in origins:
        reach = min(settings.horizon_days + settings.scoring_days, grid.n_days - 1 - origin)
        started = maker.base.age(origin) > 0
        open_cells = np.flatnonzero((grid.valid[:, origin + 1 : origin + 1 + reach] & started[:, None]).ravel())
        if open_cells.size > per_origin:
            open_cells = np.sort(rng.choice(open_cells, size=per_origin, replace=False))
        picks = Picks(open_cells // reach, open_cells % reach)
        level = maker.level(origin)
        coming = announced(grid, origin, reach, events, settings)
        target = grid.units[picks.item, origin + 1 + picks.step] / level[picks.item]
        parts.append((maker.rows(origin, level, coming, picks), np.minimum(target, RATIO_CAP), np.sqrt(level[picks.item])))
    if not parts:
        return TrainingRows(np.zeros((0, len(FEATURES))), np.zeros(0), np.zeros(0))
    features, ratio, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    return TrainingRows(features, ratio, weight)
