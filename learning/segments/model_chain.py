"""Which model holds when: a model is frozen and made anew only where customers have drifted away from it.

Tested at the end of every month on a sample of the customers known then. Drift is any of: the mean squared distance to the nearest centre
passes that of the fit by a share (customers are no longer where the centres are), the population stability index of the groups' shares
passes a bound (groups have grown or shrunk; Siddiqi, 2006), a group falls below the least share.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from learning.segments.fit_segments import fit_segments
from learning.segments.rfm import check_rfm
from learning.segments.segment_model import SegmentModel
from learning.segments.settings import SegmentSettings

Fit = Callable[[pl.DataFrame, date, SegmentSettings, str, SegmentModel | None], SegmentModel]


@dataclass(frozen=True)
class DriftTest:
    """What the test of one month end found. excess, shift and smallest_share: of the model before; reason is empty where it was kept.

    model: what holds from this day on; customers: in the sample.
    """

    tested_on: date
    customers: int
    excess: float
    shift: float
    smallest_share: float
    reason: str
    model: SegmentModel


def model_chain(samples: Mapping[date, pl.DataFrame], settings: SegmentSettings, fit: Fit = fit_segments) -> list[DriftTest]:
    """Return the tests of all month ends in `samples` (RFM frames) that have enough customers, in time order.

    `fit` stands in for `fit_segments` where fits are kept.
    """
    chain: list[DriftTest] = []
    for day in sorted(samples):
        sample = samples[day]
        if sample.height < settings.fewest_customers:
            continue
        before = chain[-1].model if chain else None
        if before is None:
            model = fit(sample, day, settings, "first", None)
            chain.append(DriftTest(day, sample.height, 0.0, 0.0, min(model.shares), "first", model))
            continue
        test = drift(before, sample, day, settings)
        model = fit(sample, day, settings, test.reason, before) if test.reason else before
        chain.append(DriftTest(day, test.customers, test.excess, test.shift, test.smallest_share, test.reason, model))
    return chain


def drift(model: SegmentModel, sample: pl.DataFrame, day: date, settings: SegmentSettings) -> DriftTest:
    """Hold the customers of `sample` (an RFM frame) against `model`."""
    check_rfm(sample)
    distances = model.distances(sample)
    shares = np.bincount(distances.argmin(axis=1), minlength=len(model.ids)) / sample.height
    excess = float((distances.min(axis=1) ** 2).mean()) / max(model.inertia, 1e-12) - 1
    floor = 1e-4  # an empty group shifts by a finite amount
    then, now = np.maximum(np.array(model.shares), floor), np.maximum(shares, floor)
    shift = float(((now - then) * np.log(now / then)).sum())
    reason = ""
    if excess > settings.largest_excess:
        reason = "distance"
    elif shift > settings.largest_shift:
        reason = "shares"
    elif shares.min() < settings.least_share <= min(model.shares):
        reason = "small group"
    return DriftTest(day, sample.height, excess, shift, float(shares.min()), reason, model)


def model_on(chain: list[DriftTest], day: date) -> SegmentModel | None:
    """The model that held at the end of `day`; for days before the first test the first model, None where there is none at all."""
    held = [test.model for test in chain if test.tested_on <= day]
    return held[-1] if held else chain[0].model if chain else None
