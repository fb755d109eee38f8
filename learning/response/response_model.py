"""What a trained response model is, what it predicts, and how it is kept in a file."""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import polars as pl

from learning.response.arm_models import ArmModels
from learning.response.drivers import DRIVERS_SCHEMA
from learning.response.effects import EFFECTS_SCHEMA
from learning.response.features import FEATURES, FeatureTransform, Floats, feature_matrix
from learning.response.gate import GateResult
from learning.response.individual import IndividualEffects
from learning.response.model_file import from_plain, to_plain
from learning.response.model_scores import MODEL_SCORES_SCHEMA
from learning.response.monotone import between_faces
from learning.response.redemption import Redemption
from learning.response.sample_ratio import SAMPLE_RATIO_SCHEMA

PREDICTION_SCHEMA = {
    "customer_key": pl.String,
    "coupon_id": pl.String,
    "face_value": pl.Float64,
    "purchase_probability": pl.Float64,
    "uplift_orders": pl.Float64,
    "uplift_orders_low": pl.Float64,
    "uplift_orders_high": pl.Float64,
    "expected_gain": pl.Float64,
    "expected_gain_low": pl.Float64,
    "expected_gain_high": pl.Float64,
    "redemption_probability": pl.Float64,
    "expected_cost": pl.Float64,
    "value": pl.Float64,
    "causal": pl.Boolean,
    "effect_source": pl.String,
    "is_beyond_trial": pl.Boolean,
}
TABLES = {
    "effects": EFFECTS_SCHEMA,
    "model_scores": MODEL_SCORES_SCHEMA,
    "drivers": DRIVERS_SCHEMA,
    "sample_ratio": SAMPLE_RATIO_SCHEMA,
}


@dataclass(frozen=True)
class Averages:
    """Average effects per face value of the trial, ascending, with standard errors, and the average chance of redemption."""

    faces: Floats
    purchase: Floats
    purchase_error: Floats
    gain: Floats
    gain_error: Floats
    redemption: Floats


