"""`countinghouse calendar`: what it prints, the file of approvals, and what it says to a shop that wants no calendar."""

from datetime import date, datetime
from importlib import import_module
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from benchmarks.reliability.bad_input.sound_shop import write_sound_shop
from dagster_project.cli.calendar_command import approval_lines, calendar_lines
from shops.intake import read_table
from shops.shop import load_shop

command_line = import_module("dagster_project.cli.main")  # the package exports a function of the same name
MONDAY = date(2025, 3, 10)


def proposed() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "product_id": ["tea", "a, b"],
            "week_start": MONDAY,
            "week_end": date(2025, 3, 16),
            "promotion_name": ["2 for 1", "10 percent"],
            "discount_share": [0.5, 0.1],
            "take_up_share": [0.6, 1.0],
            "lift_units": [30.0, 12.0],
            "profit": [100.0, 20.0],
            "loss_together": [4.0, 4.0],
            "budget_use": [80.0, 10.0],
        }
    )


def test_a_week_is_a_line_and_the_proof_stands_below() -> None:
    lines = calendar_lines(proposed(), {"gap": 0.0004, "value": 112.0, "message": "Proven."}, "EUR")
    assert lines[1].split() == ["2025-03-10", "2", "42", "112.00", "90.00", "tea"]
    assert lines[2] == "2 promotions, 112.00 EUR more profit expected; at most 0.040% from the best."
    assert lines[3] == "Proven."


def test_the_file_of_approvals_is_one_the_intake_takes(tmp_path: Path) -> None:
    folder = write_sound_shop(tmp_path / "shop", ["products"])
    (folder / "promotion_decisions.csv").write_text(approval_lines(proposed(), datetime(2025, 3, 2, 20)), encoding="utf-8")
    intake = read_table(load_shop(folder), "promotion_decisions", b"0" * 32)
    assert intake.quarantine.is_empty()
    columns = ("product_id", "starts_on", "ends_on", "action", "promotion_name", "discount_share", "known_on")
    assert sorted(intake.accepted.select(columns).rows()) == [
        ("a, b", MONDAY, date(2025, 3, 16), "approve", "10 percent", 0.1, date(2025, 3, 2)),
        ("tea", MONDAY, date(2025, 3, 16), "approve", "2 for 1", 0.3, date(2025, 3, 2)),
    ]


def test_a_shop_that_wants_no_calendar_is_told_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COUNTINGHOUSE_SHOP", "COUNTINGHOUSE_KEY_FILE", "COUNTINGHOUSE_DATA", "COUNTINGHOUSE_VAR"):
        monkeypatch.setenv(name, "")  # so that what a command exports is taken back
    monkeypatch.setenv("COUNTINGHOUSE_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("COLUMNS", "300")
    folder = write_sound_shop(tmp_path / "shop", ["products"])
    outcome = CliRunner().invoke(command_line.app, ["calendar", "--shop", str(folder)])
    assert outcome.exit_code == 2
    assert "add `[promotions]` with `enabled = true` to its shop.toml" in " ".join(outcome.output.split())
