"""Rows that cannot be read: found before anything is traded, passed over and counted where asked; a torn last line is a loss."""

from pathlib import Path

import pytest

from engine.model.errors import InputError
from engine.model.types import Instrument
from engine.recording import CsvLayout
from engine.recording.foreign.lines import MAX_LINE_BYTES
from engine.recording.foreign.text import CHUNK
from engine.recording.foreign_source import ForeignSource

HEAD = b"timestamp,price,volume\n"
BAD: dict[str, tuple[bytes, str, str]] = {  # a row, what it is counted as, what is said of it
    "an empty stamp": (b",100,75", "stamp", "'' is not a stamp"),
    "a word for a price": (b"2025-10-01 09:15:20,abc,75", "price", "'abc' is not a price"),
    "a stamp of no day": (b"2025-02-30 09:15:20,100,75", "stamp", "is not a stamp"),
    "a volume of a word": (b"2025-10-01 09:15:20,100,many", "volume", "'many' is not a volume"),
    "too few columns": (b"2025-10-01 09:15:20,100", "columns", "has 2 columns"),
    "too many columns": (b"2025-10-01 09:15:20,100,75,1", "columns", "has 4 columns"),
    "a NUL": (b"2025-10-01 09:15:20,1\x0000,75", "not text", "NUL"),
    "zeros of a lost block": (bytes(512), "not text", "NUL"),
    "no UTF-8": (b"2025-10-01 09:15:20,\xff\xfe,75", "not text", "UTF-8"),
}


def good(second: int) -> bytes:
    return b"2025-10-01 09:15:%02d,%d,75\n" % (second, 100 + second)


def source(folder: Path, data: bytes, **more: bool) -> ForeignSource:
    path = folder / "made.csv"
    path.write_bytes(data)
    return ForeignSource(path, CsvLayout(symbol="A"), Instrument, **more)


def prices(found: ForeignSource) -> list[int]:
    return [tick.price // 100 for tick in found.ticks()]


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_row_is_found_before_the_first_tick(tmp_path: Path, kind: str) -> None:
    row, _, said = BAD[kind]
    with pytest.raises(InputError, match=f"made.csv: row 4.*{said}.*--skip-bad-rows passes over such rows"):
        source(tmp_path, HEAD + good(1) + good(2) + row + b"\n" + good(4))


@pytest.mark.parametrize("kind", BAD)
def test_it_is_passed_over_where_asked_and_counted(tmp_path: Path, kind: str) -> None:
    row, counted, said = BAD[kind]
    found = source(tmp_path, HEAD + good(1) + good(2) + row + b"\n" + good(4) + row + b"\n" + good(6), skip_bad=True)
    assert prices(found) == [101, 102, 104, 106]
    (told,) = found.passed_over()
    assert (told.reason, told.count, told.first, told.last) == (counted, 2, "row 4", "row 6")
    assert told.text.startswith("2 rows passed over, ")
    assert said in told.text
    assert found.losses() == (told.text,)
    assert (found.count(), found.row_of(3), found.row_of(4)) == (4, "row 5", "row 7")


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("skip_bad", [False, True])
def test_a_last_line_without_an_end_is_torn(tmp_path: Path, kind: str, skip_bad: bool) -> None:
    found = source(tmp_path, HEAD + good(1) + good(2) + BAD[kind][0], skip_bad=skip_bad)
    assert prices(found) == [101, 102]
    (told,) = found.passed_over()
    assert (told.reason, told.count, told.first) == ("torn", 1, "row 4")
    assert told.text.startswith("1 row passed over, the last line is torn: first row 4")


@pytest.mark.parametrize("cut", range(1, 20))
def test_wherever_a_line_was_torn_everything_before_it_is_read(tmp_path: Path, cut: int) -> None:
    found = source(tmp_path, HEAD + good(1) + good(2) + good(3)[:cut])
    assert prices(found)[:2] == [101, 102]
    assert found.count() == 2
    assert found.losses()


def test_a_whole_last_line_needs_no_end(tmp_path: Path) -> None:
    found = source(tmp_path, HEAD + good(1) + good(2).rstrip())
    assert (prices(found), found.losses()) == ([101, 102], ())


def test_a_bad_last_line_with_an_end_is_bad(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="row 3"):
        source(tmp_path, HEAD + good(1) + b"2025-10-01 09:15\n")


def test_a_file_without_a_good_row_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"made\.csv: has no row that can be read; allowed: at least one"):
        source(tmp_path, HEAD + b"a,b,c\n" * 5, skip_bad=True)


def test_bad_rows_do_not_disturb_the_order(tmp_path: Path) -> None:
    rows = [good(second) for second in range(1, 40)]
    rows.insert(20, b"torn\n")
    found = source(tmp_path, HEAD + b"".join(reversed(rows)), skip_bad=True)
    assert prices(found) == [100 + second for second in range(1, 40)]
    assert [each.reason for each in found.passed_over()] == ["columns"]


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_whether_a_row_is_too_long_is_its_length_alone(tmp_path: Path, end: bytes, last: bool) -> None:
    """Wherever a piece of the file ends within it, and in whatever column its length lies."""
    head = b"timestamp,price,volume,note" if last else b"note,timestamp,price,volume"
    for before in range(0, 2 * CHUNK, 5003):
        for more in (0, 1):
            notes = [*[4000] * (before // 4000), before % 4000, MAX_LINE_BYTES + more - len(good(1)), 1]
            rows = [(good(1)[:-1], b"x" * length) for length in notes]
            lines = [b",".join(each if last else each[::-1]) for each in rows]
            found = source(tmp_path, end.join([head, *lines, b""]), skip_bad=True)
            assert found.count() == len(rows) - more
            assert [each.reason for each in found.passed_over()] == ["too long"] * more
