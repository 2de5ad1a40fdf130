"""Money and quantities are conserved, whatever the fills; levels are what the configuration says."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.errors import ConfigError
from engine.model.state import state_hash
from engine.model.types import Fill, Instrument
from engine.trading.costs import PercentCosts, total
from engine.trading.portfolio import Portfolio
from engine.trading.positions import Levels, Position
from engine.trading.risk import Sizing
from tests.support.builders import config, nifty

CAPITAL = Decimal(1_000_000)

fills = st.lists(
    st.tuples(st.sampled_from(("BUY", "SELL")), st.integers(1, 40).map(lambda lots: lots * 75), st.integers(5, 90_000)),
    max_size=30,
)


def new_book(*overrides, instruments=1):
    risk = config(*overrides).risk
    listed = (nifty(),) * instruments
    return Portfolio(
        listed, tuple(Levels.of(risk, each) for each in listed), (PercentCosts(risk),) * instruments, CAPITAL
    )


def bought(portfolio, fill):
    return portfolio.buy(fill, fill.price, portfolio.charge(fill))


def sold(portfolio, fill, reason="test"):
    return portfolio.sell(fill, reason, portfolio.charge(fill))


def book_all(portfolio, stream):
    trades = []
    for n, (side, quantity, price) in enumerate(stream):
        fill = Fill(n, 0, side, quantity, price, n)
        if side == "BUY":
            bought(portfolio, fill)
        else:
            trades.append(sold(portfolio, fill))
    return [trade for trade in trades if trade is not None]


@given(fills)
def test_position_is_the_sum_of_fills(stream):
    portfolio = new_book()
    book_all(portfolio, stream)
    assert portfolio.net(0) == sum(quantity if side == "BUY" else -quantity for side, quantity, _ in stream)
    assert portfolio.positions[0] is None or portfolio.positions[0].quantity > 0


@given(fills)
def test_cash_is_capital_less_what_was_paid(stream):
    portfolio = new_book()
    book_all(portfolio, stream)
    spent = sum(q * p if side == "BUY" else -q * p for side, q, p in stream)
    assert portfolio.cash == CAPITAL - Decimal(spent) / 100 - portfolio.costs_paid


@given(fills)
def test_results_of_exits_and_what_is_open_add_up_to_the_change_of_cash(stream):
    portfolio = new_book()
    trades = book_all(portfolio, [each for each in stream if each[0] == "BUY"][:1] + stream)
    if portfolio.stray[0]:
        return  # sold more than was held: that part has no entry to compare with
    position = portfolio.positions[0]
    invested = Decimal(position.entry_turnover) / 100 + position.entry_costs if position else Decimal(0)
    assert CAPITAL + sum((trade.net_pnl for trade in trades), Decimal(0)) == portfolio.cash + invested
    assert portfolio.realised == sum((trade.net_pnl for trade in trades), Decimal(0))


@given(fills)
def test_a_book_put_aside_and_taken_back_is_the_same(stream):
    portfolio, again = new_book(), new_book()
    book_all(portfolio, stream)
    fields = {}
    portfolio.dump(fields)
    again.load(fields)
    other = {}
    again.dump(other)
    assert state_hash(fields) == state_hash(other)


def test_entry_costs_are_shared_out_by_quantity():
    portfolio = new_book()
    bought(portfolio, Fill(1, 0, "BUY", 525, 21600, 1))
    paid = portfolio.costs_paid
    first = sold(portfolio, Fill(2, 0, "SELL", 150, 22200, 2), "Take Profit 1")
    assert first.gross_pnl == 900
    assert first.costs == (paid * 150 / 525).quantize(Decimal("1e-9")) + Decimal("21.29202")
    second = sold(portfolio, Fill(3, 0, "SELL", 375, 21800, 3), "Trailing Stop")
    assert first.net_pnl + second.net_pnl == portfolio.cash - CAPITAL


@pytest.mark.parametrize(
    ("overrides", "selling", "turnover", "expected"),
    [
        ((), True, "33300", "21.29202"),
        ((), False, "33300", "12.96702"),
        (("risk.commission_per_trade=20",), False, "33300", "24.77882"),
        (("risk.gst_percent=0", "risk.stt_percent=0"), True, "1000", "0.33"),
    ],
)
def test_costs(overrides, selling, turnover, expected):
    kinds = PercentCosts(config(*overrides).risk).of(Decimal(turnover), 1, 0, selling=selling)
    assert total(kinds) == Decimal(expected)


@given(st.integers(1, 10**9), st.integers(1, 500_000), st.sampled_from(("0", "20", "5000")))
def test_size_is_the_largest_that_fits(rupees, price, commission):
    risk = config(f"risk.commission_per_trade={commission}", "risk.max_position_value_percent=100").risk
    costs = PercentCosts(risk)
    instrument = nifty()
    cash = Decimal(rupees)
    quantity = Sizing(risk).quantity(cash, price, instrument, costs, 0)

    def fits(lots):
        turnover = instrument.money(lots * 75 * price)
        return turnover + total(costs.of(turnover, 1, 0, selling=False)) <= cash

    lots, rest = divmod(quantity, 75)
    assert rest == 0
    assert lots == 0 or fits(lots)
    assert not fits(lots + 1) or instrument.money((lots + 1) * 75 * price) > cash


def test_levels_round_up_so_that_whole_prices_compare_exactly():
    coarse = Instrument("X", price_scale=10, tick_size=1)
    levels = Levels.of(
        config("risk.base_sl_points=15.01", "risk.tp_points=[5.01]", "risk.tp_percents=[1]").risk, coarse
    )
    assert (levels.stop, levels.targets) == (151, (51,))


def test_a_slippage_finer_than_the_price_step_is_an_error():
    coarse = Instrument("X", price_scale=10, tick_size=1)
    with pytest.raises(ConfigError, match=r"risk.slippage_points = 0.05: must be a multiple of 0.1"):
        Levels.of(config("risk.slippage_points=0.05").risk, coarse)


@given(
    st.lists(st.integers(1, 60_000), min_size=1, max_size=60),
    st.integers(1, 40),
    st.integers(5000, 40_000),
)
def test_levels_and_quantities_hold_on_any_path(path, lots, entry):
    """Stops never fall, no exit sells more than is held, every exit has the reason that its price gives."""
    instrument = nifty()
    levels = Levels.of(config().risk, instrument)
    position = Position(instrument, levels, price=entry, at_ms=0)
    position.add(lots * 75, entry, Decimal(0))
    trail = None
    for n, price in enumerate(path):
        due = position.exits(price, n)
        assert sum(each.quantity for each in due) <= position.quantity
        if position.trail_stop is not None:
            assert trail is None or position.trail_stop >= trail
            trail = position.trail_stop
        for each in due:
            if each.reason == "Stop Loss":
                assert price <= entry - 1500
            elif each.reason == "Trailing Stop":
                assert entry - 1500 < price <= trail
            else:
                assert price >= entry + levels.targets[each.target]
            position.reduce(each.quantity)
        if not position.quantity:
            break
    assert position.quantity >= 0


@given(st.lists(st.integers(1, 60_000), min_size=1, max_size=60), st.integers(5000, 40_000))
def test_the_quick_look_misses_no_exit(path, entry):
    """A tick that passes the four comparisons of the hot path has no exit due and moves no level."""
    instrument = nifty()
    position = Position(instrument, Levels.of(config().risk, instrument), price=entry, at_ms=0)
    position.add(10 * 75, entry, Decimal(0))
    for price in path:
        if price > position.highest:
            position.follow(price)
        quick = price > position.floor and price < position.ceiling
        before = (position.highest, position.trail_stop, position.taken)
        due = position.exits(price, 0)
        if quick:
            assert not due
            assert (position.highest, position.trail_stop, position.taken) == before
        for each in due:
            position.reduce(each.quantity)
        if not position.quantity:
            break


def test_average_price_of_several_buys():
    portfolio = new_book()
    bought(portfolio, Fill(1, 0, "BUY", 75, 10000, 1))
    position = bought(portfolio, Fill(1, 0, "BUY", 150, 10300, 1))
    assert position.entry_price == round(Fraction(75 * 10000 + 150 * 10300, 225))
