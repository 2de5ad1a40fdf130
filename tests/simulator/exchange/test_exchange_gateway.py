"""The gateway before the broker: paths, headers, tokens, and how many calls it lets through."""

import msgspec
import pytest

from tests.simulator.exchange.gateway import PATHS
from tests.simulator.exchange.script import CALLS
from tests.support.exchange_harness import CALL, ExchangeHarness, order_fields, told
from tests.support.spoken_orders import HEADERS

S = "/rest/secure/angelbroking"


def request(client, method, path, body=None, **headers):
    sent = HEADERS | {"authorization": f"Bearer {client.exchange.account.given.jwt}"} | headers
    data = b"" if body is None else msgspec.json.encode(body)
    outcome = client.exchange.request(client.now_ms, method, path, sent, data)
    client.exchange.step(client.now_ms)
    return outcome


def test_calls_go_by_their_paths():
    client = ExchangeHarness()
    data = told(request(client, "POST", f"{S}/order/v1/placeOrder", order_fields("BUY", 99, 65)))["data"]
    ids = {"orderid": data["orderid"], "variety": "NORMAL"}
    change = order_fields("BUY", 99.5, 65) | ids
    assert told(request(client, "POST", f"{S}/order/v1/modifyOrder", change))["status"] is True
    assert told(request(client, "GET", f"{S}/order/v1/details/{data['uniqueorderid']}"))["data"]["price"] == 99.5
    assert told(request(client, "POST", f"{S}/order/v1/cancelOrder", ids))["status"] is True
    assert len(told(request(client, "GET", f"{S}/order/v1/getOrderBook"))["data"]) == 1
    assert client.exchange.counters.calls == {"place": 1, "modify": 1, "cancel": 1, "details": 1, "order_book": 1}
    assert [what for _, what, _ in client.exchange.counters.writes] == ["place", "modify", "cancel"]
    assert set(PATHS) == set(CALLS)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{S}/order/v1/placeOrder"),
        ("POST", f"{S}/order/v1/getOrderBook"),
        ("GET", "/nowhere"),
        ("POST", f"{S}/order/v1/details/x"),
    ],
)
def test_other_paths_are_none(method, path):
    client = ExchangeHarness()
    assert request(client, method, path).answer.status == 404
    assert client.exchange.counters.calls == {}


@pytest.mark.parametrize("name", HEADERS)
def test_a_missing_header_is_told(name):
    client = ExchangeHarness()
    headers = {each: HEADERS[each] for each in HEADERS if each != name}
    outcome = client.exchange.request(client.now_ms, "GET", f"{S}/order/v1/getOrderBook", headers)
    assert outcome.answer.status == 400
    assert told(outcome)["errorcode"] == "AB1012"


def test_another_key_is_none():
    client = ExchangeHarness()
    outcome = request(client, "GET", f"{S}/order/v1/getOrderBook", **{"x-privatekey": "other"})
    assert told(outcome)["errorCode"] == "AG8004"


def test_a_token_is_asked_for():
    client = ExchangeHarness()
    path = f"{S}/order/v1/getOrderBook"
    for headers, code in (({"authorization": ""}, "AG8003"), ({"authorization": "Bearer other"}, "AG8001")):
        client.after(1_000)
        outcome = request(client, "GET", path, **headers)
        assert (outcome.answer.status, told(outcome)["errorCode"]) == (200, code)
    client.exchange.account.expire()
    client.after(1_000)
    assert told(request(client, "GET", path))["errorCode"] == "AG8002"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"\xff", b"null", b'"x"', b'{"positions":[{}]}', b'{"orders":[{}]}', b'{"exchangeTokens":7}'],
)
def test_a_body_that_is_none_is_refused_and_breaks_nothing(body):
    client = ExchangeHarness()
    headers = HEADERS | {"authorization": f"Bearer {client.exchange.account.given.jwt}"}
    for call in ("place", "modify", "cancel", "quote", "ltp", "margin", "charges"):
        outcome = client.exchange.request(client.now_ms, *PATHS[call], headers, body)
        assert told(outcome)["status"] is False
    assert client.exchange.orders == []


@pytest.mark.parametrize(
    ("call", "limit"),
    [
        ("order_book", 1),
        ("trade_book", 1),
        ("positions", 1),
        ("details", 10),
        ("quote", 10),
        ("ltp", 10),
        ("funds", 2),
        ("margin", 10),
        ("profile", 3),
    ],
)
def test_more_calls_than_a_second_allows_are_refused_in_plain_text(call, limit):
    client = ExchangeHarness()
    statuses = [client.call(call).answer.status for _ in range(limit + 1)]
    assert statuses == [200] * limit + [403]
    outcome = client.call(call)
    assert outcome.answer.body == b"Access denied because of exceeding access rate"
    assert outcome.answer.headers["Content-Type"] == "text/plain"
    client.after(1_000)
    assert client.call(call).answer.status == 200
    assert client.exchange.counters.rates == {call: 2}


def test_changes_share_their_limit_of_nine_a_second():
    client = ExchangeHarness()
    orderid = client.placed(price=99)
    for n in range(4):
        client.modify(orderid, 98 + n / 10)
        client.place(price=98, ordertag=f"T{n}")
    assert client.cancel(orderid).answer.status == 403
    assert client.order(orderid)["orderstatus"] == "open"
    client.after(1_000)
    assert client.cancel(orderid).answer.status == 200


def test_changes_have_limits_of_a_minute_and_an_hour():
    client = ExchangeHarness()
    refused_at = []
    for n in range(1_003):
        client.after(115 if n < 501 else 3_000)
        if client.cancel("0").answer.status == 403:
            refused_at.append(n)
    assert refused_at == [500, 1_000, 1_001, 1_002]


def test_a_read_that_was_lost_on_the_way_is_not_counted_by_the_gateway():
    client = ExchangeHarness()
    client.exchange.fault(client.now_ms, "order_book lost")
    assert client.call("order_book").end == "silent"
    assert client.call("order_book").answer.status == 200
    assert client.exchange.net[CALL.symbol] == 0
