"""The command line on damaged shops: one clear error or the whole page, never a traceback."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from benchmarks.reliability.bad_input.csv_faults import CSV_FAULTS
from benchmarks.reliability.bad_input.fault import DamagedShop, Fault
from benchmarks.reliability.bad_input.file_faults import FILE_FAULTS
from benchmarks.reliability.bad_input.parquet_faults import PARQUET_FAULTS
from benchmarks.reliability.bad_input.settings_faults import SETTINGS_FAULTS
from benchmarks.reliability.bad_input.sound_shop import write_sound_shop

command_line = import_module("dagster_project.cli.main")  # the package exports a function of the same name
COMMANDS = (("shop", "check"), ("run", "--shop"), ("status", "--shop"), ("export", "limits", "limits.csv", "--shop"))
BROKEN = [fault for fault in SETTINGS_FAULTS if fault.expected.no_shop and not fault.as_other_user]
SOME = [fault for faults in (FILE_FAULTS, CSV_FAULTS, PARQUET_FAULTS) for fault in faults[::5] if not fault.as_other_user]
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> Call:
    """Exit status, output and errors of the command line, as a shell sees them."""
    for name in ("COUNTINGHOUSE_SHOP", "COUNTINGHOUSE_KEY_FILE", "COUNTINGHOUSE_DATA"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("COUNTINGHOUSE_VAR", str(tmp_path / "var"))
    monkeypatch.chdir(tmp_path)

    def main(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["countinghouse", *arguments])
        with pytest.raises(SystemExit) as stop:
            command_line.main()
        said = capsys.readouterr()
        return stop.value.code or 0, said.out, said.err

    return main


@pytest.mark.parametrize("fault", BROKEN, ids=lambda fault: fault.name)
def test_a_shop_toml_that_cannot_be_used_is_one_error_of_every_command(fault: Fault, tmp_path: Path, call: Call) -> None:
    folder = write_sound_shop(tmp_path / "shop", ["order_lines"])
    fault.damage(DamagedShop(folder))
    for command in COMMANDS:
        status, out, error = call(*command, str(folder))
        assert status == 2
        assert out == ""
        assert fault.expected.said in error.replace("\n", " ") or fault.expected.said in error.replace("\n", "")
        assert "Traceback" not in error
        assert error.count("\n") < 12, "one sentence, wrapped"
    assert not (tmp_path / "var").exists(), "nothing was begun"


@pytest.mark.parametrize("fault", SOME, ids=lambda fault: fault.name)
def test_the_check_of_a_damaged_shop_is_a_page(fault: Fault, tmp_path: Path, call: Call) -> None:
    folder = write_sound_shop(tmp_path / "shop", {"order_lines", fault.table})
    fault.damage(DamagedShop(folder))
    status, out, error = call("shop", "check", str(folder))
    assert status in (0, 1), "1 where nothing at all can be decided"
    assert error == ""
    assert "What is wrong" in out
    assert "What can be decided" in out
    assert all(code in out for code in fault.expected.quarantined)
    assert not [each for each in out if ord(each) < 32 and each != "\n"], "nothing of the records commands a terminal"


def test_a_folder_that_is_no_shop_and_a_file_that_is_none_are_one_error(tmp_path: Path, call: Call) -> None:
    (tmp_path / "notes.txt").write_text("ask Ida")
    for path in (tmp_path / "nowhere", tmp_path / "notes.txt", tmp_path / "shop\nwith a line"):
        status, _, error = call("shop", "check", str(path))
        assert status == 2
        assert "does not exist" in error.replace("\n", " ")
        assert "Traceback" not in error
