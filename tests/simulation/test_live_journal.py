"""The journal of a session at a real broker: its rows alone tell the account that the trader has, after each of them."""

from copy import deepcopy
from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.journal import JournalledAccount
from engine.model.events import FillBooked, StateKept, Submit, TradeClosed
from engine.model.order_reports import Accepted
from engine.model.order_requests import PlaceOrder
from engine.model.order_rows import Ended, External, PartFilled, SendBegun
from engine.model.state import Plain
from engine.trading.costs import total
from engine.trading.kept_orders import parts_in
from engine.trading.portfolio import strays_in
from tests.simulation.play import MISCHIEF, Play
from tests.support.journal_harness import exact_fields
from tests.support.thorough import examples


@pytest.mark.parametrize("seed", range(1, examples(8) + 1))
def test_the_rows_tell_the_account_after_whatever_happens(seed: int) -> None:
    session = Play(seed, MISCHIEF).go(120)
    kinds = {type(row) for row in session.rows}
    assert {Submit, PlaceOrder, SendBegun, Accepted, PartFilled, Ended, External, FillBooked, TradeClosed} <= kinds
    assert session.replayed().state.dump() == session.trader.state.dump()


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
