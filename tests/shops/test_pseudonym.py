"""Pseudonyms: keyed, the same everywhere, never the number itself."""

import hashlib
import hmac
import stat
import subprocess
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shops.pseudonym import key_file_warnings, load_or_create_key, pseudonymise

KEY = b"k" * 32


def test_a_pseudonym_is_the_first_half_of_the_hmac_of_the_number() -> None:
    expected = hmac.new(KEY, b"c42", hashlib.sha256).hexdigest()[:32]
    assert pseudonymise(pl.Series(["C42"]), KEY).to_list() == [expected]


def test_spellings_of_one_number_are_one_customer() -> None:
    spellings = pl.Series(["C42", " c42 ", "\uff2342"])  # a full-width C is a C
    assert pseudonymise(spellings, KEY).n_unique() == 1


def test_null_stays_null_and_numbers_are_read_as_text() -> None:
    assert pseudonymise(pl.Series([None, 17850]), KEY).to_list() == [None, pseudonymise(pl.Series(["17850"]), KEY)[0]]
    assert pseudonymise(pl.Series([], dtype=pl.String), KEY).to_list() == []


def test_another_key_gives_other_pseudonyms() -> None:
    numbers = pl.Series(["a", "b"])
    assert not set(pseudonymise(numbers, KEY)) & set(pseudonymise(numbers, b"q" * 32))


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 16 bytes"):
        pseudonymise(pl.Series(["a"]), b"short")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(max_size=8)), max_size=20))
def test_order_and_repetition_change_nothing(numbers: list[str | None]) -> None:
    forward = pseudonymise(pl.Series(numbers, dtype=pl.String), KEY).to_list()
    backward = pseudonymise(pl.Series(numbers[::-1] * 2, dtype=pl.String), KEY).to_list()
    assert backward == forward[::-1] * 2


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "pseudonym.key"
    key = load_or_create_key(path)
    assert len(key) == 32
    assert load_or_create_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["pseudonym.key"]


def test_a_damaged_key_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pseudonym.key"
    path.write_text("abc")
    with pytest.raises(ValueError, match="restore it from a backup"):
        load_or_create_key(path)
    assert path.read_text() == "abc"


def test_a_key_that_others_may_read_is_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "pseudonym.key"
    assert key_file_warnings(path) == []
    load_or_create_key(path)
    assert key_file_warnings(path) == []
    path.chmod(0o644)
    assert ["mode 0644" in warning and f"chmod 600 {path}" in warning for warning in key_file_warnings(path)] == [True]


def test_a_key_that_git_would_take_along_is_warned_of(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    path = tmp_path / "var" / "keys" / "pseudonym.key"
    load_or_create_key(path)
    assert [".gitignore" in warning for warning in key_file_warnings(path)] == [True]
    (tmp_path / ".gitignore").write_text("var/\n")
    assert key_file_warnings(path) == []


def test_the_default_key_is_ignored_by_the_repositorys_own_gitignore() -> None:
    ignored = (Path(__file__).parents[2] / ".gitignore").read_text(encoding="utf-8").split()
    assert "var/" in ignored
