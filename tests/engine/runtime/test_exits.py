"""However many exits a run makes: a few hundred are kept, the sums are exact, the file of `--trades` has a row for each."""

import csv
import os
from decimal import Decimal
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.assembly import Run, build
from engine.model.commands import Hold, Play, Seek
from engine.model.errors import InputError
from engine.model.events import TradeClosed
from engine.model.run_views import TimelineEvent
from engine.model.types import Trade
from engine.reports.summary import summarise
from engine.reports.trade_file import TradeFile
from engine.runtime.exits import MOST, Exits
from engine.runtime.timeline import Timeline
from tests.support.builders import EAGER, ListSource, config, ticks
from tests.support.trader_harness import TraderHarness
from tests.support.waiting import PATIENCE_S, until_turn

OFTEN = (
    *EAGER,
    "risk.max_positions_per_day=100000",
    "strategy.green_ticks_after_stop_loss=1",
    "risk.base_sl_points=1",
    "capital.initial_capital=100000000",
    "risk.max_position_value_percent=1",
)
EXITS = 2 * MOST + 50


def stream() -> ListSource:
    """A price that rises by one and falls by three, again and again: an entry and a stop loss each time."""
    prices = [100 + change for _ in range(EXITS) for change in (0, 1, -2)]
    return ListSource(ticks(prices, step_ms=500))


def started(folder: Path, trades: TradeFile, **options: bool) -> Run:
    run = build(config(*OFTEN), stream(), "replay", speed=0.0, state_root=folder / "state", **options)
    trades.follow(run)
    run.engine.start()
    return run


def played() -> list[Trade]:
    """What the same ticks come to in the harness, which keeps every exit."""
    return TraderHarness(*OFTEN).play(stream().ticks()).trades


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))[1:]


def test_many_exits_leave_few_in_memory_exact_sums_and_every_row(tmp_path: Path) -> None:
    expected = played()
    assert len(expected) == EXITS
    with TradeFile(tmp_path / "t.csv") as file, started(tmp_path, file) as run:
        assert run.engine.wait(PATIENCE_S)
        run.engine.stop()
        file.finish()
        summary, exits, seen = summarise(run, 1.0), run.engine.exits, run.engine.snapshot
    assert exits.newest == expected[-MOST:]
    assert seen.trades == tuple(expected[-MOST:])
    assert seen.account.exits == summary.exits == EXITS
    total = exits.statistics.total
    assert (total.gross, total.costs) == (
        sum(trade.gross_pnl for trade in expected),
        sum(trade.costs for trade in expected),
    )
    assert Decimal(summary.gross_pnl) - Decimal(summary.costs) == Decimal(summary.net_pnl)
    written = rows(tmp_path / "t.csv")
    assert [Decimal(row[3]) * 100 for row in written] == [trade.exit_price for trade in expected]
    assert sum(Decimal(row[5]) for row in written) == Decimal(summary.gross_pnl)
    assert len(seen.events) <= 500


