"""What a run keeps of its account is bounded by the second, and with the rows after it tells the account whatever happened."""

import msgspec
import pytest

from engine.journal import JournalledAccount
from engine.model.events import AnyEvent, FillBooked, LevelsMoved, StateKept
from engine.model.order_requests import AmendOrder, LogIn, ReadOrder, ReadQuote, ReadRound
from engine.model.order_rows import PartFilled
from engine.model.types import Fill, Tick
from engine.runtime.exits import Exits
from engine.runtime.persistence import Persistence
from tests.support.builders import EAGER
from tests.support.journal_harness import MemoryJournal, exact_fields
from tests.support.trader_harness import TraderHarness

RICH = (
    *EAGER,
    "capital.initial_capital=100000000000",
    "risk.max_position_value_percent=0.01",
    "risk.max_positions_per_day=1000000",
    "risk.base_sl_points=100000",
    "risk.tp_points=[100000]",
    "risk.tp_percents=[1.0]",
    "risk.trail_activation_points=1",
)
MINUTE = 600  # beats


class Kept(TraderHarness):
    """A harness with a persistence whose beats are counted in tenths of a second."""

    def __init__(self, instruments: int, *overrides: str, keeps_account: bool = True) -> None:
        super().__init__(*RICH, *overrides, instruments=instruments)
        self.rows = MemoryJournal()
        self.persistence = Persistence(self.trader, Exits(), self.rows, None, keeps_account=keeps_account)  # type: ignore[arg-type]
        self.beats = 0
        self.persistence.begin_account(self.now_ms)

    def carry_out(self, effects) -> None:
        before = len(self.events)
        super().carry_out(effects)
        for fact in self.events[before:]:
            self.persistence.keep(fact)

    def all_at(self, price: float) -> None:
        """A tick of every instrument."""
        self.now_ms += 1000
        for index in range(len(self.trader.state.instrument_states)):
            self.seq += 1
            self.play([Tick(self.seq, index, 0, 0, 0, self.now_ms, 0, round(price * 100), 75, 0)])

    def tenth(self) -> None:
        self.beats += 1
        self.persistence.beat(self.beats * 100_000_000, self.now_ms)

    def count(self, kind: type[AnyEvent]) -> int:
        return sum(isinstance(row, kind) for row in self.rows)


def size(rows: list[AnyEvent]) -> int:
    return sum(len(msgspec.json.encode(row)) for row in rows)


@pytest.mark.parametrize("held", [1, 40, 1000])
def test_a_minute_of_movement_takes_a_bounded_room(record_property, held: int) -> None:
    harness = Kept(held)
    harness.all_at(100)
    harness.all_at(101)
    assert sum(each is not None for each in harness.trader.state.portfolio.positions) == held
    begun = len(harness.rows)
    inst = harness.trader.state.instrument_states[0]
    for _ in range(MINUTE):
        for position in harness.trader.state.portfolio.positions:  # prices that rise all the time, each of them
            position.follow(position.highest + 10)
        inst.last_price += 10
        harness.tenth()
    taken = size(harness.rows[begun:])
    record_property("bytes_a_minute", taken)
    assert taken < 1_000_000
    assert harness.count(LevelsMoved) >= min(240, held)


def test_fills_without_end_take_a_bounded_room_besides_their_own_rows() -> None:
    harness = Kept(200)
    harness.all_at(100)
    for price in range(101, 161):
        harness.all_at(price)
        for _ in range(10):
            harness.persistence._changed = True  # something happened before each beat
            harness.tenth()
    assert size([row for row in harness.rows if isinstance(row, StateKept)]) < 700_000


def test_a_change_is_kept_on_the_next_beat_and_not_before() -> None:
    harness = Kept(1)
    harness.prices(100, 101)
    assert (harness.count(FillBooked), harness.count(StateKept)) == (1, 1)
    harness.tenth()
    assert harness.count(StateKept) == 2
    assert isinstance(harness.rows[-1], StateKept)
    assert exact_fields(harness.rows[-1]) == exact_fields(harness.trader.state.keep(0))


def test_while_nothing_changes_nothing_is_kept() -> None:
    harness = Kept(1)
    harness.prices(100, 101)
    for _ in range(MINUTE):
        harness.tenth()
    before = len(harness.rows)
    for _ in range(MINUTE):
        harness.tenth()
    assert len(harness.rows) == before


def test_prices_of_what_is_held_are_kept_every_five_seconds() -> None:
    harness = Kept(1, "risk.trail_activation_points=1000")
    harness.prices(100, 101)
    harness.tenth()
    before = harness.count(StateKept)
    for number in range(MINUTE):
        harness.prices(100 - number % 2)
        harness.tenth()
    assert 10 <= harness.count(StateKept) - before <= 12


def test_levels_are_kept_four_times_a_second_at_the_most_and_not_after_a_fill_that_told_them() -> None:
    harness = Kept(1)
    harness.prices(100, 101)
    harness.tenth()
    assert harness.count(LevelsMoved) == 0
    for number in range(100):
        harness.prices(102 + number, step_ms=100)
        harness.tenth()
    assert 30 <= harness.count(LevelsMoved) <= 40


def test_the_account_is_known_after_every_row_however_seldom_it_is_kept() -> None:
    harness = Kept(3, "risk.base_sl_points=5")
    account = None
    for price in (100, 101, 103, 90, 91, 92, 95, 80, 81, 82, 99, 70):
        harness.all_at(price)
        harness.persistence.levels()
        for row in harness.rows:
            if account is None:
                assert isinstance(row, StateKept)
                account = JournalledAccount(row)
            else:
                account.take(row)  # type: ignore[arg-type]
        harness.rows.clear()
        assert account is not None
        assert exact_fields(account.state()) == exact_fields(harness.trader.state.keep(harness.now_ms))
    assert harness.count(StateKept) == 0
    assert harness.trader.state.portfolio.trades > 3


def test_a_run_that_keeps_no_account_keeps_it_once_to_name_its_instruments() -> None:
    harness = Kept(1, keeps_account=False)
    harness.prices(100, 101)
    for _ in range(MINUTE):
        harness.tenth()
    assert (harness.count(StateKept), harness.count(LevelsMoved)) == (1, 0)
    assert harness.count(FillBooked) == 1


def test_of_orders_at_a_real_broker_a_part_moves_the_account_and_what_is_only_read_has_no_row() -> None:
    kept = Kept(1)
    before = len(kept.rows)
    for asked in (ReadRound(1), ReadOrder(1, "U1"), ReadQuote(0), LogIn()):
        kept.persistence.keep(asked)
    assert len(kept.rows) == before
    kept.persistence.keep(AmendOrder(1, "B1", 0, 75, 10_000, "EXIT"))
    kept.persistence.account(kept.now_ms)
    assert len(kept.rows) == before + 1
    kept.persistence.keep(PartFilled(Fill(1, 0, "SELL", 75, 10_000, 1), None, "100", {}))
    kept.persistence.account(kept.now_ms)
    assert isinstance(kept.rows[-1], StateKept)
