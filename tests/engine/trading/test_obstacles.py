"""What stands in the way of a flat is told while it lasts: a closed market, a broker that says nothing, a book that is contradicted."""

import pytest

from engine.assembly.market_hours import MarketHours
from engine.journal.account import JournalledAccount
from engine.model.commands import Flat
from engine.model.events import CloseByHand, FlatChanged
from engine.model.types import Instrument
from engine.trading.session import closed_code
from tests.support.brokers import LateBroker, RejectingBroker
from tests.support.builders import EAGER, config, ms, nifty, tick
from tests.support.trader_harness import TraderHarness, entered

HOUR_MS = 3_600_000


def states(harness: TraderHarness) -> list[str]:
    return [event.state for event in harness.events_of(FlatChanged)]


def after(harness: TraderHarness, ms: int) -> TraderHarness:
    harness.now_ms += ms
    return harness.beat()


def with_late_broker() -> tuple[TraderHarness, LateBroker]:
    broker = LateBroker(1)
    harness = TraderHarness(*EAGER, broker=broker).prices(100, 101)
    return harness.answer(*broker.answers()), broker


def closed(harness: TraderHarness, until_ms: int, *, anyway: bool = False) -> TraderHarness:
    """Ask for a flat while the market is proven to be closed."""
    harness.carry_out(harness.trader.on_command(Flat("me", anyway), harness.now_ms, until_ms))
    return harness


def beat(harness: TraderHarness, after_ms: int, closed_until_ms: int) -> TraderHarness:
    harness.now_ms += after_ms
    harness.carry_out(harness.trader.on_beat(harness.now_ms, 0, closed_until_ms))
    return harness


# ── The deadline ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_order_without_an_answer_is_unknown_then_the_deadline_passes_then_a_person_is_told():
    harness, broker = with_late_broker()
    harness.command(Flat("me"))
    after(harness, 2_999)
    assert states(harness) == ["LOCKED", "CLOSING"]
    after(harness, 1)
    assert states(harness)[2:] == ["UNRESOLVED"]
    after(harness, 12_000)
    assert states(harness)[3:] == ["ESCALATED"]
    after(harness, 44_999)
    assert harness.events_of(CloseByHand) == []
    after(harness, 1)
    (told,) = harness.events_of(CloseByHand)
    assert (told.side, told.quantity, told.instrument) == ("SELL", harness.held, 0)
    # It goes on, and ends as soon as the broker answers.
    harness.answer(*broker.answers())
    for _ in range(4):
        after(harness, 1_000).answer(*broker.answers())
    assert harness.trader.state.flat.shown == "FLAT"
    assert states(harness)[-1] == "FLAT"


def test_a_clock_that_was_an_hour_fast_when_it_began_does_not_make_it_wait_for_an_hour():
    harness, _ = with_late_broker()
    harness.now_ms += 3_600_000
    harness.command(Flat("me"))
    after(harness, -3_600_000)
    after(harness, 15_000)
    assert states(harness)[-1] == "ESCALATED"


def test_a_broker_that_refuses_everything_is_escalated_and_tried_each_second():
    harness = entered(broker=RejectingBroker(1, set(range(2, 1000)))).command(Flat("me"))
    for _ in range(150):
        after(harness, 100)
    assert states(harness) == ["LOCKED", "CLOSING", "ESCALATED"]
    for _ in range(450):
        after(harness, 100)
    tried = len(harness.orders)
    for _ in range(100):
        after(harness, 100)
    assert len(harness.orders) - tried == 10


def test_a_broker_that_contradicts_our_book_is_unresolved_until_it_agrees():
    harness, broker = with_late_broker()
    harness.command(Flat("me")).answer(*broker.answers())
    for _ in range(20):
        after(harness, 1_000).answer(*broker.answers(lie=75))
    assert harness.trader.state.flat.shown == "UNRESOLVED"
    assert states(harness) == ["LOCKED", "CLOSING", "VERIFYING", "UNRESOLVED"]
    for _ in range(2):
        after(harness, 1_000).answer(*broker.answers())
    assert harness.trader.state.flat.shown == "FLAT"


def test_hours_without_an_end_leave_little_behind_and_are_over_soon_after_the_answer():
    harness, broker = with_late_broker()
    harness.command(Flat("me")).answer(*broker.answers())
    moved = asked = 0
    for _ in range(36_000):
        after(harness, 100)
        moved += harness.trader.moved
        answers = broker.answers(lie=75)
        asked += len(answers)
        harness.answer(*answers)
    assert harness.trader.state.flat.shown in {"UNRESOLVED", "ESCALATED"}
    assert asked <= moved < 1_200
    harness.events.clear()
    begun_ms = harness.now_ms
    while harness.trader.state.flat.state != "FLAT":
        after(harness, 100).answer(*broker.answers())
    assert harness.now_ms - begun_ms <= 5_200


def test_an_order_that_nobody_answers_for_hours_marks_nothing():
    harness, _ = with_late_broker()
    harness.command(Flat("me"))
    assert sum(after(harness, 100).trader.moved for _ in range(36_000)) < 70  # its silence, each minute


