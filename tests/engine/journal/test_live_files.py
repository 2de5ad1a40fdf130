"""A journal's file becomes one for orders at a real broker with the first run there, in one step; its tables tell each order once."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.journal import JOURNAL_FILE, JournalledAccount, SqliteJournal, read_events, schema, verify
from engine.journal.chain_reader import ChainReader
from engine.journal.days import day_results, day_trades
from engine.journal.fold import fold
from engine.journal.history import History
from engine.journal.live_day import ROWS, DatedRow, read_live_day, told
from engine.journal.schema import foreign, open_reader
from engine.model.clock import VirtualClock
from engine.model.errors import InputError
from engine.model.events import TradeClosed
from engine.model.order_requests import AmendOrder, PlaceOrder
from engine.model.order_rows import Adopted, Ended, PartFilled, SendBegun
from engine.model.types import Fill, TradeMode
from tests.simulation.play import DAY, MISCHIEF, Journalled, Play
from tests.support.journal_faults import booked, submit
from tests.support.journal_harness import exact_fields
from tests.support.old_files import KILLED

SECOND = 10**9
START_NS = 1_795_984_800 * SECOND
MONTH_NS = 32 * 24 * 3_600 * SECOND


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        found: int = connection.execute("PRAGMA user_version").fetchone()[0]
        return found


def table(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(open_reader(path)) as connection:
        return connection.execute(query).fetchall()


def run(folder: Path, mode: TradeMode, now_ns: int = START_NS, *rows: object) -> None:
    """A run that writes these rows."""
    folder.mkdir(exist_ok=True)
    journal = SqliteJournal.open(folder, mode, VirtualClock(now_ns))
    for row in rows:
        journal.write(row)  # type: ignore[arg-type]
    journal.close("well")
    assert not journal.problem


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The state directory that an old program has left, as if its runs had been at a real broker."""
    folder = Path(shutil.copytree(KILLED, tmp_path / "old"))
    with closing(sqlite3.connect(folder / JOURNAL_FILE)) as connection:
        connection.execute("UPDATE runs SET mode = 'live'")
        connection.commit()
    return folder


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Journalled, Path]:
    """A session at a real broker, and the folder with its journal."""
    session, folder = Play(5, MISCHIEF).go(60), tmp_path_factory.mktemp("played")
    run(folder, "live", START_NS, session.begun, *session.rows)
    return session, folder


# ── The file ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_on_paper_leaves_a_file_that_older_programs_read_and_one_at_a_real_broker_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for mode in ("paper", "live"):
        run(tmp_path / mode, mode, START_NS, submit(1), booked(1))
    assert [version(tmp_path / mode / JOURNAL_FILE) for mode in ("paper", "live")] == [1, 3]
    monkeypatch.setattr(schema, "_KNOWN_VERSIONS", (1, 2))
    assert list(read_events(tmp_path / "paper" / JOURNAL_FILE))
    with pytest.raises(InputError, match=r"written by a newer program \(schema 3, known is 2\)"):
        list(read_events(tmp_path / "live" / JOURNAL_FILE))


@pytest.mark.parametrize("mode", ["paper", "live"])
def test_the_next_month_begins_a_file_of_the_same_kind(tmp_path: Path, mode: TradeMode) -> None:
    run(tmp_path / "state", mode)
    run(tmp_path / "state", mode, START_NS + MONTH_NS)
    files = ChainReader(tmp_path / "state").files
    assert [version(each) for each in files] == ([1, 2] if mode == "paper" else [3, 4])
    assert [verify(each) for each in files] == [None, None]


def test_an_old_file_becomes_one_and_keeps_every_row_and_what_it_tells(old: Path, tmp_path: Path) -> None:
    path = old / JOURNAL_FILE
    before, account = list(read_events(path)), fold(path)
    tables = {name: table(path, f"SELECT * FROM {name}") for name in ("fills", "positions")}
    orders = table(path, "SELECT * FROM orders")
    assert version(path) == 1
    run(old, "live")
    assert version(path) == 3
    assert verify(path) is None
    assert list(read_events(path))[: len(before)] == before
    assert {name: table(path, f"SELECT * FROM {name}") for name in tables} == tables
    assert table(path, "SELECT * FROM orders") == [(*each, "", 0, "") for each in orders]
    now = fold(path)
    assert account is not None
    assert now is not None
    assert exact_fields(now.state()) == exact_fields(account.state())
    run(old, "live")
    assert version(path) == 3


