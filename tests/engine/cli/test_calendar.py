"""The command `calendar`: what it shows, by hand and as JSON, and what it says of years it does not know."""

import json
from pathlib import Path

import pytest

from engine.cli.main import main


@pytest.fixture(autouse=True)
def _no_table_of_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(["calendar", *words])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_it_shows_a_year_of_a_market_with_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = said(capsys, "--market", "NSE", "--year", "2025")
    lines = out.splitlines()
    assert status == 0
    assert lines[0] == "NSE 2025: session 09:15-15:30 Asia/Kolkata, known 2013-01-01 to 2026-12-31"
    assert lines[1].startswith("source: holidays 0.109 (XNSE)")
    assert "2025-10-21 Tue  13:45-14:45 Diwali, Muhurat trading" in lines
    assert "2025-10-02 Thu  closed      Dussehra; Gandhi Jayanti" in lines


def test_what_a_person_says_stands_among_the_days(capsys: pytest.CaptureFixture[str]) -> None:
    special = 'session.special=["2026-11-08 18:00-19:00"]'
    _, out, _ = said(capsys, "--json", "--year", "2026", "--set", special)
    found = json.loads(out)
    (day,) = [each for each in found["days"] if each["date"] == "2026-11-08"]
    assert day == {"date": "2026-11-08", "day": "Sun", "what": "18:00-19:00", "why": "session.special"}


def test_a_year_beyond_what_is_known_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = said(capsys, "--market", "CDS", "--year", "2030")
    assert (status, len(out.splitlines())) == (0, 2)
    assert "the calendar of CDS says nothing of 2030" in err


def test_round_the_clock_there_is_nothing_to_know(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, err = said(capsys, "--market", "24x7", "--year", "2026")
    assert (out, err) == ("24x7 2026: session round the clock UTC, known every day\n", "")
