"""Faults of orders: refused by any family at once or later, filled in part, or while a change is on its way."""

import pytest

from tests.simulator.exchange.refusals import AT_ONCE, FAMILIES
from tests.support.exchange_harness import CALL, ExchangeHarness, befallen, told


@pytest.mark.parametrize("family", FAMILIES)
def test_an_order_is_rejected_by_any_family_after_it_was_taken(family):
    client = befallen(f"reject {family}")
    orderid = client.placed()
    row = client.order(orderid)
    assert (row["orderstatus"], row["filledshares"], row["cancelsize"]) == ("rejected", "0", "65")
    assert row["text"]
    assert client.exchange.counters.refused == {family: 1}
    assert client.updates()[-1] == ("AB03", "rejected")
    assert client.exchange.net[CALL.symbol] == 0


WORDS = {
    "price": "Limit Price Protection range",
    "circuit": "circuit limit",
    "freeze": "freeze",
    "lot": "multiple of lot size",
    "funds": "Insufficient Funds. Available funds - Rs. 0.00 . You require Rs. 6506.50",
    "product": "MIS is not allowed",
    "self_trade": "self trade",
    "closed": "market is closed",
    "ip": "Unregistered IP",
    "session": "session",
    "blocked": "blocked",
    "other": "17070",
}


@pytest.mark.parametrize("family", FAMILIES)
def test_an_order_is_refused_by_any_family_at_once(family):
    client = befallen(f"reject {family} at_once")
    answer = told(client.place())
    assert answer.get("errorcode", answer.get("errorCode")) == AT_ONCE[family]
    assert answer.get("status", answer.get("success")) is False
    assert WORDS[family] in answer["message"]
    assert client.exchange.orders == []


def test_the_code_of_a_refusal_at_once_can_be_chosen():
    assert told(befallen("reject funds AB4036 at_once").place())["errorcode"] == "AB4036"


@pytest.mark.parametrize(("side", "bound"), [("BUY", "below <100.00>"), ("SELL", "above <100.00>")])
def test_a_forced_price_refusal_names_a_bound_that_the_price_is_beyond(side, bound):
    client = ExchangeHarness(short_margin=0)
    client.exchange.fault(client.now_ms, "reject price")
    orderid = client.placed(side, 100.1 if side == "BUY" else 99.9)
    assert bound in client.order(orderid)["text"]


@pytest.mark.parametrize(("what", "state"), [("modify", "not modified"), ("cancel", "not cancelled")])
def test_a_change_that_was_taken_may_not_be_done(what, state):
    client = ExchangeHarness()
    orderid = client.placed(price=99)
    client.exchange.fault(client.now_ms, f"{what} reject other")
    answer = told(client.cancel(orderid) if what == "cancel" else client.modify(orderid, 99.5))
    assert answer["status"] is True
    row = client.order(orderid)
    assert (row["orderstatus"], row["price"]) == (state, "99.0")
    client.cancel(orderid)
    assert client.order(orderid)["orderstatus"] == "cancelled"


@pytest.mark.parametrize("what", ["modify", "cancel"])
def test_a_change_may_be_refused_at_once(what):
    client = ExchangeHarness()
    orderid = client.placed(price=99)
    client.exchange.fault(client.now_ms, f"{what} reject price at_once")
    answer = told(client.cancel(orderid) if what == "cancel" else client.modify(orderid, 99.5))
    assert answer["errorcode"] == "AB1007"
    assert client.order(orderid)["orderstatus"] == "open"


@pytest.mark.parametrize(("percent", "filled"), [(0, 0), (10, 65), (50, 195), (99, 325), (100, 390)])
def test_so_many_percent_fill_in_whole_lots_and_the_rest_waits_for_a_modify(percent, filled):
    client = befallen(f"partial {percent}")
    orderid = client.placed(quantity=390)
    client.exchange.set_book(client.now_ms, CALL.symbol, (), ((9_900, 650),))
    assert client.order(orderid)["filledshares"] == str(filled)
    if filled < 390:
        client.modify(orderid, 100.1, 390)
        assert client.order(orderid)["orderstatus"] == "complete"


def test_a_lot_is_never_parted():
    client = befallen("partial 50")
    assert client.order(client.placed())["filledshares"] == "65"


