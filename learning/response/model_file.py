"""Models as plain JSON: numbers that can be read, compared and loaded without running anything.

A dataclass becomes an object with its class under "is" and its fields; an array a list with its number type; LightGBM's trees stay text.
"""

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from learning.response.arm_models import ArmModels
from learning.response.candidates import PooledLogistic
from learning.response.features import FeatureTransform
from learning.response.gate import GateResult
from learning.response.individual import IndividualEffects
from learning.response.learners import Boosted, DRLearner, LogisticBaseline, SLearner, TLearner, TreeBaseline, XLearner
from learning.response.redemption import Redemption

KNOWN = {
    kind.__name__: kind
    for kind in (
        ArmModels,
        Boosted,
        DRLearner,
        FeatureTransform,
        GateResult,
        IndividualEffects,
        LogisticBaseline,
        PooledLogistic,
        Redemption,
        SLearner,
        TLearner,
        TreeBaseline,
        XLearner,
    )
}


def to_plain(value: Any) -> Any:
    """Return what `json` can write; infinite numbers in arrays become null."""
    if is_dataclass(value) and type(value).__name__ in KNOWN:
        return {"is": type(value).__name__, **{field.name: to_plain(getattr(value, field.name)) for field in fields(value)}}
    if isinstance(value, np.ndarray):
        listed = value.ravel().tolist()
        finite = [None if number in (np.inf, -np.inf) else number for number in listed]
        return {"array": str(value.dtype), "shape": list(value.shape), "values": finite}
    if isinstance(value, tuple):
        return {"tuple": [to_plain(part) for part in value]}
    return value


def from_plain(content: Any) -> Any:
    """Return what `to_plain` was given. Raises KeyError for a class that no longer exists: train again."""
    if isinstance(content, dict):
        if "is" in content:
            return KNOWN[content["is"]](**{name: from_plain(value) for name, value in content.items() if name != "is"})
        if "array" in content:
            values = [np.inf if number is None else number for number in content["values"]]
            return np.array(values, dtype=content["array"]).reshape(content["shape"])
        if "tuple" in content:
            return tuple(from_plain(part) for part in content["tuple"])
    return content
