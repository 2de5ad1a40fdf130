"""The account folded from a journal's rows is the trader's own, after any row and whatever happened before."""

from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.journal import JournalledAccount
from engine.journal.rows import RunEnded, RunStarted
from engine.model.broker_events import Filled, Rejected
from engine.model.commands import (
    AllowEntries,
    Arm,
    BarEntries,
    ClosePosition,
    Disarm,
    Flat,
    Lock,
    MoveStop,
    PauseEntries,
    ResumeEntries,
    Unlock,
)
from engine.model.errors import InputError
from engine.model.events import (
    AnyEvent,
    DayStarted,
    EntriesChanged,
    FillBooked,
    FlatChanged,
    LevelsMoved,
    OrderRejected,
    StateKept,
    Submit,
)
from engine.model.types import PRICE_NAN, Fill, Tick
from engine.trading.data_quality import BAD_TICKS
from tests.support.brokers import LateBroker, RejectingBroker
from tests.support.builders import EAGER, ms
from tests.support.journal_harness import JournalHarness, MemoryJournal, account_after, exact_fields, instruments_named
from tests.support.thorough import examples

START = ms("09:30:00")
NAMES = instruments_named("NIFTY", "BANKNIFTY")
AGGRESSIVE = (*EAGER, "risk.max_position_value_percent=40", "risk.base_sl_points=4", "risk.trail_activation_points=3")

_prices = st.one_of(st.integers(-8, 8).map(lambda step: 10_000 + step * 150), st.just(PRICE_NAN))
_steps_ms = st.one_of(st.integers(0, 2500), st.sampled_from((60_000, 3_600_000, 86_400_000)))
_ticks = st.tuples(st.just("tick"), st.integers(0, 1), _prices, _steps_ms)
_fills = st.builds(
    Fill,
    order=st.integers(0, 9),
    instrument=st.integers(0, 1),
    side=st.sampled_from(["BUY", "SELL"]),
    quantity=st.integers(1, 40).map(lambda lots: lots * 75),
    price=st.integers(9_000, 11_000),
    at_ms=st.just(START),
)
_commands = st.sampled_from(
    (PauseEntries(), ResumeEntries(), Lock("me"), Unlock(), Unlock(), Flat("me"), Arm(), Disarm())
)
_actions = st.tuples(st.sampled_from(("close", "half", "stop", "bar", "allow")), st.integers(0, 1))
_events = st.one_of(
    _actions,
    _ticks, _ticks, _ticks, _ticks, _commands, st.just("beat"), st.just("beat"), st.just("answers"),
    st.builds(Filled, _fills), st.builds(Rejected, st.integers(1, 9), st.just("price band")),
)  # fmt: skip


def play(harness: JournalHarness, event: object, number: int) -> None:
    """Let one event happen, and the levels be written that it has moved."""
    match event:
        case ("tick", instrument, price, step_ms):
            harness.now_ms += step_ms
            harness.play([Tick(number, instrument, 0, 0, 0, harness.now_ms, 0, price, 75, 0)])
        case "beat":
            harness.beat()
        case "answers":
            if isinstance(harness.broker, LateBroker):
                harness.answer(*harness.broker.answers())
        case Filled() | Rejected():
            harness.answer(event)
        case (str(action), int(instrument)):
            act(harness, action, instrument)
        case _:
            harness.command(event)  # type: ignore[arg-type]
    harness.persistence.levels()


def act(harness: JournalHarness, action: str, instrument: int) -> None:
    """Let the operator do something with one instrument, and the position in it."""
    state, symbol = harness.trader.state, NAMES[instrument].symbol
    held = state.portfolio.positions[instrument]
    if action in {"bar", "allow"}:
        harness.command(BarEntries(symbol) if action == "bar" else AllowEntries(symbol))
    elif held is not None and action == "stop":
        stop = state.instrument_states[instrument].last_price - 25
        harness.command(MoveStop(symbol, held.entry_ms, held.entry_price, stop))
    elif held is not None:
        half_of = held.quantity if action == "half" else 0
        harness.command(ClosePosition(symbol, held.entry_ms, held.entry_price, half_of))


