"""How much promotions lift sales, by depth of the price cut: a pooled ratio per category, shrunk to the whole shop.

Decides the factor by which base demand (days without promotion) is multiplied on a promoted day, and divided out of
promoted days when an item's level is taken. Depth bands: no price cut, up to 15 %, 30 %, 45 %, deeper.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from learning.demand.grid import DemandGrid, Floats
from learning.demand.windows import Windows

BAND_EDGES = (1e-9, 0.15, 0.30, 0.45)
BANDS = len(BAND_EDGES) + 1
SHRINK_UNITS = 200.0
BASE_DAYS = 56
LOWEST, HIGHEST = 0.8, 6.0


@dataclass(frozen=True)
class PromotionLift:
    """table: category (null: whole shop), band (0..4), lift (ratio to base demand), promoted_units (evidence)."""

    table: pl.DataFrame

    def factors(self, categories: list[str], promoted: Floats, discount: Floats) -> Floats:
        """Lift of each cell (items x days); 1 where not promoted, and the usual mix of days (also 1) where unknown (nan)."""
        whole = self.table.filter(pl.col("category").is_null()).sort("band")["lift"].to_numpy()
        by_name = {
            str(name): rows.sort("band")["lift"].to_numpy()
            for (name,), rows in self.table.drop_nulls("category").group_by("category", maintain_order=True)
        }
        ladder = np.stack([by_name.get(name, whole) for name in categories])
        bands = np.digitize(np.nan_to_num(discount), BAND_EDGES)
        lifted = np.take_along_axis(ladder, bands, axis=1)
        return np.where(np.nan_to_num(promoted) > 0, lifted, 1.0)


def learn_promotion_lift(grid: DemandGrid) -> PromotionLift:
    """Lift per category and band: promoted units over what the item's base mean of the eight weeks before would give."""
    names = sorted(set(grid.items["category"].to_list()))
    sold, expected = np.zeros((len(names), BANDS)), np.zeros((len(names), BANDS))
    promoted = grid.on_promotion & grid.valid
    if promoted.any():
        base = Windows(grid.units, grid.valid & ~grid.on_promotion)
        codes = grid.codes("category")
        for day in np.flatnonzero(promoted.any(axis=0)):
            if day == 0:
                continue
            here = np.flatnonzero(promoted[:, day])
            mean = base.mean(int(day) - 1, BASE_DAYS)[here]
            here, mean = here[~np.isnan(mean)], mean[~np.isnan(mean)]
            bands = np.digitize(grid.discount[here, day], BAND_EDGES)
            np.add.at(sold, (codes[here], bands), grid.units[here, day])
            np.add.at(expected, (codes[here], bands), mean)
    whole = (sold.sum(axis=0) + SHRINK_UNITS) / (expected.sum(axis=0) + SHRINK_UNITS)
    lift = (sold + SHRINK_UNITS * whole) / (expected + SHRINK_UNITS)
    rows = [(None, band, float(whole[band]), float(sold[:, band].sum())) for band in range(BANDS)]
    rows += [(name, band, float(lift[i, band]), float(sold[i, band])) for i, name in enumerate(names) for band in range(BANDS)]
    schema = {"category": pl.String, "band": pl.Int64, "lift": pl.Float64, "promoted_units": pl.Float64}
    return PromotionLift(pl.DataFrame(rows, schema=schema, orient="row").with_columns(pl.col("lift").clip(LOWEST, HIGHEST)))
