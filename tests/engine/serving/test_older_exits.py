"""Exits that the snapshot no longer has, of a real run with a real journal: over the socket, and in the same process."""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from engine.assembly import Run, build
from engine.journal import JOURNAL_FILE, read_events
from engine.journal import exit_pages as pages_module
from engine.journal.exit_pages import PAGES_KEPT, ExitPages
from engine.journal.schema import open_reader
from engine.link.client import RemoteEngine
from engine.link.protocol import GetExits
from engine.link.wanted_pages import PAGES_KEPT as PAGES_OF_A_SCREEN
from engine.model.commands import Seek
from engine.model.events import TradeClosed
from engine.model.exit_page import ExitPage
from engine.model.types import Trade
from engine.runtime.exits import MOST
from engine.serving.served import DurableView
from tests.support.builders import EAGER, ListSource, config, ticks
from tests.support.link_harness import RawClient, remote, serving
from tests.support.waiting import PATIENCE_S, until
from tui.view.engine_client import LocalEngine

EXITS = 5_000
BUSY = (
    *EAGER,
    "strategy.green_ticks_after_stop_loss=1",
    "risk.base_sl_points=0.1",
    "risk.tp_points=[0.1]",
    "risk.tp_percents=[1.0]",
    "risk.use_trail_stop=false",
    "risk.max_positions_per_day=100000",
    "capital.initial_capital=1000000000",
    "risk.max_position_value_percent=0.01",
    "replay.snapshot_ticks=2000",
)
Asked = Callable[[int, int, int], ExitPage]


