"""What goes wrong outside the house is said in a sentence with what to do; tracebacks go to a file."""

import errno
import sqlite3
from pathlib import Path

import pytest

from dagster_project.cli.trouble import advice, sentence_of, write_details


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        raise error from cause
    except BaseException as caught:
        return caught


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "Free some space"),
        (OSError(errno.EFBIG, "File too large"), "Free some space"),
        (sqlite3.OperationalError("database or disk is full"), "Free some space"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "Give this user the right"),
        (PermissionError(errno.EACCES, "Permission denied", "/x/y"), "Give this user the right"),
        (MemoryError(), "COUNTINGHOUSE_MEMORY"),
        (RuntimeError("Out of Memory Error: failed to allocate data of size 16 MiB"), "lower COUNTINGHOUSE_MEMORY"),
        (RuntimeError("Out of Memory Error: failed to pin block of size 256.0 KiB (3.7 GiB/3.7 GiB used)"), "raise COUNTINGHOUSE_MEMORY"),
    ],
)
def test_known_trouble_comes_with_what_to_do(error: BaseException, word: str) -> None:
    assert word in sentence_of(error)
    assert word in sentence_of(raised(RuntimeError("the run failed"), cause=error)), "the innermost cause is what counts"
    assert "\n" not in sentence_of(error)


def test_unknown_trouble_is_said_as_it_is() -> None:
    assert sentence_of(ValueError("one\ntwo")) == "ValueError: one"
    assert advice("something else") == ""


def test_details_are_written_where_that_is_possible(tmp_path: Path) -> None:
    file = write_details(raised(ValueError("why")), tmp_path / "errors")
    assert file is not None
    assert "ValueError: why" in file.read_text(encoding="utf-8")
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert write_details(ValueError("why"), tmp_path / "file" / "errors") is None
