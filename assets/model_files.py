"""Writes a trained model's file beside its place and swaps it in, so that a killed run never leaves half a model."""

from pathlib import Path
from typing import Protocol

MODEL_FILE = "model.json"

__all__ = ["MODEL_FILE", "swap_in"]


class _Savable(Protocol):
    def save(self, path: Path) -> None: ...


def swap_in(model: _Savable, folder: Path) -> None:
    """Write `folder`/model.json, whole or not at all; the folder is made where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f".{MODEL_FILE}"
    model.save(beside)
    beside.rename(folder / MODEL_FILE)
