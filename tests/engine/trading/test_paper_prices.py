"""Paper fills never improve on the price they were decided at: a buy not below it, a sell not above it, on the grid."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.commands import Flat
from engine.model.events import InstrumentWarned
from engine.model.types import Instrument
from engine.text.sanitize import CleanText
from engine.trading.positions import Levels
from tests.support.builders import EAGER, config, tick
from tests.support.trader_harness import TraderHarness

PRICES = st.integers(1, 100_000)
TICKS = st.sampled_from([1, 2, 5, 7, 10, 100, 5_000])
SLIPPAGE = st.integers(0, 400)


def coin(tick_size: int) -> Instrument:
    return Instrument(CleanText("COIN"), price_scale=100, tick_size=tick_size, lot_size=1)


def levels(tick_size: int, entry: int, leave: int) -> Levels:
    keys = (f"risk.slippage_points={Decimal(entry) / 100}", f"risk.slippage_points_exit={Decimal(leave) / 100}")
    return Levels.of(config(*keys).risk, coin(tick_size))


@given(PRICES, TICKS, SLIPPAGE, SLIPPAGE)
def test_no_fill_improves_on_the_price_it_was_decided_at(price: int, tick_size: int, entry: int, leave: int) -> None:
    one = levels(tick_size, entry, leave)
    buy, sell = one.buy_price(price), one.sell_price(price)
    assert buy >= price + entry
    assert 0 < sell <= price
    assert sell <= max(price - leave, tick_size if price >= tick_size else 1)
    if price >= tick_size:
        assert buy % tick_size == sell % tick_size == 0
        assert buy < price + entry + tick_size
        assert sell > price - leave - tick_size
    if price % tick_size == 0 and not entry and not leave:
        assert buy == sell == price


@given(st.lists(st.integers(1, 60), min_size=30, max_size=120), st.sampled_from([1, 5, 7, 50]), SLIPPAGE, st.booleans())
def test_a_run_is_filled_by_that_rule_whatever_ends_a_position(
    prices: list[int], tick_size: int, slippage: int, flat: bool
) -> None:
    points = Decimal(slippage % 4) / 100
    harness = TraderHarness(
        *EAGER, "risk.base_sl_points=0.03", "risk.tp_points=[0.04]", "risk.tp_percents=[1]", "risk.trail_distance_points=0.02",
        "risk.trail_activation_points=0.02", f"risk.slippage_points={points}", f"risk.slippage_points_exit={points}",
        "risk.max_position_duration_minutes=1", "strategy.green_ticks_after_stop_loss=1", listed=(coin(tick_size),),
    )  # fmt: skip
    decided: dict[int, int] = {}
    for price in prices:
        harness.seq += 1
        harness.now_ms += 10_000
        decided[harness.seq] = price
        harness.play([tick(harness.seq, price / 100, harness.now_ms)])
    if flat:
        harness.command(Flat())
    else:
        harness.at("15:10:01").prices(prices[-1] / 100)
        decided[harness.seq] = prices[-1]
    assert harness.held == 0
    for order in harness.orders:
        price = decided[order.tick_seq]
        assert order.price >= price if order.side == "BUY" else 0 < order.price <= price
        assert price < tick_size or order.price % tick_size == 0
    told = harness.events_of(InstrumentWarned)
    off_grid = [event for event in told if "not on the grid" in event.text]
    assert len(off_grid) <= 1
    assert bool(off_grid) or not any(price % tick_size for price in prices[::1][:1])


@pytest.mark.parametrize("tick_size", ["0.05", "0.000001"])
def test_a_price_that_only_falls_earns_nothing(tick_size: str) -> None:
    keys = ("instrument.price_scale=1000000", "instrument.lot_size=1", f"instrument.tick_size={tick_size}")
    harness = TraderHarness(*EAGER, *keys, "risk.max_position_duration_minutes=1")
    stream = []
    price = 20_000
    for number in range(600):
        price += 20 if number % 4 < 3 else -100
        one = tick(number + 1, 1, harness.now_ms + 1000 * number)
        one.price = price
        stream.append(one)
    harness.play(stream)
    assert harness.trades
    assert all(trade.exit_price <= 20_100 for trade in harness.trades)
    assert sum(trade.gross_pnl for trade in harness.trades) <= 0


def test_an_entry_is_judged_at_the_price_it_was_decided_at_although_the_fill_was_rounded() -> None:
    harness = TraderHarness(*EAGER, "risk.slippage_points=0.03").prices(100.0, 100.02)
    position = harness.trader.state.portfolio.positions[0]
    assert position is not None
    assert (position.entry_price, position.highest) == (10_005, 10_002)


# ── At the touch ────────────────────────────────────────────────────────────────────────────────────────────────────


def quoted(harness: TraderHarness, price: float, bid: int, ask: int) -> None:
    """The next tick, with the best bid and ask beside it, in minor units."""
    harness.seq += 1
    harness.now_ms += 1000
    harness.play([tick(harness.seq, price, harness.now_ms, bid=bid, ask=ask)])


def test_an_entry_fills_at_the_ask_and_an_exit_at_the_bid_decided_at_the_last_price() -> None:
    harness = TraderHarness(*EAGER, "risk.slippage_points=1", "risk.slippage_points_exit=1")
    quoted(harness, 99, 9895, 9905)
    quoted(harness, 100, 9990, 10_020)
    position = harness.trader.state.portfolio.positions[0]
    assert position is not None
    assert (position.entry_price, position.highest, position.stop) == (10_020, 10_000, 8_520)
    quoted(harness, 85.25, 8510, 8530)  # not yet the stop, though a sale would fetch less
    assert harness.held
    quoted(harness, 85.20, 8490, 8530)
    (trade,) = harness.trades
    assert (trade.exit_price, trade.reason) == (8490, "Stop Loss")
    assert harness.trader.state.fills == [0, 2]


@pytest.mark.parametrize(
    ("bid", "ask"), [(0, 0), (0, 10_020), (9_990, 0), (10_020, 9_990), (-5, 10_020), (9_990, 1 << 62)]
)
def test_without_a_sane_book_the_last_price_and_the_slippage_count(bid: int, ask: int) -> None:
    harness = TraderHarness(*EAGER, "risk.slippage_points=0.5")
    quoted(harness, 99, bid, ask)
    quoted(harness, 100, bid, ask)
    assert harness.orders[0].price == 10_050
    assert harness.trader.state.fills == [1, 0]


def test_by_last_no_book_is_looked_at_and_none_is_part_of_the_state() -> None:
    harness = TraderHarness(*EAGER, "paper.fill=last")
    quoted(harness, 99, 9895, 9905)
    quoted(harness, 100, 9990, 10_020)
    assert harness.orders[0].price == 10_000
    assert "0.touch" not in harness.trader.state.dump()


def test_the_size_fits_the_ask() -> None:
    harness = TraderHarness(*EAGER, "capital.initial_capital=15600")
    quoted(harness, 99, 9895, 9905)
    quoted(harness, 100, 9990, 10_395)  # two lots at the last price, with their costs; one at the ask
    assert harness.orders[0].quantity == 75


def test_the_touch_is_part_of_the_state_so_that_an_exit_without_a_tick_comes_out_alike() -> None:
    """A flat that comes before the next tick closes at the bid it closed at in the run that was recorded."""
    harness, again = (TraderHarness(*EAGER) for _ in range(2))
    quoted(harness, 99, 9895, 9905)
    quoted(harness, 100, 9990, 10_020)
    fields = harness.trader.state.dump()
    assert fields["0.touch"] == [9990, 10_020]
    again.trader.load(fields)
    assert again.trader.state.dump() == fields
    for each in (harness, again):
        each.command(Flat())
        (order,) = (order for order in each.orders if order.side == "SELL")
        assert order.price == 9990
