"""What is to go wrong with orders, said beside what goes wrong with the feed: faults of the broker, and of its sockets. Does nothing."""

from typing import Final

from msgspec import Struct

from engine.model.errors import InputError
from engine.text.sanitize import clean
from tests.simulator.exchange.script import FAULT_FORMS, parse_broker_fault, parse_broker_rule
from tests.simulator.framing import CLOSE_CODES

PREFIX: Final = "orders"  # stands before a fault whose word the feed knows as well
# Of the sockets, which the exchange knows nothing of: what they are, and the close code where one follows.
SOCKET_FAULTS: Final = (
    "updates close",  # all sockets for order updates are closed, 1000 where no code is said
    "updates reset",
    "updates half_open",  # nothing comes by them any longer, and nothing is read
    "hang_up",  # connections on which no answer is awaited end, as a server does with idle ones
)

KINDS: Final = (*FAULT_FORMS, *SOCKET_FAULTS)


class OrderFault(Struct, frozen=True):
    """One thing to go wrong: of the exchange, by its own words, or (`socket`) of the sockets to it."""

    text: str
    socket: str = ""
    code: int = 1000


class OrderRule(Struct, frozen=True):
    """A line of a script that counts calls, such as `at place 3: after`."""

    text: str


def parse_order_fault(text: str) -> OrderFault:
    """A fault without a time, such as `place after` or `updates reset`; raises InputError."""
    words = text.split()
    words = words[1:] if words[:1] == [PREFIX] else words
    told = " ".join(words)
    for socket in SOCKET_FAULTS:
        if f"{told} ".startswith(f"{socket} "):
            return _of_sockets(socket, told.removeprefix(socket).strip())
    parse_broker_fault(told)
    return OrderFault(told)


def is_known(text: str) -> bool:
    """Whether this begins as a fault of orders does."""
    try:
        parse_order_fault(text)
    except InputError as error:
        return "is no fault" not in str(error)
    return True


def parse_order_rule(text: str) -> OrderRule:
    """A line that counts calls; raises InputError."""
    parse_broker_rule(text)
    return OrderRule(text)


def _of_sockets(socket: str, rest: str) -> OrderFault:
    codes = [str(each) for each in CLOSE_CODES] if socket == "updates close" else []
    if rest and rest not in codes:
        raise InputError(f"{socket}: '{clean(rest, 40)}' behind it; allowed: {', '.join(codes) or 'nothing more'}")
    return OrderFault(f"{socket} {rest}".strip(), socket, int(rest or 1000))