def snapshots(into: Path) -> tuple[type[sqlite3.Connection], list[Path]]:
    """A connection that, before each statement, has what a kill would leave at that moment copied, and the copies."""
    copies: list[Path] = []

    class Copied(sqlite3.Connection):
        def execute(self, sql: str, parameters: object = ()) -> sqlite3.Cursor:
            copy = into / str(len(copies))
            copy.mkdir(parents=True)
            for each in into.parent.glob("old/journal.db*"):
                if not each.name.endswith("-shm"):
                    shutil.copyfile(each, copy / each.name)
            copies.append(copy)
            return super().execute(sql, parameters)  # type: ignore[arg-type]

    return Copied, copies


def test_a_kill_between_any_two_steps_leaves_an_old_file_or_a_new_one(old: Path, tmp_path: Path) -> None:
    factory, copies = snapshots(tmp_path / "copies")
    before = len(list(read_events(old / JOURNAL_FILE)))
    journal = SqliteJournal.open(old, "live", VirtualClock(START_NS), factory=factory)
    journal.close("well")
    seen = set()
    for copy in copies:
        path = copy / JOURNAL_FILE
        assert verify(path) is None
        rows = len(list(read_events(path)))
        seen.add((version(path), rows > before))
        run(copy, "live")
        assert (version(path), verify(path)) == (3, None)
    assert seen == {(1, False), (3, True)}
    assert len(copies) > 10


# ── Its tables ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_order_is_a_row_with_what_became_of_it(played: tuple[Journalled, Path]) -> None:
    session, folder = played
    wanted: dict[int, list[object]] = {}
    for row in session.rows:
        match row:
            case PlaceOrder():
                wanted[row.order] = [row.purpose, row.limit, 0, ""]
            case AmendOrder():
                wanted[row.order][1] = row.limit
            case PartFilled(fill=fill) if fill.order:
                wanted[fill.order][2] += fill.quantity  # type: ignore[operator]
            case Ended():
                wanted[row.order][3] = row.state.lower()
    found = table(folder / JOURNAL_FILE, "SELECT number, purpose, limit_price, filled, state, broker_id FROM orders")
    over = {number: each for number, each in wanted.items() if each[3]}
    assert {number: list(rest) for number, *rest, _ in found if number in over} == over
    assert {number for number, *_ in found} == set(wanted)
    assert all(broker_id for *_, filled, _, broker_id in found if filled)


def test_fills_and_positions_are_its_parts_and_a_trade_is_told_once(played: tuple[Journalled, Path]) -> None:
    session, folder = played
    path = folder / JOURNAL_FILE
    parts = [row.fill for row in session.rows if isinstance(row, PartFilled)]
    found = table(path, "SELECT order_number, instrument, side, quantity, price, at_ms FROM fills ORDER BY event")
    assert [Fill(*each) for each in found] == parts  # type: ignore[arg-type]
    state = session.trader.state
    held = dict(table(path, "SELECT instrument, quantity FROM positions"))
    assert held == {at: state.portfolio.net(at) for at in held}
    assert verify(path) is None
    history = History(ChainReader(folder))
    trades = [row.trade for row in session.rows if isinstance(row, TradeClosed)]
    listed = [each for each in day_trades(history, history.days(9), DAY.isoformat()) if each.exit_ms is not None]
    assert [(each.number, each.net, each.quantity, each.reason) for each in listed] == [
        (each.number, each.net_pnl, each.quantity, each.reason) for each in trades
    ]
    (day,) = day_results(history, 1)
    assert (day.statistics.exits, day.statistics.net) == (len(trades), sum(each.net_pnl for each in trades))
    held_now = sum(position is not None for position in state.portfolio.positions)
    assert day.statistics.positions == day.statistics.entries - held_now == state.portfolio.entries - held_now


def test_the_file_tells_the_account_that_the_trader_has(played: tuple[Journalled, Path]) -> None:
    session, folder = played
    account = fold(folder / JOURNAL_FILE)
    assert account is not None
    assert exact_fields(account.state()) == exact_fields(session.account.state())


