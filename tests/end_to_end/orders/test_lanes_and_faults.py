"""Each fault of a broker over real sockets: what the lanes take it for, and that nothing is ever asked for twice."""

import pytest

from engine.execution import order_line, write_lane
from engine.model.order_reports import (
    Accepted,
    NotSent,
    OrderSeen,
    Quoted,
    Refused,
    RoundFailed,
    RoundRead,
    SessionChanged,
    Unclear,
)
from engine.model.order_requests import LogIn, ReadOrder, ReadQuote, ReadRound
from tests.simulator.exchange import Delays
from tests.support.venues.traded_at_simulator import at_simulator
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow

# A fault, what placing is taken for, the family of a refusal, and how many orders there are.
PLACED = [
    ("slow 200", Accepted, "", 1),
    ("reset", Unclear, "", 0),
    ("reset taken", Unclear, "", 1),
    ("cut", Unclear, "", 1),
    ("late 100 reset", Unclear, "", 1),
    ("late 100 empty", Unclear, "", 1),
    ("unreachable", Unclear, "", 0),
    ("html", Unclear, "", 0),
    ("html taken", Unclear, "", 1),
    ("empty", Unclear, "", 0),
    ("empty taken", Unclear, "", 1),
    ("null", Unclear, "", 0),
    ("null taken", Unclear, "", 1),
    ("5xx", Unclear, "", 0),
    ("5xx taken", Unclear, "", 1),
    ("rate", Unclear, "", 0),
    ("rate taken", Unclear, "", 1),
    ("429", Unclear, "", 0),
    ("429 taken untagged", Unclear, "", 1),
    *((f"status_false {code}", Unclear, "", 0) for code in ("AB9999", "AB1004", "AB2001", "AB1010", "AB1013")),
    ("status_false AB9999 taken", Unclear, "", 1),
    *((f"status_false {code}", Refused, "other", 0) for code in ("AB4036", "AB1009", "AB4008")),
    ("status_false AG7002", Refused, "ip", 0),
    ("status_false AG8001", Refused, "session", 0),
    ("status_false AB1006", Refused, "blocked", 0),
    ("reject price at_once", Refused, "price", 0),
    ("reject circuit at_once", Refused, "price", 0),
    ("reject funds", Accepted, "", 1),
]


@pytest.mark.parametrize(("fault", "kind", "family", "orders"), PLACED)
def test_a_new_order_is_sent_once_whatever_comes_of_it(fault: str, kind: type, family: str, orders: int) -> None:
    with at_simulator() as at:
        at.sim.fault(f"place {fault}")
        at.harness.ask(at.order())
        answer = at.harness.until(kind)
        assert getattr(answer, "family", "") == family
        assert at.sim.wait_until(lambda exchange: len(exchange.orders) == orders, PATIENCE_S)
        assert at.sent == ["place"]


@pytest.mark.parametrize(("fault", "orders"), [("after", 1), ("lost", 0), ("late 50", 1), ("after untagged", 1)])
def test_no_answer_is_unclear_once_it_has_been_waited_for(
    fault: str, orders: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_line, "ANSWER_S", 0.4)
    with at_simulator() as at:
        at.sim.fault(f"place {fault}")
        at.harness.ask(at.order())
        at.harness.until(Unclear)
        assert at.sim.wait_until(lambda exchange: len(exchange.orders) == orders, PATIENCE_S)
        assert at.sent == ["place"]


def test_what_is_late_for_long_holds_up_no_exit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_line, "ANSWER_S", 3_600.0)
    monkeypatch.setattr(write_lane, "ANSWER_MS", 3_600_000)
    with at_simulator("at place 1: after") as at:
        at.harness.ask(at.order(1))
        assert at.sim.wait_until(lambda exchange: len(exchange.orders) == 1, PATIENCE_S)
        at.accepted(at.order(2, "SELL", purpose="EXIT"))
        assert at.sim.wait_until(lambda exchange: exchange.net[at.security.symbol] == 0, PATIENCE_S)


