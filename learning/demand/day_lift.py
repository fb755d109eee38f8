"""What is known to lift or lower a day beside weekday and season: promotions and recurring events, as one factor per item and day."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from learning.demand.event_lift import EventLift, learn_event_lift
from learning.demand.future import Coming
from learning.demand.grid import DemandGrid, Floats
from learning.demand.promotion_lift import PromotionLift, learn_promotion_lift
from learning.demand.settings import DemandSettings


@dataclass(frozen=True)
class DayLift:
    """Both factors; a day's lift is their product."""

    promotion: PromotionLift
    events: EventLift

    def past(self, grid: DemandGrid) -> Floats:
        """Items x days of the grid: what is divided out of sales to see base demand."""
        promoted = self.promotion.factors(_categories(grid), grid.on_promotion.astype(np.float64), grid.discount)
        return promoted * self.events.factors(grid.items, grid.first_day, grid.n_days)

    def promoted(self, grid: DemandGrid, coming: Coming) -> Floats:
        """Items x coming days: the promotions' part alone."""
        return self.promotion.factors(_categories(grid), coming.promoted, coming.discount)

    def of_events(self, grid: DemandGrid, coming: Coming) -> Floats:
        """Items x coming days: the events' part alone."""
        return self.events.factors(grid.items, coming.origin + timedelta(days=1), coming.horizon)

    def coming(self, grid: DemandGrid, coming: Coming) -> Floats:
        """Items x coming days: by what base demand is multiplied."""
        return self.promoted(grid, coming) * self.of_events(grid, coming)


def learn_day_lift(grid: DemandGrid, holidays: pl.DataFrame, settings: DemandSettings) -> DayLift:
    """Promotions first, then events on what promotions leave."""
    promotion = learn_promotion_lift(grid)
    past = promotion.factors(_categories(grid), grid.on_promotion.astype(np.float64), grid.discount)
    return DayLift(promotion, learn_event_lift(grid, past, holidays, settings.weekday_weeks))


def _categories(grid: DemandGrid) -> list[str]:
    return [str(name) for name in grid.items["category"]]