# A flat in trouble whose orders come to an end: what it is at moves beneath the trouble.
IN_TROUBLE = [
    ("tick", 0, 10_000, 0),
    ("tick", 0, 10_000, 0),
    Filled(Fill(order=0, instrument=1, side="BUY", quantity=75, price=9_000, at_ms=START)),
    ("tick", 0, PRICE_NAN, 60_000),
    "beat",
    ("tick", 1, 10_000, 60_000),
    "beat",
]


@settings(max_examples=examples(120), deadline=None)
@example(stream=IN_TROUBLE, answers="at once", limited=True)
@given(st.lists(_events, max_size=70), st.sampled_from(["at once", "late", "refusing"]), st.booleans())
def test_folding_any_prefix_gives_the_sum_of_its_fills_and_at_each_turns_end_the_traders_own_account(
    stream: list[object], answers: str, limited: bool
) -> None:
    rows = MemoryJournal()
    broker = {"at once": None, "late": LateBroker(2), "refusing": RejectingBroker(2, {2, 3, 5, 8})}[answers]
    limit = ("risk.max_daily_loss=900",) if limited else ()
    harness = JournalHarness(rows, *AGGRESSIVE, *limit, instruments=NAMES, broker=broker)
    harness.now_ms = START
    account = JournalledAccount(rows[0])  # type: ignore[arg-type]
    nets, cash, done = [0, 0], harness.trader.state.portfolio.cash, 1
    for number, event in enumerate(stream, 1):
        play(harness, event, number)
        for row in rows[done:]:
            if isinstance(row, FillBooked):
                nets[row.fill.instrument] += row.fill.quantity if row.fill.side == "BUY" else -row.fill.quantity
                cash = Decimal(row.cash)
            if not isinstance(row, StateKept):
                account.take(row)
            assert account.net() == {index: net for index, net in enumerate(nets) if net}
            assert account.cash_account.cash == cash
        done = len(rows)
        assert exact_fields(account.state()) == exact_fields(harness.kept())
        counted = account.trades.statistics
        assert (counted.day, counted.total) == (harness.counted.statistics.day, harness.counted.statistics.total)
        assert account.flat.running == harness.trader.state.flat.running


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(_events, max_size=60), st.data())
def test_an_account_that_is_read_on_the_way_ends_the_same(stream: list[object], data: st.DataObject) -> None:
    rows = MemoryJournal()
    harness = JournalHarness(rows, *AGGRESSIVE, instruments=NAMES, broker=LateBroker(2))
    for number, event in enumerate(stream, 1):
        play(harness, event, number)
    cut = data.draw(st.integers(0, len(rows) - 1))
    first = account_after(rows[0], rows[: cut + 1])  # type: ignore[arg-type]
    again = account_after(first.state(), rows[cut + 1 :])
    assert exact_fields(again.state()) == exact_fields(account_after(rows[0], rows).state())  # type: ignore[arg-type]


# ── Row by row ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def rows() -> MemoryJournal:
    """A run that has entered at 100, taken the first target at 105 and risen to 107."""
    rows = MemoryJournal()
    JournalHarness(rows, *EAGER).prices(99, 100, 105, 107).beat()
    return rows


def only(rows: list[AnyEvent], kind: type[AnyEvent]) -> list[AnyEvent]:
    return [row for row in rows if isinstance(row, kind)]


def account_of(rows: list[AnyEvent]) -> JournalledAccount:
    return account_after(rows[0], rows)  # type: ignore[arg-type]


