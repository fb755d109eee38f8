"""A frozen k-means model of log recency, frequency and monetary value: centres, ids that outlive a refit, names and figures.

Distances are Euclidean in standard deviations of the customers the model was fitted to.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.segments.rfm import Floats, log_rfm

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class SegmentModel:
    """centres: in standard deviations from `mean`, one per id, as are names, descriptions and shares (of customers at the fit).

    inertia: mean squared distance to the nearest centre at the fit. stability: mean adjusted Rand index of refits on bootstrap samples.
    is_stable: stability and the smallest share keep what the settings ask. reason: why the model was fitted.
    """

    fitted_on: date
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    centres: tuple[tuple[float, ...], ...]
    ids: tuple[int, ...]
    names: tuple[str, ...]
    descriptions: tuple[str, ...]
    shares: tuple[float, ...]
    customers: int
    inertia: float
    stability: float
    is_stable: bool
    reason: str

    @property
    def version(self) -> str:
        """Day of the fit and a fingerprint of the content."""
        digest = hashlib.sha256(json.dumps(asdict(self), default=str, sort_keys=True).encode()).hexdigest()
        return f"segments-{self.fitted_on.isoformat()}-{digest[:8]}"

    def distances(self, rfm: pl.DataFrame) -> Floats:
        """Return distances of the rows of an RFM frame to the centres: rows x centres."""
        points = self.standardised(rfm)
        return np.column_stack([np.sqrt(((points - np.array(centre)) ** 2).sum(axis=1)) for centre in self.centres])

    def standardised(self, rfm: pl.DataFrame) -> Floats:
        """Return log RFM in standard deviations of the fit."""
        return (log_rfm(rfm) - np.array(self.mean)) / np.array(self.scale)

    def nearest(self, rfm: pl.DataFrame) -> Ids:
        """Return the id of the nearest centre per row."""
        return np.array(self.ids, dtype=np.int64)[self.distances(rfm).argmin(axis=1)]

    def typical(self) -> Floats:
        """Return the centres as days, orders and currency: centres x 3."""
        return np.expm1(np.array(self.centres) * np.array(self.scale) + np.array(self.mean))

    def save(self, path: Path) -> None:
        """Write the model to one JSON file."""
        path.write_text(json.dumps(asdict(self), default=str, indent=1, sort_keys=True), encoding="utf-8")

    @staticmethod
    def load(path: Path) -> "SegmentModel":
        """Read a model written by `save`."""
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        lists: dict[str, Any] = {name: tuple(content[name]) for name in ("mean", "scale", "ids", "names", "descriptions", "shares")}
        lists["centres"] = tuple(tuple(centre) for centre in content["centres"])
        lists["fitted_on"] = date.fromisoformat(content["fitted_on"])
        return SegmentModel(**{**content, **lists})
