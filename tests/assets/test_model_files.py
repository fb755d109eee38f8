"""A model's file is whole or not there."""

from pathlib import Path

import polars as pl
import pytest

import learning.baskets
import learning.segments
from assets.model_files import MODEL_FILE, kept_or_trained, swap_in, training_fingerprint


class Model:
    def __init__(self, text: str, is_killed: bool = False) -> None:
        self.text, self.is_killed = text, is_killed

    @staticmethod
    def load(path: Path) -> "Model":
        return Model(f"{path.read_text()} as read")

    def save(self, path: Path) -> None:
        path.write_text(self.text)
        if self.is_killed:
            raise KeyboardInterrupt


def test_a_model_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    swap_in(Model("first"), tmp_path / "day")
    swap_in(Model("second"), tmp_path / "day")
    assert [file.name for file in (tmp_path / "day").iterdir()] == [MODEL_FILE]
    assert (tmp_path / "day" / MODEL_FILE).read_text() == "second"


def test_a_run_killed_while_writing_leaves_the_model_of_before(tmp_path: Path) -> None:
    swap_in(Model("first"), tmp_path)
    with pytest.raises(KeyboardInterrupt):
        swap_in(Model("half", is_killed=True), tmp_path)
    assert (tmp_path / MODEL_FILE).read_text() == "first"


def test_a_model_of_the_same_fingerprint_is_read_and_no_other(tmp_path: Path) -> None:
    def kept(fingerprint: str, trained: str) -> str:
        return kept_or_trained(tmp_path / "day", fingerprint, Model.load, lambda: Model(trained)).text

    assert kept("a", "first") == "first"
    assert kept("a", "second") == "first as read"
    assert kept("b", "third") == "third"
    assert kept("b", "fourth") == "third as read"


def test_a_training_that_was_killed_while_writing_is_done_again(tmp_path: Path) -> None:
    kept_or_trained(tmp_path, "a", Model.load, lambda: Model("first"))
    with pytest.raises(KeyboardInterrupt):
        kept_or_trained(tmp_path, "b", Model.load, lambda: Model("half", is_killed=True))
    for fingerprint in ("b", "a"):
        assert kept_or_trained(tmp_path, fingerprint, Model.load, lambda: Model("whole")).text == "whole"


def test_the_fingerprint_tells_rows_settings_code_and_libraries_apart() -> None:
    rows = pl.DataFrame({"a": [1, 2, 3]})
    args = ([rows], {"rounds": 3}, learning.segments, ("numpy",))
    same = training_fingerprint([rows.reverse()], *args[1:])
    assert same == training_fingerprint(*args)
    others = [
        training_fingerprint([rows.head(2)], *args[1:]),
        training_fingerprint([rows, rows.clear()], *args[1:]),
        training_fingerprint([rows], {"rounds": 4}, *args[2:]),
        training_fingerprint([rows], {"rounds": 3}, learning.baskets, ("numpy",)),
        training_fingerprint([rows], {"rounds": 3}, learning.segments, ("numpy", "polars")),
    ]
    assert len({same, *others}) == 6
