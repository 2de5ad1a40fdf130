"""What becomes of orders at a real broker, in a trader's words: one log line each. Formats only; decides nothing.

An order is told by its number, as everywhere in the log; the line of its `Submit` has its tag.
"""

from collections.abc import Sequence
from typing import assert_never

from engine.model import events
from engine.model.order_reports import Accepted, NotSent, Refused, Unclear
from engine.model.order_requests import AmendOrder, LogIn, PlaceOrder, WithdrawOrder
from engine.model.order_rows import Adopted, ClosedOthers, Ended, External, OrderWarned, PartFilled, SendBegun
from engine.model.types import Instrument
from engine.trading.event_line import DEBUG, ERROR, INFO, WARNING, EventLine

_Request = PlaceOrder | AmendOrder | WithdrawOrder
_Answer = Accepted | Refused | NotSent | Unclear
DETAILS = PlaceOrder | SendBegun | Accepted | PartFilled  # always at DEBUG: what comes of them has a line of its own
_NO_MORE = {"REFUSED", "REJECTED", "NOT_PLACED"}  # its refusal has a line of its own


def tell_live(event: events.LiveOrderEvent, instruments: Sequence[Instrument]) -> EventLine | None:
    """Say `event`, or None when it is nothing for a log: what is only read is told by what comes of it."""
    match event:
        case PlaceOrder() | AmendOrder() | WithdrawOrder():
            return _asked(event, instruments)
        case Accepted() | Refused() | NotSent() | Unclear():
            return _answered(event)
        case SendBegun():
            return EventLine("broker", DEBUG, f"order {event.order}: its sending begins")
        case PartFilled():
            return _part(event, instruments)
        case ClosedOthers() | Ended():
            return _came(event)
        case Adopted() | External():
            return EventLine("broker", ERROR, _found(event, instruments), keep=True)
        case OrderWarned():
            return EventLine("broker", ERROR, event.text, keep=True)
        case LogIn():
            return EventLine("broker", WARNING, "the broker's session is over: logging in anew", keep=True)
        case _:
            return None


def _asked(request: _Request, instruments: Sequence[Instrument]) -> EventLine:
    match request:
        case PlaceOrder():
            name = instruments[request.instrument]
            prices = f"limit {name.price_words(request.limit)}, decided at {name.price_words(request.decided)}"
            text = f"order {request.order} ({request.purpose}) is to be placed: {prices}"
            return EventLine("broker", DEBUG, text)
        case AmendOrder():
            limit = instruments[request.instrument].price_words(request.limit)
            return EventLine("broker", INFO, f"order {request.order} is to be moved: limit {limit}")
        case WithdrawOrder():
            return EventLine("broker", INFO, f"order {request.order} is to be taken back")
        case _:
            assert_never(request)


def _answered(answer: _Answer) -> EventLine:
    what = f"order {answer.order}: {answer.request}"
    match answer:
        case Accepted():
            return EventLine("broker", DEBUG, f"{what} taken as {answer.broker_id or 'no number'}")
        case Refused():
            level = DEBUG if answer.request == "place" else WARNING  # that a new order is refused has a line of its own
            return EventLine("broker", level, f"{what} refused ({answer.family}): {answer.text}", keep=level > DEBUG)
        case NotSent():
            return EventLine("broker", WARNING, f"{what} was not sent: {answer.reason}", keep=True)
        case Unclear():
            return EventLine("broker", WARNING, f"{what}: nobody knows what became of it: {answer.reason}", keep=True)
        case _:
            assert_never(answer)


def _came(event: ClosedOthers | Ended) -> EventLine:
    if isinstance(event, ClosedOthers):
        text = f"order {event.order}: {event.quantity} of it closed what is not ours"
        return EventLine("broker", WARNING, text, keep=True)
    level = DEBUG if event.state in _NO_MORE else INFO
    return EventLine("broker", level, f"order {event.order} {event.state}, {event.filled} filled")


def _part(event: PartFilled, instruments: Sequence[Instrument]) -> EventLine:
    fill = event.fill
    name = instruments[fill.instrument]
    verb = "bought" if fill.side == "BUY" else "sold"
    traded = f"{name.quantity_text(fill.quantity)} {name.symbol} @ {name.price_words(fill.price)}"
    return EventLine("broker", DEBUG, f"order {fill.order}: {verb} {traded}, cash {event.cash}")


def _found(event: Adopted | External, instruments: Sequence[Instrument]) -> str:
    """Say what only the broker's books have told."""
    if isinstance(event, External) and event.instrument < 0:
        return f"EXTERNAL {event.side} {event.quantity} {event.symbol}: somebody else traded it"
    name = instruments[event.instrument]
    what = f"{event.side} {name.quantity_text(event.quantity)} {name.symbol}"
    if isinstance(event, Adopted):
        limit = name.price_words(event.limit)
        return f"order {event.order} ({event.tag}) {what} @ {limit} was found at the broker: it is ours"
    closed = f"; it closed {name.quantity_text(event.booked)} that we held" if event.booked else ""
    return f"EXTERNAL {what} @ {name.price_words(event.price)}: somebody else traded{closed}"
