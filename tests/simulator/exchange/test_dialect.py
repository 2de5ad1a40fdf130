"""The product's dialect and the simulated broker were written apart, from the same facts: what one says, the other understands."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.order_reports import (
    Accepted,
    NotSent,
    OrderSeen,
    Quoted,
    ReadFailed,
    Refused,
    RoundFailed,
    RoundRead,
    Unclear,
)
from engine.model.order_requests import AmendOrder, ReadOrder, ReadQuote, WithdrawOrder
from tests.simulator.exchange import Carried, Quirks, SimulatedExchange, UpdateStream
from tests.simulator.exchange.drawn import drawn_script
from tests.simulator.exchange.refusals import FAMILIES
from tests.simulator.exchange.script import FAULT_FORMS
from tests.support.exchange_harness import CALL, PUT, START_MS, ExchangeHarness
from tests.support.spoken_orders import SpokenOrders

FAMILY = {each: each for each in FAMILIES} | {"circuit": "price"}


def spoken(fault="", **options):
    client = SpokenOrders(ExchangeHarness(**options).exchange, (CALL, PUT))
    if fault:
        client.exchange.fault(client.now_ms, fault)
    return client


def accepted(client, **order):
    answer = client.place(**order).answer
    assert isinstance(answer, Accepted)
    client.after(1)
    return answer


def changes(client, taken):
    """A modify and a cancel of an order that was taken."""
    return AmendOrder(1, taken.broker_id, 0, 65, 9_850, "ENTRY"), WithdrawOrder(1, taken.broker_id, "ENTRY")


UNCLEAR = (
    "after",
    "lost",
    "reset",
    "reset taken",
    "5xx",
    "5xx taken",
    "html",
    "empty",
    "empty taken",
    "null",
    "cut",
    "late 3000",
)
BUSY = ("rate", "rate taken", "429")


@pytest.mark.parametrize("fault", [*UNCLEAR, *BUSY])
def test_what_proves_nothing_is_unclear(fault):
    client = spoken(f"write {fault} x9")
    meaning = client.place()
    assert isinstance(meaning.answer, Unclear)
    assert (meaning.wait_s > 0) is (fault in BUSY)
    client.exchange.end_faults(client.now_ms)
    taken = accepted(client, limit=9_900)
    for change in changes(client, taken):
        client.exchange.fault(client.now_ms, f"write {fault}")
        assert isinstance(client.write(change).answer, Unclear)


def test_what_was_never_connected_was_not_sent():
    client = spoken("write unreachable x3")
    assert isinstance(client.place().answer, NotSent)
    assert all(
        isinstance(client.write(each).answer, NotSent) for each in changes(client, Accepted(1, "place", "1", "2"))
    )


@pytest.mark.parametrize(
    ("code", "placing", "changing", "over"),
    [
        ("AG7002", "ip", "ip", False),
        ("AG8001", "session", "session", True),
        ("AG8002", "session", "session", True),
        ("AG8003", "session", "session", True),
        ("AB1010", "", "", True),
        ("AB1011", "", "", True),
        ("AB8050", "", "", True),
        ("AB8051", "", "", True),
        ("AB1006", "blocked", "blocked", False),
        ("AB1008", "other", "other", False),
        ("AB1009", "other", "other", False),
        ("AB1012", "other", "other", False),
        ("AB1018", "other", "other", False),
        ("AB4006", "other", "other", False),
        ("AB4008", "other", "other", False),
        ("AB4018", "other", "other", False),
        ("AB4036", "other", "other", False),
        ("AB1007", "", "", False),
        ("AB1013", "", "not_found", False),
        ("AB1014", "", "not_found", False),
        ("AB1015", "", "not_found", False),
        ("AB1016", "", "not_found", False),
        ("AB1004", "", "", False),
        ("AB2000", "", "", False),
        ("AB2001", "", "", False),
        ("AB7777", "", "", False),
    ],
)
def test_a_code_refuses_or_proves_nothing(code, placing, changing, over):
    client = spoken(f"write status_false {code} x3")
    change, cancel = changes(client, Accepted(1, "place", "1", "2"))
    for meaning, family in (
        (client.place(), placing),
        (client.write(change), changing),
        (client.write(cancel), changing),
    ):
        assert (meaning.answer.family if isinstance(meaning.answer, Refused) else "") == family
        assert bool(meaning.session_over) is over
        assert isinstance(meaning.answer, Refused | Unclear)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_rejection_is_understood_by_its_family(family):
    client = spoken(f"reject {family}")
    accepted(client)
    (order,) = client.round().orders
    assert (order.state, order.family) == ("rejected", FAMILY[family])
    if family == "price":
        assert (order.bound, order.above) == (10_000, False)


def test_a_bound_is_understood_at_once_and_later():
    for at_once in (frozenset({"price"}), frozenset()):
        client = spoken(quirks=Quirks(at_once=at_once))
        answer = client.place(limit=14_005).answer
        client.after(1)
        told = answer if at_once else client.round().orders[0]
        assert (told.family, told.bound, told.above) == ("price", 14_000, False)


def test_the_gateway_limits_and_bars_as_the_product_understands():
    client = spoken()
    for _ in range(9):
        assert isinstance(client.place(limit=9_900).answer, Accepted)
    assert client.place().wait_s > 0
    client.after(1_000)
    for fault, family in (("ip", "ip"), ("blocked", "blocked"), ("session", "session")):
        client.exchange.fault(client.now_ms, "recover")
        client.exchange.fault(client.now_ms, fault)
        answer = client.place().answer
        assert isinstance(answer, Refused)
        assert answer.family == family
    assert isinstance(client.round(), RoundFailed)


def test_an_order_that_cannot_exist_is_not_found():
    answer = spoken().write(WithdrawOrder(1, "999999999999999", "ENTRY")).answer
    assert isinstance(answer, Refused)
    assert answer.family == "not_found"


def test_what_is_over_is_unclear_until_it_is_looked_at():
    client = spoken()
    taken = accepted(client)
    for change in changes(client, taken):
        assert isinstance(client.write(change).answer, Unclear)
    report = client.look(ReadOrder(1, taken.unique_id)).answer.report
    assert (report.state, report.filled, report.average, report.tag) == ("complete", 65, 10_010, "L1E")


@pytest.mark.parametrize("quirks", [Quirks(), Quirks(number_orderid=True, null_token=True, average_decimals=6)])
def test_a_round_says_what_is(quirks):
    client = spoken(quirks=quirks, carried=[Carried(PUT.symbol, 130, 9_000)])
    taken = accepted(client, quantity=130)
    accepted(client, side="SELL", limit=10_100)
    accepted(client, side="SELL", limit=9_990, quantity=65, instrument=1)
    client.exchange.fault(client.now_ms, "external 65")
    told = client.round()
    assert isinstance(told, RoundRead)
    assert [(each.tag, each.state, each.filled, each.limit) for each in told.orders] == [
        ("L1E", "complete", 130, 10_010),
        ("L2E", "working", 0, 10_100),
        ("L3E", "complete", 65, 9_990),
        ("", "complete", 65, 0),
    ]
    assert (told.orders[0].broker_id, told.orders[0].unique_id) == (taken.broker_id, taken.unique_id)
    assert {each.symbol: each.net for each in told.net} == client.exchange.net == {CALL.symbol: 195, PUT.symbol: 65}
    assert {each.symbol: (each.carried, each.overnight) for each in told.net} == {
        CALL.symbol: (0, 0),
        PUT.symbol: (130, 130),
    }
    assert sum(each.quantity * each.price for each in told.fills) == sum(
        each.quantity * each.price for each in client.exchange.fills
    )
    assert abs(told.fills[0].at_ms - START_MS) < 1_000


@pytest.mark.parametrize(
    "fault", ["lost", "5xx", "rate", "html", "empty", "cut", "status_false AB2001", "status_false AB1010"]
)
@pytest.mark.parametrize("book", ["order_book", "trade_book", "positions"])
def test_a_read_that_failed_is_no_round(book, fault):
    client = spoken()
    accepted(client)
    client.exchange.fault(client.now_ms, f"{book} {fault}")
    assert isinstance(client.round(), RoundFailed)
    assert isinstance(client.round(), RoundRead)


@pytest.mark.parametrize("fault", ["null", "status_false AB1013"])
def test_an_empty_list_is_a_round_without_it(fault):
    client = spoken()
    accepted(client)
    client.exchange.fault(client.now_ms, f"order_book {fault}")
    assert client.round().orders == ()


def test_a_quote_is_the_book_and_the_circuit():
    client = spoken()
    quoted = client.look(ReadQuote(1)).answer
    assert isinstance(quoted, Quoted)
    assert (quoted.bid, quoted.ask, quoted.last, quoted.lower, quoted.upper) == (9_990, 10_010, 10_000, 5, 200_000)
    client.exchange.fault(client.now_ms, "any lost x2")
    assert isinstance(client.look(ReadQuote(1)).answer, ReadFailed)
    assert isinstance(client.look(ReadOrder(1, "0")).answer, ReadFailed)


def test_updates_say_what_the_order_book_says():
    client = spoken()
    stream = client.exchange.open_updates(client.now_ms)
    assert isinstance(stream, UpdateStream)
    taken = accepted(client, limit=9_900)
    client.write(changes(client, taken)[0])
    client.after(10_000)
    client.write(changes(client, taken)[1])
    client.after(1)
    told = [client.dialect.update(each, 1) for each in stream.take(client.now_ms)]
    assert [each.kind for each in told] == ["greeting", *["order"] * 4, "beat", "order"]
    seen = [each.seen.report for each in told if isinstance(each.seen, OrderSeen)]
    assert [(each.said, each.state) for each in seen] == [
        ("open pending", "working"),
        ("open", "working"),
        ("modified", "working"),
        ("open", "working"),
        ("cancelled", "cancelled"),
    ]
    assert [each.limit for each in seen] == [9_900, 9_900, 9_850, 9_850, 9_850]
    assert {(each.tag, each.broker_id, each.unique_id) for each in seen} == {("L1E", taken.broker_id, taken.unique_id)}


KINDS = [each for each in FAULT_FORMS if each not in {"status_false", "untagged", "external", "session"}]


@given(st.integers(0, 2**32), st.integers(0, 20))
def test_what_the_product_takes_for_certain_is_so(seed, faults):
    rng = Random(seed)
    script = drawn_script(rng, 30, faults, CALL.lot, KINDS).replace(" untagged", "")
    client = SpokenOrders(SimulatedExchange((CALL, PUT), rng, START_MS, script=script, cash=10**9), (CALL, PUT))
    never, taken = [], []
    for _ in range(30):
        client.after(rng.choice((0, 200, 1_500)))
        limit = client.exchange.depth(CALL.symbol).last + 5 * rng.randint(-5, 5)
        answer = client.place(rng.choice(("BUY", "SELL")), limit, 65 * rng.choice((1, 2, 30))).answer
        (taken if isinstance(answer, Accepted) else never if isinstance(answer, Refused | NotSent) else []).append(
            answer.order
        )
    client.exchange.end_faults(client.now_ms)
    client.exchange.set_book(client.now_ms, CALL.symbol, (), ())
    client.after(60_000)
    orders = client.exchange.counters.orders
    assert all(f"L{number}E" not in orders for number in never)
    assert all(orders[f"L{number}E"] == 1 for number in taken)
    told = client.round()
    assert isinstance(told, RoundRead)
    assert sum(each.net for each in told.net) == client.exchange.net[CALL.symbol]
