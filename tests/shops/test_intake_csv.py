"""CSV line by line: one bad line costs one line, and the fast way agrees with the careful one."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shops import intake_csv_plain
from shops.intake_csv import RefusedLine, UnreadableFileError, _read_line_by_line, csv_header, read_csv_pieces
from shops.intake_csv_plain import plain_csv_pieces


def read(path: Path, content: bytes, delimiter: str = ",", encoding: str = "utf-8") -> tuple[list[tuple], list[tuple[int, str]]]:
    path.write_bytes(content)
    return together(read_csv_pieces(path, list(csv_header(path, delimiter, encoding)), delimiter, encoding))


def together(pieces: Iterable[tuple[pl.DataFrame, list[RefusedLine]]]) -> tuple[list[tuple], list[tuple[int, str]]]:
    """Rows, and number and reason of each refused line, of all pieces."""
    frames, refused = zip(*pieces, strict=True)
    return pl.concat(frames).rows(), [(line.source_row, line.reason_code) for lines in refused for line in lines]


@pytest.mark.parametrize(
    ("content", "rows", "refused"),
    [
        (b"a,b\n1,2\n3,4\n", [(1, "1", "2"), (2, "3", "4")], []),
        (b"a,b\r\n1,2\r\n3,4", [(1, "1", "2"), (2, "3", "4")], []),
        (b"\xef\xbb\xbfa,b\n1,2\n", [(1, "1", "2")], []),
        (b"a,b\n1,2\n\n3,4\n\n", [(1, "1", "2"), (2, "3", "4")], []),
        (b"a,b\n1\n3,4\n5,6,7\n", [(2, "3", "4")], [(1, "ragged_line"), (3, "ragged_line")]),
        (b'a,b\n"x, y",2\n"say ""hi""",4\n', [(1, "x, y", "2"), (2, 'say "hi"', "4")], []),
        (b'a,b\n"two\nlines",2\n3,4\n', [(1, "two\nlines", "2"), (2, "3", "4")], []),
        (b'a,b\n5" pipe,2\n', [(1, '5" pipe', "2")], []),
        (b"a,b\n\xe9,2\n3,4\n", [(2, "3", "4")], [(1, "bad_encoding")]),
        (b"a,b\n", [], []),
    ],
)
def test_lines_are_read_or_refused_one_by_one(tmp_path: Path, content: bytes, rows: list, refused: list) -> None:
    assert read(tmp_path / "f.csv", content) == (rows, refused)


def test_a_stray_quote_costs_its_own_line_only(tmp_path: Path) -> None:
    rows, refused = read(tmp_path / "f.csv", b'a,b\n1,2\n3,"open\n5,6\n7,8\n')
    assert rows == [(1, "1", "2"), (3, "5", "6"), (4, "7", "8")]
    assert refused == [(2, "ragged_line")]


def test_a_quote_left_open_up_to_the_next_quoted_line_costs_its_own_line_only(tmp_path: Path) -> None:
    rows, refused = read(tmp_path / "f.csv", b'a,b\n"open,2\n3,4\n"x",6\n')
    assert rows == [(2, "3", "4"), (3, "x", "6")]
    assert refused == [(1, "ragged_line")]


def test_another_delimiter_and_encoding(tmp_path: Path) -> None:
    rows, _ = read(tmp_path / "f.csv", "a;b\ncafé;1,5\n".encode("latin-1"), ";", "latin-1")
    assert rows == [(1, "café", "1,5")]


@pytest.mark.parametrize("content", [b"", b"\n", b",,\n1,2,3\n"])
def test_a_file_without_a_header_is_unreadable(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnreadableFileError, match="header"):
        read(tmp_path / "f.csv", content)


PIECES = st.sampled_from(["a", "1", ",", "\n", "\r\n", '"', '"b"', '""', " ", "é", "\t", ";"])


@pytest.fixture(autouse=True, scope="module")
def small_blocks() -> Iterator[None]:
    """So small that lines of the files here come to lie in several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intake_csv_plain, "BLOCK_BYTES", 7)
        yield


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=14))
def test_what_the_fast_way_reads_the_careful_way_reads_alike(tmp_path_factory: pytest.TempPathFactory, pieces: list[str]) -> None:
    path = tmp_path_factory.getbasetemp() / "agree.csv"
    path.write_bytes(("a,b\n" + "".join(pieces)).encode())
    fast = plain_csv_pieces(path, ("a", "b"), [0, 1], ",")
    if fast is not None:
        assert together(_read_line_by_line(path, ("a", "b"), ["a", "b"], ",", "utf-8")) == (pl.concat(fast).rows(), [])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 99), st.sampled_from(["x", "y z", ""])), min_size=1, max_size=8))
def test_the_fast_way_takes_every_plain_file(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, str]]) -> None:
    path = tmp_path_factory.getbasetemp() / "plain.csv"
    path.write_text("a,b\n" + "".join(f'{number},"{text}"\n' for number, text in rows))
    fast = plain_csv_pieces(path, ("a", "b"), [0, 1], ",")
    assert fast is not None
    assert pl.concat(fast).rows() == [(position, str(number), text) for position, (number, text) in enumerate(rows, start=1)]