def test_a_position_has_the_levels_of_its_last_row(rows: MemoryJournal) -> None:
    held = account_of(rows).held[0]
    assert (held.quantity, held.initial_quantity, held.entry_price) == (600, 975, 10_000)
    assert (held.highest, held.trail_stop, held.stop, held.taken) == (10_700, 10_200, 8_500, 1)
    before = [row for row in rows if not isinstance(row, LevelsMoved)]
    assert account_of(before).held[0].highest == 10_500


def test_levels_of_a_position_that_is_gone_bring_nothing_back(rows: MemoryJournal) -> None:
    moved = only(rows, LevelsMoved)[-1]
    sold = Fill(0, 0, "SELL", 600, 10_000, START)
    account = account_of([*rows, FillBooked(sold, None, "100000"), moved])
    assert account.held == {}


def test_an_exit_on_order_marks_its_target_and_its_rejection_lifts_the_mark(rows: MemoryJournal) -> None:
    order = only(rows, Submit)[-1].order  # type: ignore[union-attr]
    second = replace(order, number=3, target=1, quantity=225)
    account = account_of([*rows, Submit(second)])
    assert account.held[0].taken == 0b11
    assert [each.number for each in account.orders] == [3]
    account.take(OrderRejected(3, 0, "price band"))
    assert (account.held[0].taken, len(account.orders)) == (0b01, 0)


def test_an_entry_on_order_counts_and_its_rejection_gives_the_place_back(rows: MemoryJournal) -> None:
    entry = only(rows, Submit)[0].order  # type: ignore[union-attr]
    account = account_of([*rows, Submit(replace(entry, number=7))])
    assert (account.gate.day_entries, account.orders.last_number, account.idle) == (2, 7, False)
    account.take(OrderRejected(7, 0, "margin"))
    assert account.gate.day_entries == 1


GATE: dict[str, tuple[tuple[AnyEvent | RunStarted | RunEnded, ...], tuple[bool, str, str]]] = {
    "paused": ((EntriesChanged("paused", "operator", 1),), (True, "", "")),
    "resumed": ((EntriesChanged("paused", "operator", 1), EntriesChanged("resumed", "", 2)), (False, "", "")),
    "locked": ((EntriesChanged("locked", "me", 1),), (False, "me", "")),
    "halted": ((EntriesChanged("halted", "strategy raised ValueError", 1),), (False, "", "strategy raised ValueError")),
    "halted at the door": ((EntriesChanged("halted", BAD_TICKS, 1),), (False, "", "")),
    "recovered": ((EntriesChanged("locked", "me", 1), EntriesChanged("recovered", BAD_TICKS, 2)), (False, "me", "")),
    "unlocked": (
        (
            EntriesChanged("locked", "me", 1),
            EntriesChanged("halted", "x", 2),
            EntriesChanged("unlocked", "operator", 3),
        ),
        (False, "", ""),
    ),
    "killed": ((RunStarted(2, "paper", "", 1, ""),), (False, "the last run ended uncleanly", "")),
    "ended well": ((RunEnded("stopped"), RunStarted(2, "paper", "", 1, "")), (False, "", "")),
    "ended by a fault": (
        (RunEnded("engine failed", fault=True), RunStarted(2, "paper", "", 1, "")),
        (False, "the last run ended uncleanly", ""),
    ),
    "killed, then a start that failed in good order": (
        (RunStarted(2, "paper", "", 1, ""), RunEnded("not started")),
        (False, "the last run ended uncleanly", ""),
    ),
    "killed when locked": (
        (EntriesChanged("locked", "me", 1), RunStarted(2, "paper", "", 1, "")),
        (False, "me", ""),
    ),
}


@pytest.mark.parametrize("case", GATE)
def test_locks_and_halts_are_those_of_the_rows(rows: MemoryJournal, case: str) -> None:
    more, expected = GATE[case]
    gate = account_of([*rows, *more]).gate  # type: ignore[list-item]
    assert (gate.paused, gate.locked, gate.halted) == expected