def test_a_replay_that_goes_back_takes_rows_and_sums_back(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    expected = played()
    with TradeFile(path) as file, started(tmp_path, file) as run:
        engine, exits, cursor = run.engine, run.engine.exits, run.engine.cursor
        assert engine.wait(PATIENCE_S)
        engine.send(Hold())
        engine.send(Seek(300))  # long before the oldest exit that is kept
        until_turn(engine, lambda: cursor.last_seq == 300 and cursor.expected == -1)
        assert run.trader.state.portfolio.trades == 100
        assert exits.statistics.total.gross == sum(trade.gross_pnl for trade in expected[:100])
        assert exits.newest == expected[:100]
        engine.send(Play())
        until_turn(engine, lambda: cursor.last_seq == 3 * EXITS)
        engine.stop()
        file.finish()
        assert exits.statistics.total.costs == sum(trade.costs for trade in expected)
    assert len(rows(path)) == EXITS


def test_a_run_that_never_ends_well_leaves_an_older_list_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("precious")
    with TradeFile(path, force=True) as file, started(tmp_path, file, paused=True):
        pass
    assert path.read_text() == "precious"
    assert list(tmp_path.glob(".t.csv*")) == []


def test_a_pipe_gets_its_rows_at_the_end(tmp_path: Path) -> None:
    path, got = tmp_path / "pipe", []
    os.mkfifo(path)
    reader = Thread(target=lambda: got.append(path.read_text()))
    reader.start()
    with TradeFile(path) as file, started(tmp_path, file) as run:
        assert run.engine.wait(PATIENCE_S)
        run.engine.stop()
        file.finish()
    reader.join(PATIENCE_S)
    assert len(got[0].splitlines()) == EXITS + 1
    assert path.is_fifo()


def test_a_disk_that_refuses_is_told_at_the_end_and_the_run_goes_on(tmp_path: Path) -> None:
    with TradeFile(Path("/dev/full")) as file, started(tmp_path, file) as run:
        assert run.engine.wait(PATIENCE_S)
        run.engine.stop()
        assert run.trader.state.portfolio.trades == EXITS
        with pytest.raises(InputError, match="--trades /dev/full: cannot be written: No space left on device"):
            file.finish()


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=3 * MOST), st.data())
def test_sums_go_back_with_the_state_that_was_put_aside(results: list[int], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(results)))
    exits, told, saved = Exits(), [], {}
    exits.follow(told.append)
    for number, result in enumerate(results, 1):
        if number == place + 1:
            saved = exits.dump()
        money = Decimal(result) / 7
        trade = Trade(number, 0, 0, 0, 1, 1, 1, money, money / 3, money - money / 3, "Stop Loss")
        exits.add(trade)
        exits.statistics.take(TradeClosed(trade))
    if place < len(results):
        exits.go_back(saved, place)
        assert told[-1] == place
    assert exits.statistics.total.gross == sum(Decimal(result) / 7 for result in results[:place])
    kept = [trade.number for trade in exits.newest]
    assert kept == list(range(max(len(results) - MOST, 0) + 1, place + 1))


# ── The timeline ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_timeline_keeps_the_newest_the_bookmarks_and_the_places_of_many_more() -> None:
    line = Timeline()
    line.add(TimelineEvent(5, 0, "bookmark", "here"))
    for number in range(1, 4001):
        line.add(TimelineEvent(10 * number, 0, "exit", "Stop Loss"))
    assert len(line.events) == 300
    assert line.events[0].text == "here"
    assert [event.tick for event in line.events[1:]] == list(range(40_010 - 10 * 299, 40_001, 10))
    assert (line.before(10_001), line.after(10_001), line.before(10), line.newest) == (10_000, 10_010, 5, 40_000)
    line.add(TimelineEvent(20, 0, "exit", "Stop Loss"))  # gone over again
    assert (len(line.events), line.before(25)) == (300, 20)


def test_bookmarks_without_end_are_bounded_too() -> None:
    line = Timeline()
    for number in range(1, 2001):
        line.add(TimelineEvent(number, 0, "bookmark", str(number)))
    line.add(TimelineEvent(2001, 0, "exit", "Stop Loss"))
    assert len(line.events) == 300
    assert line.events[-1].kind == "exit"


def test_what_may_be_undone_is_counted_by_number_and_by_how_often() -> None:
    exits = Exits()
    exits.begin_after(40)
    assert (exits.before, exits.position()) == (40, (0, 40))
    made = TraderHarness(*OFTEN).play(stream().ticks()).trades[:5]
    for number, trade in enumerate(made, 41):
        exits.add(replace(trade, number=number))
    assert exits.position() == (0, 45)
    exits.go_back({}, 42)
    assert exits.position() == (1, 42)
    assert [trade.number for trade in exits.newest] == [41, 42]
