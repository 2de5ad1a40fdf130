"""The life of an order at a real broker as a table: what it is at, what may happen, what it is at then. Plain data.

What is not in the table cannot happen: it changes nothing and is counted (see `LiveOrder.odd`).
"""

from typing import Final, Literal, get_args

from engine.model.order_states import OVER, OrderState

OrderWord = Literal[
    "sent", "accepted", "refused", "not_sent", "unclear",  # of placing it
    "amend", "amended", "not_amended",
    "cancel", "cancel_taken", "not_cancelled",
    "overdue",  # its time in this state is over
    "absent",  # enough trusted rounds, begun after it was sent, without it and without a twin
    "seen_working", "seen_complete", "seen_cancelled", "seen_rejected",  # its tag in an answer, a book or an update
    "settled_filled", "settled_cancelled", "settled_rejected",  # the fills that were read come to what was told
]  # fmt: skip

STATES: Final[tuple[OrderState, ...]] = get_args(OrderState)
WORDS: Final = get_args(OrderWord)
# Its tag may still turn up: it is taken in again, told as an alarm, and entries are locked.
TOMBSTONES: Final[frozenset[OrderState]] = frozenset({"REFUSED", "NOT_PLACED"})
FOR_GOOD: Final[frozenset[OrderState]] = OVER - TOMBSTONES
AT_BROKER: Final[frozenset[OrderState]] = frozenset({"WORKING", "AMENDING", "CANCELLING"})

_SEEN: Final[dict[OrderWord, OrderState]] = {
    "seen_working": "WORKING",
    "seen_complete": "SETTLING",
    "seen_cancelled": "SETTLING",
    "seen_rejected": "SETTLING",
}
_SETTLED: Final[dict[OrderWord, OrderState]] = {
    "settled_filled": "FILLED",
    "settled_cancelled": "CANCELLED",
    "settled_rejected": "REJECTED",
}


def _table() -> dict[tuple[OrderState, OrderWord], OrderState]:
    table: dict[tuple[OrderState, OrderWord], OrderState] = {
        ("INTENT", "sent"): "SENDING",
        ("INTENT", "not_sent"): "NOT_PLACED",
        ("INTENT", "overdue"): "UNKNOWN",
        ("SENDING", "accepted"): "WORKING",
        ("SENDING", "refused"): "REFUSED",
        ("SENDING", "not_sent"): "NOT_PLACED",
        ("SENDING", "unclear"): "UNKNOWN",
        ("SENDING", "overdue"): "UNKNOWN",
        # The answer to placing it may come after the book has been heard, or after its time was over. It does not come behind
        # NOT_PLACED: there is one answer, and what is not answered is given up before it can count as absent.
        ("UNKNOWN", "sent"): "UNKNOWN",
        ("UNKNOWN", "not_sent"): "NOT_PLACED",
        ("UNKNOWN", "accepted"): "WORKING",
        ("UNKNOWN", "refused"): "REFUSED",
        ("UNKNOWN", "unclear"): "UNKNOWN",
        ("UNKNOWN", "absent"): "NOT_PLACED",
        ("WORKING", "sent"): "WORKING",
        ("WORKING", "accepted"): "WORKING",
        ("WORKING", "unclear"): "WORKING",
        ("WORKING", "amend"): "AMENDING",
        ("WORKING", "cancel"): "CANCELLING",
        ("AMENDING", "amended"): "WORKING",
        ("AMENDING", "not_amended"): "WORKING",
        ("AMENDING", "overdue"): "WORKING",
        ("AMENDING", "cancel"): "CANCELLING",
        ("CANCELLING", "cancel_taken"): "CANCELLING",  # taken is not gone: the book says when it is
        ("CANCELLING", "not_cancelled"): "WORKING",
        ("CANCELLING", "overdue"): "WORKING",  # and asked for again where it is still not wanted
    }
    asked: tuple[OrderState, ...] = ("AMENDING", "CANCELLING")
    heard: tuple[OrderState, ...] = ("INTENT", "SENDING", "UNKNOWN", "WORKING", *asked, "REFUSED", "NOT_PLACED")
    for state in heard:
        for word, then in _SEEN.items():
            table[state, word] = then
    for state in asked:
        table[state, "seen_working"] = state
    for word, then in _SETTLED.items():
        table["SETTLING", word] = then
    return table


TRANSITIONS: Final = _table()


def state_named(name: str) -> OrderState:
    """The state that a row calls `name`; raises ValueError."""
    state = next((each for each in STATES if each == name), None)
    if state is None:
        raise ValueError(f"'{name}' is no state of an order; allowed: {', '.join(STATES)}")
    return state
