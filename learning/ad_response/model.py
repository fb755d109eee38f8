"""What a trained ad response is: one curve per channel, the draws behind its interval, and how both are kept in a file."""

import json
from dataclasses import dataclass
from pathlib import Path

import polars as pl

CURVE_SCHEMA = {
    "channel": pl.String,
    "most": pl.Float64,
    "half_saturation": pl.Float64,
    "shape": pl.Float64,
    "memory": pl.Float64,
    "days": pl.Int64,
    "mean_daily_spend": pl.Float64,
    "largest_daily_spend": pl.Float64,
    "spend_variation": pl.Float64,
    "daily_response": pl.Float64,
    "daily_response_low": pl.Float64,
    "daily_response_high": pl.Float64,
    "marginal_response": pl.Float64,
    "marginal_response_low": pl.Float64,
    "marginal_response_high": pl.Float64,
    "is_identified": pl.Boolean,
    "causal": pl.Boolean,
    "sentence": pl.String,
}
DRAW_SCHEMA = {
    "channel": pl.String,
    "draw": pl.Int64,
    "most": pl.Float64,
    "half_saturation": pl.Float64,
    "shape": pl.Float64,
    "memory": pl.Float64,
}


@dataclass(frozen=True)
class AdResponseModel:
    """Response curves of advertising, never causal: nothing of the spend was drawn by lot.

    curves   one row per channel (CURVE_SCHEMA). most: units of outcome per day at full saturation; half_saturation: adstock, money;
             memory: share left the next day. daily_response: at the mean daily spend. marginal_response: units of outcome that one more
             1.00 a day adds there. All of them 0 or more; null where too little is known to try.
    draws    the bootstrap's curves (DRAW_SCHEMA): the interval of anything computed from a curve comes from them.
    notes    what was left out, and why. explained_share: of the variance that the baseline leaves.
    """

    curves: pl.DataFrame
    draws: pl.DataFrame
    notes: tuple[str, ...]
    days: int
    explained_share: float | None

    def save(self, path: Path) -> None:
        """Write the model to one JSON file."""
        content = {"curves": self.curves.to_dicts(), "draws": self.draws.to_dict(as_series=False), "notes": list(self.notes)}
        content |= {"days": self.days, "explained_share": self.explained_share}
        path.write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")

    @staticmethod
    def load(path: Path) -> "AdResponseModel":
        """Read a model written by `save`."""
        content = json.loads(path.read_text(encoding="utf-8"))
        return AdResponseModel(
            curves=pl.DataFrame(content["curves"], schema=CURVE_SCHEMA),
            draws=pl.DataFrame(content["draws"], schema=DRAW_SCHEMA),
            notes=tuple(content["notes"]),
            days=content["days"],
            explained_share=content["explained_share"],
        )
