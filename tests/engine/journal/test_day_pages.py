"""Pages of days out of a journal: equal to its days, bounded, and whatever the disk does, nobody waits for it."""

from pathlib import Path
from threading import Event

import pytest

from engine.journal import chain_reader
from engine.journal.chain_reader import ChainReader
from engine.journal.day_pages import PAGES_KEPT, DayPages
from engine.journal.days import day_results
from engine.journal.history import History
from engine.model.day_page import DayPage
from tests.support.day_journals import Run, counted, write
from tests.support.waiting import PATIENCE_S, until

DAYS = ("2026-10-27", "2026-10-28")
SECOND = 10**9


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages") / "state"
    write(folder, [Run(DAYS, ("NIFTY", "BANKNIFTY"), 40, 1)])
    return folder


def read(pages: DayPages, date: str = "", today: str = "x") -> DayPage:
    until(lambda: pages.page(date, today, 0).state != "LATER")
    return pages.page(date, today, 0)


def test_a_page_has_the_days_of_the_journal_and_each_its_exits(folder: Path) -> None:
    pages = DayPages(folder, lambda: 0)
    assert read(pages).days == tuple(day_results(History(ChainReader(folder)), 60))
    made = counted(folder)
    for date in DAYS:
        page = read(pages, date)
        sold = [trade for trade in page.trades if trade.exit_ms is not None]
        assert (len(sold), page.total) == (made[date].exits, len(page.trades))
        assert sum(trade.net for trade in sold) == made[date].net


@pytest.mark.parametrize("date", ["2026-10-29", "nonsense", "2026-13-01"])
def test_a_day_that_is_none_is_refused(folder: Path, date: str) -> None:
    assert read(DayPages(folder, lambda: 0), date).state == "UNREADABLE"


def test_another_day_or_a_replay_that_went_back_is_another_page(folder: Path) -> None:
    rewinds = [0]
    pages = DayPages(folder, lambda: rewinds[0])
    read(pages)
    assert pages.page("", "another day", 0).state == "LATER"
    rewinds[0] = 1
    assert pages.page("", "x", 0).state == "LATER"


def test_a_disk_that_hangs_costs_the_page_and_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, now_ns = Event(), [0]
    real = chain_reader.ChainReader

    def hanging(*given: object) -> ChainReader:
        go_on.wait(PATIENCE_S)
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(chain_reader, "ChainReader", hanging)  # looked up when a page is read
    pages = DayPages(folder, lambda: 0, lambda: now_ns[0])
    assert pages.page("", "x", 0).state == "LATER"
    now_ns[0] = 3 * SECOND
    assert "does not answer" in pages.page("", "x", 0).reason
    assert "does not answer" in pages.page(DAYS[0], "x", 0).reason
    go_on.set()
    until(lambda: pages.page("", "x", 0).state == "HERE")


def test_what_cannot_be_read_is_tried_again_a_second_later(tmp_path: Path) -> None:
    now_ns = [0]
    pages = DayPages(tmp_path / "none", lambda: 0, lambda: now_ns[0])
    assert read(pages).state == "UNREADABLE"
    write(tmp_path / "none", [Run(DAYS[:1], ("NIFTY",), 5, 1)])
    assert pages.page("", "x", 0).state == "UNREADABLE"
    now_ns[0] = SECOND
    until(lambda: pages.page("", "x", 0).state == "HERE")


def test_few_pages_are_kept(folder: Path) -> None:
    pages = DayPages(folder, lambda: 0)
    for number in range(3 * PAGES_KEPT):
        read(pages, today=str(number))
    assert len(pages._pages) <= PAGES_KEPT
