"""The days of a journal are what its fills come to, to the paisa: over restarts, kills, months, and damage that is told."""

import shutil
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.journal import JOURNAL_FILE, SqliteJournal, read_events
from engine.journal.chain_reader import ChainReader
from engine.journal.days import day_results, day_trades
from engine.journal.fold import fold
from engine.journal.history import History
from engine.journal.months import closed_files
from engine.model.clock import VirtualClock
from engine.model.events import StateKept, Submit
from engine.model.history import DayResult, DayTrade
from tests.support.builders import ms
from tests.support.day_journals import Counted, Run, counted, write
from tests.support.thorough import examples

ALL = 10_000
SYMBOLS = (("NIFTY25000CE", "NIFTY25000PE", "BANKNIFTY"), ("NIFTY25000PE", "BANKNIFTY", "NIFTY25000CE", "FINNIFTY"))


def read(folder: Path, last: int = ALL) -> tuple[list[DayResult], list[str]]:
    chain = ChainReader(folder)
    return list(day_results(History(chain), last)), [*chain.problems]


def exits(folder: Path, day: str) -> list[DayTrade]:
    history = History(ChainReader(folder))
    marks = history.days(ALL)
    return list(day_trades(history, marks, day))


def plain(day: DayResult) -> Counted:
    seen = day.statistics
    return Counted(seen.entries, seen.exits, seen.positions, seen.won, seen.gross, seen.costs, seen.net)


@st.composite
def histories(draw: st.DrawFn) -> list[Run]:
    """Runs of a few days each, over the end of a month; some are cut off, and go on with other instruments."""
    day, runs = date(2026, 10, 27), []
    for number in range(draw(st.integers(1, 3))):
        days = []
        for _ in range(draw(st.integers(1, 3))):
            days.append(day.isoformat())
            day += timedelta(days=draw(st.sampled_from((1, 1, 3))))
        if draw(st.booleans()):
            day = date.fromisoformat(days[-1])  # the next run is of the same day
        sells = draw(st.sampled_from((1 << 30, 1, 2, 3, 5)))
        runs.append(Run((*days,), SYMBOLS[min(number, 1)], draw(st.integers(0, 30)), draw(st.integers(0, 999)), sells))
    return runs


