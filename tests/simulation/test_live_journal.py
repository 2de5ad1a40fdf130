"""The journal of a session at a real broker: its rows alone tell the account that the trader has, after each of them."""

from copy import deepcopy
from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.journal import JournalledAccount
from engine.journal.live_day import DatedRow, SentRequest, told
from engine.journal.rows import Entry
from engine.model.events import FillBooked, StateKept, Submit, TradeClosed
from engine.model.order_reports import Accepted
from engine.model.order_requests import PlaceOrder
from engine.model.order_rows import Ended, External, PartFilled, SendBegun
from engine.model.state import Plain
from engine.model.types import Fill, PositionState
from engine.trading.costs import total
from engine.trading.kept_orders import parts_in
from engine.trading.orders.blotter import Blotter
from engine.trading.portfolio import strays_in
from tests.simulation.play import MISCHIEF, NAMES, RULES, Play
from tests.support.journal_harness import exact_fields
from tests.support.thorough import examples


@pytest.mark.parametrize("seed", range(1, examples(8) + 1))
def test_the_rows_tell_the_account_after_whatever_happens(seed: int) -> None:
    play = Play(seed, MISCHIEF)
    play.session.keeps_every = seed % 3 * 4  # from an account that was kept on, or from the first row
    session = play.go(120)
    kinds = {type(row) for row in session.rows}
    assert {Submit, PlaceOrder, SendBegun, Accepted, PartFilled, Ended, External, FillBooked, TradeClosed} <= kinds
    assert session.replayed() == session.trader.state.dump()


@pytest.mark.parametrize("seed", range(11, examples(4) + 11))
def test_they_do_with_a_stop_at_the_broker(seed: int) -> None:
    play = Play(seed, MISCHIEF, (*RULES, "live.net_points=4"))
    session = play.go(120)
    nets = {row.order for row in session.rows if isinstance(row, PlaceOrder) and row.purpose == "NET"}
    assert nets & {row.order for row in session.rows if isinstance(row, Ended)}
    assert session.replayed() == session.trader.state.dump()


# ── Cut off ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def missing(account: JournalledAccount) -> Decimal:
    """What cash lacks of what it began with, less what was won, what is held, and what exits under way have brought."""
    money, kept = account.cash_account, account.state()
    held = sum(
        account.instrument(at).money(each.entry_turnover) + each.entry_costs for at, each in account.held.items()
    )
    brought = Decimal(0)
    for number, parts in parts_in(kept.fields).items():
        order = account.live.open[number]
        if order.side == "SELL":
            gross = account.instrument(order.instrument).money(parts.turnover - parts.entry_turnover)
            brought += gross - total(parts.costs) - parts.entry_costs
    return money.cash + held - money.realised - brought


def but_orders(kept: StateKept) -> dict[str, Plain | Decimal]:
    """Of an account all that no rows of orders tell."""
    return {name: value for name, value in exact_fields(kept).items() if not name.startswith("orders.")}


@pytest.mark.parametrize("seed", range(21, 25))
def test_cut_off_behind_any_row_no_money_and_no_trade_is_lost(seed: int) -> None:
    play = Play(seed, MISCHIEF)
    session = play.go(60)
    account, nets = JournalledAccount(session.begun), [0, 0]
    capital = account.cash_account.cash
    for at, row in enumerate(session.rows):
        account.take(row)  # type: ignore[arg-type]
        if isinstance(row, PartFilled):
            nets[row.fill.instrument] += row.fill.quantity if row.fill.side == "BUY" else -row.fill.quantity
        if isinstance(row, TradeClosed):
            assert row.trade.number == account.cash_account.trades
        elif account.trades.untold is not None:
            told = session.rows[at + 1]
            assert isinstance(told, TradeClosed)
            assert replace(told.trade, blind=False) == account.trades.untold
        cut = deepcopy(account)
        cut.end_run()
        assert [cut.net().get(index, 0) for index in (0, 1)] == nets
        kept = cut.state()
        if not any(strays_in(kept.fields).values()):  # else a flat has sold what others had bought
            assert missing(cut) == capital
        assert set(cut.live.parts) <= set(cut.live.open)
        assert exact_fields(JournalledAccount(kept).state()) == exact_fields(kept)
        taker = session.another()
        taker.state.restore(kept)
        assert but_orders(taker.state.keep(0)) == but_orders(kept)


# ── Restarts ────────────────────────────────────────────────────────────────────────────────────────────────────────


def known(blotter: Blotter) -> tuple[object, ...]:
    """What a restart must know of a day's orders, and of what others did."""
    orders = {number: (each.tag, each.filled, each.turnover) for number, each in blotter.orders.items()}
    return orders, blotter.last_number, blotter.net, blotter.others.foreign, blotter.others.fills