@pytest.mark.parametrize("book", ["order_book", "trade_book", "positions"])
def test_a_list_that_never_comes_holds_up_no_exit(book: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_line, "ANSWER_S", 3_600.0)
    with at_simulator() as at:
        at.harness.until(RoundRead)  # behind the connect of the socket for updates
        at.sim.fault(f"orders {book} lost")
        at.harness.ask(ReadRound(7), row=False)
        assert at.sim.wait_until(lambda exchange: bool(exchange.counters.faults), PATIENCE_S)
        at.accepted(at.order(purpose="EXIT"))


def test_where_no_connection_can_be_had_nothing_was_sent() -> None:
    with at_simulator() as at:
        at.sim.fault("down 3600")
        at.sim.fault("hang_up")
        at.sim.fault("updates reset")
        assert at.sim.wait_for(lambda counters: counters.connections == 0, PATIENCE_S)
        at.harness.ask(at.order())
        at.harness.until(NotSent)
        assert at.sent == []


@pytest.mark.parametrize(("fault", "family"), [("ip", "ip"), ("blocked", "blocked"), ("session", "session")])
def test_what_the_broker_is_like_is_told_with_each_order(fault: str, family: str) -> None:
    with at_simulator() as at:
        at.harness.until(RoundRead)  # behind the connect of the socket for updates
        at.sim.fault(fault)
        at.harness.ask(at.order())
        assert at.harness.until(Refused).family == family
        if family == "session":
            assert not at.harness.until(SessionChanged).up
            at.harness.clock.advance(60 * 10**9)
            at.harness.ask(LogIn(), row=False)
            assert at.harness.until(SessionChanged, lambda each: each.up).generation == 2
        at.sim.fault("orders recover")
        at.accepted(at.order(2))
        assert at.orders == 1


@pytest.mark.parametrize(
    ("fault", "kind", "changed"),
    [
        ("", Accepted, True),
        ("reset", Unclear, False),
        ("reset taken", Unclear, True),
        ("cut", Unclear, True),
        ("html taken", Unclear, True),
        ("empty", Unclear, False),
        ("null taken", Unclear, True),
        ("5xx taken", Unclear, True),
        ("429", Unclear, False),
        ("status_false AB9999", Unclear, False),
        ("status_false AG7002", Refused, False),
        ("status_false AB4036", Refused, False),
    ],
)
@pytest.mark.parametrize("call", ["modify", "cancel"])
def test_a_change_of_an_order_is_asked_for_once(call: str, fault: str, kind: type, changed: bool) -> None:
    with at_simulator() as at:
        taken = at.resting()
        limit = at.limit - at.security.tick
        if fault:
            at.sim.fault(f"{call} {fault}")
        at.harness.ask(at.amend(taken, limit) if call == "modify" else at.withdraw(taken))
        at.harness.until(kind)
        wanted = [each for each in (at.limit == limit, not at.works) if each]
        assert wanted == ([True] if changed else [])
        assert at.sent == ["place", call]


def test_an_order_may_fill_while_it_is_taken_back() -> None:
    with at_simulator() as at:
        taken = at.resting("ENTRY")
        at.sim.fault("cancel fill 100")
        at.harness.ask(at.withdraw(taken))
        at.harness.until(OrderSeen, lambda each: each.report.filled == at.security.lot)
        assert at.sim.look(lambda exchange: exchange.net[at.security.symbol]) == at.security.lot


# ── Reads ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_three_lists_agree_with_what_is_true() -> None:
    with at_simulator() as at:
        at.accepted(at.order())
        at.harness.ask(ReadRound(7), row=False)
        read = at.harness.until(RoundRead, lambda each: each.number == 7)
        (order,), (fill,), (net,) = read.orders, read.fills, read.net
        assert (order.state, order.filled, order.tag) == ("complete", at.security.lot, "L9FAB0070001E")
        assert (fill.price, fill.quantity, net.net) == (at.security.start, at.security.lot, at.security.lot)


