"""Quotes, money, margin, charges and profile as the broker tells them."""

import pytest

from tests.simulator.exchange import Carried
from tests.support.exchange_harness import CALL, PUT, ExchangeHarness, told


def test_a_full_quote_has_limits_and_five_levels_with_the_own_orders_in_them():
    client = ExchangeHarness()
    client.placed(price=99.9)
    client.placed(price=99.95, ordertag="T2")
    data = told(client.call("quote", mode="FULL", exchangeTokens={"NFO": [CALL.token, "1"], "NSE": [PUT.token]}))[
        "data"
    ]
    (quote,) = data["fetched"]
    assert [each["symbolToken"] for each in data["unfetched"]] == ["1", PUT.token]
    assert (quote["tradingSymbol"], quote["symbolToken"], quote["ltp"]) == (CALL.symbol, CALL.token, 100.0)
    assert (quote["lowerCircuit"], quote["upperCircuit"]) == (0.05, 2000.0)
    assert quote["exchFeedTime"] == "25-Sep-2026 09:15:00"
    assert quote["depth"]["buy"][:3] == [
        {"price": 99.95, "quantity": 65, "orders": 1},
        {"price": 99.9, "quantity": 715, "orders": 2},
        {"price": 99.85, "quantity": 650, "orders": 1},
    ]
    assert quote["depth"]["buy"][3:] == [{"price": 0.0, "quantity": 0, "orders": 0}] * 2
    assert [each["price"] for each in quote["depth"]["sell"]] == [100.1, 100.15, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("wrong", [{"mode": "LTP"}, {"exchangeTokens": {}}, {"exchangeTokens": {"NFO": ["1"] * 51}}])
def test_a_quote_of_too_much_or_nothing_is_refused(wrong):
    fields = {"mode": "FULL", "exchangeTokens": {"NFO": [CALL.token]}} | wrong
    assert told(ExchangeHarness().call("quote", **fields))["status"] is False


def test_the_last_price_is_that_of_the_last_trade():
    client = ExchangeHarness()
    client.placed()
    fields = {"exchange": "NFO", "tradingsymbol": CALL.symbol, "symboltoken": CALL.token}
    assert told(client.call("ltp", **fields))["data"]["ltp"] == 100.1
    assert told(client.call("ltp", **fields | {"tradingsymbol": "X"}))["errorcode"] == "AB1009"


def test_funds_are_text_or_null_and_never_tell_what_was_won():
    client = ExchangeHarness(cash=2_000_000)
    client.placed()
    client.exchange.set_book(client.now_ms, CALL.symbol, ((12_000, 650),), ((12_010, 650),))
    client.placed("SELL", 119, ordertag="T2")
    client.placed(price=100, security=PUT, ordertag="T3")
    data = told(client.call("funds"))["data"]
    assert data["net"] == data["availablecash"] == f"{20_000 - 6_506.5 + 7_800 - 6_500:.2f}"
    assert data["m2mrealized"] == "0.0000"
    assert data["utilisedspan"] is None


def test_margin_is_premium_for_buys_and_more_for_shorts():
    client = ExchangeHarness(short_margin=15_000_000)
    leg = {
        "exchange": "NFO",
        "qty": 130,
        "price": 100.5,
        "productType": "INTRADAY",
        "token": CALL.token,
        "orderType": "LIMIT",
    }
    bought = told(client.call("margin", positions=[leg | {"tradeType": "BUY"}]))["data"]
    sold = told(client.call("margin", positions=[leg | {"tradeType": "SELL"}]))["data"]
    assert (bought["totalMarginRequired"], sold["totalMarginRequired"]) == (13_065.0, 300_000.0)
    assert "spanMargin" in sold["marginComponents"]
    for wrong in ([], [leg] * 51, [leg | {"token": "1"}]):
        assert told(client.call("margin", positions=wrong))["status"] is False


def test_charges_are_those_of_a_contract_note():
    leg = {
        "product_type": "INTRADAY",
        "exchange": "NFO",
        "symbol_name": CALL.symbol,
        "token": CALL.token,
        "quantity": "65",
    }
    bought, sold = leg | {"transaction_type": "BUY", "price": "100"}, leg | {"transaction_type": "SELL", "price": "105"}
    summary = told(ExchangeHarness().call("charges", orders=[bought, sold]))["data"]["summary"]
    assert (round(summary["total_charges"], 2), summary["trade_value"]) == (63.23, 13_325.0)
    parts = {each["name"]: each["amount"] for each in summary["breakup"]}
    assert parts["Angel One Brokerage"] == 40.0
    assert round(sum(parts.values()), 2) == 63.23
    for each in summary["breakup"]:
        assert not each["breakup"] or round(sum(part["amount"] for part in each["breakup"]), 3) == round(
            each["amount"], 3
        )


def test_the_profile_lists_the_segment():
    data = told(ExchangeHarness().call("profile"))["data"]
    assert data["clientcode"] == "A123456"
    assert "nse_fo" in data["exchanges"]


@pytest.mark.parametrize(("quantity", "side"), [(130, "buy"), (-130, "sell")])
def test_what_was_carried_over_is_a_position_without_a_trade(quantity, side):
    client = ExchangeHarness(carried=[Carried(CALL.symbol, quantity, 9_000)])
    (row,) = client.rows("positions")
    other = {"buy": "sell", "sell": "buy"}[side]
    assert (row[f"cf{side}qty"], row[f"cf{other}qty"], row["netqty"]) == ("130", "0", str(quantity))
    assert (row["buyqty"], row["sellqty"], row["producttype"]) == ("0", "0", "CARRYFORWARD")
    assert row[f"cf{side}avgprice"] == row["avgnetprice"] == "90.00"
    assert row["pnl"] == row["unrealised"] == f"{quantity / 130 * 1300:.2f}"
    assert client.rows("trade_book") == []
    assert client.exchange.net[CALL.symbol] == quantity
