"""The exchange's list as a file: every row of ours, whatever the layout; nothing of a damaged one; in flat memory."""

import json
import os
import subprocess
import sys
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.errors import InputError
from engine.venues.angelone.instruments.listed import Listed, date_text, read_date
from engine.venues.angelone.instruments.parse import ParseCounts, read_list
from tests.support.paths import ROOT
from tests.support.venues.instrument_list import SPECIAL, rows, text_of, write_list
from tests.support.waiting import PATIENCE_S


def read(text: str | bytes) -> tuple[list[Listed], ParseCounts]:
    tally = ParseCounts()
    return list(read_list(BytesIO(text if isinstance(text, bytes) else text.encode()), tally)), tally


def test_every_row_of_ours_is_kept_however_the_file_is_laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    compact, tally = read(text_of(300))
    assert tally == ParseCounts(rows=300, bad=0)
    assert len(compact) == 298  # all but a bond and an exchange that the stream does not serve here
    spaced = json.dumps(list(rows(300)), indent=2)
    for size in (97, 1000, 1 << 18):
        monkeypatch.setattr("engine.venues.angelone.instruments.parse.PIECE_BYTES", size)
        assert read(spaced)[0] == compact
        assert read(b"\xef\xbb\xbf \n" + text_of(300).encode() + b"\n")[0] == compact


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "null",
        "[",
        "[{}",
        '[{"token":"1"},]x',
        "[{}{}]",
        "[{}] {}",
        "[1,2]",
        "<html>",
        '[{"token":}]',
        "[,{}]",
    ],
)
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="instrument list"):
        read(text)


def test_a_cut_file_is_refused_wherever_it_is_cut() -> None:
    text = text_of(12).encode()
    for end in range(len(text)):
        with pytest.raises(InputError):
            read(text[:end])


@given(
    changes=st.dictionaries(
        st.sampled_from(list(SPECIAL[0])),
        st.none() | st.text(max_size=30) | st.integers() | st.floats() | st.lists(st.none()),
    )
)
def test_a_row_with_nonsense_is_passed_over_or_well(changes: dict[str, object]) -> None:
    odd = {**next(rows(1)), **changes}
    kept, tally = read(json.dumps([odd, SPECIAL[3]], allow_nan=False) if _is_json(odd) else json.dumps([SPECIAL[3]]))
    assert tally.rows >= 1
    assert kept[-1].symbol == "RELIANCE-EQ"
    for one in kept:
        assert one.lot >= 1
        assert one.tick >= 0
        assert one.symbol.isprintable()


@pytest.mark.parametrize("key", ["symbol", "name"])
@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("M&M-EQ", True), ("BAJAJ-AUTO", True), ("NIFTY MID SELECT", True), ("J&KBANK", True), ("NIFTY50 PR 1X INV", True),
        ("@SUM(1+1)CE", False), ("../../../../tmp/xCE", False), ("A..CE", False), ("[/red]CE", False), ("-1+1CE", False),
        ("=cmd|' /C calc'!A0CE", False), ("a/b", False), ("a\\b", False), ("A" * 81, False), ("NIFTY\u202e", False), ("", False),
    ],
)  # fmt: skip
def test_a_name_that_could_be_a_path_a_formula_or_markup_is_no_instrument(key: str, name: str, kept: bool) -> None:
    odd = {**next(rows(1)), key: name}
    found, tally = read(json.dumps([odd, SPECIAL[3]]))
    assert (len(found), tally.bad) == ((2, 0) if kept else (1, 1))


def _is_json(row: dict[str, object]) -> bool:
    try:
        json.dumps(row, allow_nan=False)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("key", ["token", "symbol", "lotsize", "strike", "expiry", "name"])
def test_a_row_without_something_needed_is_counted(key: str) -> None:
    broken = {**list(rows(20))[-1], key: "" if key != "symbol" else "\x07CE"}
    kept, tally = read(json.dumps([broken]))
    assert (kept, tally.bad) == ([], 1)


def test_dates() -> None:
    assert read_date("25NOV2025") == read_date("25NOV25") == read_date("2025-11-25") == date(2025, 11, 25)
    assert [read_date(text) for text in ("", "31FEB2025", "25XYZ2025", "2025-13-01", "25NOV", "٢٥NOV2025")] == [
        None
    ] * 6
    assert date_text(date(2026, 1, 6)) == "06JAN2026"


def test_reading_takes_flat_memory(tmp_path: Path) -> None:
    """Four times the file may cost hardly more: measured in processes of their own, each from its own start."""
    small, large = (_growth_mb(write_list(tmp_path / f"{count}.json", count)) for count in (6_000, 24_000))
    assert large <= small + 4
    assert large <= 16


def _growth_mb(path: Path) -> float:
    program = (
        "import resource, sys, sqlite3; from pathlib import Path\n"
        "from engine.venues.angelone.instruments.parse import ParseCounts, read_list; from engine.venues.angelone.instruments.store import write_store\n"
        "sqlite3.connect(':memory:').close(); peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak(); source = Path(sys.argv[1])\n"
        "with source.open('rb') as file: write_store(source.with_suffix('.sqlite'), read_list(file, ParseCounts()), {})\n"
        "print((peak() - before) / 1024)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program, path],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env=environment,
        check=True,
    )
    return float(done.stdout)