@pytest.mark.parametrize("seed", [14, 15, 92, *range(31, 31 + examples(4))])
def test_a_run_after_a_crash_knows_all_orders_and_goes_on_with_that_account(seed: int) -> None:
    """A session with three crashes: what was over is over, what may be out is looked for, and the rows tell the account all along."""
    play = Play(seed, MISCHIEF)
    session = play.session
    for _ in range(3):
        play.go(25 + play.chance.randint(0, 9))
        session.pass_time(session.now_ms + play.chance.randint(1, 900))
        before = session.trader.orders.desk.blotter
        day = session.killed(play.chance.choice((50, 1_500, 9_000)))
        after = session.trader.orders.desk.blotter
        assert known(after) == known(before)
        assert {number for number, each in before.orders.items() if each.is_over} <= {
            number for number, each in after.orders.items() if each.is_over
        }
        held = {index: net for index, net in enumerate(after.net) if net}
        assert held == session.account.net() or any(strays_in(session.account.state().fields).values())
        assert session.trader.orders.desk.budget.orders == sum(each.order for each in day.sent) <= len(after.orders)
    play.go(30)


def test_others_trade_that_was_not_booked_any_more_is_told_anew() -> None:
    held = External("B1", "F1", 0, NAMES[0].symbol, "SELL", 75, 10_000, 75)
    part = PartFilled(Fill(0, 0, "SELL", 75, 10_000, 1), None, "1", {})
    rest = External("B2", "F2", 0, NAMES[0].symbol, "SELL", 75, 10_000, 0)
    symbols = tuple(each.symbol for each in NAMES)

    def rows(*entries: Entry) -> tuple[object, ...]:
        return told([DatedRow(1, each, symbols) for each in entries], symbols).rows

    assert rows(held) == ()
    assert rows(held, part) == (held, part)
    assert rows(held, rest) == (rest,)


def test_rows_name_instruments_as_they_are_numbered_now_and_leave_out_what_is_not_listed_any_more() -> None:
    first, second = (
        PlaceOrder(number, f"LA{number}", number - 1, "BUY", 75, 10_000, "ENTRY", 10_000, "Entry", wish=number)
        for number in (1, 2)
    )
    rows = [DatedRow(5_000_000, each, ("A", "B")) for each in (first, SendBegun(1), second, SendBegun(2))]
    day = told(rows, ("C", "B"))
    assert day.rows == (second, SendBegun(2))
    assert day.sent == (SentRequest(5, entry=True, order=True),) * 2


def test_what_an_earlier_day_has_left_unfinished_is_over_with_it_and_its_exit_is_counted() -> None:
    """A partly filled exit and an entry without any fill, whose end no row tells any more: the next day books them, once."""
    session = Play(3, "").go(1)
    account = JournalledAccount(session.begun)
    taken = PositionState(0, 150, 1, 10_000, 150, 10_000, 9_700, None, 0, 1_500_000, Decimal(0))
    left = replace(taken, quantity=75, entry_turnover=750_000)
    rows: tuple[Entry, ...] = (
        PartFilled(Fill(899, 0, "BUY", 150, 10_000, 1), taken, "85000", {}),
        FillBooked(Fill(899, 0, "BUY", 150, 10_000, 1), taken, "85000"),
        PlaceOrder(900, "LA1A0001000IX", 0, "SELL", 150, 10_000, "EXIT", 10_000, "Stop Loss", wish=90),
        PartFilled(Fill(900, 0, "SELL", 75, 10_100, 1), left, "92575", {}),
        PlaceOrder(901, "LA1A0001000JE", 1, "BUY", 35, 20_000, "ENTRY", 20_000, "Entry", wish=91),
    )
    for row in rows:
        account.take(row)
    account.gate.day_entries = 5
    kept = account.state()
    taker = session.another()
    taker.state.restore(kept)
    session.trader, session.account = taker, JournalledAccount(kept)
    session.pass_time(session.now_ms + 200)
    over = [row for row in session.rows if isinstance(row, Ended) and row.order >= 900]
    assert [(each.order, each.state, each.filled) for each in over] == [(900, "CANCELLED", 75), (901, "CANCELLED", 0)]
    (trade,) = (row.trade for row in session.rows if isinstance(row, TradeClosed))
    assert (trade.quantity, trade.number, trade.reason, trade.gross_pnl) == (75, 1, "Stop Loss", 75)
    state = taker.state
    assert (state.portfolio.trades, state.gate.day_entries, state.orders.last_number) == (1, 4, 901)
    assert parts_in(state.keep(0).fields) == {}