@settings(max_examples=examples(12), deadline=None)
@given(histories(), st.integers(1, 4))
def test_days_and_their_exits_are_what_the_fills_come_to(runs: list[Run], last: int) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name) / "state"
        write(folder, runs)
        expected = counted(folder)
        found, problems = read(folder)
        assert problems == []
        assert {day.statistics.date: plain(day) for day in found} == expected
        assert [day.statistics.date for day in found] == list(expected)
        assert [day.statistics.date for day in read(folder, last)[0]] == list(expected)[-last:]
        assert [plain(day) for day in read(folder, last)[0]] == list(expected.values())[-last:]
        for day in found:
            sold = [trade for trade in exits(folder, day.statistics.date) if trade.exit_ms is not None]
            assert sum(trade.net for trade in sold) == day.statistics.net
            assert (len(sold), sum(not trade.left for trade in sold)) == (
                day.statistics.exits,
                day.statistics.positions,
            )
        account = fold(folder / JOURNAL_FILE)
        if account is not None:
            assert found[-1].cumulative == account.cash_account.realised if found else True


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six days in two files; over the restart, and over a night, something is held."""
    folder = tmp_path_factory.mktemp("days") / "state"
    write(
        folder,
        [
            Run(("2026-10-27", "2026-10-28", "2026-10-29"), SYMBOLS[0], 60, 1),
            Run(("2026-10-30",), SYMBOLS[1], 0, 2),
            Run(("2026-11-02", "2026-11-03"), SYMBOLS[1], 60, 3),
        ],
    )
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "state"))


def dates(folder: Path, last: int = ALL) -> list[str]:
    return [day.statistics.date for day in read(folder, last)[0]]


def test_a_position_that_is_held_over_a_night_and_a_restart_counts_once_on_the_day_it_ends(tmp_path: Path) -> None:
    write(tmp_path, [Run(("2026-10-27",), SYMBOLS[0], 31, 1), Run(("2026-10-28",), SYMBOLS[1], 60, 5)])
    first, second = (day.statistics for day in read(tmp_path)[0])
    held = [trade.instrument.symbol for trade in exits(tmp_path, "2026-10-27") if trade.exit_ms is None]
    assert len(held) == 2
    still = [trade.instrument.symbol for trade in exits(tmp_path, "2026-10-28") if trade.exit_ms is None]
    assert first.positions == first.entries - len(held)
    assert second.positions == second.entries + len(held) - len(still)
    assert {trade.instrument.symbol for trade in exits(tmp_path, "2026-10-28")[:2]} == {*held}
    assert dates(tmp_path, 1) == ["2026-10-28"]
    assert read(tmp_path, 1)[0][0].statistics == second


def test_a_day_without_a_trade_is_a_day(folder: Path) -> None:
    write(folder, [Run(("2026-11-04",), SYMBOLS[1], 1, 1)])
    assert dates(folder)[-1] == "2026-11-04"


def test_a_closed_file_that_is_missing_is_told_and_the_rest_is_shown(folder: Path) -> None:
    expected = counted(folder)
    closed_files(folder)[0].unlink()
    found, problems = read(folder)
    assert problems == ["journal-2026-10.db is missing, from which journal.db goes on"]
    assert [day.statistics.date for day in found][-2:] == ["2026-11-02", "2026-11-03"]
    assert plain(found[-1]) == expected["2026-11-03"]


@pytest.mark.parametrize("name", ["journal-2026-10.db", JOURNAL_FILE])
def test_a_file_that_is_no_journal_any_more_is_told_and_the_other_is_shown(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"SQLite format 3\0" + b"x" * 5_000)
    found, problems = read(folder)
    assert len(problems) == 1
    assert name in problems[0]
    assert [day.statistics.date for day in found]


def test_rows_on_a_damaged_page_are_told_and_those_behind_it_are_shown(folder: Path) -> None:
    path = folder / closed_files(folder)[0].name
    with closing(sqlite3.connect(path)) as connection:
        bodies = connection.execute("SELECT number, body FROM events WHERE kind = 'FillBooked'").fetchall()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    data = bytearray(path.read_bytes())
    page = data.index(bodies[len(bodies) // 2][1].encode()) // size
    data[page * size : page * size + 200] = b"\xff" * 200
    path.write_bytes(data)
    found, problems = read(folder)
    assert any(problem.startswith("journal-2026-10.db is damaged behind row") for problem in problems)
    assert [day.statistics.date for day in found][-2:] == ["2026-11-02", "2026-11-03"]
    whole = [row.number for row in [*read_events(folder / JOURNAL_FILE)]]
    assert whole  # the other file is as it was


def test_a_file_of_before_there_was_an_index_tells_the_same(folder: Path) -> None:
    expected = read(folder)
    for path in (*closed_files(folder), folder / JOURNAL_FILE):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("DROP INDEX events_of_days")
    assert read(folder) == expected


def test_what_a_replay_went_back_over_has_not_been(tmp_path: Path) -> None:
    """Two days are played, then the first again from its middle."""
    once, again = tmp_path / "once", tmp_path / "again"
    write(once, [Run(("2026-10-27", "2026-10-28"), SYMBOLS[0], 30, 4)])
    again.mkdir()
    rows = [row.entry() for row in read_events(once / JOURNAL_FILE)][1:-1]
    middle = next(place for place, row in enumerate(rows) if isinstance(row, StateKept) and place > 30)
    journal = SqliteJournal.open(again, "replay", VirtualClock(ms("09:10:00", "2026-10-27") * 1_000_000))
    for row in rows:
        journal.write(row)
    journal.rewind(max(row.order.tick_seq for row in rows[:middle] if isinstance(row, Submit)))
    for row in rows[middle:]:
        journal.write(row)
    journal.close("well")
    assert [plain(day) for day in read(again)[0]] == [plain(day) for day in read(once)[0]]
    assert [trade.number for trade in exits(again, "2026-10-28")] == [
        trade.number for trade in exits(once, "2026-10-28")
    ]


def test_reading_leaves_no_file_open_between_rows(folder: Path) -> None:
    """However slowly somebody looks: nothing that an engine would have to wait for."""
    history = History(ChainReader(folder))
    rows = history.rows(history.days(ALL)[0])
    next(rows)
    with closing(sqlite3.connect(folder / JOURNAL_FILE)) as connection:
        assert connection.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
    assert list(rows)
