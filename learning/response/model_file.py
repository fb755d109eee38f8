"""Outcome models as plain JSON: numbers that can be read, compared and loaded without running anything."""

from dataclasses import fields
from typing import Any

import numpy as np

from learning.response.arm_models import ArmModels
from learning.response.features import FeatureTransform


def models_to_json(models: ArmModels) -> dict[str, Any]:
    """Return the models as lists and numbers; an infinite scale (a feature without spread) becomes null."""
    return {field.name: _plain(getattr(models, field.name)) for field in fields(models)}


def models_from_json(content: dict[str, Any]) -> ArmModels:
    """Return the models that `models_to_json` wrote."""
    transform = content["transform"]
    scale = [np.inf if number is None else number for number in transform["scale"]]
    read = {name: np.array(transform[name], dtype=np.float64) for name in ("median", "mean", "hinge")}
    arrays = ("campaign_level", "common", "intercept", "deviation", "margin", "redemption")
    return ArmModels(
        transform=FeatureTransform(
            **read, scale=np.array(scale, dtype=np.float64), has_missing=np.array(transform["has_missing"], dtype=bool)
        ),
        margin_floor=float(content["margin_floor"]),
        **{name: np.array(content[name], dtype=np.float64) for name in arrays},
    )


def _plain(value: object) -> Any:
    if isinstance(value, FeatureTransform):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, np.ndarray):
        listed = value.tolist()
        return [None if number == np.inf else number for number in listed] if value.ndim == 1 else listed
    return value