@pytest.mark.parametrize("book", ["order_book", "trade_book", "positions"])
@pytest.mark.parametrize(
    "fault", ["reset", "cut", "html", "empty", "5xx", "429", "status_false AB2001", "status_false AB1004"]
)
def test_a_list_that_cannot_be_read_fails_the_round(book: str, fault: str) -> None:
    with at_simulator() as at:
        at.harness.until(RoundRead)  # behind the connect of the socket for updates
        at.sim.fault(f"orders {book} {fault} x9")
        at.harness.ask(ReadRound(7), row=False)
        assert at.harness.until(RoundFailed, lambda each: each.number == 7)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("orders book empty", (0, 0, 0)),
        ("order_book short", (0, 1, 1)),
        ("trade_book short", (1, 0, 1)),
        ("positions wrong 75", (1, 1, 1)),
    ],
)
def test_lists_that_are_empty_short_or_wrong_are_told_as_they_are(fault: str, told: tuple[int, int, int]) -> None:
    with at_simulator() as at:
        at.accepted(at.order())
        at.sim.fault(f"{fault} x9")
        at.harness.ask(ReadRound(7), row=False)
        read = at.harness.until(RoundRead, lambda each: each.number == 7)
        assert (len(read.orders), len(read.fills), len(read.net)) == told
        if "wrong" in fault:
            assert read.net[0].net == 2 * at.security.lot


def test_one_order_and_a_quote_are_read() -> None:
    with at_simulator() as at:
        taken = at.resting()
        at.harness.ask(ReadOrder(1, taken.unique_id), row=False)
        seen = at.harness.until(OrderSeen, lambda each: each.report.state == "working" and bool(each.report.limit))
        assert seen.report.limit == at.limit
        at.harness.ask(ReadQuote(0), row=False)
        quote = at.harness.until(Quoted)
        assert (quote.bid, quote.ask, quote.upper) == (at.security.start, at.security.start, at.security.upper)


# ── Updates ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fault", ["", "updates dup 3", "updates reorder", "updates lost 2", "updates late 40"])
def test_the_end_of_an_order_is_heard_of(fault: str) -> None:
    with at_simulator(delays=Delays((0, 0), (1, 1), (1, 1), (0, 0), (0, 0), (0, 0), (1, 3))) as at:
        if fault:
            at.sim.fault(fault)
        at.harness.ask(at.order())
        seen = at.harness.until(OrderSeen, lambda each: each.report.state == "complete")
        assert (seen.report.filled, seen.generation) == (at.security.lot, 1)


@pytest.mark.parametrize("fault", ["updates close 1001", "updates reset", "updates down 300", "updates close 1006"])
def test_a_socket_that_ends_comes_back_and_has_the_lists_read(fault: str) -> None:
    with at_simulator() as at:
        first = at.harness.until(RoundRead)
        at.sim.fault(fault)
        at.accepted(at.order())
        again = at.harness.until(RoundRead)
        assert (first.orders, len(again.orders)) == ((), 1)
        assert at.sim.wait_for(lambda counters: counters.update_sockets == 1, PATIENCE_S)


def test_a_login_that_is_over_is_found_by_a_read_and_the_socket_comes_back_with_the_next() -> None:
    with at_simulator() as at:
        at.harness.until(RoundRead)
        at.harness.clock.advance(60 * 10**9)
        at.sim.fault("session")
        at.sim.fault("updates reset")
        at.harness.ask(ReadRound(7), row=False)
        assert not at.harness.until(SessionChanged).up
        assert at.harness.until(SessionChanged).up
        assert at.sim.wait_for(lambda counters: counters.update_sockets == 1, PATIENCE_S)
        at.accepted(at.order())
        assert at.harness.until(OrderSeen, lambda each: each.report.state == "complete").generation == 2
        assert at.sim.counters.logins == 2
