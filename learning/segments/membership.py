"""Who is in which group since when: groups are decided week by week, and a customer close to a border stays where he was.

The weeks before a day are walked again with what is known on that day, each under the model that held in it, so nothing rests on which days
were decided before. A customer enters the nearest group on his first week; he moves when another centre is nearer by more than
`stay_within` standard deviations, or when a refit ended his group.
"""

from datetime import date

import numpy as np
import polars as pl

from learning.segments.model_chain import DriftTest, model_on
from learning.segments.segment_model import SegmentModel

MEMBERSHIP_SCHEMA = {
    "customer_key": pl.String,
    "cluster_id": pl.Int64,
    "margin": pl.Float64,
    "entered_on": pl.Date,
    "previous_cluster_id": pl.Int64,
}


def memberships(history: pl.DataFrame, chain: list[DriftTest], stay_within: float) -> pl.DataFrame:
    """Return the membership on the last day of `history` (MEMBERSHIP_SCHEMA, sorted by customer); empty without a model.

    history (grain: day, customer_key): RFM frames of the days on which groups are decided. margin: distance to the nearest other centre
    less that to the own one, negative while a customer stays in spite of a nearer one. entered_on is the first of the days where he has
    been in his group since then or longer. previous_cluster_id: null where none is known.
    """
    if history.is_empty() or not chain:
        return pl.DataFrame(schema=MEMBERSHIP_SCHEMA)
    keys = history["customer_key"].unique().sort()
    coded = history.join(pl.DataFrame({"customer_key": keys, "code": np.arange(len(keys))}), on="customer_key", how="left")
    group, previous = np.full(len(keys), -1), np.full(len(keys), -1)
    entered = np.full(len(keys), np.datetime64("NaT"), dtype="datetime64[D]")
    margin, last_codes = np.full(len(keys), np.nan), np.array([], dtype=np.int64)
    for day in history["day"].unique().sort().to_list():
        today = coded.filter(pl.col("day") == day)
        model = model_on(chain, day)
        assert model is not None
        codes = today["code"].to_numpy()
        chosen, ahead = _decided(model, today, group[codes], stay_within)
        moved = chosen != group[codes]
        previous[codes[moved]] = group[codes[moved]]
        entered[codes[moved]] = np.datetime64(day)
        group[codes], margin[codes], last_codes = chosen, ahead, codes
    kept = np.sort(last_codes)
    return pl.DataFrame(
        {
            "customer_key": keys.gather(kept),
            "cluster_id": group[kept],
            "margin": margin[kept],
            "entered_on": entered[kept],
            "previous_cluster_id": pl.Series(previous[kept]).replace(-1, None),
        },
        schema_overrides=MEMBERSHIP_SCHEMA,
    )


def joined_today(rfm: pl.DataFrame, model: SegmentModel, day: date) -> pl.DataFrame:
    """Return the membership of customers who came after the last decided week: the nearest group, entered on `day`."""
    chosen, ahead = _decided(model, rfm, np.full(rfm.height, -1), 0.0)
    joined = rfm.select(
        "customer_key",
        cluster_id=pl.Series(chosen),
        margin=pl.Series(ahead),
        entered_on=pl.lit(day),
        previous_cluster_id=pl.lit(None, dtype=pl.Int64),
    )
    return joined.select([pl.col(name).cast(kind) for name, kind in MEMBERSHIP_SCHEMA.items()])


def _decided(model: SegmentModel, rfm: pl.DataFrame, before: np.ndarray, stay_within: float) -> tuple[np.ndarray, np.ndarray]:
    """Ids of the groups that customers are in, given the ids of those they were in (-1: none), and their margins."""
    distances, ids = model.distances(rfm), np.array(model.ids)
    rows, best = np.arange(len(distances)), distances.argmin(axis=1)
    position = np.full(max(int(ids.max()), int(before.max(initial=0))) + 2, -1)
    position[ids] = np.arange(len(ids))
    own = position[before]  # -1 stands last, where no id is
    stays = (own >= 0) & (distances[rows, own] - distances[rows, best] <= stay_within)
    at = np.where(stays, own, best)
    others = distances.copy()
    others[rows, at] = np.inf
    ahead = others.min(axis=1) - distances[rows, at]
    return ids[at], np.where(np.isfinite(ahead), ahead, 0.0)  # a single group is no choice
