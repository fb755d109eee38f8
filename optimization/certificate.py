"""The certificate that every plan carries: how good it is proven to be, and who checked it.

Terms
-----
value      objective of the plan that was handed over, recomputed from the plan itself
bound      what no plan at all can beat: a lower bound when minimising, an upper bound when maximising
gap        |bound - value| / max(|value|, 1); 0 means proven best, null means that no bound is known
status     see `PlanStatus`; a solver's own word is never passed on unread
checked    an independent checker recomputed every limit from the inputs; `violations` holds what it found

Public: `PlanCertificate`, `PlanStatus`, `certificates_frame`, `relative_gap`, `hash_inputs`.
"""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from typing import Literal

import numpy as np
import polars as pl
import polars.selectors as cs

PlanStatus = Literal[
    "optimal",  # proven best within the gap that was asked for
    "feasible",  # keeps every limit; the gap says how far from the best it may be
    "relaxed",  # the limits collide: the best plan under the smallest relaxation, not under the limits as given
    "unbounded",  # no plan is best: the objective improves without end
    "no_solution",  # the solver stopped before it found any plan
    "empty",  # nothing to decide
]

CERTIFICATE_SCHEMA = {
    "plan": pl.String,
    "status": pl.String,
    "sense": pl.String,
    "value": pl.Float64,
    "bound": pl.Float64,
    "gap": pl.Float64,
    "solver": pl.String,
    "solver_version": pl.String,
    "seconds": pl.Float64,
    "seed": pl.Int64,
    "input_hash": pl.String,
    "checked": pl.Boolean,
    "violations": pl.String,
}


@dataclass(frozen=True)
class PlanCertificate:
    """What is proven about one plan. `seconds` is wall time and takes no part in comparisons."""

    plan: str
    status: PlanStatus
    sense: Literal["min", "max"]
    value: float | None
    bound: float | None
    gap: float | None
    solver: str
    solver_version: str
    seed: int
    input_hash: str
    checked: bool
    violations: tuple[str, ...] = ()
    seconds: float = field(default=0.0, compare=False)

    @property
    def holds(self) -> bool:
        """True where the plan keeps every limit as given and the checker agreed."""
        return self.status in ("optimal", "feasible", "empty") and self.checked and not self.violations


def certificates_frame(certificates: Sequence[PlanCertificate]) -> pl.DataFrame:
    """Return one row per certificate (grain: plan); violations are joined by '; '."""
    rows = [{**asdict(one), "violations": "; ".join(one.violations)} for one in certificates]
    return pl.DataFrame(rows, schema=CERTIFICATE_SCHEMA)


def relative_gap(value: float | None, bound: float | None) -> float | None:
    """Return |bound - value| / max(|value|, 1), or None where either is unknown."""
    if value is None or bound is None:
        return None
    return abs(bound - value) / max(abs(value), 1.0)


def hash_inputs(**inputs: object) -> str:
    """Return a short fingerprint of named inputs; the order of a frame's rows and columns does not change it.

    Frames, dataclasses, mappings and JSON values are accepted, and lists of arrays, text columns and JSON values, in which the order does
    count (for inputs so large that sorting them costs more than the plan); anything else raises TypeError.
    """
    digest = hashlib.sha256()
    for name in sorted(inputs):
        digest.update(name.encode())
        digest.update(_bytes_of(inputs[name]))
    return digest.hexdigest()[:16]


def _bytes_of(value: object) -> bytes:
    if isinstance(value, pl.DataFrame):
        columns = sorted(value.columns)
        ordered = value.select(columns)
        told = pl.element().cast(pl.String).fill_null("null")
        ordered = ordered.with_columns(cs.list().list.eval(told).list.join(","))  # CSV knows no lists
        ordered = ordered.sort(columns, nulls_last=True) if columns else ordered
        buffer = io.BytesIO()
        ordered.rechunk().write_csv(buffer)  # text, so that the engine's memory layout plays no part
        return str(value.select(columns).schema).encode() + buffer.getvalue()
    if isinstance(value, list) and any(isinstance(part, np.ndarray) for part in value):
        return b"".join(_part(part) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, Mapping):
        value = _text_keys(value)
    return json.dumps(value, sort_keys=True, default=str).encode()


def _text_keys(value: object) -> object:
    return {str(key): _text_keys(part) for key, part in value.items()} if isinstance(value, Mapping) else value


def _part(part: object) -> bytes:
    """Return the fingerprint of one part of a list."""
    if isinstance(part, np.ndarray):
        content = np.ascontiguousarray(part)
        digest = hashlib.sha256(f"{content.dtype.str} {content.shape}".encode())
        digest.update(content.data)
        return digest.digest()
    if isinstance(part, pl.Series):
        digest = hashlib.sha256(f"{len(part)} ".encode())
        for first in range(0, len(part), 100_000):
            digest.update("\x1f".join(part.slice(first, 100_000).to_list()).encode() + b"\x1f")
        return digest.digest()
    return hashlib.sha256(_bytes_of(part)).digest()
