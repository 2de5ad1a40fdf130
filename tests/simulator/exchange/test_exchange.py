"""Whatever is asked and whatever goes wrong: fills, positions, lists and counters agree in the end, and a seed repeats itself."""

from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulator.exchange import Delays, Quirks, SimulatedExchange, UpdateStream
from tests.simulator.exchange.drawn import drawn_script
from tests.simulator.exchange.script import parse_rules
from tests.support.exchange_harness import CALL, PUT, START_MS, ExchangeHarness, order_fields, told
from tests.support.thorough import LONG, examples

BOOKS = ("order_book", "trade_book", "positions")


class Drunkard:
    """A client that places, changes, cancels and reads by chance; `transcript` is all that came back."""

    def __init__(self, seed, faults, **options):
        self.rng = Random(seed)
        script = drawn_script(self.rng, 60, faults, CALL.lot)
        self.now_ms = START_MS
        self.exchange = SimulatedExchange((CALL, PUT), self.rng, START_MS, script=script, cash=10**9, **options)
        self.stream = self.exchange.open_updates(START_MS)
        self.jwt = None
        self.ids = []
        self.modified = set()
        self.transcript = []

    def call(self, call, **fields):
        outcome = self.exchange.call(self.now_ms, call, fields, self.jwt)
        self.transcript.append(outcome)
        if call == "place" and outcome.end == "answered" and outcome.answer.body.startswith(b'{"status":true'):
            data = msgspec.json.decode(outcome.answer.body)["data"] or {"orderid": "", "uniqueorderid": ""}
            self.ids.append((data["orderid"], data["uniqueorderid"]))
        if outcome.answer and b"AG8002" in outcome.answer.body:
            self.jwt = self.exchange.account.issue().jwt

    def act(self):
        rng = self.rng
        what = rng.random()
        security = rng.choice((CALL, PUT))
        side = rng.choice(("BUY", "BUY", "SELL"))
        price = self.exchange.depth(security.symbol).last / 100 + rng.randint(-3, 3) * rng.choice((0.05, 0.05, 0.5, 20))
        fields = order_fields(side, round(price, 2), 65 * rng.choice((1, 1, 2, 3, 30)), security=security)
        if what < 0.35:
            self.call("place", **fields | {"ordertag": f"T{len(self.transcript)}"})
        elif what < 0.6 and self.ids:
            orderid, unique = rng.choice(self.ids)
            self.modified.add(unique)
            self.call("modify", **fields | {"orderid": orderid})
        elif what < 0.75 and self.ids:
            self.call("cancel", variety="NORMAL", orderid=rng.choice(self.ids)[0])
        elif what < 0.8:
            last = self.exchange.depth(PUT.symbol).last + 5 * rng.randint(-3, 3)
            self.exchange.set_book(self.now_ms, PUT.symbol, [(last - 5, 130)], [(last + 5, 130)], last)
        else:
            for book in BOOKS:
                self.call(book)
        self.now_ms += rng.choice((0, 5, 50, 400, 1_200))
        if isinstance(self.stream, UpdateStream):
            self.transcript += self.stream.take(self.now_ms)
        if not isinstance(self.stream, UpdateStream) or not self.stream.open:
            self.stream = self.exchange.open_updates(self.now_ms, self.jwt)

    def rest(self):
        """Faults end, nobody trades any longer, and time passes until all is told."""
        self.exchange.end_faults(self.now_ms)
        for each in (CALL, PUT):
            self.exchange.set_book(self.now_ms, each.symbol, (), ())
        self.now_ms += 40_000
        self.exchange.step(self.now_ms)
        self.jwt = self.exchange.account.issue().jwt


def read(client, book):
    client.now_ms += 1_000
    return msgspec.json.decode(client.exchange.call(client.now_ms, book, {}, client.jwt).answer.body)["data"] or []


seeds = st.integers(0, 2**32)
quirks = st.builds(
    Quirks,
    modify_quantity=st.sampled_from(["total", "rest"]),
    new_orderid=st.booleans(),
    at_once=st.sampled_from([frozenset(), frozenset({"price"}), frozenset({"price", "freeze", "funds", "lot"})]),
)


@settings(max_examples=3_000 if LONG else 30)
@given(seeds, st.integers(0, 30), quirks)
def test_in_the_end_lists_fills_positions_and_counters_say_the_same(seed, faults, quirks):
    client = Drunkard(seed, faults, quirks=quirks)
    for _ in range(80):
        client.act()
        for each in client.exchange.orders:
            assert 0 <= each.filled <= each.quantity
            assert each.over is all(other is not each for other in client.exchange.working)
    client.rest()
    truth, counters = client.exchange, client.exchange.counters
    assert client.exchange.at_rest
    orders, trades, positions = (read(client, book) for book in BOOKS)
    by_number = {each.number: each for each in truth.orders}
    for each in truth.orders:
        fills = [fill for fill in truth.fills if fill.number == each.number]
        assert sum(fill.quantity for fill in fills) == each.filled
        assert sum(fill.quantity * fill.price for fill in fills) == each.value
        assert (each.state == "complete") is (each.filled == each.quantity)
        better = 1 if each.side == "BUY" else -1
        if not each.external and each.unique not in client.modified:
            assert all(fill.price * better <= each.price * better for fill in fills)
    for symbol, net in truth.net.items():
        signed = [
            each.quantity * (1 if each.side == "BUY" else -1) for each in truth.fills if each.security.symbol == symbol
        ]
        assert sum(signed) == net
        assert sum(int(row["netqty"]) for row in positions if row["tradingsymbol"] == symbol) == net
        assert counters.lowest_net.get(symbol, 0) <= min(0, net)
    assert [(row["uniqueorderid"], row["orderstatus"], row["filledshares"]) for row in orders] == [
        (each.unique, each.state, str(each.filled)) for each in truth.orders
    ]
    assert {(row["orderid"], row["fillid"], row["fillsize"], row["fillprice"]) for row in trades} == {
        (each.orderid, each.id, str(each.quantity), f"{each.price / 100:.2f}") for each in truth.fills
    }
    assert sum(counters.orders.values()) + counters.external == len(truth.orders)
    assert sum(counters.filled.values()) == sum(each.quantity for each in truth.fills)
    assert counters.fills == len(trades)
    assert all(counters.orders.get(tag, 0) <= counters.placed[tag] for tag in counters.orders if tag)
    assert all(by_number[fill.number].tag == fill.tag for fill in truth.fills)


