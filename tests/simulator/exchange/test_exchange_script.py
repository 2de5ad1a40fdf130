"""A script of faults of orders is read line by line, every word of it can happen, and what it does not understand is told."""

import pytest

from engine.model.errors import InputError
from tests.simulator.exchange.script import (
    FAULT_FORMS,
    TARGETS,
    BrokerFault,
    FaultRule,
    parse_broker_fault,
    parse_rules,
)
from tests.support.exchange_harness import CALL, ExchangeHarness


def test_a_script_is_read_line_by_line():
    text = "# a bad day\nat 12.5s: updates down 5000\n\nat place 3: after untagged # once\np 0.05 book: stale\nevery 7 read: 5xx x2\n"
    assert parse_rules(text) == (
        FaultRule("time", 12.5, "", BrokerFault("updates down", number=5_000)),
        FaultRule("call", 3, "place", BrokerFault("after", "place", flags=frozenset({"untagged"}))),
        FaultRule("chance", 0.05, "book", BrokerFault("stale", "book", 5_000)),
        FaultRule("every", 7, "read", BrokerFault("5xx", "read", count=2)),
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("place after", BrokerFault("after", "place")),
        ("late 8000", BrokerFault("late", "place", 8_000)),
        ("cancel late 3000 empty", BrokerFault("late", "cancel", 3_000, "empty")),
        ("lost", BrokerFault("lost", "place")),
        ("modify reset taken", BrokerFault("reset", "modify", flags=frozenset({"taken"}))),
        ("5xx", BrokerFault("5xx", "place")),
        ("rate taken x3", BrokerFault("rate", "place", flags=frozenset({"taken"}), count=3)),
        ("status_false AB9999", BrokerFault("status_false", "place", word="AB9999")),
        ("any html for 2.5s", BrokerFault("html", "any", count=0, for_ms=2_500)),
        ("order_book empty", BrokerFault("empty", "order_book")),
        ("book empty", BrokerFault("null", "book")),
        ("order_book null", BrokerFault("null", "order_book")),
        ("details cut", BrokerFault("cut", "details")),
        ("partial 40 rejected", BrokerFault("partial", "place", 40, flags=frozenset({"rejected"}))),
        ("cancel fill", BrokerFault("fill", "cancel", 100)),
        ("modify fill 50", BrokerFault("fill", "modify", 50)),
        ("updates lost", BrokerFault("updates lost", number=1)),
        ("updates reorder 4", BrokerFault("updates reorder", number=4)),
        ("reject funds", BrokerFault("reject", "place", word="funds")),
        ("reject price at_once AB4036", None),
        (
            "reject price AB4036 at_once",
            BrokerFault("reject", "place", word="price", more="AB4036", flags=frozenset({"at_once"})),
        ),
        ("external +65", BrokerFault("external", number=65)),
        (f"external -130 {CALL.symbol} CARRYFORWARD", BrokerFault("external", "", -130, CALL.symbol, "CARRYFORWARD")),
        ("square_off", BrokerFault("square_off")),
        ("book short", BrokerFault("short", "book")),
        ("book lag 3000", BrokerFault("lag", "book", 3_000)),
        ("trade_book stale 900", BrokerFault("stale", "trade_book", 900)),
        ("positions wrong -75", BrokerFault("wrong", "positions", -75)),
        ("wrong -75", BrokerFault("wrong", "positions", -75)),
        ("ip", BrokerFault("ip")),
        ("blocked for 3s", BrokerFault("blocked", count=0, for_ms=3_000)),
        ("session", BrokerFault("session")),
        ("slow 900", BrokerFault("slow", "place", 900)),
    ],
)
def test_words_are_understood_as_they_are_written(text, fault):
    if fault is None:
        with pytest.raises(InputError):
            parse_broker_fault(text)
    else:
        assert parse_broker_fault(text) == fault


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("at 5: after", "'at 5:' does not say when; allowed: at 12.5s: …"),
        ("after", "'after' does not say when"),
        ("at orders 3: after", "'at orders 3:' does not say when"),
        ("at place 0: after", "counts from 1"),
        ("p 1.5 place: after", "does not say when"),
        ("at 5s:", "'' is no fault; allowed: after, late"),
        ("at 5s: explode", "'explode' is no fault"),
        ("at 5s: updates", "'updates' is no fault"),
        ("at 5s: updates torn", "'updates torn' is no fault"),
        ("at 5s: quote after", "after: cannot befall 'quote'; allowed: place, modify, cancel"),
        ("p 0.1 any: fill", "fill: cannot befall 'any'; allowed: modify, cancel"),
        ("at 5s: fill", "fill: cannot befall 'place'; allowed: modify, cancel"),
        ("at 5s: place square_off", "square_off: befalls no call"),
        ("at 5s: late", "late: nothing behind it; allowed: a number (ms)"),
        ("at 5s: late soon", "late: 'soon' behind it; allowed: a number (ms)"),
        ("at 5s: late -1", "late: -1 behind it; allowed: 0 to 600000 (ms)"),
        ("at 5s: partial 101", "partial: 101 behind it; allowed: 0 to 100 (percent)"),
        ("at 5s: reject", "reject: nothing behind it; allowed: price, circuit"),
        ("at 5s: reject love", "reject: 'love' behind it; allowed: price, circuit"),
        ("at 5s: status_false", "status_false: nothing behind it; allowed: a code such as AB1004"),
        ("at 5s: lost taken", "lost: 'taken' behind it; allowed: nothing more"),
        ("at 5s: reset twice", "reset: 'twice' behind it; allowed: taken, untagged"),
        ("at 5s: reset for 3", "reset: 'for 3' behind it; allowed: for 2.5s at the end"),
        ("at 5s: square_off x2", "square_off: 'x2' behind it"),
        ("at 5s: square_off for 2s", "square_off: 'for 2s' behind it"),
        ("at 5s: external 65 GOLD", "external: 'GOLD' is not listed"),
    ],
)
def test_a_line_that_is_none_is_told(line, told):
    with pytest.raises(InputError) as caught:
        ExchangeHarness(script=f"at 1s: square_off\n{line}")
    assert told in str(caught.value)


