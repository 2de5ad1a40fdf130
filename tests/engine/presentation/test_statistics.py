"""Statistics of trades: by positions, of a day and of all; exact, bounded, and nothing where there is nothing to divide by."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.events import DayStarted, FillBooked, StateKept, TradeClosed
from engine.model.statistics import DayStatistics
from engine.model.types import Fill, Instrument
from engine.presentation.statistics import OTHER, TradeStatistics
from engine.trading.costs import CostBook, total
from engine.trading.portfolio import Portfolio
from engine.trading.positions import Levels
from tests.support.builders import config
from tests.support.recomputed import recomputed
from tests.support.thorough import examples

SYMBOLS = ("CALL", "PUT", "COIN")
SETTINGS = config().risk
LISTED = tuple(Instrument(symbol) for symbol in SYMBOLS)


class Account:
    """A portfolio that is told fills and says what the trader would."""

    def __init__(self) -> None:
        levels = tuple(Levels.of(SETTINGS, each) for each in LISTED)
        self.portfolio = Portfolio(LISTED, levels, CostBook(config(), LISTED).by_instrument, Decimal(1_000_000))
        self.events = []
        self.day = 0

    def buy(self, index: int, quantity: int, price: int) -> None:
        fill = Fill(1, index, "BUY", quantity, price, 0)
        kinds = self.portfolio.charge(fill)
        position = self.portfolio.buy(fill, price, kinds)
        self.events.append(FillBooked(fill, position.state(index), str(self.portfolio.cash), kinds))

    def sell(self, index: int, quantity: int, price: int, reason: str = "Stop Loss") -> None:
        fill = Fill(1, index, "SELL", quantity, price, 0)
        kinds = self.portfolio.charge(fill)
        trade = self.portfolio.sell(fill, reason, kinds)
        left = self.portfolio.positions[index]
        self.events.append(FillBooked(fill, left.state(index) if left else None, str(self.portfolio.cash), kinds))
        if trade is not None:
            self.events.append(TradeClosed(trade))

    def next_day(self) -> None:
        self.day += 1
        self.events.append(DayStarted(f"2026-11-{self.day:02}", 0))

    def followed(self) -> TradeStatistics:
        counted = TradeStatistics(SYMBOLS)
        for event in self.events:
            counted.take(event)
        return counted


@st.composite
def accounts(draw) -> Account:
    """Any sequence of fills and days, sells beyond what is held too."""
    account = Account()
    steps = st.tuples(
        st.sampled_from(("buy", "sell", "sell", "all", "day")),
        st.integers(0, 2),
        st.integers(1, 4),
        st.integers(90, 110),
        st.sampled_from(("Stop Loss", "Take Profit 1")),
    )
    account.next_day()
    for what, index, lots, price, reason in draw(st.lists(steps, max_size=25)):
        match what:
            case "buy":
                account.buy(index, 75 * lots, price * 100)
            case "sell":
                account.sell(index, 75 * lots, price * 100, reason)
            case "all" if account.portfolio.positions[index]:
                account.sell(index, account.portfolio.positions[index].quantity, price * 100, reason)
            case "day":
                account.next_day()
    return account


@settings(max_examples=examples(60))
@given(accounts())
def test_any_fills_and_days_come_to_what_counting_by_hand_comes_to(account):
    counted, by_hand = account.followed(), recomputed(account.events)
    assert counted.total == by_hand[""]
    assert counted.day == by_hand[counted.day.date]
    assert counted.total.net == account.portfolio.realised
    assert counted.total.exits == account.portfolio.trades
    assert counted.total.entries == account.portfolio.entries
    assert counted.total.drawdown == account.portfolio.drawdown
    assert total(counted.total.costs_by_kind) == account.portfolio.costs_paid


@settings(max_examples=examples(40))
@given(accounts(), st.integers(0, 60))
def test_what_is_put_aside_anywhere_goes_on_as_if_nothing_had_been(account, cut):
    one, whole = TradeStatistics(SYMBOLS), account.followed()
    cut = min(cut, len(account.events))
    while cut < len(account.events) and isinstance(account.events[cut], TradeClosed):
        cut += 1  # a fill and its exit are one fact
    for event in account.events[:cut]:
        one.take(event)
    other = TradeStatistics(SYMBOLS)
    assert other.load(one.dump())
    for event in account.events[cut:]:
        other.take(event)
    assert (other.day, other.total) == (whole.day, whole.total)


def test_a_position_that_is_sold_in_parts_is_one_that_is_won():
    account = Account()
    account.next_day()
    account.buy(0, 225, 10_000)
    account.sell(0, 75, 12_000, "Take Profit 1")
    account.sell(0, 75, 12_000, "Take Profit 2")
    half = account.followed().day
    assert (half.exits, half.positions, half.won, half.profit_factor, half.win_rate) == (2, 0, 0, None, None)
    account.sell(0, 75, 9_000)
    account.buy(0, 75, 10_000)
    account.sell(0, 75, 9_000)
    day = account.followed().day
    assert (day.entries, day.exits, day.positions, day.won, day.lost) == (2, 4, 2, 1, 1)
    assert day.win_rate == Decimal("0.5")
    assert day.streak == -1
    assert day.reasons == {"Take Profit 1": 1, "Take Profit 2": 1, "Stop Loss": 2}
    assert day.profit_factor == day.profit / day.loss > 2
    assert day.net == day.gross - day.costs == day.profit - day.loss


def test_an_exit_is_of_its_day_and_a_position_of_the_day_it_ends_on():
    account = Account()
    account.next_day()
    account.buy(2, 150, 10_000)
    account.sell(2, 75, 11_000)
    first = account.followed().day
    account.next_day()
    account.sell(2, 75, 9_900)
    counted = account.followed()
    assert (first.date, counted.day.date, counted.total.date) == ("2026-11-01", "2026-11-02", "2026-11-01")
    assert (first.net > 0, counted.day.net < 0) == (True, True)
    assert (first.positions, counted.day.positions, counted.day.won) == (0, 1, 1)
    assert counted.day.best == first.net + counted.day.net == counted.total.net


def test_a_position_is_found_again_where_instruments_have_other_numbers():
    account = Account()
    account.next_day()
    account.buy(2, 150, 10_000)
    account.sell(2, 75, 11_000)
    counted = account.followed()
    half = counted.total.net
    fields = {"today": "2026-11-01", "book.entries": 1, "book.trades": 1}
    counted.take(StateKept(fields, ("COIN", "CALL"), 0))
    account.sell(2, 75, 11_000)
    booked, closed = account.events[-2:]
    counted.take(msgspec.structs.replace(booked, fill=msgspec.structs.replace(booked.fill, instrument=0)))
    counted.take(TradeClosed(msgspec.structs.replace(closed.trade, instrument=0)))
    assert counted.total.best == half + closed.trade.net_pnl


def test_an_account_that_begins_anew_has_statistics_of_its_own():
    account = Account()
    account.next_day()
    account.buy(0, 75, 10_000)
    account.sell(0, 75, 10_500)
    counted = account.followed()
    counted.take(StateKept({"today": "0001-01-01", "book.entries": 0, "book.trades": 0}, SYMBOLS, 0))
    assert (counted.day, counted.total) == (DayStatistics(), DayStatistics())


def test_reasons_beyond_count_are_counted_together():
    account = Account()
    account.buy(0, 75 * 100, 10_000)
    for number in range(50):
        account.sell(0, 75, 10_000, f"reason {number}")
    reasons = account.followed().total.reasons
    assert (len(reasons), reasons[OTHER]) == (41, 10)


@pytest.mark.parametrize(
    "wrong",
    [{"statistics.day.net": "NaN"}, {"statistics.total.won": "many"}, {"statistics.open.CALL": "-"},
     {"statistics.day.costs_by_kind.gst": "Infinity"}, {"statistics.day.reasons.Stop Loss": "x"}],
)  # fmt: skip
def test_what_dump_did_not_write_is_not_taken_and_changes_nothing(wrong):
    counted = TradeStatistics(SYMBOLS)
    counted.take(DayStarted("2026-11-30", 0))
    assert not counted.load({})
    assert not counted.load(counted.dump() | wrong)
    assert counted.day.date == "2026-11-30"
