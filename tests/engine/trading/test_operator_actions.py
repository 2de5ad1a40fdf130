"""The operator's actions on one position: sold, halved, its stop raised, its instrument barred; refused in one line where they cannot be."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.model.commands import (
    AllowEntries,
    BarEntries,
    ClosePosition,
    Flat,
    Lock,
    MoveStop,
    PauseEntries,
    WithdrawEntry,
)
from engine.model.events import ClosedBlind, CommandRefused, EntryRefused, FillBooked, OperatorActed, StateKept
from engine.model.one_position import half_of
from engine.model.state import state_hash
from engine.trading.costs import CostBook, total
from engine.trading.operator_actions import BARRED
from engine.trading.trader import Trader
from tests.support.brokers import LateBroker, RejectingBroker
from tests.support.builders import EAGER, nifty, tick
from tests.support.thorough import examples
from tests.support.trader_harness import TraderHarness, entered

SYMBOL = nifty().symbol
WIDE = ("risk.tp_points=[500]", "risk.tp_percents=[1.0]", "risk.base_sl_points=50", "risk.use_trail_stop=false")


def position(harness: TraderHarness):
    held = harness.trader.state.portfolio.positions[0]
    assert held is not None
    return held


def meant(harness: TraderHarness) -> tuple[str, int, int]:
    held = position(harness)
    return SYMBOL, held.entry_ms, held.entry_price


def close(harness: TraderHarness, **more) -> ClosePosition:
    return ClosePosition(*meant(harness), **more)


def entered_late() -> TraderHarness:
    """A position at a broker that says nothing at once."""
    harness = TraderHarness(*EAGER, *WIDE, broker=LateBroker(1)).prices(99, 100)
    return harness.answer(*harness.broker.answers())


def refusals(harness: TraderHarness) -> list[str]:
    return [event.reason for event in harness.events_of(CommandRefused)]


def acted(harness: TraderHarness) -> list[OperatorActed]:
    return harness.events_of(OperatorActed)


# ── Close and half ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_position_is_closed_and_the_row_says_by_whom() -> None:
    harness = entered(*WIDE)
    lots = harness.held
    harness.prices(103).command(close(harness, by="pts/3"))
    assert harness.exits == [("Operator: close", 103.0, lots)]
    assert harness.held == 0
    (row,) = acted(harness)
    assert (row.action, row.by, row.quantity, row.price) == ("close", "pts/3", lots, 10_300)


def test_half_is_the_floor_of_the_lots_and_the_rest_keeps_its_levels() -> None:
    harness = entered(*WIDE, "capital.initial_capital=53000", "risk.max_position_value_percent=50")
    held, stop = harness.held, position(harness).stop
    assert held // 75 == 3
    harness.prices(104).command(close(harness, half_of=held))
    assert harness.exits == [("Operator: half", 104.0, 75)]
    assert (harness.held, position(harness).stop) == (150, stop)


@pytest.mark.parametrize(("lots", "half"), [(1, 0), (2, 1), (3, 1), (4, 2), (7, 3)])
def test_half_of_so_many_lots(lots: int, half: int) -> None:
    assert half_of(lots * 75, 75) == half * 75


def test_one_lot_has_no_half_and_another_quantity_than_the_plans_is_looked_at_anew() -> None:
    harness = entered(*WIDE, "capital.initial_capital=9000", "risk.max_position_value_percent=100")
    assert harness.held == 75
    harness.command(close(harness, half_of=75)).command(close(harness, half_of=150))
    assert harness.exits == []
    assert refusals(harness) == [
        "it is one lot, which has no half: close it, or leave it",
        "75 are held by now, not what the plan said: look again",
    ]


def test_two_commands_in_a_row_sell_no_more_than_is_held() -> None:
    harness = entered_late()
    held = harness.held
    first = close(harness)
    harness.command(first).command(first)
    assert [order.quantity for order in harness.orders if order.side == "SELL"] == [held]
    assert refusals(harness) == ["all that is held is being sold already"]
    harness.prices(40)  # its stop is hit meanwhile, and has nothing left to sell
    harness.answer(*harness.broker.answers()).command(first)
    assert harness.held == 0
    assert refusals(harness)[1:] == [f"nothing of {SYMBOL} is held any more"]


def test_half_while_an_exit_waits_is_half_of_what_no_order_sells() -> None:
    harness = entered_late()
    held = harness.held
    half = close(harness, half_of=held)
    harness.command(half).command(half)
    sold = [order.quantity for order in harness.orders if order.side == "SELL"]
    assert sold[0] == half_of(held, 75)
    assert sold[1] == half_of(held - sold[0], 75)


def test_a_command_that_races_the_stop_finds_nothing() -> None:
    harness = entered(*WIDE)
    late = close(harness)
    harness.prices(40).command(late)
    assert [reason for reason, *_ in harness.exits] == ["Stop Loss"]
    assert refusals(harness) == [f"nothing of {SYMBOL} is held any more"]


def test_a_plan_of_a_position_that_is_gone_fires_at_no_other() -> None:
    harness = entered(*WIDE)
    stale, moved = close(harness), MoveStop(*meant(harness), stop=9_500)
    harness.command(close(harness)).prices(100, 101, 102)
    held = harness.held
    assert held
    harness.command(stale).command(moved)
    assert harness.held == held
    assert refusals(harness) == [f"that position in {SYMBOL} is gone, another one is open: look at it first"] * 2


def test_a_flat_that_runs_is_joined() -> None:
    harness = entered_late()
    harness.command(Flat("enough")).command(close(harness)).command(MoveStop(*meant(harness), stop=9_900))
    assert refusals(harness) == ["joins the running flat (enough), which closes everything"] * 2
    assert len([order for order in harness.orders if order.side == "SELL"]) == 1


def test_exits_work_while_entries_are_locked_paused_and_halted() -> None:
    harness = entered(*WIDE).command(Lock("me")).command(PauseEntries())
    harness.trader.state.halt("test", harness.now_ms)
    harness.command(MoveStop(*meant(harness), stop=9_900)).command(close(harness))
    assert harness.held == 0
    assert [row.action for row in acted(harness)] == ["stop", "close"]


def test_a_market_that_is_proven_closed_is_sent_nothing() -> None:
    harness = entered(*WIDE)
    until_ms = harness.now_ms + 3_600_000
    harness.carry_out(harness.trader.on_command(close(harness), harness.now_ms, until_ms))
    assert harness.exits == []
    assert refusals(harness) == [f"the market is closed until {harness.trader.hours.stamp(until_ms)}: nothing was sent"]


def test_an_old_price_is_sold_blind_and_told() -> None:
    harness = entered(*WIDE)
    harness.now_ms += 4_000
    harness.command(close(harness))
    assert harness.trades[0].blind
    (blind,) = harness.events_of(ClosedBlind)
    assert (blind.age_ms, blind.reason) == (4_000, "Operator: close")


def test_an_order_that_is_refused_leaves_the_position_to_its_stop() -> None:
    harness = entered(*WIDE, broker=RejectingBroker(1, {2}))
    held = harness.held
    harness.command(close(harness))
    assert harness.held == held
    assert position(harness).exiting == 0
    harness.prices(40)
    assert [reason for reason, *_ in harness.exits] == ["Stop Loss"]


def test_a_large_position_is_sold_in_orders_that_the_exchange_takes() -> None:
    listed = (replace(nifty(), freeze_quantity=200),)
    harness = entered(*WIDE, listed=listed)
    held = harness.held
    harness.command(close(harness))
    sold = [order.quantity for order in harness.orders if order.side == "SELL"]
    assert max(sold) == 150
    assert sum(sold) == held


def test_an_instrument_that_is_not_there_is_named() -> None:
    harness = TraderHarness().command(BarEntries("GOLD"))
    assert refusals(harness) == ["GOLD is no instrument of this run"]


# ── The stop ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_stop_that_was_moved_is_kept_and_its_exit_told_as_the_operators() -> None:
    harness = entered(*WIDE).prices(103)
    harness.command(MoveStop(*meant(harness), stop=10_100, by="ann"))
    (row,) = acted(harness)
    assert (row.by, row.before, row.stop) == ("ann", 5_000, 10_100)
    harness.prices(101.5).prices(101)
    assert harness.exits[0][:2] == ("Stop Loss", 101.0)
    assert harness.trades[0].operator_stop


def test_a_stop_that_nobody_moved_is_nobodys() -> None:
    assert not entered(*WIDE).prices(40).trades[0].operator_stop


@pytest.mark.parametrize(
    ("stop", "why"),
    [
        (5_000, "50.0 is not above the stop at 50.0: it only moves towards the price"),
        (4_000, "40.0 is not above the stop at 50.0: it only moves towards the price"),
        (10_000, "100.0 is not below the last price 100.0"),
        (10_500, "105.0 is not below the last price 100.0"),
        (9_903, "99.03 is no multiple of the tick size 0.05"),
    ],
)
def test_a_stop_only_comes_nearer_and_stays_below_the_price(stop: int, why: str) -> None:
    harness = entered(*WIDE)
    harness.command(MoveStop(*meant(harness), stop=stop))
    assert refusals(harness) == [why]
    assert (position(harness).stop, acted(harness)) == (5_000, [])


def test_a_trailing_stop_that_acts_is_not_undercut() -> None:
    trail = ("risk.trail_activation_points=5", "risk.trail_distance_points=5", "risk.base_sl_points=50")
    harness = entered("risk.tp_points=[500]", "risk.tp_percents=[1.0]", *trail).prices(120)
    harness.command(MoveStop(*meant(harness), stop=11_000))
    assert refusals(harness) == ["110.0 is not above the trailing stop at 115.0: it only moves towards the price"]
    harness.command(MoveStop(*meant(harness), stop=11_700)).prices(117)
    assert harness.exits[0][:2] == ("Stop Loss", 117.0)


# ── No new entries ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_barred_instrument_is_not_entered_until_that_is_lifted() -> None:
    harness = TraderHarness(*EAGER, *WIDE).command(BarEntries(SYMBOL, "ann")).prices(99, 100, 101, 102)
    assert harness.held == 0
    assert {event.reason for event in harness.events_of(EntryRefused)} == {BARRED}
    harness.command(BarEntries(SYMBOL)).command(AllowEntries(SYMBOL)).prices(103, 104)
    assert refusals(harness) == ["that is so already"]
    assert harness.held
    assert [row.action for row in acted(harness)] == ["bar", "allow"]


def test_another_instrument_is_entered_and_what_is_held_goes_on() -> None:
    listed = (nifty(), replace(nifty(), symbol="OTHER"))
    harness = entered(*WIDE, "risk.max_position_value_percent=40", listed=listed).command(BarEntries(SYMBOL))
    harness.play([tick(10 + n, price, harness.now_ms + n, instrument=1) for n, price in enumerate((99, 100, 101))])
    assert harness.trader.state.portfolio.positions[1] is not None
    harness.prices(40)
    assert harness.exits[0][0] == "Stop Loss"


def test_an_entry_on_its_way_is_taken_back() -> None:
    harness = TraderHarness(*EAGER, *WIDE, broker=LateBroker(1)).prices(99, 100)
    assert len(harness.trader.state.orders) == 1
    harness.command(BarEntries(SYMBOL)).answer(*harness.broker.answers())
    assert (harness.held, len(harness.trader.state.orders)) == (0, 0)


# ── State ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_nobody_did_stands_in_no_hash() -> None:
    harness = entered(*WIDE)
    before = harness.trader.state.dump()
    assert not {name for name in before if "operator" in name or "barred" in name}
    harness.command(MoveStop(*meant(harness), stop=9_900)).command(BarEntries(SYMBOL))
    later = harness.trader.state.dump()
    assert later.keys() - before.keys() == {"position.0.operator_stop", "gate.barred"}
    harness.command(AllowEntries(SYMBOL))
    assert "gate.barred" not in harness.trader.state.dump()


def test_the_next_run_takes_both_over_under_other_numbers() -> None:
    harness = entered(*WIDE)
    harness.command(MoveStop(*meant(harness), stop=9_900)).command(BarEntries(SYMBOL))
    kept = harness.trader.state.keep(harness.now_ms)
    listed = (replace(nifty(), symbol="FIRST"), nifty())
    other = Trader(harness.config, listed, "T-")
    assert other.state.restore(kept) == ()
    held = other.state.portfolio.positions[1]
    assert held is not None
    assert (held.stop, held.operator_stop, other.state.gate.barred) == (9_900, 9_900, [1])


def test_a_barred_instrument_that_is_not_listed_any_more_hinders_no_start() -> None:
    harness = TraderHarness(listed=(nifty(), replace(nifty(), symbol="GONE"))).command(BarEntries("GONE"))
    other = Trader(harness.config, (nifty(),), "T-")
    other.state.restore(harness.trader.state.keep(0))
    assert other.state.gate.barred == []


@pytest.mark.parametrize("barred", [7, [1], [-1], ["x"], [True]])
def test_a_damaged_list_of_barred_instruments_is_refused(barred: object) -> None:
    harness = TraderHarness()
    kept = harness.trader.state.keep(0)
    damaged = StateKept(kept.fields | {"gate.barred": barred}, kept.symbols, 0)  # type: ignore[dict-item]
    with pytest.raises(ValueError, match=r"gate\.barred"):
        Trader(harness.config, (nifty(),), "T-").state.restore(damaged)


# ── Any sequence ────────────────────────────────────────────────────────────────────────────────────────────────────

steps = st.one_of(
    st.integers(-40, 40),  # a tick so many ticks of the grid away
    st.integers(-40, 40),
    st.sampled_from(("close", "half", "bar", "allow", "flat", "beat")),
    st.tuples(st.just("stop"), st.integers(-20, 20)),
    st.just("answer"),
)


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(steps, max_size=80), st.booleans())
def test_no_sequence_of_ticks_and_commands_is_ever_short_or_loses_money(stream, late) -> None:
    harness = TraderHarness(*EAGER, broker=LateBroker(1) if late else None)
    state, book, price = harness.trader.state, harness.trader.state.portfolio, 10_000
    seen = None
    for step in stream:
        held = book.positions[0]
        seen = held if held is not None and step in {"close", "half"} else seen
        if isinstance(step, int):
            price = max(500, price + 5 * step)
            harness.prices(price / 100)
        elif step == "answer" and late:
            harness.answer(*harness.broker.answers())
        elif step == "beat":
            harness.beat()
        elif step == "flat":
            harness.command(Flat("x"))
        elif step in {"bar", "allow"}:
            harness.command(BarEntries(SYMBOL) if step == "bar" else AllowEntries(SYMBOL))
        elif seen is not None and step != "answer":
            meant_for = (SYMBOL, seen.entry_ms, seen.entry_price)
            if isinstance(step, tuple):
                before = None if held is None else held.stop
                harness.command(MoveStop(*meant_for, stop=price + 5 * step[1]))
                assert held is None or held.stop >= before
            else:
                harness.command(ClosePosition(*meant_for, half_of=seen.quantity if step == "half" else 0))
        working = state.orders.selling(0)
        assert harness.held >= 0
        assert working <= harness.held
        assert not any(book.stray)
    assert book.cash == _recomputed(harness)
    again = Trader(harness.config, (nifty(harness.config),), "T-")
    again.load(state.dump())
    assert state_hash(again.state.dump()) == state_hash(state.dump())


def _recomputed(harness: TraderHarness) -> Decimal:
    """The cash that the fills alone come to."""
    (costs,), cash = CostBook(harness.config, (nifty(),)).by_instrument, harness.config.capital.initial_capital
    for booked in harness.events_of(FillBooked):
        fill = booked.fill
        turnover = nifty().money(fill.price * fill.quantity)
        selling = fill.side == "SELL"
        cash += (turnover if selling else -turnover) - total(
            costs.of(turnover, -(-fill.quantity // nifty().largest_order), fill.at_ms, selling=selling)
        )
    return cash


def test_where_the_broker_is_simulated_no_entry_is_there_to_be_withdrawn() -> None:
    harness = entered_late()
    before = harness.trader.state.dump()
    harness.command(WithdrawEntry("S-1"))
    assert refusals(harness) == ["a simulated broker has answered at once: no order of it works"]
    assert harness.trader.state.dump() == before
