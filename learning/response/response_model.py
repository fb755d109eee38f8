"""What a trained response model is, what it predicts, and how it is kept in a file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from learning.response.arm_models import ArmModels
from learning.response.features import FEATURES, Floats, feature_matrix
from learning.response.gate import GateResult, shrunk_effects
from learning.response.model_file import models_from_json, models_to_json
from learning.response.monotone import between_faces

PREDICTION_SCHEMA = {
    "customer_key": pl.String,
    "coupon_id": pl.String,
    "face_value": pl.Float64,
    "uplift_orders": pl.Float64,
    "expected_gain": pl.Float64,
    "redemption_probability": pl.Float64,
    "expected_cost": pl.Float64,
    "value": pl.Float64,
    "causal": pl.Boolean,
    "effect_source": pl.String,
    "is_beyond_trial": pl.Boolean,
}


@dataclass(frozen=True)
class ResponseModel:
    """Response to coupons, causal or not.

    causal       False where nothing was drawn by lot: then no uplift, gain or value is claimed
    faces        face values of the trial, ascending; averages, slopes and centres follow them
    effects      one row per face value with confidence intervals (see `effects.py`)
    sample_ratio one row per campaign and arm (see `sample_ratio.py`)
    notes        what was left out of the trial, and why
    """

    causal: bool
    faces: Floats
    average_purchase: Floats
    average_gain: Floats
    average_redemption: Floats
    purchase_slope: float
    gain_slope: float
    purchase_centre: Floats
    gain_centre: Floats
    models: ArmModels | None
    gate: GateResult | None
    effects: pl.DataFrame
    sample_ratio: pl.DataFrame
    notes: tuple[str, ...]

    @property
    def effect_source(self) -> str:
        """'individual' where the gate was passed, 'average' where not, 'none' without a trial."""
        return "none" if not self.causal or self.gate is None else "individual" if self.gate.passed else "average"

    def predict(self, profiles: pl.DataFrame, coupons: pl.DataFrame) -> pl.DataFrame:
        """Return the response of every customer to every coupon (grain: customer_key, coupon_id), sorted.

        profiles: customer_key and FEATURES, as of the day of decision. coupons: coupon_id, face_value (money, above 0).
        uplift_orders: added chance of a purchase in the outcome window; expected_gain: added margin before the coupon's cost;
        expected_cost: face value times redemption_probability; value: gain less cost (money per customer). All but the redemption
        are null where `causal` is false. is_beyond_trial: the face value is above all tried ones and gets the effect of the largest.
        """
        profiles = profiles.sort("customer_key")
        _check_inputs(profiles, coupons)
        parts = [self._one_coupon(profiles, coupon_id, float(face)) for coupon_id, face in coupons.select("coupon_id", "face_value").rows()]
        empty = pl.DataFrame(schema=PREDICTION_SCHEMA)
        return pl.concat([empty, *parts]).sort("customer_key", "coupon_id")

    def _one_coupon(self, profiles: pl.DataFrame, coupon_id: str, face: float) -> pl.DataFrame:
        uplift, gain, redeems = self._response(profiles, face)
        cost = None if redeems is None else face * redeems
        value = None if gain is None or cost is None else gain - cost
        columns: dict[str, Any] = {
            "customer_key": profiles["customer_key"],
            "coupon_id": coupon_id,
            "face_value": face,
            "uplift_orders": uplift,
            "expected_gain": gain,
            "redemption_probability": redeems,
            "expected_cost": cost,
            "value": value,
            "causal": self.causal,
            "effect_source": self.effect_source,
            "is_beyond_trial": bool(len(self.faces) and face > self.faces[-1] + 1e-9),
        }
        frame = pl.DataFrame({"customer_key": columns.pop("customer_key")})
        literals = [
            pl.lit(part).alias(name) if not isinstance(part, np.ndarray) else pl.Series(name, part) for name, part in columns.items()
        ]
        return frame.with_columns(literals).select([pl.col(name).cast(kind) for name, kind in PREDICTION_SCHEMA.items()])

    def _response(self, profiles: pl.DataFrame, face: float) -> tuple[Floats | None, Floats | None, Floats | None]:
        """Return (uplift, gain, chance of redemption) per customer; None where nothing can be said."""
        if not self.causal:
            if self.models is None:
                return None, None, None
            return None, None, self.models.redeems(self.models.transform.apply(feature_matrix(profiles)), face)
        nobody = np.zeros((profiles.height, 1))
        if self.models is None or self.effect_source == "average":
            redemption = np.interp(face, self.faces, self.average_redemption)
            uplift = between_faces(self.faces, nobody + self.average_purchase, face)
            gain = between_faces(self.faces, nobody + self.average_gain, face)
            return uplift, gain, nobody[:, 0] + redemption
        columns = self.models.transform.apply(feature_matrix(profiles))
        purchase = self.models.purchase(columns, None)
        raw = purchase[:, 1:] - purchase[:, :1]
        raw_gain = raw * self.models.margin_per_buyer(columns)[:, None]
        uplift = shrunk_effects(raw, self.purchase_centre, self.average_purchase, self.purchase_slope)
        gain = shrunk_effects(raw_gain, self.gain_centre, self.average_gain, self.gain_slope)
        return between_faces(self.faces, uplift, face), between_faces(self.faces, gain, face), self.models.redeems(columns, face)

    def save(self, path: Path) -> None:
        """Write the model to one JSON file."""
        path.write_text(json.dumps(_to_json(self), indent=1, sort_keys=True), encoding="utf-8")

    @staticmethod
    def load(path: Path) -> "ResponseModel":
        """Read a model written by `save`."""
        return _from_json(json.loads(path.read_text(encoding="utf-8")))


def _check_inputs(profiles: pl.DataFrame, coupons: pl.DataFrame) -> None:
    if profiles["customer_key"].is_duplicated().any():
        raise ValueError("A customer has two profiles.")
    if coupons["coupon_id"].is_duplicated().any():
        raise ValueError("A coupon is named twice.")
    wrong = coupons.filter(~(pl.col("face_value").is_finite() & (pl.col("face_value") > 0)).fill_null(value=False))
    if wrong.height:
        raise ValueError(f"Coupon {wrong['coupon_id'][0]!r} needs a face value above 0, got {wrong['face_value'][0]}.")


_ARRAYS = ("faces", "average_purchase", "average_gain", "average_redemption", "purchase_centre", "gain_centre")


def _to_json(model: ResponseModel) -> dict[str, Any]:
    content: dict[str, Any] = {name: getattr(model, name).tolist() for name in _ARRAYS}
    content |= {"causal": model.causal, "purchase_slope": model.purchase_slope, "gain_slope": model.gain_slope, "notes": list(model.notes)}
    content |= {"gate": None if model.gate is None else vars(model.gate), "features": list(FEATURES)}
    content |= {"models": None if model.models is None else models_to_json(model.models)}
    return content | {"effects": model.effects.to_dicts(), "sample_ratio": model.sample_ratio.to_dicts()}


def _from_json(content: dict[str, Any]) -> ResponseModel:
    from learning.response.effects import EFFECTS_SCHEMA
    from learning.response.sample_ratio import SAMPLE_RATIO_SCHEMA

    if content["features"] != list(FEATURES):
        raise ValueError("This response model was trained on other customer features; train it again.")
    return ResponseModel(
        **{name: np.array(content[name], dtype=np.float64) for name in _ARRAYS},
        causal=content["causal"],
        purchase_slope=content["purchase_slope"],
        gain_slope=content["gain_slope"],
        models=None if content["models"] is None else models_from_json(content["models"]),
        gate=None if content["gate"] is None else GateResult(**content["gate"]),
        effects=pl.DataFrame(content["effects"], schema=EFFECTS_SCHEMA),
        sample_ratio=pl.DataFrame(content["sample_ratio"], schema=SAMPLE_RATIO_SCHEMA),
        notes=tuple(content["notes"]),
    )
