"""All published tables appear at one moment, and nothing a failed or killed publication wrote is ever seen."""

import os
import shutil
import signal
from datetime import datetime
from pathlib import Path

import pytest

from assets.house import House
from assets.published.versions import KEPT_VERSIONS, new_version, next_name, version_name


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(shop_folder=str(tmp_path / "shop"), state_folder=str(tmp_path / "state"), key_file=str(tmp_path / "key"))


def publish(house: House, text: str) -> str:
    with new_version(house) as folder:
        (folder / "one.parquet").write_text(text)
        (folder / "two.parquet").write_text(text)
        return version_name(folder)


def _publish_and_fail(house: House) -> None:
    with new_version(house) as folder:
        (folder / "one.parquet").write_text("second")
        raise OSError("no space left on disk")


def seen(house: House) -> set[str]:
    return {file.read_text() for file in house.published.iterdir()}


def test_nothing_is_seen_until_all_is_written(house: House) -> None:
    publish(house, "first")
    with new_version(house) as folder:
        (folder / "one.parquet").write_text("second")
        assert seen(house) == {"first"}
    assert [file.name for file in house.published.iterdir()] == ["one.parquet"]
    assert seen(house) == {"second"}


def test_a_failed_publication_leaves_the_version_before_and_no_leftovers(house: House) -> None:
    version = publish(house, "first")
    with pytest.raises(OSError, match="disk"):
        _publish_and_fail(house)
    assert seen(house) == {"first"}
    assert [folder.name for folder in house.published_versions.iterdir()] == [version]


@pytest.mark.parametrize("moment", ["writing", "renaming", "linking"])
def test_a_publication_killed_at_any_moment_is_never_seen_and_the_next_one_mends_it(house: House, moment: str) -> None:
    publish(house, "first")
    child = os.fork()
    if child == 0:  # the publisher, killed by itself
        with pytest.MonkeyPatch.context() as patch:
            if moment == "renaming":
                patch.setattr(Path, "rename", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
            if moment == "linking":
                patch.setattr(os, "replace", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
            with new_version(house) as folder:
                (folder / "one.parquet").write_text("second")
                if moment == "writing":
                    os.kill(os.getpid(), signal.SIGKILL)
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert seen(house) == {"first"}
    publish(house, "third")
    assert seen(house) == {"third"}
    assert not list(house.published_versions.glob(".*"))


def test_old_versions_are_removed_but_for_the_one_before(house: House) -> None:
    versions = [publish(house, str(number)) for number in range(5)]
    assert versions == sorted(versions)
    assert sorted(folder.name for folder in house.published_versions.iterdir()) == versions[-KEPT_VERSIONS:]


def test_versions_rise_also_when_the_clock_was_moved_back(tmp_path: Path) -> None:
    (tmp_path / "20260101T120000.000").mkdir()
    assert next_name(tmp_path, datetime(2026, 1, 1, 12, 0, 1)) == "20260101T120001.000"
    assert next_name(tmp_path, datetime(2026, 1, 1, 12, 0, 0)) == "20260101T120000.001"
    assert next_name(tmp_path, datetime(2019, 1, 1)) == "20260101T120000.001"


def test_a_state_that_was_copied_with_its_links_followed_is_published_to_again(house: House, tmp_path: Path) -> None:
    publish(house, "first")
    shutil.copytree(house.state, tmp_path / "copy")
    copy = House(shop_folder="", state_folder=str(tmp_path / "copy"), key_file="")
    assert not copy.published.is_symlink()
    publish(copy, "second")
    assert (seen(copy), seen(house)) == ({"second"}, {"first"})
