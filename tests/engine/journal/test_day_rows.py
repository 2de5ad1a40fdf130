"""A journal that is taken away while a run trades at a real broker: the file that is begun anew tells of the day's orders all that the lost one did."""

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import pytest

from engine.journal import JOURNAL_FILE, JournalledAccount, SqliteJournal, verify
from engine.journal.chain_reader import ChainReader
from engine.journal.day_orders import day_orders
from engine.journal.day_rows import DayRows
from engine.journal.fold import fold
from engine.journal.live_day import DatedRow, read_live_day, told
from engine.journal.rows import Continued, Entry, Waiting
from engine.model.clock import VirtualClock
from engine.model.events import StateKept
from engine.model.order_requests import PlaceOrder
from engine.model.order_rows import SendBegun
from tests.simulation.play import MISCHIEF, Journalled, Play
from tests.support.journal_harness import exact_fields
from tests.support.thorough import every, examples
from tests.support.waiting import PATIENCE_S, until

SECOND = 10**9
DAY = 24 * 3_600 * SECOND
NOON_NS = 1_795_984_800 * SECOND
SYMBOLS = ("A", "B")


@pytest.fixture(scope="module")
def session() -> Journalled:
    """A session at a real broker, whose orders do not all go well."""
    return Play(5, MISCHIEF).go(60)


def account_behind(session: Journalled, rows: int) -> StateKept:
    """The account as so many rows of the session leave it."""
    account = JournalledAccount(session.begun)
    for row in session.rows[:rows]:
        account.take(row)  # type: ignore[arg-type]
    return account.state()