def test_a_flat_that_goes_well_says_none_of_it():
    harness = entered().command(Flat("me")).beat().beat()
    assert states(harness) == ["LOCKED", "CLOSING", "VERIFYING", "FLAT"]
    assert "flat.until_ms" not in harness.trader.state.dump()


# ── A closed market ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_closed_market_holds_it_and_it_goes_on_by_itself_at_the_opening():
    harness = entered()
    opens_ms = harness.now_ms + HOUR_MS
    closed(harness, opens_ms)
    assert states(harness) == ["LOCKED", "HELD"]
    assert (harness.held, len(harness.orders)) == (975, 1)
    marked = 0
    for _ in range(20):
        marked += beat(harness, 1_000, opens_ms).trader.moved
    assert marked == 1  # that no price comes; a night of beats leaves nothing else behind in the recording
    beat(harness, HOUR_MS, 0)
    assert harness.trader.moved
    harness.beat().beat()
    assert harness.exits == [("Flat", 100.0, 975)]
    assert states(harness)[2:] == ["LOCKED", "CLOSING", "VERIFYING", "FLAT"]


def test_a_market_that_proves_to_be_open_ends_the_holding():
    harness = entered()
    closed(harness, harness.now_ms + HOUR_MS)
    assert beat(harness, 1_000, -1).exits == [("Flat", 100.0, 975)]


def test_what_is_held_stays_so_while_nothing_is_known_of_the_market():
    harness = entered()
    closed(harness, harness.now_ms + HOUR_MS)
    assert beat(harness, 1_000, 0).trader.state.flat.shown == "HELD"


@pytest.mark.parametrize("at_once", [True, False])
def test_anyway_sends_and_the_broker_decides(at_once):
    harness = entered()
    until_ms = harness.now_ms + HOUR_MS
    closed(harness, until_ms, anyway=at_once)
    if not at_once:
        assert harness.exits == []
        closed(harness, until_ms, anyway=True)
    assert harness.exits == [("Flat", 100.0, 975)]
    assert beat(beat(harness, 50, until_ms), 50, until_ms).trader.state.flat.shown == "FLAT"


def test_nothing_is_held_where_nothing_is_to_be_sold():
    harness = TraderHarness(*EAGER).prices(100)
    closed(harness, harness.now_ms + HOUR_MS).beat().beat()
    assert states(harness) == ["LOCKED", "VERIFYING", "FLAT"]


@pytest.mark.parametrize("anyway", [False, True])
def test_what_is_held_in_a_closed_market_waits_while_the_rest_goes_out(anyway):
    listed = (nifty(), Instrument("GOLD", market="MCX"))
    rules = (*EAGER, "risk.max_position_value_percent=30")

    def begun() -> TraderHarness:
        return TraderHarness(*rules, listed=listed, hours_of=MarketHours(config(*rules), "paper"))

    morning, harness = begun(), begun()
    morning.play(tick(n, 99 + n // 2, ms("10:00:00") + n * 1000, instrument=n % 2) for n in range(4))
    harness.trader.state.restore(morning.trader.state.keep(morning.now_ms))  # an engine that starts in the evening
    harness.now_ms = ms("16:00:00")
    net = harness.trader.state.portfolio.net
    harness.broker.hold([net(0), net(1)])
    assert net(0)
    assert net(1)
    markets = harness.trader.state.all_hours
    closed(harness, closed_code(markets, markets[:1]), anyway=anyway)
    assert [trade.instrument for trade in harness.trades] == ([0, 1] if anyway else [1])
    beat(harness, 100, closed_code(markets, markets[:1]))
    if not anyway:
        opens_ms = ms("09:15:00", "2025-10-03")
        assert beat(harness, 100, opens_ms).trader.state.flat.shown == "HELD"
        assert net(0)
        harness.now_ms = opens_ms
        assert beat(harness, 100, -1).trader.state.flat.shown == "CLOSING"
        harness.play([tick(5, 90, opens_ms + 200)]).beat()
        assert not net(0)
        assert not harness.trades[-1].blind


def test_no_time_counts_while_it_is_held():
    harness = entered(broker=RejectingBroker(1, set(range(2, 1000))))
    closed(harness, harness.now_ms + HOUR_MS)
    beat(harness, HOUR_MS, -1)
    beat(harness, 14_000, -1)
    assert "ESCALATED" not in states(harness)
    beat(harness, 1_000, -1)
    assert harness.trader.state.flat.shown == "ESCALATED"


# ── Restarts ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("side", ["HELD", "ESCALATED", "UNRESOLVED"])
def test_what_stands_in_the_way_outlives_the_run(side):
    harness, _ = with_late_broker()
    kept = harness.trader.state.keep(harness.now_ms)
    account = JournalledAccount(kept)
    before = len(harness.events)
    if side == "HELD":
        closed(harness, harness.now_ms + HOUR_MS)
    else:
        after(harness.command(Flat("me")), 4_000 if side == "UNRESOLVED" else 16_000)
    for event in harness.events[before:]:
        account.take(event)
    for again in (account.state(), harness.trader.state.keep(harness.now_ms)):
        second = TraderHarness(*EAGER)
        second.trader.state.restore(again)
        flat = second.trader.state.flat
        assert (flat.shown, flat.until_ms) == (side, harness.now_ms + HOUR_MS if side == "HELD" else 0)
