"""Demand until an order arrives and until the next one could, as equally likely pairs: what the purchase orders of a day are weighed over.

How the two sums belong together comes from the model's sample paths, their size from the calibrated quantiles. A path of `sample_paths` has
one error of the level and a negative binomial for each day; sums of its days are negative binomials again, so the pair of sums is drawn at
once, without the days. The draws then only lend their ranks: the k-th smallest sum until arrival becomes the calibrated quantile at the
middle of the k-th of `paths` equal slices, and so does the sum until cover. Both marginals are therefore those of `lead_time_quantiles`
(linear between the published levels), whatever was drawn. Equal sums are ranked by lot, each of the two by its own (the distributional
transform of a discrete variable).

More cannot be sold by a nearer day than by a later one: where the two calibrations cross, the nearer is cut to the later at the same level;
where a draw pairs a high sum until arrival with a lower one until cover, it trades its partner for the smallest that is high enough. So
both marginals stay, and pairs change only where they must.
"""

from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.demand.grid import KEY, DemandGrid, Floats
from learning.demand.lead_time import LEAST_DISPERSION, LEVEL_ERROR_SHARE, at_levels, dispersion
from learning.demand.settings import quantile_column

if TYPE_CHECKING:
    from learning.demand.model import DemandModel

PATHS = 32
PATHS_SCHEMA = {
    "as_of_day": pl.Date(),
    "product_id": pl.String(),
    "location_id": pl.String(),
    "until_arrival_days": pl.Int64(),
    "until_cover_days": pl.Int64(),
    "until_arrival_units": pl.List(pl.Float64()),
    "until_cover_units": pl.List(pl.Float64()),
}


def lead_time_paths(model: "DemandModel", grid: DemandGrid, sums: pl.DataFrame, paths: int = PATHS) -> pl.DataFrame:
    """Pairs for every item of `sums` that has a distribution (PATHS_SCHEMA), sorted by item.

    sums: of `forecast_table.sums_table`; an item's shortest horizon is taken to end with the arrival, its longest with the cover. Lists
    have `paths` numbers, units: until_arrival_units rising, until_cover_units the partners in the same order, never lower. Seeded by item,
    whatever else is asked for. Raises ValueError on fewer than 2 paths and on a model with fewer than 2 quantile levels.
    """
    levels = np.array(model.settings.quantile_levels)
    if paths < 2 or levels.size < 2:
        raise ValueError(f"Expected at least 2 paths and 2 quantile levels; got {paths} and {levels.size}.")
    told = sums.drop_nulls("mean_units").sort(*KEY, "horizon_days").group_by(KEY, maintain_order=True)
    near, far = told.first(), told.last()
    item = near.select(KEY).join(grid.items.select(KEY).with_row_index("item"), on=KEY, how="left", maintain_order="left")["item"]
    ratio = dispersion(grid)[item.to_numpy()]
    means = np.column_stack([near["mean_units"].to_numpy(), far["mean_units"].to_numpy()])
    first, second = _drawn(means, ratio, paths, item_seeds(near, model.settings.seed))
    columns = [quantile_column(level) for level in levels.tolist()]
    share = (np.arange(paths) + 0.5) / paths
    until_arrival, until_cover = (at_levels(part.select(columns).to_numpy(), levels, share) for part in (near, far))
    until_arrival, until_cover = paired(until_arrival, until_cover, first, second)
    rows = near.select("as_of_day", *KEY, until_arrival_days="horizon_days").with_columns(
        until_cover_days=far["horizon_days"],
        until_arrival_units=pl.Series(until_arrival, dtype=pl.Array(pl.Float64, paths)).arr.to_list(),
        until_cover_units=pl.Series(until_cover, dtype=pl.Array(pl.Float64, paths)).arr.to_list(),
    )
    return rows.select(pl.col(name).cast(dtype) for name, dtype in PATHS_SCHEMA.items())


def item_seeds(items: pl.DataFrame, seed: int) -> list[int]:
    """A seed per row (product_id, location_id) that depends on nothing but the item and `seed`."""
    return [crc32("\t".join(key).encode()) ^ seed for key in items.select(KEY).iter_rows()]


def paired(until_arrival: Floats, until_cover: Floats, first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Couples two marginals (items x paths, each row rising) as the draws `first` and `second` (same shape, no ties) are coupled.

    Returns both in rising order of the first. The second holds the same numbers as before and lies nowhere below the first, which is cut to
    the second, level by level, before they are coupled.
    """
    near = np.minimum(until_arrival, until_cover)
    partner = np.take_along_axis(_ranks(second), np.argsort(first, axis=1), axis=1)
    far = np.take_along_axis(until_cover, partner, axis=1)
    # from the highest down: those above keep what they have, and enough partners are left since near <= until_cover level by level
    for path in range(near.shape[1] - 1, 0, -1):
        low = np.flatnonzero(far[:, path] < near[:, path])
        if low.size:
            below = far[low, :path]
            with_whom = np.where(below >= near[low, path, None], below, np.inf).argmin(axis=1)
            far[low, path], far[low, with_whom] = far[low, with_whom], far[low, path]
    return near, far


def _drawn(means: Floats, ratio: Floats, paths: int, seeds: list[int]) -> tuple[Floats, Floats]:
    """Draws of the two sums (items x paths each, equal ones set apart by lot) for their means (items x 2).

    By inversion, so that an item's random numbers do not shift when its forecast moves a little: tomorrow's pairs are much like today's.
    """
    from scipy.stats import nbinom

    shape = LEVEL_ERROR_SHARE**-2.0
    level, lots = np.empty((len(seeds), paths, 1)), np.empty((len(seeds), paths, 4))
    for row, seed in enumerate(seeds):
        rng = np.random.default_rng(seed)
        level[row], lots[row] = rng.gamma(shape, 1.0 / shape, size=(paths, 1)), rng.random((paths, 4))
    parts = np.column_stack([means[:, 0], np.maximum(means[:, 1] - means[:, 0], 0.0)])
    rate, excess = level * parts[:, None, :], (np.maximum(ratio, LEAST_DISPERSION) - 1.0)[:, None, None]
    # a negative binomial with mean m and variance d m has m / (d - 1) successes of chance 1 / d
    units = np.where(rate > 0, nbinom.ppf(lots[:, :, :2], np.maximum(rate, 1e-9) / excess, 1.0 / (1.0 + excess)), 0.0)
    drawn = np.cumsum(units, axis=2) + lots[:, :, 2:]
    return drawn[:, :, 0], drawn[:, :, 1]


def _ranks(values: Floats) -> NDArray[np.int64]:
    """The rank of each value in its row, from 0."""
    ranks = np.empty(values.shape, dtype=np.int64)
    np.put_along_axis(ranks, np.argsort(values, axis=1), np.arange(values.shape[1])[None, :], axis=1)
    return ranks
