"""A script of faults is read line by line, and what it does not understand is told."""

import pytest

from engine.model.errors import InputError
from tests.simulator import Generated, Quiet, Simulator
from tests.simulator.order_script import OrderFault, OrderRule
from tests.simulator.script import FORMS, Fault, Rule, parse_fault, parse_script


def test_a_script_is_read_line_by_line():
    text = "# a bad morning\nat 12.5s: disconnect 1006\n\nat tick 500: duplicate  # once\np 0.01: older\nevery 7 ticks: rest html 3\n"
    assert parse_script(text) == (
        Rule("time", 12.5, Fault("disconnect", "", 1006)),
        Rule("tick", 500, Fault("duplicate")),
        Rule("chance", 0.01, Fault("older")),
        Rule("every", 7, Fault("rest", "html", 3)),
    )


def test_faults_of_orders_stand_among_those_of_the_feed():
    text = "at 12.5s: updates down 5000\nat tick 3: place reset x2\nat place 3: after untagged\np 0.05 book: stale\np 0.1: ip\n"
    assert parse_script(text) == (
        Rule("time", 12.5, OrderFault("updates down 5000")),
        Rule("tick", 3, OrderFault("place reset x2")),
        OrderRule("at place 3: after untagged"),
        OrderRule("p 0.05 book: stale"),
        Rule("chance", 0.1, OrderFault("ip")),
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("reset", Fault("reset")),
        ("orders reset", OrderFault("reset")),
        ("place reset", OrderFault("place reset")),
        ("recover", Fault("recover")),
        ("orders recover", OrderFault("recover")),
        ("book empty", Fault("book", "empty")),
        ("orders book empty", OrderFault("book empty")),
        ("book stale", OrderFault("book stale")),
        ("book crossed", Fault("book", "crossed")),
        ("lost", OrderFault("lost")),
        ("5xx", OrderFault("5xx")),
        ("external -65 NIFTY06OCT2622100CE", OrderFault("external -65 NIFTY06OCT2622100CE")),
        ("session", OrderFault("session")),
        ("updates close", OrderFault("updates close", "updates close")),
        ("updates close 1011", OrderFault("updates close 1011", "updates close", 1011)),
        ("updates  half_open", OrderFault("updates half_open", "updates half_open")),
        ("hang_up", OrderFault("hang_up", "hang_up")),
    ],
)
def test_a_word_that_both_know_is_the_feed_s(text, fault):
    assert parse_fault(text) == fault


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("at 5: reset", "'at 5:' does not say when; allowed: at 12.5s: …"),
        ("reset", "'reset' does not say when"),
        ("at tick 0: reset", "counts from 1"),
        ("p 1.5: reset", "does not say when"),
        ("at 5s:", "'' is no fault; allowed: duplicate, older"),
        ("at 5s: explode", "'explode' is no fault; allowed: duplicate"),
        ("at 5s: price", "price: nothing behind it; allowed: zero, negative, circuit"),
        ("at 5s: price high", "price: 'high' behind it; allowed: zero, negative, circuit"),
        ("at 5s: reset 3", "reset: '3' behind it; allowed: nothing more"),
        ("at 5s: jump", "jump: '' behind it; allowed: a number"),
        ("at 5s: jump -1", "jump: '-1' behind it; allowed: a number"),
        ("at 5s: length 51", "length: 51 behind it; allowed: 0, 1, 50, 52, 122, 124, 378, 380, 443"),
        ("at 5s: close 1005", "close: 1005 behind it; allowed: 1000, 1001, 1006, 1011"),
        ("at 5s: silence_token", "silence_token: nothing behind it; allowed: a token"),
        ("at 5s: explode", "; of orders: after, late"),
        ("at 5s: book high", "book: 'high' behind it; allowed: crossed, one_sided, empty"),
        ("at 5s: orders explode", "'explode' is no fault; allowed: after, late"),
        ("at 5s: updates close 1005", "updates close: '1005' behind it; allowed: 1000, 1001, 1006, 1011"),
        ("at 5s: updates reset 3", "updates reset: '3' behind it; allowed: nothing more"),
        ("at 5s: partial 101", "partial: 101 behind it; allowed: 0 to 100 (percent)"),
        ("at place 3: fill", "fill: cannot befall 'place'"),
        ("at orders 3: after", "does not say when"),
    ],
)
def test_a_line_that_is_none_is_told_with_its_number_and_what_is_allowed(line, told):
    with pytest.raises(InputError) as caught:
        parse_script(f"at 1s: reset\n{line}\n\nat 1s: nonsense")
    assert caught.value.lines[0].startswith("line 2: ")
    assert told in caught.value.lines[0]
    assert caught.value.lines[1].startswith("line 4: 'nonsense'")
    with pytest.raises(InputError):
        Simulator(Quiet(), script=line)


def test_every_kind_of_fault_can_be_carried_out_whoever_is_there():
    words = {"close": "1000", "disconnect": "1006", "length": "50", "jump": "2", "silence_token": "1 0.01"}
    with Simulator(Generated(), hold=None, scale=0.01) as sim:
        for kind, form in FORMS.items():
            for word in form.words or ("",):
                number = words.get(kind, "0.01" if form.number else "")
                sim.fault(f"{kind} {word} {number}")
        assert sim.counters.connects == 0


@pytest.mark.parametrize("line", ["at 5s: place after", "at place 3: after", "at tick 5: updates reset"])
def test_what_only_a_broker_that_takes_orders_can_do_is_told(line):
    with pytest.raises(InputError, match="no orders are taken here; allowed with --orders"):
        Simulator(Quiet(), script=line)