LOCKED = EntriesChanged("locked", "flat: me", 1)
FLAT: dict[str, tuple[tuple[AnyEvent, ...], tuple[str, bool, str]]] = {
    "its lock": ((LOCKED,), ("LOCKED", True, "me")),
    "locked": ((LOCKED, FlatChanged("LOCKED", "me", 1)), ("LOCKED", True, "me")),
    "locked alone": ((FlatChanged("LOCKED", "me", 1),), ("LOCKED", True, "me")),
    "closing": ((LOCKED, FlatChanged("LOCKED", "me", 1), FlatChanged("CLOSING", "me", 1)), ("CLOSING", True, "me")),
    "done": ((LOCKED, FlatChanged("LOCKED", "me", 1), FlatChanged("FLAT", "me", 2)), ("FLAT", False, "me")),
    "done and locked for it": (
        (LOCKED, FlatChanged("LOCKED", "me", 1), FlatChanged("FLAT", "me", 2), LOCKED),
        ("FLAT", False, "me"),
    ),
    "unlocked": ((FlatChanged("FLAT", "me", 1), EntriesChanged("unlocked", "operator", 2)), ("NORMAL", False, "")),
    "armed": ((FlatChanged("ARMED", "plan open", 1),), ("ARMED", False, "")),
    "disarmed": (
        (FlatChanged("ARMED", "plan open", 1), FlatChanged("NORMAL", "plan closed", 1)),
        ("NORMAL", False, ""),
    ),
    "another lock": ((EntriesChanged("locked", "me", 1),), ("NORMAL", False, "")),
}


@pytest.mark.parametrize("case", FLAT)
def test_a_flat_is_where_its_rows_say(rows: MemoryJournal, case: str) -> None:
    more, expected = FLAT[case]
    account = account_of([*rows, *more])
    assert (account.flat.state, account.flat.running, account.flat.reason) == expected
    if expected[1]:
        assert account.gate.locked == "flat: me"
        assert account.state().fields["flat.exit_reason"] == "Flat"


def test_a_flat_sells_under_the_name_of_its_first_order(rows: MemoryJournal) -> None:
    order = replace(only(rows, Submit)[-1].order, number=3, reason="Daily Loss", target=-1)  # type: ignore[union-attr]
    account = account_of([*rows, LOCKED, FlatChanged("LOCKED", "me", 1), Submit(order)])
    assert account.state().fields["flat.exit_reason"] == "Daily Loss"


def test_another_day_begins_the_counters_anew_and_leaves_positions_on_theirs(rows: MemoryJournal) -> None:
    account = JournalledAccount(only(rows, StateKept)[-1])  # type: ignore[arg-type]
    assert (account.gate.day_entries, account.cash_account.day_realised > 0) == (1, True)
    assert account.state().fields["0.day_open"] == 9_900
    account.take(DayStarted("2025-10-03", START))
    fields = account.state().fields
    assert fields["0.day_open"] == 0
    assert (fields["today"], fields["0.day"], fields["gate.day_entries"]) == ("2025-10-03", "2025-10-01", 0)
    assert (Decimal(str(fields["book.day_realised"])), account.cash_account.realised > 0) == (0, True)


def test_the_last_price_is_that_of_the_newest_order(rows: MemoryJournal) -> None:
    assert account_of(rows).state().fields["0.last_price"] == 10_500
    kept = only(rows, StateKept)[-1]
    assert JournalledAccount(kept).state() == kept  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["today", "gate.locked", "orders.last_number", "book.cash", "price_scale", "0.day"])
def test_a_kept_state_that_lacks_something_is_refused_in_one_line(rows: MemoryJournal, name: str) -> None:
    kept = only(rows, StateKept)[-1]
    fields = {key: value for key, value in kept.fields.items() if key != name}  # type: ignore[union-attr]
    with pytest.raises(InputError, match=name):
        JournalledAccount(replace(kept, fields=fields))  # type: ignore[type-var]
