"""The page a run ends with prints whatever the shop calls its things."""

from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from benchmarks.reliability.bad_input.sound_shop import write_sound_shop
from dagster_project.cli import page
from dagster_project.settings import Settings

SAID = "[/red] [bold] at :smile: 'main': two [lines]"


def test_names_that_look_like_markup_are_printed_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(write_sound_shop(tmp_path / "[/shop]", ["products"]), tmp_path / "var", None, 1, tmp_path / "pseudonym.key")
    (tmp_path / "var" / "sound").mkdir(parents=True)
    with duckdb.connect(str(tmp_path / "var" / "sound" / "bi.duckdb")) as connection:
        connection.execute("create view replenishment_orders as select date '2024-03-14' as as_of_day")
    monkeypatch.setattr(page.Page, "sections", lambda _: [("Orders", [SAID])])
    console = Console(width=400, record=True)
    page.print_page(settings, console)
    text = console.export_text()
    assert SAID in text
    assert "--shop " + str(settings.shop_folder) in text
    assert "2024-03-14" in text