def test_the_rest_of_an_order_may_be_rejected():
    client = befallen("partial 50 rejected")
    row = client.order(client.placed(quantity=130))
    assert (row["orderstatus"], row["filledshares"], row["cancelsize"]) == ("rejected", "65", "65")


@pytest.mark.parametrize(
    ("fault", "state", "filled"),
    [("cancel fill", "complete", "130"), ("cancel fill 50", "cancelled", "65"), ("cancel fill 0", "cancelled", "0")],
)
def test_an_order_fills_while_its_cancel_is_on_its_way(fault, state, filled):
    client = ExchangeHarness()
    orderid = client.placed(price=99, quantity=130)
    client.exchange.fault(client.now_ms, fault)
    assert told(client.cancel(orderid))["status"] is True
    row = client.order(orderid)
    assert (row["orderstatus"], row["filledshares"]) == (state, filled)
    assert client.exchange.net[CALL.symbol] == int(filled)


@pytest.mark.parametrize(
    ("fault", "state", "price", "filled"),
    [("modify fill", "complete", "99.0", "130"), ("modify fill 50", "open", "98.0", "65")],
)
def test_an_order_fills_while_its_modify_is_on_its_way(fault, state, price, filled):
    client = ExchangeHarness()
    orderid = client.placed(price=99, quantity=130)
    client.exchange.fault(client.now_ms, fault)
    client.modify(orderid, 98, 130)
    row = client.order(orderid)
    assert (row["orderstatus"], row["price"], row["filledshares"]) == (state, price, filled)
    assert row["averageprice"] == "99.0"


@pytest.mark.parametrize("ended", ["rejected", "cancelled"])
@pytest.mark.parametrize("fault", ["after", "status_false AB4036 taken", "late 500 reset"])
def test_an_order_may_be_over_before_anything_of_it_is_told(fault, ended):
    client = befallen(f"place {fault} {ended}")
    client.place()
    client.after(1_000)
    (order,) = client.exchange.orders
    assert (order.state, order.filled) == (ended, 0)
    assert {state for _, state in client.updates() if state} == {ended}


@pytest.mark.parametrize("ended", ["rejected", "cancelled"])
def test_an_order_may_end_while_a_change_is_on_its_way(ended):
    client = ExchangeHarness()
    orderid = client.placed(price=99, quantity=130)
    client.exchange.fault(client.now_ms, f"modify fill 50 {ended}")
    client.modify(orderid, 98, 130)
    row = client.order(orderid)
    assert (row["orderstatus"], row["filledshares"], row["cancelsize"]) == (ended, "65", "65")


def test_what_nobody_trades_with_is_traded_with_once_faults_are_over():
    client = befallen("partial 0")
    orderid = client.placed(quantity=130)
    assert client.order(orderid)["filledshares"] == "0"
    client.exchange.end_faults(client.now_ms)
    client.exchange.set_book(client.now_ms, CALL.symbol, [(9_990, 650)], [(10_000, 650)])
    assert client.order(orderid)["filledshares"] == "130"


def test_a_fault_may_be_the_first_that_befalls_the_next_call():
    client = ExchangeHarness()
    client.exchange.fault(client.now_ms, "place reject funds")
    client.exchange.fault(client.now_ms, "place reject lot", first=True)
    texts = [client.order(client.placed())["text"] for _ in range(2)]
    assert "lot size" in texts[0]
    assert "Insufficient Funds" in texts[1]


@pytest.mark.parametrize(("percent", "state", "filled"), [(100, "complete", "130"), (50, "cancelled", "65")])
def test_a_stop_fires_while_its_cancel_is_on_its_way(percent, state, filled):
    client = ExchangeHarness()
    client.placed(quantity=130)
    stop = client.placed("SELL", 94, 130, stop=95, ordertag="T2")
    client.exchange.fault(client.now_ms, f"cancel fill {percent}")
    client.cancel(stop, "STOPLOSS")
    client.after(1_000)
    row = client.order(stop)
    assert (row["orderstatus"], row["filledshares"]) == (state, filled)
    assert client.exchange.net[CALL.symbol] == 130 - int(filled)
