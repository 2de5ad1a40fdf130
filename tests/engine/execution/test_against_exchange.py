"""Lanes and dialect against a broker that misbehaves, whose own books say what is true."""

from collections import Counter
from random import Random

import pytest

from engine.model.order_reports import (
    Accepted,
    NotSent,
    OrderSeen,
    Quoted,
    Refused,
    RoundFailed,
    RoundRead,
    Sent,
    SessionChanged,
    Unclear,
)
from engine.model.order_requests import (
    AmendOrder,
    PlaceOrder,
    Purpose,
    ReadOrder,
    ReadQuote,
    ReadRound,
    WithdrawOrder,
    WriteRequest,
)
from engine.model.types import Side
from tests.simulator.exchange import Quirks
from tests.simulator.exchange.drawn import credible, drawn_script
from tests.simulator.exchange.script import FAULT_FORMS
from tests.support.exchange_harness import CALL, PUT
from tests.support.lanes_at_exchange import LanesAtExchange
from tests.support.thorough import examples

BUY = 10_010  # what others ask, in paise; they bid 99.90


def place(order: int, side: Side = "BUY", limit: int = BUY, quantity: int = 65, instrument: int = 0) -> PlaceOrder:
    purpose: Purpose = "ENTRY" if side == "BUY" else "EXIT"
    return PlaceOrder(order, f"L9FAB007{order:05}", instrument, side, quantity, limit, purpose, limit, "test")


def read(client: LanesAtExchange, number: int) -> RoundRead:
    client.wish(ReadRound(number))
    told = [each for each in client.run(2_500) if isinstance(each, RoundRead | RoundFailed)]
    assert isinstance(told[-1], RoundRead), told
    return told[-1]


# ── Without faults ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("quirks", [Quirks(), Quirks(number_orderid=True, null_token=True, average_decimals=4)])
def test_an_order_is_placed_filled_and_read(quirks: Quirks) -> None:
    client = LanesAtExchange(quirks=quirks)
    client.wish(place(1))
    sent, accepted = client.run(1_000)
    assert sent == Sent(1, "place")
    assert isinstance(accepted, Accepted)
    told = read(client, 1)
    (order,), (fill,), (net,) = told.orders, told.fills, told.net
    assert (order.broker_id, order.unique_id, order.tag) == (accepted.broker_id, accepted.unique_id, "L9FAB00700001")
    assert (order.instrument, order.state, order.quantity, order.filled, order.average) == (0, "complete", 65, 65, BUY)
    assert (fill.broker_id, fill.instrument, fill.quantity, fill.price) == (order.broker_id, 0, 65, BUY)
    assert 0 <= client.now_ms - fill.at_ms < 10_000
    assert (net.instrument, net.symbol, net.net, net.carried, net.overnight) == (0, CALL.symbol, 65, 0, 0)
    assert [each.report.state for each in client.seen][-1] == "complete"
    assert client.unreadable == []


def test_an_order_that_rests_is_amended_looked_at_and_taken_back() -> None:
    client = LanesAtExchange()
    accepted = client.ask(place(1, limit=9_000))
    assert isinstance(accepted, Accepted)
    amended = client.ask(AmendOrder(1, accepted.broker_id, 0, 65, 9_100, "ENTRY"))
    assert isinstance(amended, Accepted)
    seen = client.ask(ReadOrder(1, accepted.unique_id))
    assert isinstance(seen, OrderSeen)
    assert (seen.report.limit, seen.report.state) == (9_100, "working")
    assert isinstance(client.ask(WithdrawOrder(1, accepted.broker_id, "ENTRY")), Accepted)
    (order,) = read(client, 1).orders
    assert (order.state, order.filled) == ("cancelled", 0)
    gone = client.ask(WithdrawOrder(1, accepted.broker_id, "ENTRY"))
    assert isinstance(gone, Unclear | Refused)


def test_a_quote_is_read() -> None:
    quoted = LanesAtExchange().ask(ReadQuote(1))
    assert isinstance(quoted, Quoted)
    assert (quoted.bid, quoted.ask, quoted.lower, quoted.upper) == (9_990, BUY, PUT.lower, PUT.upper)


def test_a_price_that_the_exchange_does_not_take_is_refused_with_its_bound() -> None:
    client = LanesAtExchange()
    refused = client.ask(place(1, limit=19_000))
    assert isinstance(refused, Refused)
    assert (refused.family, refused.above) == ("price", False)
    assert BUY < refused.bound < 19_000
    client = LanesAtExchange(quirks=Quirks(at_once=frozenset()))  # it is taken, and rejected behind that
    assert isinstance(client.ask(place(1, limit=19_000)), Accepted)
    (order,) = read(client, 1).orders
    assert (order.state, order.family, order.bound, order.above) == ("rejected", "price", refused.bound, False)