def test_every_line_that_is_none_is_told_with_its_number():
    with pytest.raises(InputError) as caught:
        parse_rules("at 1s: square_off\nnonsense\n\nat 2s: explode")
    assert [line[:7] for line in caught.value.lines] == ["line 2:", "line 4:"]


@pytest.mark.parametrize("kind", FAULT_FORMS)
def test_every_kind_of_fault_can_happen_at_any_time_and_ends(kind):
    form = FAULT_FORMS[kind]
    number = "65" if form.number else ""
    word = (form.word[0] if isinstance(form.word, tuple) else "AB1004") if form.needs_word else ""
    targets = [each for each in TARGETS if set(TARGETS[each]) <= set(form.calls)] or [""]
    for target in targets:
        client = ExchangeHarness(script=f"at 1s: {target} {kind} {number} {word}")
        client.after(1_000)
        for call in TARGETS[target] if target else ("place", "order_book"):
            client.call(call)
        assert sum(client.exchange.counters.faults.values()) >= 1
        client.exchange.end_faults(client.now_ms)
        client.after(60_000)
        assert client.exchange.at_rest


def test_rules_befall_the_calls_they_name():
    script = "at place 2: lost\nevery 3 order_book: 5xx\nat book 2: null\np 1 quote: html\np 0 ltp: html"
    client = ExchangeHarness(script=script)
    assert [client.place(price=99, ordertag=f"T{n}").end for n in range(3)] == ["answered", "silent", "answered"]
    statuses = []
    for _ in range(6):
        client.after(1_000)
        statuses.append(client.call("order_book").answer.status)
    assert [status == 200 for status in statuses] == [True, True, False, True, True, False]
    assert client.exchange.counters.faults == {"place lost": 1, "order_book 5xx": 2, "book null": 1}
    assert client.call("quote").answer.kind == "text/html"
    assert client.call("ltp").answer.kind == "application/json"


def test_no_rule_counts_once_faults_are_to_end():
    client = ExchangeHarness(script="at 5s: square_off\np 1 any: lost\nat 1s: ip\nat 1s: positions lag 90000")
    client.exchange.end_faults(client.now_ms)
    client.after(9_000)
    client.placed()
    assert client.rows("positions")
    assert client.exchange.counters.faults == {}


def test_faults_wait_in_their_order_and_for_as_long_as_they_are_to():
    client = ExchangeHarness()
    for fault in ("order_book 5xx", "book null x2", "read lost for 5s"):
        client.exchange.fault(client.now_ms, fault)
    ends = []
    for _ in range(5):
        client.after(1_000)
        outcome = client.call("order_book")
        ends.append(outcome.answer.status if outcome.answer else outcome.end)
    assert ends == [ends[0], 200, 200, "silent", 200]
    assert ends[0] >= 500
