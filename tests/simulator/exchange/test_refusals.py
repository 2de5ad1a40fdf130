"""What broker and exchange refuse by themselves: each family with its words and numbers, at once or after an order was taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.simulator.exchange import Carried, Quirks, TradingDay
from tests.simulator.exchange.refusals import FAMILIES
from tests.simulator.exchange.securities import PriceProtection
from tests.support.exchange_harness import CALL, START_MS, ExchangeHarness, order_fields, told

LATER = Quirks(at_once=frozenset())


def rejected(client, **order):
    """The text of an order that was taken and then rejected."""
    row = client.order(client.placed(**order))
    assert row["orderstatus"] == "rejected"
    assert client.updates()[-1] == ("AB03", "rejected")
    return row["text"]


@pytest.mark.parametrize(
    ("order", "text"),
    [
        (
            {"price": 140.05},
            "Limit Price Protection range defined by the exchange. Please reduce the limit price below <140.00>",
        ),
        (
            {"price": 59.95, "side": "SELL"},
            "range defined by the exchange. Please increase the limit price above <60.00>",
        ),
        ({"price": 2000.05}, "circuit limit: the price band is 0.05 to 2000.00"),
        ({"price": 0}, "circuit limit"),
        ({"price": 100.12}, "not a multiple of the tick 0.05"),
        ({"quantity": 66}, "multiple of lot size 65"),
        ({"quantity": 28 * 65}, "above the freeze quantity 1800"),
        ({"side": "SELL", "price": 79.95, "stop": 100}, "beyond the last traded price"),
        (
            {"side": "SELL", "price": 70, "stop": 90},
            "Permissible range of < 18.00 >. Consider increasing the limit price above < 72.00 >",
        ),
        ({"side": "SELL", "price": 91, "stop": 90}, "beyond the last traded price"),
    ],
)
def test_an_order_beyond_a_rule_is_taken_and_then_rejected(order, text):
    assert text in rejected(ExchangeHarness(quirks=LATER, cash=10**9, short_margin=0), **order)


def test_the_last_price_and_quantity_within_a_rule_are_taken():
    client = ExchangeHarness(quirks=LATER, cash=10**9, short_margin=0)
    for order in ({"price": 140}, {"price": 60, "side": "SELL"}, {"quantity": 27 * 65, "price": 99}):
        assert client.order(client.placed(**order))["orderstatus"] in {"open", "complete"}


def test_price_protection_is_told_at_once_or_later_by_the_setting():
    client = ExchangeHarness()
    answer = told(client.place(price=140.05))
    assert (answer["status"], answer["errorcode"]) == (False, "AB1007")
    assert "Limit Price Protection range" in answer["message"]
    orderid = client.placed(price=99)
    answer = told(client.modify(orderid, 140.05))
    assert answer["errorcode"] == "AB1007"
    assert client.exchange.counters.orders == {"T1": 1}
    assert client.order(orderid)["orderstatus"] == "open"


def test_a_modify_is_looked_at_like_an_order():
    client = ExchangeHarness(quirks=LATER)
    orderid = client.placed(price=99)
    for price, quantity, text in (
        (140.05, 65, "Limit Price Protection"),
        (99, 66, "lot size"),
        (99, 1820, "freeze"),
        (135, 27 * 65 * 4 // 4, ""),
    ):
        client.modify(orderid, price, quantity)
        row = client.order(orderid)
        assert row["text"] == "" if not text else text in row["text"]
        assert (row["orderstatus"] == "not modified") is bool(text)
    assert client.updates().count(("AB11", "not modified")) == 3


def test_protection_is_around_the_mean_of_the_half_minute_before():
    client = ExchangeHarness(quirks=LATER)
    for _ in range(4):
        client.exchange.set_book(client.now_ms, CALL.symbol, ((15_990, 65),), ((16_010, 65),), 16_000)
        client.after(10_000)
    assert client.order(client.placed(price=224))["orderstatus"] == "complete"
    assert "below <224.00>" in rejected(client, price=224.05)


def test_cheap_options_have_a_range_in_rupees_and_a_quiet_one_a_theoretical_price():
    cheap = PriceProtection(5_000, 0)
    assert cheap.bounds(0, 1) == (3_000, 7_000)
    assert PriceProtection(5_005, 0).bounds(0, 1) == (3_003, 7_007)
    cheap.trade(10_000, 8_000)
    cheap.trade(20_000, 9_000)
    assert cheap.bounds(29_999, 1) == (3_000, 7_000)
    assert cheap.bounds(30_000, 1) == (5_100, 11_900)
    assert cheap.bounds(20_000 + 15 * 60_000 - 1, 1_000) == (5_100, 11_900)
    assert cheap.bounds(20_000 + 15 * 60_000, 1_000) == (-1_000, 3_000)


def test_money_is_tied_up_by_working_buys_and_comes_back():
    client = ExchangeHarness(cash=1_000_000)
    first = client.placed(price=99)
    text = rejected(client, price=99, ordertag="T2")
    assert "Insufficient Funds. Available funds - Rs. 3565.00 . You require Rs. 6435.00" in text
    client.modify(first, 130, 130)
    assert "Insufficient Funds" in client.order(first)["text"]
    client.cancel(first)
    assert client.order(client.placed(price=100.1, ordertag="T3"))["orderstatus"] == "complete"
    client.placed("SELL", 99.9, ordertag="T4")
    assert told(client.call("funds"))["data"]["net"] == "9987.00"


def test_a_second_sell_beside_a_working_one_needs_the_margin_of_a_short():
    client = ExchangeHarness(cash=1_000_000)
    client.placed()
    stop = client.placed("SELL", 94, stop=95, ordertag="T2")
    text = rejected(client, side="SELL", price=99.9, ordertag="T3")
    assert "Insufficient Funds" in text
    assert "You require Rs. 150000.00" in text
    client.cancel(stop, "STOPLOSS")
    assert client.order(client.placed("SELL", 99.9, ordertag="T4"))["orderstatus"] == "complete"


def test_a_second_sell_is_refused_from_the_moment_the_first_was_taken():
    client = ExchangeHarness(cash=2_000_000)
    client.placed(quantity=130)
    first = client.exchange.call(client.now_ms, "place", order_fields("SELL", 101, 65))
    second = client.exchange.call(client.now_ms, "place", order_fields("SELL", 101, 130))
    client.after(1)
    states = [each["orderstatus"] for each in client.rows("order_book")[1:]]
    assert (told(first)["status"], told(second)["status"]) == (True, True)
    assert states == ["open", "rejected"]


def test_a_sell_of_another_product_is_not_covered():
    client = ExchangeHarness(cash=1_000_000, carried=[Carried(CALL.symbol, 65, 9_000)])
    assert "Insufficient Funds" in rejected(client, side="SELL", price=99.9)
    orderid = client.placed("SELL", 99.9, producttype="CARRYFORWARD")
    assert client.order(orderid)["orderstatus"] == "complete"


def test_with_margin_a_short_is_possible_and_is_bought_back_without_premium():
    client = ExchangeHarness(cash=15_000_000)
    client.placed("SELL", 99.9)
    assert client.exchange.net[CALL.symbol] == -65
    assert client.exchange.counters.lowest_net[CALL.symbol] == -65
    assert told(client.call("funds"))["data"]["net"] == "6493.50"
    assert client.order(client.placed("BUY", 138, ordertag="T2"))["orderstatus"] == "complete"


def test_a_short_more_takes_only_the_margin_it_adds():
    client = ExchangeHarness(cash=31_000_000)
    for tag in ("T1", "T2"):
        assert client.order(client.placed("SELL", 99.9, ordertag=tag))["orderstatus"] == "complete"
    assert "You require Rs. 150000.00" in rejected(client, side="SELL", price=99.9)


@given(
    st.lists(st.tuples(st.integers(1, 4), st.booleans()), min_size=1, max_size=8),
    st.integers(0, 4),
)
def test_working_sells_never_exceed_the_position_without_margin(sells, held):
    client = ExchangeHarness(cash=10_000_000)
    if held:
        client.placed(quantity=65 * held)
    for lots, again in sells:
        client.place("SELL", 101, 65 * lots)
        client.after(1_000)
        if again and client.exchange.working:
            client.cancel(client.exchange.working[0].orderid)
        working = sum(each.rest for each in client.exchange.working)
        assert working <= 65 * held
    assert client.exchange.net[CALL.symbol] == 65 * held


def test_sells_beyond_the_position_are_counted_though_they_are_refused():
    client = ExchangeHarness(cash=2_000_000)
    client.placed(quantity=130)
    client.placed("SELL", 101, 65)
    assert client.exchange.counters.most_oversold == {}
    client.placed("SELL", 101, 130)
    assert client.exchange.counters.most_oversold == {CALL.symbol: 65}


def test_an_own_order_on_the_other_side_is_not_traded_with():
    client = ExchangeHarness()
    client.placed(quantity=130)
    client.exchange.set_book(client.now_ms, CALL.symbol, (), ())
    client.placed(price=99, ordertag="T2")
    assert "self trade" in rejected(client, side="SELL", price=98, ordertag="T3")
    assert client.order(client.placed("SELL", 99.05, ordertag="T4"))["orderstatus"] == "open"


def test_outside_its_hours_the_market_takes_nothing():
    day = TradingDay(open_ms=START_MS + 60_000, close_ms=START_MS + 120_000)
    client = ExchangeHarness(day=day)
    assert "market is closed" in rejected(client)
    client.after(60_000)
    resting = client.placed(price=99)
    assert client.order(resting)["orderstatus"] == "open"
    client.after(60_000)
    row = client.order(resting)
    assert (row["orderstatus"], row["text"]) == ("cancelled", "Order cancelled at the end of the day")
    assert "market is closed" in rejected(client)


def test_outside_its_hours_the_broker_may_keep_orders_for_the_next_day():
    client = ExchangeHarness(day=TradingDay(close_ms=START_MS), quirks=Quirks(after_hours="amo"))
    orderid = client.placed()
    assert client.order(orderid)["orderstatus"] == "after market order req received"
    assert told(client.modify(orderid, 99))["errorcode"] == "AB1007"
    client.cancel(orderid)
    assert client.order(orderid)["orderstatus"] == "cancelled"
    assert [code for code, _ in client.updates()] == ["AB00", "AB06", "AB07"]


def test_the_broker_squares_off_by_the_clock_and_takes_no_intraday_orders_after_it():
    client = ExchangeHarness(day=TradingDay(square_off_ms=START_MS + 60_000))
    client.placed(quantity=130)
    resting = client.placed(price=99, ordertag="T2")
    client.after(60_000)
    assert client.exchange.net[CALL.symbol] == 0
    assert client.order(resting)["orderstatus"] == "cancelled"
    closing = client.rows("order_book")[-1]
    assert (closing["ordertag"], closing["quantity"], closing["text"]) == ("", "130", "RMS: auto square off")
    assert "MIS is not allowed" in rejected(client)
    assert client.order(client.placed(producttype="CARRYFORWARD"))["orderstatus"] == "complete"


def test_every_refusal_is_counted_by_its_family():
    client = ExchangeHarness(quirks=LATER, cash=14_000_000)
    for order in ({"price": 140.05}, {"quantity": 66}, {"quantity": 1820}, {"price": 2001}, {"side": "SELL"}):
        client.place(**order)
    refused = client.exchange.counters.refused
    assert refused == {"price": 1, "lot": 1, "freeze": 1, "circuit": 1, "funds": 1}
    assert set(refused) < set(FAMILIES)


@given(st.integers(1, 40), st.integers(0, 64))
def test_only_whole_lots_up_to_the_freeze_quantity_are_taken(lots, more):
    client = ExchangeHarness(cash=10**10, quirks=LATER)
    quantity = 65 * lots + more
    client.place(price=99, quantity=quantity)
    good = more == 0 and quantity <= 1800
    assert [each.state for each in client.exchange.orders] == ["open" if good else "rejected"]