def settled(run: Run) -> None:
    """Wait until the journal has everything on the disk."""
    until(lambda: run.journal is not None and not run.journal.waiting)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A replay of some 5,000 exits, at its end."""
    folder = tmp_path_factory.mktemp("state")
    source = ListSource(ticks([100 + n % 3 * 0.1 for n in range(3 * EXITS + 700)], start="09:16:00", step_ms=500))
    with build(config(*BUSY), source, "replay", speed=0.0, state_root=folder) as built:
        built.engine.start()
        assert built.engine.wait(PATIENCE_S)
        settled(built)
        yield built


def rows(run: Run) -> list[Trade]:
    """The exits in the journal, as they stand there."""
    entries = (event.entry() for event in read_events(run.folder / JOURNAL_FILE) if event.kind == "TradeClosed")
    return [entry.trade for entry in entries if isinstance(entry, TradeClosed)]


def copied(source: Path, target: Path) -> None:
    """Put a copy of a journal that is in use in the place of `target`."""
    whole = target.with_name("whole")
    with closing(open_reader(source)) as reader, closing(sqlite3.connect(whole)) as copy:
        reader.backup(copy)
    os.replace(whole, target)


def page(asked: Asked, first: int, rewinds: int = 0, last: int = 0) -> ExitPage:
    found: list[ExitPage] = []

    def came() -> bool:
        found[:] = [asked(first, last or first + 99, rewinds)]
        return found[0].state != "LATER"

    until(came, lambda: found)
    return found[0]


def test_a_screen_pages_through_all_exits_over_the_socket(run: Run, tmp_path: Path) -> None:
    expected = rows(run)
    assert len(expected) >= EXITS
    with serving(tmp_path, fake=DurableView(run)) as there, remote(there) as ann:
        until(lambda: ann.snapshot.trades == tuple(expected[-MOST:]))
        for first in range((len(expected) - MOST) // 100 * 100 + 1, 0, -300):
            got = page(ann.exit_page, first)
            assert (got.state, got.reason) == ("HERE", "")
            assert got.trades == tuple(expected[first - 1 : first + 99])
        assert len(ann._replica.pages._pages) <= PAGES_OF_A_SCREEN
        assert run.pages is not None
        assert len(run.pages._pages) <= PAGES_KEPT
    assert len(run.engine.exits.newest) == MOST


def test_a_screen_in_the_same_process_has_the_same_pages(run: Run) -> None:
    assert page(LocalEngine(run).exit_page, 1).trades == tuple(rows(run)[:100])


def test_days_and_their_exits_come_over_the_socket_and_within_the_process(run: Run, tmp_path: Path) -> None:
    today = run.engine.exits.statistics.day
    with serving(tmp_path, fake=DurableView(run)) as there, remote(there) as ann:
        for asked in (ann.day_page, LocalEngine(run).day_page):
            until(lambda asked=asked: asked("", today.date, 0).state != "LATER")  # type: ignore[misc]
            (day,) = asked("", today.date, 0).days
            assert day.statistics == today
            until(lambda asked=asked: asked(today.date, today.date, 0).state != "LATER")  # type: ignore[misc]
            page = asked(today.date, today.date, 0)
            assert (page.state, page.total, page.trades[-1].number) == ("HERE", today.exits, today.exits)
            assert ann.day_page("2001-01-01", "", 1).state == "LATER"


def test_whoever_asks_for_too_much_is_answered_and_goes_on(run: Run, tmp_path: Path) -> None:
    with serving(tmp_path, fake=DurableView(run)) as there, RawClient(there.path) as raw:
        raw.hello()
        for first, last in ((1, 4_000), (90, 10), (2**62, 2**62)):
            reply = raw.ask(GetExits(first, last))
            assert isinstance(reply, ExitPage)
            assert (reply.state, reply.trades) == ("UNREADABLE", ())


def test_an_engine_whose_journal_hangs_answers_everything_else(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages_module, "_SILENT_NS", 100_000_000)
    answers, read = threading.Event(), pages_module.exit_rows

    def hangs(*args: Any) -> Any:
        answers.wait(PATIENCE_S)
        return read(*args)

    monkeypatch.setattr(pages_module, "exit_rows", hangs)
    hanging = replace(run, pages=ExitPages(run.folder, run.engine.exits.position))
    try:
        with serving(tmp_path, fake=DurableView(hanging)) as there, remote(there) as ann, remote(there, "Ben") as ben:
            until(lambda: "the disk does not answer" in ann.exit_page(801, 900, 0).reason)
            assert ben.state.word == ann.state.word == "CONNECTED"
            beat_ns = there.server.beat_ns
            until(lambda: there.server.beat_ns > beat_ns)
            assert page(ben.exit_page, 1_001).state == "UNREADABLE"
            opened: RemoteEngine = ben
            opened.take_control()
            until(lambda: opened.control.mine)
    finally:
        answers.set()
    until(lambda: hanging.exit_page(801, 900, 0).trades == tuple(rows(run)[800:900]))


def test_a_run_without_a_journal_says_so(tmp_path: Path) -> None:
    before = {thread.name for thread in threading.enumerate()}
    source = ListSource(ticks([100, 101, 102]))
    with build(config("journal.enabled=false"), source, "replay", state_root=tmp_path) as built:
        assert built.exit_page(1, 100, 0).reason == "this run keeps no journal"
    assert "exit-pages" not in {thread.name for thread in threading.enumerate()} - before


def test_after_a_replay_went_back_what_came_later_is_no_more(tmp_path: Path) -> None:
    source = ListSource(ticks([100 + n % 3 * 0.1 for n in range(3_000)], start="09:16:00", step_ms=500))
    with build(config(*BUSY), source, "replay", speed=0.0, state_root=tmp_path / "state") as built:
        engine = built.engine
        engine.start()
        assert engine.wait(PATIENCE_S)
        settled(built)
        with serving(tmp_path, fake=DurableView(built)) as there, remote(there) as ann:
            whole = page(ann.exit_page, 101)
            engine.send(Seek(1_500))
            until(lambda: ann.snapshot.rewinds == 1 and ann.snapshot.ticks == 1_500, lambda: ann.snapshot.ticks)
            left = ann.snapshot.account.exits
            assert 300 < left < 500
            assert built.exit_page(101, 200, 0).state == "LATER"
            assert page(ann.exit_page, 101, 1).trades == whole.trades
            assert page(ann.exit_page, 501, 1).reason == "there are no such exits"
            last = page(ann.exit_page, left - 50, 1, left)
            assert [trade.number for trade in last.trades] == [*range(left - 50, left + 1)]
            engine.send(Seek(2_900))
            until(lambda: ann.snapshot.ticks == 2_900)
            settled(built)
            again = rows(built)
            newest = {trade.number: trade for trade in again}  # what stands last holds
            assert len(again) > len(newest)
            expected = tuple(newest[number] for number in range(501, 601))
            until(lambda: ann.exit_page(501, 600, 1).trades == expected)