def test_an_order_of_an_earlier_run_and_one_that_was_found_have_their_rows(tmp_path: Path) -> None:
    first = (submit(1), PlaceOrder(1, "LA1", 0, "BUY", 75, 21_700, "ENTRY", 21_600, "Entry", wish=1), SendBegun(1))
    run(tmp_path / "state", "live", START_NS, *first)
    part = PartFilled(Fill(1, 0, "BUY", 75, 21_650, 1), None, "1", {})
    found = Adopted(2, "LA2", 0, "SELL", 75, 21_500, "EXIT")
    run(
        tmp_path / "state",
        "live",
        START_NS,
        part,
        Ended(1, "FILLED", 75, 75 * 21_650),
        found,
        Ended(2, "CANCELLED", 0, 0),
        found,
    )
    path = tmp_path / "state" / JOURNAL_FILE
    assert table(path, "SELECT run, number, tag, purpose, filled, state FROM orders ORDER BY number") == [
        (1, 1, "R1", "ENTRY", 75, "filled"),
        (2, 2, "LA2", "EXIT", 0, "working"),
    ]


def test_rows_of_an_order_that_is_not_known_change_none(tmp_path: Path) -> None:
    run(tmp_path / "state", "live", START_NS, Ended(9, "FILLED", 75, 1), AmendOrder(9, "B1", 0, 75, 1, "EXIT"))
    assert table(tmp_path / "state" / JOURNAL_FILE, "SELECT * FROM orders") == []
    with closing(open_reader(tmp_path / "state" / JOURNAL_FILE)) as connection:
        assert foreign(connection) == ""


# ── A day of it ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_rows_of_a_day_are_read_over_its_runs_and_none_of_before(
    played: tuple[Journalled, Path], tmp_path: Path
) -> None:
    session, folder = played[0], tmp_path / "state"
    rows, symbols = session.rows, session.begun.symbols
    half, account = len(rows) // 2, JournalledAccount(session.begun)
    for row in rows[:half]:
        account.take(row)  # type: ignore[arg-type]
    run(folder, "live", START_NS - 24 * 3_600 * SECOND, session.begun, submit(1), SendBegun(1))
    run(folder, "live", START_NS, session.begun, *rows[:half])
    run(folder, "live", START_NS + 60 * SECOND, account.state(), *rows[half:])
    day = read_live_day(folder, START_NS, symbols)
    wanted = told([DatedRow(0, each, symbols) for each in rows], symbols)  # type: ignore[arg-type]
    assert day.rows == wanted.rows
    assert [each[1:] for each in day.sent] == [each[1:] for each in wanted.sent]
    assert {each.at_ms * 1_000_000 for each in day.sent} == {START_NS, START_NS + 60 * SECOND}
    assert read_live_day(folder, START_NS + MONTH_NS, symbols) == ((), ())


def test_and_over_the_change_of_the_months_file(tmp_path: Path) -> None:
    begun = Play(1, "").session.begun
    for number, at_ns in enumerate((START_NS, START_NS + MONTH_NS), 1):
        placed = PlaceOrder(number, f"LA{number}", 0, "BUY", 75, 10_000, "ENTRY", 10_000, "Entry", wish=1)
        run(tmp_path / "state", "live", at_ns, begun, placed, SendBegun(number), Ended(number, "CANCELLED", 0, 0))
    assert len(ChainReader(tmp_path / "state").files) == 2
    day = read_live_day(tmp_path / "state", START_NS, begun.symbols)
    assert [each.order for each in day.rows if isinstance(each, SendBegun)] == [1, 2]
    assert [each.at_ms for each in day.sent] == [START_NS // 1_000_000, (START_NS + MONTH_NS) // 1_000_000]
    later = read_live_day(tmp_path / "state", START_NS + 1, begun.symbols)
    assert [each.order for each in later.rows if isinstance(each, SendBegun)] == [2]


def test_they_are_found_by_their_index_and_none_is_looked_for_in_a_file_without(tmp_path: Path) -> None:
    run(tmp_path / "live", "live", START_NS, submit(1))
    plan = table(tmp_path / "live" / JOURNAL_FILE, f"EXPLAIN QUERY PLAN {ROWS.replace('?', '0')}")
    assert "events_of_orders" in str(plan)
    run(tmp_path / "paper", "paper", START_NS, submit(1))
    assert read_live_day(tmp_path / "paper", 0, ("NIFTY",)) == ((), ())


def test_a_file_of_the_day_that_cannot_be_read_is_no_day_without_orders(tmp_path: Path) -> None:
    run(tmp_path / "state", "live", START_NS, submit(1))
    (tmp_path / "state" / JOURNAL_FILE).write_bytes(b"SQLite format 3\0" + bytes(5_000))
    with pytest.raises(InputError):
        read_live_day(tmp_path / "state", 0, ("NIFTY",))
