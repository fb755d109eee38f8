"""A model's file is whole or not there."""

from pathlib import Path

import pytest

from assets.model_files import MODEL_FILE, swap_in


class Model:
    def __init__(self, text: str, is_killed: bool = False) -> None:
        self.text, self.is_killed = text, is_killed

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
