"""The life of one order at a real broker: the table, row by row, and any history at all."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.order_reports import BrokerState, FillReport, OrderReport, Refused
from engine.model.order_states import OVER
from engine.text.sanitize import CleanText
from engine.trading.orders.live_order import (
    ABSENT_MS,
    ABSENT_ROUNDS,
    ANSWER_MS,
    CANCEL_MS,
    Adopted,
    Alarm,
    AmendRefused,
    Booked,
    Ended,
    LiveOrder,
    Outcome,
)
from engine.trading.orders.states import STATES, TOMBSTONES, TRANSITIONS, WORDS, state_named

AT_MS = 1_000_000


def order(**changes: object) -> LiveOrder:
    fields: dict[str, object] = {
        "number": 7, "tag": "L8N0A0010007E", "instrument": 0, "side": "BUY", "quantity": 150, "purpose": "ENTRY",
        "reason": "signal", "decided": 10_000, "limit": 10_050, "at_ms": AT_MS,
    }  # fmt: skip
    return LiveOrder(**{**fields, **changes})  # type: ignore[arg-type]


def report(state: BrokerState = "working", filled: int = 0, *, average: int = 0, limit: int = 10_050) -> OrderReport:
    return OrderReport(
        CleanText("251203000000001"), CleanText("u1"), CleanText("L8N0A0010007E"), 0, CleanText("NIFTY"), "BUY", 150,
        filled, limit, average, state, CleanText(state), AT_MS,
    )  # fmt: skip


def trade(number: int, quantity: int, price: int) -> FillReport:
    words = CleanText(f"f{number}"), CleanText("251203000000001"), 0, CleanText("NIFTY")
    return FillReport(*words, "BUY", quantity, price, AT_MS)


def working() -> LiveOrder:
    made = order()
    made.beat(AT_MS)
    made.answered("sent", AT_MS)
    made.accepted("accepted", "251203000000001", "u1", AT_MS + 20)
    return made


def test_accepted_and_filled_it_ends_once_at_the_prices_of_the_trade_book() -> None:
    made = working()
    assert made.state == "WORKING"
    assert made.seen(report(filled=75, average=10_010), AT_MS + 100) == [Booked(7, 75, 10_010)]
    told = made.seen(report("complete", 150, average=10_020), AT_MS + 200)
    assert told == [Booked(7, 75, 10_030)]
    assert made.state == "SETTLING"
    assert made.fill(trade(1, 75, 10_010), AT_MS + 300) == []
    assert made.fill(trade(2, 75, 10_031), AT_MS + 300) == [Ended(7, "FILLED", 150, 75 * 20_041)]
    assert made.fill(trade(2, 75, 10_031), AT_MS + 400) == []


def test_the_trade_book_may_tell_of_a_fill_first() -> None:
    made = working()
    assert made.fill(trade(1, 150, 10_031), AT_MS + 50) == [Booked(7, 150, 10_031)]
    assert made.seen(report("complete", 150, average=10_031), AT_MS + 60) == [Ended(7, "FILLED", 150, 150 * 10_031)]


@pytest.mark.parametrize(
    ("words", "state"),
    [
        (("not_sent",), "NOT_PLACED"),
        (("sent", "refused"), "REFUSED"),
        (("sent", "unclear"), "UNKNOWN"),
        (("sent", "not_sent"), "NOT_PLACED"),
        (("sent", "unclear", "accepted"), "WORKING"),
        (("sent", "unclear", "refused"), "REFUSED"),
    ],
)
def test_what_an_answer_makes_of_it(words, state) -> None:
    made = order()
    told = [each for word in words for each in made.answered(word, AT_MS + 5)]
    assert made.state == state
    assert told == ([Ended(7, state, 0, 0)] if state in OVER else [])


def test_a_state_has_the_name_that_rows_give_it() -> None:
    assert [state_named(name) for name in STATES] == list(STATES)
    with pytest.raises(ValueError, match=r"^'DONE' is no state of an order; allowed: INTENT, SENDING, .*NOT_PLACED$"):
        state_named("DONE")


def test_a_price_that_is_refused_leaves_the_order_as_it_was() -> None:
    made = working()
    assert made.amend(10_100, AT_MS + 100)
    why = Refused(7, "modify", "price", CleanText("beyond the range"), 10_080)
    assert made.refused(why, AT_MS + 150) == [AmendRefused(7)]
    assert (made.state, made.limit, made.asked_limit) == ("WORKING", 10_050, 10_100)
    assert (made.family, made.bound, made.above) == ("price", 10_080, False)


def test_seven_seconds_without_an_answer_begin_with_the_first_beat() -> None:
    made = order()
    made.beat(AT_MS + 5_000)
    made.beat(AT_MS + 5_000 + ANSWER_MS - 1)
    assert made.state == "INTENT"
    made.beat(AT_MS + 5_000 + ANSWER_MS)
    assert made.state == "UNKNOWN"


def test_it_was_not_placed_only_after_enough_rounds_and_time() -> None:
    made = order()
    made.answered("sent", AT_MS)
    made.answered("unclear", AT_MS + 10)
    for begun in (AT_MS, AT_MS + 1_000, AT_MS + 3_000, AT_MS + 6_000):  # the first began before it was sent
        assert not made.missed(begun, begun + 500, twin=False)
    assert made.absent_rounds == 3
    assert not made.missed(AT_MS + 8_000, AT_MS + ABSENT_MS, twin=False)
    assert made.missed(AT_MS + 12_000, AT_MS + ABSENT_MS + 1, twin=False)
    assert made.answered("absent", AT_MS + ABSENT_MS + 1) == [Ended(7, "NOT_PLACED", 0, 0)]
    told = made.seen(report(filled=150, average=10_000), AT_MS + 20_000)
    assert [type(each) for each in told] == [Adopted, Alarm, Booked]
    assert made.state == "WORKING"


def test_rounds_with_a_twin_and_without_one_do_not_count_together() -> None:
    made = order()
    made.answered("sent", AT_MS)
    made.answered("unclear", AT_MS + 10)
    seen = [made.missed(AT_MS + 20_000 + number, AT_MS + 20_500, twin=number in {1, 2}) for number in range(6)]
    assert seen == [False, False, False, False, False, True]


def test_what_has_not_left_cannot_be_missed() -> None:
    made = order()
    made.beat(AT_MS)
    made.beat(AT_MS + ANSWER_MS)
    assert made.state == "UNKNOWN"
    assert not any(made.missed(AT_MS + 20_000, AT_MS + 20_500, twin=False) for _ in range(ABSENT_ROUNDS + 1))
    assert made.answered("not_sent", AT_MS + 21_000) == [Ended(7, "NOT_PLACED", 0, 0)]


def test_a_price_is_what_the_book_says_and_not_what_was_asked_for() -> None:
    made = working()
    assert made.amend(10_100, AT_MS + 1_000)
    assert not made.amend(10_150, AT_MS + 1_001)
    assert (made.state, made.limit) == ("AMENDING", 10_050)
    made.answered("amended", AT_MS + 1_100)
    assert (made.state, made.limit) == ("WORKING", 10_050)
    made.seen(report(limit=10_100), AT_MS + 1_200)
    assert made.limit == 10_100


def test_a_cancel_that_is_taken_is_not_gone_and_is_asked_for_again() -> None:
    made = working()
    assert made.cancel(AT_MS)
    assert not made.cancel(AT_MS)
    made.answered("cancel_taken", AT_MS + 50)
    assert made.left == 150
    made.beat(AT_MS + CANCEL_MS)
    assert (made.state, made.wants_details) == ("WORKING", True)
    made.seen(report(), AT_MS + CANCEL_MS + 100)
    assert made.cancel(AT_MS + CANCEL_MS + 200)
    assert made.seen(report("cancelled", 75, average=10_000), AT_MS + 9_000) == [Booked(7, 75, 10_000)]
    assert made.fill(trade(1, 75, 10_000), AT_MS + 9_100) == [Ended(7, "CANCELLED", 75, 750_000)]


def test_an_end_is_never_undone_but_a_fill_is_a_fill() -> None:
    made = working()
    assert made.seen(report("cancelled"), AT_MS + 500) == [Ended(7, "CANCELLED", 0, 0)]
    assert made.seen(report(), AT_MS + 600) == []
    assert made.state == "CANCELLED"
    told = made.seen(report("complete", 75, average=10_000), AT_MS + 700)
    assert [type(each) for each in told] == [Booked, Alarm]


def test_the_table_has_every_state_and_every_word() -> None:
    assert {state for state, _ in TRANSITIONS} | set(TRANSITIONS.values()) == set(STATES)
    assert {word for _, word in TRANSITIONS} == set(WORDS)
    ends = {state for state in STATES if not any((state, word) in TRANSITIONS for word in WORDS)}
    assert ends == OVER - TOMBSTONES
    for state, word in product(OVER - TOMBSTONES, WORDS):
        assert (state, word) not in TRANSITIONS


EVENTS = st.one_of(
    st.tuples(
        st.just("answer"), st.sampled_from((*WORDS[:5], "amended", "not_amended", "cancel_taken", "not_cancelled"))
    ),
    st.tuples(st.just("seen"), st.sampled_from(["working", "complete", "cancelled", "rejected"]), st.integers(0, 150)),
    st.tuples(st.just("fill"), st.integers(1, 4)),
    st.tuples(st.just("beat"), st.integers(1, 9_000)),
    st.tuples(st.just("missed"), st.booleans()),
    st.tuples(st.sampled_from(["amend", "cancel"])),
)


@settings(max_examples=400)
@given(st.lists(EVENTS, max_size=40))
def test_any_history(events: list[tuple]) -> None:
    """Whatever comes in whatever order: fills are booked once, quantities never fall, an end is told once and stays."""
    made = order()
    now_ms = AT_MS
    told: list[Outcome] = []
    for event in events:
        now_ms += 100
        before, was = made.filled, made.state
        match event:
            case ("answer", word):
                told += made.answered(word, now_ms)
            case ("seen", state, filled):
                told += made.seen(report(state, filled, average=10_000 + filled), now_ms)
            case ("fill", number):
                told += made.fill(trade(number, 25, 10_000 + number), now_ms)
            case ("beat", ms):
                now_ms += ms
                made.beat(now_ms)
            case ("missed", twin):
                if made.missed(now_ms - 50, now_ms, twin=twin):
                    told += made.answered("absent", now_ms)
            case ("amend",):
                made.amend(10_000 + now_ms % 97, now_ms)
            case ("cancel",):
                made.cancel(now_ms)
        assert made.filled >= before
        assert was == made.state or was not in OVER - TOMBSTONES
        assert made.left >= 0
    booked = [each for each in told if isinstance(each, Booked)]
    assert sum(each.quantity for each in booked) == made.filled
    assert sum(each.quantity * each.price for each in booked) == made.turnover
    assert all(each.price > 0 for each in booked)
    ends = [each for each in told if isinstance(each, Ended)]
    adoptions = sum(isinstance(each, Alarm) and "after all" in each.text for each in told)
    assert made.is_over == (len(ends) == adoptions + 1)
    assert len(ends) in {adoptions, adoptions + 1}
