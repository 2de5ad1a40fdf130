"""What orders at a real broker leave in the account: quantities at once, trade, costs and memory once an order."""

from decimal import Decimal
from typing import TypeVar

import pytest

from engine.model.commands import Flat
from engine.model.events import AnyEvent, FillBooked, OrderCancelled, OrderRejected, TradeClosed
from engine.model.order_rows import ClosedOthers, OrderWarned, PartFilled
from engine.model.types import Fill, Trade
from engine.text.sanitize import CleanText
from engine.trading.strategy.ema_macd_vwap import Strategy
from tests.simulation.stage import LOT, NIFTY, Stage

Told = TypeVar("Told", bound=AnyEvent)


class Memory:
    """Counts what the strategy is told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.entries = 0
        self.exits: list[bool] = []
        monkeypatch.setattr(Strategy, "on_entry", self._on_entry)
        monkeypatch.setattr(Strategy, "on_exit", self._on_exit)

    def _on_entry(self) -> None:
        self.entries += 1

    def _on_exit(self, *, stop_loss: bool) -> None:
        self.exits.append(stop_loss)


def of(stage: Stage, kind: type[Told]) -> list[Told]:
    return [event for event in stage.told if isinstance(event, kind)]


def trades(stage: Stage) -> list[Trade]:
    return [event.trade for event in of(stage, TradeClosed)]


def in_two_steps(stage: Stage) -> Stage:
    """Buy four lots: two at 100.10, two at 100.20."""
    stage.exchange.set_book(stage.now_ms, NIFTY, [(10_000, 9_999)], [(10_010, 2 * LOT), (10_020, 9_999)], 10_000)
    return stage.buy(4)


def test_an_entry_in_parts_is_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory(monkeypatch)
    stage = in_two_steps(Stage())
    (booked,) = of(stage, FillBooked)
    assert (booked.fill.quantity, booked.fill.price, booked.turnover) == (4 * LOT, 10_015, 0)
    book = stage.trader.state.portfolio
    whole = book.charge(Fill(1, 0, "BUY", 4 * LOT, 10_015, stage.now_ms))
    assert booked.costs == whole
    assert book.cash == Decimal(100_000_000) - Decimal("100.15") * 4 * LOT - sum(whole.values())
    assert (memory.entries, book.entries) == (1, 1)
    assert sum(each.fill.quantity for each in of(stage, PartFilled)) == 4 * LOT


def test_an_exit_in_parts_is_one_trade(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory(monkeypatch)
    stage = in_two_steps(Stage())
    stage.exchange.set_book(stage.now_ms, NIFTY, [(10_100, LOT), (10_080, 9_999)], [(10_110, 9_999)], 10_100)
    stage.sell(4).go(5_000)
    (trade,) = trades(stage)
    assert (trade.quantity, trade.exit_price, trade.gross_pnl) == (4 * LOT, 10_085, Decimal("0.70") * 4 * LOT)
    book = stage.trader.state.portfolio
    assert book.cash == Decimal(100_000_000) + trade.net_pnl == Decimal(100_000_000) + book.realised
    assert (memory.entries, memory.exits, book.trades) == (1, [True], 1)


def test_a_part_can_be_sold_while_it_is_not_known_that_the_entry_is_over() -> None:
    stage = Stage()
    stage.exchange.set_book(stage.now_ms, NIFTY, [(10_000, 9_999)], [(10_010, LOT)], 10_000)
    stage.signal(0, 3 * LOT, 10_000)
    stage.go(400)
    assert stage.trader.state.portfolio.net(0) == LOT
    stage.sell(1).go(8_000)
    assert stage.held == (0, 0)
    assert [trade.quantity for trade in trades(stage)] == [LOT]
    assert len(of(stage, OrderCancelled)) == 1


def test_prices_that_an_average_has_rounded_are_put_right_by_the_trades() -> None:
    stage = Stage()
    stage.exchange.set_book(
        stage.now_ms, NIFTY, [(10_000, 9_999)], [(10_010, LOT), (10_015, LOT), (10_020, 5 * LOT)], 10_000
    )
    stage.buy(7)
    exact = LOT * (10_010 + 10_015 + 5 * 10_020)
    (booked,) = of(stage, FillBooked)
    position = stage.trader.state.portfolio.positions[0]
    assert position is not None
    assert position.entry_turnover == exact == booked.turnover
    assert stage.trader.state.portfolio.cash == Decimal(100_000_000) - Decimal(exact) / 100 - position.entry_costs


def test_what_somebody_else_sold_of_ours_is_a_trade_of_its_own() -> None:
    stage = Stage().buy(4)
    stage.exchange.fault(stage.now_ms, f"external {-LOT} {NIFTY}")
    stage.go(6_000)
    assert [(trade.quantity, trade.reason) for trade in trades(stage)] == [(LOT, "External")]
    assert stage.trader.state.gate.locked == f"somebody else traded {LOT} {NIFTY}"


def test_the_broker_squares_off() -> None:
    stage = Stage().buy(2)
    stage.exchange.fault(stage.now_ms, "square_off")
    stage.go(8_000)
    assert [(trade.quantity, trade.reason) for trade in trades(stage)] == [(2 * LOT, "Broker square-off")]
    assert stage.held == (0, 0)


def test_two_entries_do_not_spend_the_same_cash() -> None:
    stage = Stage()
    state = stage.trader.state
    before = state.free_cash()
    stage.signal(0, 10 * LOT, 10_000)
    stage.signal(1, 30, 20_000)
    reserved = Decimal(10 * LOT * 101 + 30 * 202)
    assert state.free_cash() == before - reserved
    stage.go(4_000)
    assert state.free_cash() == state.portfolio.cash


def test_a_refusal_is_told_in_the_brokers_words_and_gives_its_place_in_the_day_back() -> None:
    stage = Stage("at place 1: place reject funds").buy(1)
    (told,) = of(stage, OrderRejected)
    assert "Insufficient Funds" in told.reason
    assert stage.trader.state.gate.day_entries == 0
    assert stage.trader.state.gate.halted == "refused: funds"


def test_an_exit_that_came_to_nothing_is_judged_again() -> None:
    stage = Stage().buy(2)
    position = stage.trader.state.portfolio.positions[0]
    assert position is not None
    stage.exchange.fault(stage.now_ms, "place lost")
    stage.sell(2).go(2_000)
    assert position.exiting == 2 * LOT
    stage.go(25_000)
    assert (stage.held, len(trades(stage))) == ((0, 0), 1)


def test_a_flat_closes_what_ticks_would_close_too_and_once() -> None:
    stage = Stage().buy(2)
    stage.begin_flat("key")
    stage.price(NIFTY, 9_000)
    stage.go(12_000)
    assert (stage.flat, stage.held) == ("FLAT", (0, 0))
    assert [trade.reason for trade in trades(stage)] == ["Flat"]
    assert stage.trader.state.gate.locked == "flat: key"


def test_books_that_contradict_ours_are_a_mismatch() -> None:
    stage = Stage().buy(2)
    stage.exchange.fault(stage.now_ms, f"positions wrong {LOT} x6")
    stage.go(25_000)
    assert not any(
        "MISMATCH" in each.text for each in of(stage, OrderWarned)
    )  # a round that contradicts itself is none
    assert stage.held == (2, 2)


@pytest.mark.parametrize("moment_ms", [200, 900, 2_500, 5_000])
def test_the_state_is_whole_in_its_dump(moment_ms: int) -> None:
    stage = Stage("at place 2: place reject price\np 0.2 modify: modify 5xx").buy(4)
    stage.exchange.set_book(stage.now_ms, NIFTY, [(9_700, LOT)], [(10_010, 9_999)], 10_000)
    stage.sell(4).go(moment_ms)
    before = stage.trader.state.dump()
    other, whole = stage._trader(stage._begun), dict(before)
    stage.trader.state.dump_told(whole)
    other.load(whole)
    assert other.state.dump() == before
    assert stage.replayed() == before


def test_a_flat_that_is_asked_for_again_sends_what_waits_for_a_person() -> None:
    stage = Stage("at place 2: place reject ip at_once").buy(1)
    stage.begin_flat("key")
    stage.go(1_000)
    (wish,) = stage.pursuit.wishes.values()
    assert wish.hold.startswith("refused: ip")
    stage.command(Flat(CleanText("again")))
    stage.go(1_000)  # long before it is tried again by itself
    assert stage.held == (0, 0)
    stage.go(7_000)
    assert stage.flat == "FLAT"


@pytest.mark.parametrize("lots", [1, -1])
def test_what_a_flat_closes_of_others_is_not_ours(lots: int) -> None:
    stage = Stage()
    before = stage.trader.state.portfolio.cash
    stage.exchange.fault(stage.now_ms, f"external {lots * LOT} {NIFTY}")
    stage.go(6_000)
    stage.begin_flat("key")
    stage.go(10_000)
    assert (stage.flat, stage.exchange.net[NIFTY]) == ("FLAT", 0)
    portfolio = stage.trader.state.portfolio
    assert (portfolio.net(0), portfolio.cash, stage.blotter.others.foreign[NIFTY]) == (0, before, 0)
    assert [each.quantity for each in of(stage, ClosedOthers)] == [LOT]
    stage.crash(1_000)
    stage.go(6_000)
    assert (stage.blotter.net[0], stage.blotter.others.foreign[NIFTY]) == (0, 0)


def test_of_a_flat_that_closes_ours_and_others_ours_alone_is_booked() -> None:
    stage = Stage().buy(2)
    stage.exchange.fault(stage.now_ms, f"external {3 * LOT} {NIFTY}")
    stage.go(6_000)
    stage.exchange.set_book(
        stage.now_ms, NIFTY, [(10_000, LOT), (9_990, LOT), (9_980, 99_999)], [(10_010, 9_999)], 10_000
    )
    stage.begin_flat("key")
    stage.go(12_000)
    assert (stage.flat, stage.exchange.net[NIFTY]) == ("FLAT", 0)
    (trade,) = trades(stage)
    assert (trade.quantity, trade.reason) == (2 * LOT, "Flat")
    assert stage.trader.state.portfolio.net(0) == 0
    assert sum(each.quantity for each in of(stage, ClosedOthers)) == 3 * LOT