class Runs:
    """Runs of one day in the journal of `folder`, a row each second."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self._clock = VirtualClock(NOON_NS)

    def run(
        self, *rows: object, lost: Callable[[SqliteJournal], None] | None = None, later: Sequence[object] = ()
    ) -> None:
        """A run writes `rows`; then its file is taken away, where it is `lost`, and it goes on with what comes `later`."""
        journal = SqliteJournal.open(self.folder, "live", self._clock)
        self._write(journal, rows)
        if lost is not None:
            (self.folder / JOURNAL_FILE).unlink()
            lost(journal)
            until(lambda: not journal.problem and not journal.waiting, lambda: journal.problem)
        self._write(journal, later)
        journal.close("well")
        assert not journal.problem
        assert verify(self.folder / JOURNAL_FILE) is None

    def _write(self, journal: SqliteJournal, rows: Sequence[object]) -> None:
        for row in rows:
            self._clock.advance(SECOND)
            number = journal.write(row)  # type: ignore[arg-type]
        if rows:
            assert journal.wait_durable(number, PATIENCE_S)


@pytest.mark.parametrize("lost_behind", every(3, [0.0, 0.2, 0.45, 0.7, 0.9, 1.0], at=1))
def test_a_file_begun_anew_tells_the_day_and_the_account_as_the_lost_one(
    session: Journalled, tmp_path: Path, lost_behind: float
) -> None:
    rows, symbols = session.rows, session.begun.symbols
    first, at = len(rows) // 3, len(rows) // 3 + int(lost_behind * (len(rows) * 2 // 3))
    kept = account_behind(session, first)
    whole, anew = Runs(tmp_path / "whole"), Runs(tmp_path / "anew")
    for runs in (whole, anew):
        runs.run(session.begun, *rows[:first])
    whole.run(kept, *rows[first:])
    anew.run(kept, *rows[first:at], lost=lambda journal: journal.renew(account_behind(session, at)), later=rows[at:])
    assert read_live_day(anew.folder, NOON_NS, symbols) == read_live_day(whole.folder, NOON_NS, symbols)
    accounts = [fold(runs.folder / JOURNAL_FILE) for runs in (whole, anew)]
    assert exact_fields(accounts[0].state()) == exact_fields(accounts[1].state())  # type: ignore[union-attr]
    courses = [
        [(each.tag, each.state, each.filled) for each in day_orders(runs.folder, NOON_NS, NOON_NS + DAY).courses]
        for runs in (whole, anew)
    ]
    assert courses[0] == courses[1]


@pytest.mark.parametrize("seed", range(101, 101 + examples(10) // 5))
def test_wherever_it_is_lost_the_rows_behind_tell_what_all_rows_tell(seed: int) -> None:
    session, chance = Play(seed, MISCHIEF).go(60), Random(seed)
    rows, symbols = session.rows, session.begun.symbols
    dated = [DatedRow(at, row, symbols) for at, row in enumerate(rows, NOON_NS)]  # type: ignore[arg-type]
    for _ in range(12):
        lost_behind = chance.randint(0, len(rows))
        kept, day = account_behind(session, lost_behind), DayRows()
        day.follow([Waiting(0, row.wall_ns, row.entry) for row in dated[:lost_behind]], "")
        first = [DatedRow(wall_ns, entry, symbols) for wall_ns, entry in day.anew(symbols)]
        assert told([*first, *dated[lost_behind:]], symbols) == told(dated, symbols)
        account = JournalledAccount(kept)
        for row in rows[lost_behind:]:
            account.take(row)  # type: ignore[arg-type]
        assert exact_fields(account.state()) == exact_fields(account_behind(session, len(rows)))


def test_it_does_so_as_often_as_it_is_lost_and_where_it_is_lost_just_before_the_end(
    session: Journalled, tmp_path: Path
) -> None:
    rows, symbols, half = session.rows, session.begun.symbols, len(session.rows) // 2
    whole, anew = Runs(tmp_path / "whole"), Runs(tmp_path / "anew")
    whole.run(session.begun, *rows)

    def twice(journal: SqliteJournal) -> None:
        journal.renew(account_behind(session, half))
        until(lambda: not journal.waiting)
        (anew.folder / JOURNAL_FILE).unlink()
        journal.renew(account_behind(session, half))

    anew.run(session.begun, *rows[:half], lost=twice, later=rows[half:])
    journal = SqliteJournal.open(anew.folder, "live", VirtualClock(NOON_NS + DAY // 2))
    (anew.folder / JOURNAL_FILE).unlink()
    journal.close("well", account=account_behind(session, len(rows)))
    assert read_live_day(anew.folder, NOON_NS, symbols).rows == read_live_day(whole.folder, NOON_NS, symbols).rows


def placed(number: int, instrument: int = 0) -> PlaceOrder:
    return PlaceOrder(number, f"LA{number}", instrument, "BUY", 75, 10_000, "ENTRY", 10_000, "Entry", wish=number)


def waiting(number: int, wall_ns: int, entry: Entry) -> Waiting:
    return Waiting(number, wall_ns, entry)


def test_rows_of_a_run_before_have_their_instruments_numbers_of_now() -> None:
    day = DayRows([DatedRow(1, placed(1, 1), ("B", "A")), DatedRow(2, placed(2), ("C",))])
    day.follow([waiting(9, 3, placed(3, 1)), waiting(10, 4, SendBegun(3))], "1970-01")
    assert day.anew(SYMBOLS) == [(1, placed(1)), (2, placed(2, -1)), (3, placed(3, 1)), (4, SendBegun(3))]


def test_what_is_older_than_a_day_or_stands_in_the_file_of_another_month_is_not_kept() -> None:
    day = DayRows([DatedRow(0, placed(1), SYMBOLS), DatedRow(DAY, placed(2), SYMBOLS)])
    day.follow([waiting(1, DAY + 1, SendBegun(2))], "1970-01")
    assert day.anew(SYMBOLS) == [(DAY, placed(2)), (DAY + 1, SendBegun(2))]
    day.follow([waiting(2, DAY + 2, Continued())], "1969-12")  # the next file could not begin
    assert len(day.anew(SYMBOLS)) == 2
    day.follow([waiting(3, DAY + 3, Continued()), waiting(4, DAY + 4, SendBegun(3))], "1970-01")
    assert day.anew(SYMBOLS) == [(DAY + 4, SendBegun(3))]


def test_a_run_on_paper_keeps_none(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path, "paper", VirtualClock(NOON_NS))
    journal.write(placed(1))
    (tmp_path / JOURNAL_FILE).unlink()
    journal.renew(None)
    until(lambda: not journal.problem and not journal.waiting, lambda: journal.problem)
    journal.close("well")
    assert read_live_day(tmp_path, 0, SYMBOLS) == ((), ())
    assert len(ChainReader(tmp_path).files) == 1