@dataclass(frozen=True)
class ResponseModel:
    """Response to coupons, causal or not.

    causal       False where nothing was drawn by lot: then no uplift, gain or value is claimed; averages, models, individual, gate are None
    redemption   chance of redemption and the scale of its features; None where too few coupons were given out to know even that
    effects      one row per face value with confidence intervals (see `effects.py`)
    model_scores one row per policy that was compared (see `model_scores.py`)
    drivers      one row per face value and feature (see `drivers.py`)
    sample_ratio one row per campaign and arm (see `sample_ratio.py`)
    notes        what was left out of the trial, and why
    """

    causal: bool
    averages: Averages | None
    models: ArmModels | None
    individual: IndividualEffects | None
    gate: GateResult | None
    transform: FeatureTransform | None
    redemption: Redemption | None
    confidence: float
    effects: pl.DataFrame
    model_scores: pl.DataFrame
    drivers: pl.DataFrame
    sample_ratio: pl.DataFrame
    notes: tuple[str, ...]

    @property
    def effect_source(self) -> str:
        """'individual' where the gate was passed, 'average' where not, 'none' without a trial."""
        return "none" if not self.causal or self.gate is None else "individual" if self.gate.passed else "average"

    @property
    def chosen(self) -> dict[str, str]:
        """Learner and outcome of the individual effects; empty without a trial."""
        return {} if self.individual is None else {"learner": self.individual.learner, "outcome": self.individual.outcome}

    def predict(self, profiles: pl.DataFrame, coupons: pl.DataFrame) -> pl.DataFrame:
        """Return the response of every customer to every coupon (grain: customer_key, coupon_id), sorted.

        profiles: customer_key and FEATURES, as of the day of decision. coupons: coupon_id, face_value (money, above 0).
        purchase_probability: chance of a purchase in the outcome window without coupon; uplift_orders: added chance of it; expected_gain:
        added margin before the coupon's cost; *_low, *_high: confidence interval of the customer's expected effect, of the average one
        where effect_source is average; expected_cost: face value times redemption_probability; value: gain less cost (money per
        customer). All but the redemption are null where `causal` is false. is_beyond_trial: the face value is above all tried ones and
        gets the effect of the largest.
        """
        profiles = profiles.sort("customer_key")
        _check_inputs(profiles, coupons)
        of_coupons = self._response(feature_matrix(profiles), [float(face) for face in coupons["face_value"].to_list()])
        parts = [
            self._one_coupon(profiles["customer_key"], coupon_id, float(face), response)
            for (coupon_id, face), response in zip(coupons.select("coupon_id", "face_value").rows(), of_coupons, strict=True)
        ]
        empty = pl.DataFrame(schema=PREDICTION_SCHEMA)
        return pl.concat([empty, *parts]).sort("customer_key", "coupon_id")

    def _one_coupon(self, customers: pl.Series, coupon_id: str, face: float, response: dict[str, Floats]) -> pl.DataFrame:
        if "redemption_probability" in response:
            response["expected_cost"] = face * response["redemption_probability"]
            if "expected_gain" in response:
                response["value"] = response["expected_gain"] - response["expected_cost"]
        told: dict[str, Any] = {
            "coupon_id": coupon_id,
            "face_value": face,
            "causal": self.causal,
            "effect_source": self.effect_source,
            "is_beyond_trial": self.averages is not None and face > self.averages.faces[-1] + 1e-9,
        }
        frame = pl.DataFrame({"customer_key": customers, **response})
        missing = [pl.lit(None).alias(name) for name in PREDICTION_SCHEMA if name not in told and name not in frame.columns]
        frame = frame.with_columns(*missing, **{name: pl.lit(value) for name, value in told.items()})
        return frame.select(pl.col(name).cast(kind) for name, kind in PREDICTION_SCHEMA.items())

    def _response(self, features: Floats, coupon_faces: list[float]) -> list[dict[str, Floats]]:
        """Return, per coupon, the columns that can be said."""
        if self.averages is None or self.models is None or self.individual is None:
            if self.transform is None or self.redemption is None:
                return [{} for _ in coupon_faces]
            columns = self.transform.apply(features)
            return [{"redemption_probability": self.redemption.chance(columns, face)} for face in coupon_faces]
        averages, nobody = self.averages, np.zeros((len(features), 1))
        columns = self.models.transform.apply(features)
        base = self.models.purchase(columns, None)[:, 0]
        if self.effect_source == "individual":
            purchase, purchase_error = self.individual.on_purchase(features)
            purchase = np.minimum(purchase, (1 - base)[:, None])
            gain, gain_error = self.individual.on_gain(features, self.models)
            redeems = [self.models.redemption.chance(columns, face) for face in coupon_faces]
        else:
            purchase, purchase_error = nobody + averages.purchase, nobody + averages.purchase_error
            gain, gain_error = nobody + averages.gain, nobody + averages.gain_error
            redeems = [nobody[:, 0] + np.interp(face, averages.faces, averages.redemption) for face in coupon_faces]
        wide = NormalDist().inv_cdf(0.5 + self.confidence / 2)
        told: list[dict[str, Floats]] = []
        for face, chance in zip(coupon_faces, redeems, strict=True):
            found = {"purchase_probability": base, "redemption_probability": chance}
            for name, effect, error in (("uplift_orders", purchase, purchase_error), ("expected_gain", gain, gain_error)):
                at_face, spread = between_faces(averages.faces, effect, face), wide * between_faces(averages.faces, error, face)
                found |= {name: at_face, f"{name}_low": at_face - spread, f"{name}_high": at_face + spread}
            told.append(found)
        return told

    def save(self, path: Path) -> None:
        """Write the model to one JSON file."""
        path.write_text(json.dumps(_to_json(self), sort_keys=True), encoding="utf-8")

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


def _to_json(model: ResponseModel) -> dict[str, Any]:
    content = {field.name: to_plain(getattr(model, field.name)) for field in fields(model) if field.name not in (*TABLES, "averages")}
    content["averages"] = None if model.averages is None else {name: to_plain(value) for name, value in vars(model.averages).items()}
    return content | {name: getattr(model, name).to_dicts() for name in TABLES} | {"features": list(FEATURES)}


def _from_json(content: dict[str, Any]) -> ResponseModel:
    if content.pop("features") != list(FEATURES):
        raise ValueError("This response model was trained on other customer features; train it again.")
    tables = {name: pl.DataFrame(content.pop(name), schema=schema) for name, schema in TABLES.items()}
    averages = content.pop("averages")
    known = None if averages is None else Averages(**{name: from_plain(value) for name, value in averages.items()})
    return ResponseModel(averages=known, **tables, **{name: from_plain(value) for name, value in content.items()})
