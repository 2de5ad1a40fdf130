"""A trader that takes over the account of an earlier run goes on as if it had never stopped, but for its indicators."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.model.commands import Arm, Flat, Lock, Unlock
from engine.model.events import DayStarted, StateKept, TickGap
from engine.model.types import Tick
from engine.trading.kept_account import symbols_of
from tests.support.brokers import LateBroker
from tests.support.builders import EAGER
from tests.support.journal_harness import JournalHarness, MemoryJournal, account_after, exact_fields, instruments_named
from tests.support.thorough import examples

NEXT_DAY = "2025-10-03"


def ran(*overrides: str, prices: tuple[float, ...] = (99, 100, 105, 107)) -> JournalHarness:
    """A run that has entered at 100 and, by default, taken the first target at 105 and risen to 107."""
    return JournalHarness(MemoryJournal(), *EAGER, *overrides).prices(*prices)  # type: ignore[return-value]


def after(first: JournalHarness, *overrides: str, **more: object) -> JournalHarness:
    """The run that follows it."""
    kept = first.trader.state.keep(first.now_ms)
    return JournalHarness(MemoryJournal(), *EAGER, *overrides, kept=kept, **more)  # type: ignore[arg-type]


# ── Positions ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_position_comes_back_with_its_levels():
    first = ran()
    second = after(first)
    assert second.trader.state.portfolio.positions[0].state(0) == first.trader.state.portfolio.positions[0].state(0)
    held = second.trader.state.portfolio.positions[0]
    assert (held.quantity, held.stop, held.trail_stop, held.highest, held.taken) == (600, 8500, 10200, 10700, 1)
    assert (held.floor, held.ceiling) == (10200, 11200)
    assert second.told_at_start == ()


@pytest.mark.parametrize(
    ("price", "exits"),
    [
        (102.0, [("Trailing Stop", 102.0, 600)]),
        (102.05, []),
        (70.0, [("Stop Loss", 70.0, 600)]),
        (105.5, []),  # the first target is taken
        (112.0, [("Take Profit 2", 112.0, 225)]),
        (130.0, [("Take Profit 2", 130.0, 225), ("Take Profit 3", 130.0, 150), ("Take Profit 4", 130.0, 225)]),
    ],
)
def test_exits_of_what_was_taken_over_act_on_the_first_good_tick(price, exits):
    second = after(ran())
    second.prices(float("nan"), -5, price)
    assert second.exits == exits


def test_the_account_is_the_same_after_it_was_taken_over():
    first = ran("risk.max_daily_loss=5000").command(Lock("me")).command(Flat("me")).prices(99)
    second = after(first)
    assert exact_fields(second.trader.state.keep(0)) == exact_fields(first.trader.state.keep(0))
    assert second.trader.state.keep(0).fields["flat.reason"] == "me"


steps = st.one_of(st.integers(0, 4000), st.sampled_from((1_800_000, 86_400_000)))
moves = st.lists(st.tuples(st.integers(0, 1), st.integers(-12, 12), steps), max_size=30)


@settings(max_examples=examples(80), deadline=None)
@given(before=moves, later=moves, locked=st.booleans())
def test_what_is_held_ends_the_same_with_and_without_a_restart(before, later, locked):
    names = instruments_named("NIFTY", "BANKNIFTY")
    rules = (*EAGER, "risk.max_position_value_percent=40", "risk.max_position_duration_minutes=30")
    whole = JournalHarness(MemoryJournal(), *rules, instruments=names)
    _walk(whole, [(0, 0, 0), (1, 0, 0), (0, 1, 1), (1, 1, 1), *before])
    if locked:
        whole.command(Lock("me"))
    kept = whole.trader.state.keep(whole.now_ms)
    restarted = JournalHarness(MemoryJournal(), *rules, instruments=names, kept=kept)
    # Whether indicators let one enter is not compared: both may only go out.
    for harness in (whole, restarted):
        harness.command(Lock("both"))
    if (
        whole.trader.state.instrument_states[1].day == whole.trader.state.today
    ):  # else its own first tick is still to come
        _walk(whole, later)
        _walk(restarted, later)
        assert exact_fields(restarted.trader.state.keep(0)) == exact_fields(whole.trader.state.keep(0))


def _walk(harness: JournalHarness, stream: list[tuple[int, int, int]]) -> None:
    for instrument, move, step_ms in stream:
        harness.seq += 1
        harness.now_ms += step_ms
        harness.play([Tick(harness.seq, instrument, 0, 0, 0, harness.now_ms, 0, 10_000 + 150 * move, 75, 0)])


def test_orders_without_an_answer_are_taken_over_too():
    first = JournalHarness(MemoryJournal(), *EAGER, broker=LateBroker(1)).prices(99, 100)
    kept = first.trader.state.keep(first.now_ms)
    second = JournalHarness(MemoryJournal(), *EAGER, kept=kept, broker=LateBroker(1)).prices(101, 102)
    assert [order.number for order in second.trader.state.orders] == [1]
    assert second.orders == []  # the entry is still on order
    second.answer(*first.broker.answers())
    assert second.held == 975
    assert second.prices(84).orders[-1].number == 2


def test_an_exit_that_is_on_order_is_not_sent_twice():
    broker = LateBroker(1)
    first = JournalHarness(MemoryJournal(), *EAGER, broker=broker).prices(99, 100)
    first.answer(*broker.answers())
    first.prices(105)  # the first target, not answered
    second = JournalHarness(MemoryJournal(), *EAGER, kept=first.trader.state.keep(0), broker=LateBroker(1))
    assert second.trader.state.portfolio.positions[0].exiting == 375
    second.prices(80)
    assert [(order.side, order.quantity) for order in second.orders] == [("SELL", 600)]


# ── Days ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_on_the_same_day_nothing_is_left_over_and_no_day_begins():
    second = after(ran(prices=(99, 100)))
    second.prices(101)
    assert (second.held, second.exits, second.events_of(DayStarted)) == (975, [], [])


def test_on_a_later_day_what_is_left_over_is_closed():
    second = after(ran(prices=(99, 100))).at("09:15:00", NEXT_DAY)
    second.prices(104)
    assert second.exits == [("Session End", 104.0, 975)]
    assert [fact.date for fact in second.events_of(DayStarted)] == [NEXT_DAY]
    assert second.trader.state.gate.day_entries == 0


def test_after_the_sessions_end_of_the_same_day_it_is_closed_too():
    second = after(ran(prices=(99, 100))).at("15:19:59")
    assert second.prices(104).exits == [("Session End", 104.0, 975)]


def test_the_warm_up_counts_again_and_so_do_the_days_entries():
    rules = ("strategy.min_warmup_ticks=4", "risk.max_positions_per_day=2")
    first = JournalHarness(MemoryJournal(), *EAGER, *rules).prices(95, 96, 97, 98, 83)
    assert first.exits == [("Stop Loss", 83.0, 975)]
    second = after(first, *rules).prices(100, 101, 102)
    assert second.orders == []  # three ticks seen of four
    second.prices(103)  # of more rising ticks after a stop loss it knows nothing
    assert [order.side for order in second.orders] == ["BUY"]
    second.prices(80, 81, 82, 83, 84, 85)
    assert [order.side for order in second.orders] == ["BUY", "SELL"]  # two entries this day, one before the restart


def test_a_restart_does_not_lift_the_daily_loss_limit():
    limit = "risk.max_daily_loss=20000"
    first = ran(limit, prices=(99, 100, 84))  # a stop loss of some 15,700
    assert -20_000 < first.trader.state.portfolio.day_realised < -15_000
    second = after(first, limit).prices(99, 99.5, 100, 99.5)
    assert second.held  # entered again, and not much lost yet
    second.prices(94)
    assert second.trader.state.gate.locked.startswith("flat: daily loss")
    assert second.held == 0


def test_what_is_held_counts_at_its_last_price_until_it_has_a_new_one():
    names = instruments_named("NIFTY", "BANKNIFTY")
    rules = (*EAGER, "risk.max_daily_loss=5000")
    first = JournalHarness(MemoryJournal(), *rules, instruments=names).prices(99, 100)
    second = JournalHarness(MemoryJournal(), *rules, instruments=names, kept=first.trader.state.keep(0))
    _walk(second, [(1, 0, 1000)])  # of the other instrument
    assert (second.held, second.trader.state.gate.locked) == (975, "")


def test_the_time_without_an_engine_is_no_gap_of_the_feed():
    second = after(ran())
    second.now_ms += 600_000
    second.prices(106)
    assert second.events_of(TickGap) == []
    second.now_ms += 600_000
    second.prices(106)
    assert [fact.gap_ms for fact in second.events_of(TickGap)] == [601_000]


# ── Locks and the flat ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_lock_is_taken_over_until_it_is_lifted():
    second = after(ran(prices=(99, 98)).command(Lock("me"))).prices(99, 100, 101)
    assert second.orders == []
    assert [order.side for order in second.command(Unlock()).prices(102).orders] == ["BUY"]


def test_nobody_looks_at_a_plan_after_a_restart():
    second = after(ran().command(Arm()))
    assert (second.trader.state.flat.state, second.trader.state.gate.locked) == ("NORMAL", "flat armed")
    second.command(Arm())
    assert second.trader.state.flat.state == "ARMED"


def test_a_flat_goes_on_without_a_tick_and_is_verified_anew():
    broker = LateBroker(1)
    first = JournalHarness(MemoryJournal(), *EAGER, broker=broker).prices(99, 100)
    first.answer(*broker.answers())
    first.prices(101).command(Flat("me"))
    first.answer(*broker.answers()).beat()
    first.answer(*broker.answers())  # asked once, and empty
    assert (first.trader.state.flat.state, first.trader.state.flat.trusted_reads) == ("VERIFYING", 1)
    second = after(first)
    second.beat()
    assert second.trader.state.flat.state == "VERIFYING"
    assert second.beat().trader.state.flat.state == "FLAT"
    assert second.trader.state.gate.locked == "flat: me"


# ── Instruments ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_instruments_are_found_by_their_symbols():
    first = JournalHarness(MemoryJournal(), *EAGER, instruments=instruments_named("A", "B", "C"))
    _walk(first, [(2, 0, 0), (2, 1, 1)])
    bought = first.orders[0].quantity
    assert first.nets == [0, 0, bought]
    kept = first.trader.state.keep(first.now_ms)
    assert symbols_of(kept) == {2: "C"}
    second = JournalHarness(MemoryJournal(), *EAGER, instruments=instruments_named("C", "D"), kept=kept)
    assert second.nets == [bought, 0]
    _walk(second, [(0, -20, 1000)])
    assert [(order.instrument, order.side) for order in second.orders] == [(0, "SELL")]
    assert second.nets == [0, 0]


def test_a_symbol_that_is_not_listed_any_more_is_named():
    first = ran()
    with pytest.raises(ValueError, match="not listed any more: NIFTY"):
        JournalHarness(
            MemoryJournal(), *EAGER, instruments=instruments_named("BANKNIFTY"), kept=first.trader.state.keep(0)
        )


def test_an_instrument_that_is_counted_otherwise_now_is_named():
    coins = (replace(instruments_named("NIFTY")[0], price_scale=10_000),)
    with pytest.raises(ValueError, match="price_scale of NIFTY was 100 in the last run and is 10000 now"):
        after(ran(), instruments=coins)


def test_a_stop_that_is_another_by_the_present_configuration_is_told():
    second = after(ran(), "risk.base_sl_points=10")
    assert second.trader.state.portfolio.positions[0].stop == 9000
    assert second.told_at_start == ("NIFTY: the stop is 90.00 by this configuration, it was 85.00",)


def test_only_what_is_held_is_kept():
    first = JournalHarness(
        MemoryJournal(), *EAGER, instruments=instruments_named(*(f"S{number}" for number in range(200)))
    )
    empty = len(first.trader.state.keep(0).fields)
    _walk(first, [(7, 0, 0), (8, 0, 0), (7, 1, 1)])
    assert len(first.trader.state.keep(0).fields) - empty == 10 + 3


WRONG = {
    "gate.locked": 5,
    "gate.day_entries": "many",
    "flat.state": "ASLEEP",
    "book.cash": "NaN",
    "book.trades": None,
    "orders.last_number": "1",
    "today": "soon",
    "price_scale": [],
    "position.0.quantity": -75,
    "position.0.highest": "high",
    "position.9.stray": 75,
    "0.last_price": "dear",
    "orders.open.4": "1|2|3",
}


@pytest.mark.parametrize("name", WRONG)
def test_what_no_trader_has_kept_is_refused(name):
    kept = ran().trader.state.keep(0)
    with pytest.raises(ValueError, match=r"."):
        JournalHarness(MemoryJournal(), *EAGER, kept=StateKept({**kept.fields, name: WRONG[name]}, kept.symbols, 0))


def test_nothing_of_what_is_kept_may_be_missing():
    kept = ran().trader.state.keep(0)
    for name in kept.fields.keys() - {"position.0.quantity"}:  # without that one nothing is held
        fields = {key: value for key, value in kept.fields.items() if key != name}
        with pytest.raises(ValueError, match=name.split(".")[-1]):
            JournalHarness(MemoryJournal(), *EAGER, kept=StateKept(fields, kept.symbols, 0))
    with pytest.raises(ValueError, match="without a name"):
        JournalHarness(MemoryJournal(), *EAGER, kept=StateKept(kept.fields, (), 0))


def test_what_rows_tell_can_be_taken_over():
    rows = MemoryJournal()
    first = JournalHarness(rows, *EAGER).prices(99, 100, 105, 107).beat()
    second = JournalHarness(MemoryJournal(), *EAGER, kept=account_after(rows[0], rows).state())
    assert second.trader.state.portfolio.positions[0].state(0) == first.trader.state.portfolio.positions[0].state(0)
    assert second.trader.state.portfolio.cash == first.trader.state.portfolio.cash > Decimal(0)