@settings(max_examples=examples(60))
@given(seeds, st.integers(0, 30))
def test_the_same_seed_and_calls_give_the_same_bytes(seed, faults):
    runs = []
    for _ in range(2):
        client = Drunkard(seed, faults)
        for _ in range(60):
            client.act()
        runs.append((client.transcript, client.exchange.counters, client.exchange.orders, client.exchange.fills))
    assert runs[0] == runs[1]


@settings(max_examples=examples(60))
@given(seeds)
def test_stepping_more_often_changes_nothing(seed):
    ends = []
    for often in (True, False):
        exchange = SimulatedExchange((CALL,), Random(seed), START_MS, cash=10**9)
        for n in range(12):
            exchange.call(START_MS + 3_000 * n, "place", order_fields("BUY", 100 + n / 20, 130))
            if often:
                for step in range(1, 3_000, 37):
                    exchange.step(START_MS + 3_000 * n + step)
        exchange.step(START_MS + 60_000)
        ends.append((exchange.orders, exchange.fills, exchange.depth(CALL.symbol).last))
    assert ends[0] == ends[1]


@given(seeds, st.integers(1, 60))
def test_every_script_that_is_drawn_is_one(seed, count):
    text = drawn_script(Random(seed), 240, count, 65)
    assert len(parse_rules(text)) == count
    assert all(rule.value <= 240 for rule in parse_rules(text) if rule.when == "time")


def test_prices_are_the_same_whatever_is_asked():
    quiet, busy = (SimulatedExchange((CALL, PUT), Random(3), START_MS) for _ in range(2))
    for n in range(60):
        busy.call(START_MS + 1_000 * n, "order_book")
        busy.fault(START_MS + 1_000 * n, "order_book 5xx")
    quiet.step(START_MS + 60_000)
    busy.step(START_MS + 60_000)
    assert [quiet.depth(each.symbol).last for each in (CALL, PUT)] == [
        busy.depth(each.symbol).last for each in (CALL, PUT)
    ]
    assert quiet.depth(CALL.symbol).last != CALL.start


def test_time_does_not_go_back():
    client = ExchangeHarness()
    client.after(10)
    with pytest.raises(ValueError, match="not at"):
        client.exchange.step(client.now_ms - 1)


def test_nothing_happens_before_it_is_due():
    client = ExchangeHarness(delays=Delays((0, 0), (20, 20), (30, 30), (0, 0), (0, 0), (0, 0), (0, 0), 0))
    assert client.exchange.next_ms > client.now_ms + 10**9
    client.place()
    assert client.exchange.next_ms == client.now_ms + 20
    client.after(20)
    assert client.exchange.next_ms == client.now_ms + 30
    client.after(30)
    assert client.exchange.net[CALL.symbol] == 65


def test_an_order_meets_the_book_of_its_moment():
    exchange = SimulatedExchange((CALL,), Random(2), START_MS, delays=Delays(broker=(0, 0), exchange=(998, 998)))
    ask = exchange.depth(CALL.symbol).asks[0][0]
    exchange.call(START_MS, "place", order_fields("BUY", 130, 65))
    exchange.step(START_MS + 5_000)
    assert exchange.depth(CALL.symbol).asks[0][0] != ask
    assert [(each.price, each.at_ms - START_MS) for each in exchange.fills] == [(ask, 998)]


def test_a_book_that_was_set_stays_as_it_is_and_the_others_move():
    exchange = SimulatedExchange((CALL, PUT), Random(1), START_MS)
    exchange.set_book(START_MS, CALL.symbol, [(9_000, 65)], [(9_010, 65)], 9_005)
    before = exchange.depth(PUT.symbol).last
    exchange.step(START_MS + 60_000)
    depth = exchange.depth(CALL.symbol)
    assert (depth.bids, depth.asks, depth.last) == ([[9_000, 65]], [[9_010, 65]], 9_005)
    assert exchange.depth(PUT.symbol).last != before


def test_an_order_at_the_decided_price_is_filled_at_it():
    client = ExchangeHarness()
    client.exchange.set_book(client.now_ms, CALL.symbol, [(12_340, 65)], [(12_340, 65)], 12_340)
    orderid = client.placed(price=123.9)
    assert client.order(orderid)["averageprice"] == "123.4"
    assert (
        told(client.call("details", uniqueorderid=client.order(orderid)["uniqueorderid"]))["data"]["averageprice"]
        == 123.4
    )
