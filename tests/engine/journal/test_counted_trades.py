"""Statistics over kills: what the rows of a journal tell, counted by hand, is what the run and the next ones show."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.journal import JournalledAccount, SqliteJournal, StateDir
from engine.journal.months import JOURNAL_FILE
from engine.journal.opening import examine
from engine.model.clock import VirtualClock
from engine.model.events import StateKept, TradeClosed
from engine.model.types import Tick
from engine.runtime.exits import Exits
from tests.support.builders import EAGER, ms
from tests.support.journal_harness import JournalHarness, MemoryJournal, instruments_named
from tests.support.recomputed import recomputed
from tests.support.thorough import examples

START = ms("09:30:00")
NAMES = instruments_named("NIFTY", "BANKNIFTY")
AGGRESSIVE = (
    *EAGER,
    "risk.max_position_value_percent=40",
    "risk.base_sl_points=4",
    "risk.tp_points=[2, 6]",
    "risk.tp_percents=[0.5, 0.5]",
    "risk.max_positions_per_day=1000",
    "strategy.green_ticks_after_stop_loss=1",
)
_ticks = st.tuples(st.integers(0, 1), st.integers(-6, 6), st.sampled_from((500, 500, 1000, 2500, 86_400_000)))


def play(harness: JournalHarness, stream: list[tuple[int, int, int]]) -> None:
    for instrument, step, step_ms in stream:
        harness.now_ms += step_ms
        harness.seq += 1
        harness.play([Tick(harness.seq, instrument, 0, 0, 0, harness.now_ms, 0, 10_000 + 150 * step, 75, 0)])


def after_kill(rows: MemoryJournal) -> JournalHarness:
    """The next run, of what is left."""
    first = next(row for row in rows if isinstance(row, StateKept))
    account = JournalledAccount(first)
    for row in rows:
        account.take(row)
    if account.trades.untold is not None:
        rows.write(TradeClosed(account.trades.untold))
    return JournalHarness(rows, *AGGRESSIVE, instruments=NAMES, kept=account.state())


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(st.lists(_ticks, min_size=5, max_size=40), min_size=1, max_size=3), st.data())
def test_after_any_kills_the_statistics_are_those_of_the_rows(runs, data) -> None:
    rows = MemoryJournal()
    harness = JournalHarness(rows, *AGGRESSIVE, instruments=NAMES)
    harness.now_ms = START
    for number, stream in enumerate(runs):
        if number:
            del rows[data.draw(st.integers(1, len(rows)), label="rows on the disk") :]
            now_ms, seq = harness.now_ms, harness.seq
            harness = after_kill(rows)
            harness.now_ms, harness.seq = now_ms, seq
        play(harness, stream)
    shown, by_hand = harness.counted.statistics, recomputed(rows)
    assert shown.total == by_hand[""]
    assert not shown.day.date or shown.day == by_hand[shown.day.date]
    assert shown.total.net == harness.trader.state.portfolio.realised
    assert shown.day.net == harness.trader.state.portfolio.day_realised


def traded() -> tuple[MemoryJournal, JournalHarness]:
    """A run that has sold one position in two parts, and the next at a loss."""
    rows = MemoryJournal()
    harness = JournalHarness(rows, *AGGRESSIVE, instruments=NAMES)
    harness.prices(99, 100, 102, 106).prices(99, 100, 101, 90)
    assert harness.counted.statistics.day.positions == 2
    return rows, harness


def test_the_row_that_a_kill_has_cut_off_is_told_by_its_fill() -> None:
    rows, harness = traded()
    lost = max(place for place, row in enumerate(rows) if isinstance(row, TradeClosed))
    account = JournalledAccount(rows[0])
    for row in rows[:lost]:
        account.take(row)
    assert account.trades.untold == rows[lost].trade
    account.state()
    assert account.trades.statistics.total == harness.counted.statistics.total


def test_the_row_that_the_next_run_has_written_is_not_counted_again() -> None:
    rows, harness = traded()
    account = JournalledAccount(rows[0])
    for row in (*rows, next(row for row in reversed(rows) if isinstance(row, TradeClosed))):
        account.take(row)
    account.state()
    assert account.trades.statistics.total == harness.counted.statistics.total


def test_an_account_that_is_begun_anew_has_traded_nothing() -> None:
    account = JournalledAccount(traded()[0][-1])
    account.begin_anew(Decimal(5))
    again = JournalledAccount(account.state())
    assert (again.cash_account.cash, again.trades.statistics.total.exits) == (5, 0)


def test_a_start_has_the_days_newest_exits_whatever_the_instruments_numbers_were(tmp_path) -> None:
    for names in (NAMES, NAMES[::-1]):
        with StateDir.open(tmp_path, "paper"):
            journal = SqliteJournal.open(tmp_path, "paper", VirtualClock(START * 1_000_000))
            harness = JournalHarness(journal, *AGGRESSIVE, instruments=names, kept=journal.opened.kept)
            harness.prices(99, 100, 101, 90)
            journal.close("stopped")
    found = examine(tmp_path / JOURNAL_FILE, "paper", START * 1_000_000, used=True).opened
    assert [trade.number for trade in found.exits] == [1, 2]
    assert [found.kept.symbols[trade.instrument] for trade in found.exits] == ["NIFTY", "BANKNIFTY"]
    exits = Exits(["CALL", "NIFTY"])
    exits.resume(found.exits, found.kept.symbols)
    assert [(trade.number, trade.instrument) for trade in exits.newest] == [(1, 1)]
