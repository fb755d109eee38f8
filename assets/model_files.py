"""Trained models on disk: whole files or none, and a model that was trained before on the same things is read, not trained again."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, TypeVar

import polars as pl

MODEL_FILE = "model.json"
MARK = "fingerprint.txt"

__all__ = ["MODEL_FILE", "kept_or_trained", "swap_in", "training_fingerprint"]


class _Savable(Protocol):
    def save(self, path: Path, /) -> None: ...


Model = TypeVar("Model", bound=_Savable)


def swap_in(model: _Savable, folder: Path) -> None:
    """Write `folder`/model.json, whole or not at all; the folder is made where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f".{MODEL_FILE}"
    model.save(beside)
    beside.rename(folder / MODEL_FILE)


def training_fingerprint(frames: Iterable[pl.DataFrame], settings: Mapping[str, Any], package: ModuleType, libraries: Iterable[str]) -> str:
    """Of what is trained on (in any order of rows), settings, the package's code and libraries: trained by other code is another model."""
    folder = Path(str(package.__file__)).parent
    code = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(folder.rglob("*.py")))).hexdigest()
    content = [(int(frame.hash_rows(seed=11).sum()) if frame.height else 0, frame.height) for frame in frames]
    parts = [content, dict(settings), {name: version(name) for name in libraries}, code]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def kept_or_trained(folder: Path, fingerprint: str, load: Callable[[Path], Model], train: Callable[[], Model]) -> Model:
    """The folder's model if its fingerprint is this one, else a new one, kept there. The fingerprint is written last, after the model."""
    mark, file = folder / MARK, folder / MODEL_FILE
    if mark.exists() and file.exists() and mark.read_text(encoding="utf-8") == fingerprint:
        return load(file)
    model = train()
    folder.mkdir(parents=True, exist_ok=True)
    mark.unlink(missing_ok=True)
    model.save(file)
    mark.write_text(fingerprint, encoding="utf-8")
    return model
