"""What an answer of Kite Connect means: one table of kinds of errors. Knows no order book and asks nobody.

A request that changes something is never repeated by whoever sent it. Certain is only a yes with the order's number, an error
with HTTP 400, and what was not sent; with anything else the order may stand.
"""

from http import HTTPStatus
from typing import Final, Literal

import msgspec
from msgspec import Struct

from engine.execution.order_dialect import NoAnswer, Reply, ReplyMeaning
from engine.execution.told_fields import MisfitError, Told, to_identity
from engine.execution.told_rows import NOTHING, busy_wait_s, told_in
from engine.model.order_reports import Accepted, NotSent, OrderAnswer, RefusalFamily, Refused, Unclear
from engine.model.order_requests import PlaceOrder, WriteRequest
from engine.outside.strange_answers import strange_answer
from engine.text.redaction import redact
from engine.text.sanitize import CleanText, clean
from engine.trading.orders.refusals import read_refusal

_TEXT_LIMIT: Final = 200
_MESSAGE_LIMIT: Final = 500  # why an order is refused has numbers at its end


class ErrorMeaning(Struct, frozen=True):
    """What a kind of error says: whether it is `certain` that nothing came of the request, where HTTP 400 stands beside it.

    `family` is what it refuses whatever the words are, "other": the words tell.
    """

    certain: bool = True
    family: RefusalFamily = "other"
    session_over: bool = False


_BEHIND: Final = ErrorMeaning(certain=False)  # of what is behind the gateway: it may have acted
OTHERWISE: Final = ErrorMeaning()
ERRORS: Final[dict[str, ErrorMeaning]] = {
    "TokenException": ErrorMeaning(family="session", session_over=True),
    "MarginException": ErrorMeaning(family="funds"),
    **dict.fromkeys(
        ("UserException", "OrderException", "InputException", "HoldingException", "PermissionException"), OTHERWISE
    ),
    **dict.fromkeys(("NetworkException", "DataException", "GeneralException"), _BEHIND),
}


class Heard(Struct, frozen=True):
    """A reply, whatever was asked: `data` where it is a yes, not read yet, else `text` why not.

    `message` is what the broker itself says where it is certain that nothing came of the request, as an error of `meaning`.
    """

    yes: bool
    text: CleanText = CleanText("")
    meaning: ErrorMeaning = OTHERWISE
    message: CleanText = CleanText("")
    data: msgspec.Raw = NOTHING
    wait_s: float = 0.0

    def means(self, answer: OrderAnswer) -> ReplyMeaning:
        """That it comes to `answer`."""
        return ReplyMeaning(answer, self.wait_s, self.text if self.meaning.session_over else CleanText(""))


class _Envelope(Struct, frozen=True):
    status: Literal["success", "error"]
    data: msgspec.Raw = NOTHING
    message: str | None = None
    error_type: str | None = None


_ENVELOPES: Final = msgspec.json.Decoder(_Envelope)


def hear(reply: Reply) -> Heard:
    """Tell a yes, a certain no and what is neither apart."""
    if isinstance(reply, NoAnswer):
        return Heard(yes=False, text=reply.reason)
    if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Heard(yes=False, text=CleanText("too many requests (HTTP 429)"), wait_s=busy_wait_s(reply))
    try:
        told = _ENVELOPES.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = one_line(reply.body.decode("utf-8", "replace"))
        return Heard(yes=False, text=one_line(strange_answer(reply.status, said)))
    if told.status == "success" and not told.error_type and HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
        return Heard(yes=True, data=told.data)
    return _heard_error(reply.status, told)


def _heard_error(status: int, told: _Envelope) -> Heard:
    message = one_line(told.message or "", _MESSAGE_LIMIT) or CleanText("no reason given")
    if told.status == "success":  # it says yes and no at once
        return Heard(yes=False, text=one_line(f"{message} (a yes with HTTP {status})"))
    kind = told.error_type or ""
    meaning = ERRORS.get(kind, OTHERWISE)
    if status == HTTPStatus.FORBIDDEN and kind not in ERRORS:
        meaning = ERRORS["TokenException"]
    certain = status == HTTPStatus.BAD_REQUEST and meaning.certain
    text = one_line(f"{kind} {message}" if kind else f"{message} (HTTP {status})")
    return Heard(yes=False, text=text, meaning=meaning, message=message if certain else CleanText(""))


def one_line(text: str, limit: int = _TEXT_LIMIT) -> CleanText:
    """`text` from outside without secrets, in one clean line."""
    return clean(redact(text).strip(), limit)


class _Taken(Struct, frozen=True):
    order_id: Told = None


def written(request: WriteRequest, reply: Reply, price_scale: int) -> ReplyMeaning:
    """What the reply to `request` means for its order."""
    if isinstance(reply, NoAnswer) and not reply.sent:
        return ReplyMeaning(NotSent(request.order, request.request, reply.reason))
    heard = hear(reply)
    if heard.yes:
        return heard.means(_accepted(request, heard.data))
    if heard.message:
        return heard.means(_refused(request, heard, price_scale))
    return heard.means(Unclear(request.order, request.request, heard.text, heard.wait_s))


def _accepted(request: WriteRequest, data: msgspec.Raw) -> OrderAnswer:
    """A yes counts only with the order's number in it, which is one for life."""
    try:
        order_id = to_identity((told_in(data, _Taken) or _Taken()).order_id)
    except MisfitError:
        order_id = CleanText("")
    if not order_id:
        return Unclear(request.order, request.request, CleanText("a yes without an order's number"))
    if not isinstance(request, PlaceOrder) and order_id != request.broker_id:
        return Unclear(request.order, request.request, CleanText("a yes about another order"))
    return Accepted(request.order, request.request, order_id, order_id)


def _refused(request: WriteRequest, heard: Heard, price_scale: int) -> Refused:
    family, bound, above = read_refusal(heard.message, price_scale)
    if heard.meaning.family != "other":
        family, bound, above = heard.meaning.family, 0, False
    if family == "not_found" and isinstance(request, PlaceOrder):  # it names an order, and there is none yet
        family = "other"
    return Refused(request.order, request.request, family, heard.text, bound, above)