@pytest.mark.parametrize(
    ("family", "fault"),
    [
        ("price", "reject price"),
        ("price", "reject circuit"),
        *((each, f"reject {each}") for each in ("freeze", "lot", "funds", "product", "self_trade", "closed", "other")),
    ],
)
def test_the_family_of_a_rejection_is_read_from_its_words(family: str, fault: str) -> None:
    client = LanesAtExchange(f"at place 1: {fault}")
    assert isinstance(client.ask(place(1)), Accepted)
    (order,) = read(client, 1).orders
    assert (order.state, order.family) == ("rejected", family), order.reason


@pytest.mark.parametrize(("fault", "family"), [("ip", "ip"), ("blocked", "blocked"), ("session", "session")])
def test_what_the_gateway_refuses_is_certain(fault: str, family: str) -> None:
    client = LanesAtExchange()
    client.exchange.fault(client.now_ms, fault)
    client.wish(place(1))
    told = client.run(1_000)
    (refused,) = [each for each in told if isinstance(each, Refused)]
    assert refused.family == family
    assert any(isinstance(each, SessionChanged) for each in told) == (family == "session")
    client.log_in()
    assert read(client, 1).orders == ()


# ── With faults of any kind ─────────────────────────────────────────────────────────────────────────────────────────


def drawn(rng: Random) -> str:
    """Faults of the first 20 s."""
    return credible(drawn_script(rng, 20, 8, 65, [each for each in FAULT_FORMS if each != "external"]))


class Trading:
    """Whatever may be wished, by a seed, and what came of it."""

    def __init__(self, seed: int) -> None:
        self._rng = Random(seed)
        self.client = LanesAtExchange(drawn(self._rng), seed=seed, most_disk_ms=self._rng.choice((5, 100, 700)))
        self.wished: list[WriteRequest] = []
        self.outcomes: list[Accepted | NotSent | Refused | Unclear] = []
        self.rounds = 0

    def wish(self, number: int) -> None:
        """A new order, or a change of one that was accepted."""
        rng = self._rng
        known = {each.order: each.broker_id for each in self.outcomes if isinstance(each, Accepted)}
        if not known or rng.random() < 0.6:
            side: Side = "SELL" if rng.random() < 0.4 else "BUY"
            limit = rng.choice((9_000, 9_990, BUY, 19_000))
            request: WriteRequest = place(number, side, limit, 65 * rng.randint(1, 3))
        else:
            order = rng.choice(sorted(known))
            amend = AmendOrder(order, known[order], 0, 65, rng.choice((9_500, BUY)), "EXIT")
            request = rng.choice((amend, WithdrawOrder(order, known[order], "EXIT")))
        self.wished.append(request)
        self.client.wish(request)

    def run(self, ms: int) -> None:
        for told in self.client.run(ms):
            if isinstance(told, Accepted | NotSent | Refused | Unclear):
                self.outcomes.append(told)
            elif isinstance(told, RoundRead | RoundFailed):
                self.rounds += 1
                self.client.wish(ReadRound(self.rounds))
            elif isinstance(told, SessionChanged):
                self.client.log_in()

    def end(self) -> None:
        """No fault any longer, and time for all that is under way."""
        self.client.exchange.end_faults(self.client.now_ms)
        self.client.log_in()
        self.run(16_000)


@pytest.mark.parametrize("seed", range(examples(120)))
def test_only_what_is_certain_is_called_so(seed: int) -> None:
    rng = Random(seed)
    trading = Trading(seed)
    trading.client.wish(ReadRound(0))
    for number in range(1, 40):
        trading.wish(number)
        trading.run(rng.choice((5, 50, 400, 1_200)))
    trading.end()
    outcomes, exchange = trading.outcomes, trading.client.exchange
    assert Counter((each.order, each.request) for each in outcomes) == Counter(
        (each.order, each.request) for each in trading.wished
    )
    assert max(exchange.counters.placed.values()) == 1
    tags = {each.tag for each in exchange.orders}
    refused = {each.order for each in outcomes if isinstance(each, Refused | NotSent) and each.request == "place"}
    assert not {each.tag for each in trading.wished if isinstance(each, PlaceOrder) and each.order in refused} & tags
    placed = {each.broker_id for each in outcomes if isinstance(each, Accepted)}
    assert placed <= {each.orderid for each in exchange.orders}
    assert trading.client.unreadable == []
    agree(trading.client)


def agree(client: LanesAtExchange) -> None:
    """A round that is read at rest says what is true."""
    exchange = client.exchange
    told = read(client, 1_000)
    assert {(each.broker_id, each.tag, each.filled) for each in told.orders} == {
        (each.orderid, each.tag, each.filled) for each in exchange.orders
    }
    assert sorted((each.fill_id, each.price, each.quantity) for each in told.fills) == sorted(
        (each.id, each.price, each.quantity) for each in exchange.fills
    )
    assert {each.symbol: each.net for each in told.net if each.net} == {
        symbol: net for symbol, net in exchange.net.items() if net
    }
