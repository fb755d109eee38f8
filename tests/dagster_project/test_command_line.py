"""The command line: what it says, and its exit status."""

import os
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest
import time_machine
from typer.testing import CliRunner

command_line = import_module("dagster_project.cli.main")  # the package exports a function of the same name

TOML = """[shop]
name = "tiny"
currency = "EUR"
time_zone = "Europe/Berlin"
first_day = 2024-03-01
last_day = 2024-03-14
"""
LINES = """order_id,line_id,order_ts,product_id,units,unit_price
1,1,2024-03-02 10:00,tea,2,3.5
2,1,2024-03-03 11:00,cup,1,8.0
3,1,2024-03-03 12:00,cup,many,8.0
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("COUNTINGHOUSE_SHOP", "COUNTINGHOUSE_KEY_FILE", "COUNTINGHOUSE_DATA", "COUNTINGHOUSE_VAR"):
        monkeypatch.setenv(name, "")  # so that what a command exports is taken back
    monkeypatch.setenv("COUNTINGHOUSE_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("COLUMNS", "300")
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "shop.toml").write_text(TOML)
    (folder / "order_lines.csv").write_text(LINES)
    return folder


def call(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(command_line.app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_check_says_what_it_understood(shop: Path) -> None:
    status, said = call("shop", "check", shop)
    assert status == 0
    assert "tiny" in said
    assert "order_lines" in said
    assert "many" in said, "the value that is no number is quoted"


def test_check_of_an_unusable_shop_exits_1(shop: Path) -> None:
    (shop / "order_lines.csv").unlink()
    status, said = call("shop", "check", shop)
    assert status == 1
    assert "order_lines" in said


def test_status_without_a_run_says_what_to_do(shop: Path) -> None:
    status, said = call("status", "--shop", shop)
    assert status == 1
    assert "Nothing is published yet" in said
    assert "countinghouse run" in said


@pytest.mark.parametrize("day", ["2024-02-29", "2024-03-15"])
def test_a_day_outside_the_shop_is_refused_in_a_sentence(shop: Path, day: str) -> None:
    for arguments in (("run", "--day", day), ("backfill", "--from", "2024-03-05", "--to", day)):
        status, said = call(*arguments, "--shop", shop)
        assert status == 2
        assert ("tiny has records from 2024-03-01 to 2024-03-14" in said and day in said) or "--to lies before --from" in said
        assert "Traceback" not in said
    assert not (shop.parent / "var").exists(), "nothing was begun"


@pytest.mark.parametrize(("clock", "day"), [("1970-01-01", "2024-03-05"), ("2024-03-08T12:00", "2024-03-08"), ("2024-03-01T12:00", None)])
def test_a_day_that_has_not_passed_by_the_machines_clock_is_refused(shop: Path, clock: str, day: str | None) -> None:
    with time_machine.travel(datetime.fromisoformat(clock).replace(tzinfo=UTC)):
        status, said = call("run", "--shop", shop, *(["--day", day] if day else []))
    assert status == 2
    assert "By this machine's clock the newest day that has passed is" in " ".join(said.split())
    assert "Set the clock right" in " ".join(said.split())


def test_a_shop_that_grows_is_told_of_the_clock_too(shop: Path) -> None:
    (shop / "shop.toml").write_text(TOML.replace("last_day = 2024-03-14\n", ""))
    with time_machine.travel(datetime(2024, 3, 12, 12, tzinfo=UTC)):
        status, said = call("run", "--shop", shop, "--day", "2024-03-12")
    assert status == 2
    assert "the newest day that has passed is 2024-03-11: 2024-03-12 of tiny" in " ".join(said.split())


def test_a_range_turned_round_is_refused(shop: Path) -> None:
    status, said = call("backfill", "--from", "2024-03-05", "--to", "2024-03-04", "--shop", shop)
    assert status == 2
    assert "--to lies before --from" in said


def test_a_day_that_is_no_day_is_refused(shop: Path) -> None:
    status, _ = call("run", "--day", "yesterday", "--shop", shop)
    assert status == 2


def said_by_main(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, *arguments: str) -> str:
    """What `countinghouse` says on stderr when it refuses, on one line."""
    monkeypatch.setattr("sys.argv", ["countinghouse", *arguments])
    with pytest.raises(SystemExit) as stop:
        command_line.main()
    assert stop.value.code == 2
    return capsys.readouterr().err.replace("\n", "")


def test_without_a_shop_folder_the_error_is_one_sentence(shop: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    said = said_by_main(monkeypatch, capsys, "run", "--shop", str(shop.parent / "nowhere"))
    assert "nowhere/shop.toml does not exist" in said
    assert said.endswith("folder.")
    assert "Traceback" not in said


def test_square_brackets_in_an_error_are_printed(shop: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    assert "[shop]" in said_by_main(monkeypatch, capsys, "run", "--shop", str(shop.parent / "nowhere"))


def test_converting_without_data_says_where_to_name_it(shop: Path) -> None:
    status, said = call("shop", "convert", "m5")
    assert status == 2
    assert "COUNTINGHOUSE_DATA" in said


def test_simulating_writes_shop_and_truth_apart(shop: Path, tmp_path: Path) -> None:
    status, said = call("shop", "simulate", "--size", "small", "--to", tmp_path / "made")
    assert status == 0
    assert str(tmp_path / "made") in said
    assert (tmp_path / "made" / "shop.toml").exists()
    assert (tmp_path / "made-truth" / "true_demand.parquet").exists()
    assert not list((tmp_path / "made").rglob("true_*"))


@pytest.mark.parametrize(("options", "host", "is_warned"), [((), "127.0.0.1", False), (("--host", "0.0.0.0"), "0.0.0.0", True)])
def test_the_ui_listens_on_the_loopback_address_unless_told_otherwise(shop: Path, monkeypatch, options, host, is_warned) -> None:
    started: list[list[str]] = []
    runs = import_module("dagster_project.runs")
    monkeypatch.setattr(runs, "prepare_state", lambda _: None)
    monkeypatch.setattr("subprocess.call", lambda command, **_: started.append(command) or 0)
    for name in ("DAGSTER_HOME", "COUNTINGHOUSE_DAGSTER_EVENTS", "DAGSTER_EVENT_BATCH_SIZE", "PATH"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    status, said = call("ui", "--shop", shop, *options)
    assert status == 0
    ((*_, flag, listens_on, _port_flag, _port),) = started
    assert (flag, listens_on) == ("-h", host)
    assert ("asks nobody who they are" in said) is is_warned


def test_a_key_that_others_may_read_is_warned_of(shop: Path, tmp_path: Path) -> None:
    key = tmp_path / "var" / "keys" / "pseudonym.key"
    key.parent.mkdir(parents=True)
    key.write_text("5f" * 32)
    key.chmod(0o640)
    assert "chmod 600" in call("status", "--shop", shop)[1]
    key.chmod(0o600)
    assert "chmod" not in call("status", "--shop", shop)[1]


def test_erasing_without_a_number_or_a_shop_is_refused(shop: Path) -> None:
    status, said = call("erase", " ", "--shop", shop)
    assert status == 2
    assert "number of the customer" in said
