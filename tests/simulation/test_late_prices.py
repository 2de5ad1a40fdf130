"""Prices that are told late: the stop stands where the position was entered, and no result is lost."""

from decimal import Decimal

from tests.simulation.session import account_of
from tests.simulation.stage import LOT, NIFTY, Stage


def bought_at_an_average(stage: Stage, lots: int) -> Stage:
    """Buy at prices whose average is no whole one; no trade book is there to tell them, and the entry is heard of in parts."""
    stage.exchange.fault(stage.now_ms, "trade_book lag 6000")
    asks = [(10_010, LOT), (10_015, 2 * LOT), (10_040, 9_999)]
    stage.exchange.set_book(stage.now_ms, NIFTY, [(10_000, 9_999)], asks, 10_000)
    stage.signal(0, lots * LOT, 10_000)
    return stage.go(1_000)


def test_an_entry_that_is_sold_in_part_keeps_its_own_price_when_that_is_told() -> None:
    stage = bought_at_an_average(Stage(), 7)
    exact = LOT * (10_010 + 2 * 10_015 + 4 * 10_040)
    stage.sell(6).go(12_000)
    position = stage.trader.state.portfolio.positions[0]
    assert position is not None
    assert position.quantity == LOT
    assert abs(position.entry_price - round(exact / (7 * LOT))) <= 1
    book = stage.trader.state.portfolio
    held = Decimal(position.entry_turnover) / 100 + position.entry_costs
    assert book.cash == Decimal(100_000_000) + book.realised - held


def test_the_journal_comes_to_the_same_account() -> None:
    stage = bought_at_an_average(Stage(), 7)
    stage.sell(6).go(12_000)
    kept = account_of([row.content for row in stage.journal._rows], 2)
    assert kept is not None
    book = stage.trader.state.portfolio
    for name in ("cash", "realised", "day_realised", "costs_paid"):
        assert Decimal(str(kept.fields[f"book.{name}"])) == getattr(book, name)
