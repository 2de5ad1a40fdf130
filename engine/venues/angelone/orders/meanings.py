"""What an answer means for a request that changes something: one table of codes. Knows no order book and asks nobody.

Such a request is never repeated by whoever sent it, and only what is refused here, or was not sent, is certain.
"""

from typing import Final, Literal

import msgspec
from msgspec import Struct

from engine.execution.order_dialect import NoAnswer, Reply, ReplyMeaning
from engine.execution.told_fields import MisfitError, Told, to_identity
from engine.execution.told_rows import NOTHING, busy_wait_s, told_in
from engine.model.order_reports import Accepted, NotSent, OrderAnswer, RefusalFamily, Refused, Unclear
from engine.model.order_requests import WriteRequest
from engine.text.sanitize import CleanText
from engine.trading.orders.refusals import read_refusal
from engine.venues.angelone.answers import is_busy, judge_unread

# by_text: refused where the words are of a limit of prices, not found where they say so, else unclear
WriteMeaning = Literal["unclear", "refused", "not_found", "by_text"]
ReadMeaning = Literal["failed", "empty", "not_found"]


class CodeMeaning(Struct, frozen=True):
    """What a code means for a new order, for a change of one, and for a read; `family` of what it refuses."""

    place: WriteMeaning = "unclear"
    change: WriteMeaning = "unclear"
    read: ReadMeaning = "failed"
    family: RefusalFamily = "other"
    session_over: bool = False


OTHERWISE: Final = CodeMeaning()
_NO_SESSION: Final = CodeMeaning("refused", "refused", family="session", session_over=True)  # the gateway says so
_SESSION_ENDED: Final = CodeMeaning(session_over=True)  # what is behind it does, and may have acted
_BAD_REQUEST: Final = CodeMeaning("refused", "refused")
_NOT_FOUND: Final = CodeMeaning("unclear", "not_found", "empty")

CODES: Final[dict[str, CodeMeaning]] = {
    "AG7002": CodeMeaning("refused", "refused", family="ip"),
    **dict.fromkeys(("AG8001", "AG8002", "AG8003"), _NO_SESSION),
    **dict.fromkeys(("AB1010", "AB1011", "AB8050", "AB8051"), _SESSION_ENDED),
    "AB1006": CodeMeaning("refused", "refused", family="blocked"),
    **dict.fromkeys(("AB1008", "AB1009", "AB1012", "AB1018", "AB4006", "AB4008", "AB4018", "AB4036"), _BAD_REQUEST),
    "AB1007": CodeMeaning("by_text", "by_text", "not_found"),
    **dict.fromkeys(("AB1013", "AB1014", "AB1015", "AB1016"), _NOT_FOUND),
    **dict.fromkeys(("AB1004", "AB2000", "AB2001"), OTHERWISE),
}
_CERTAIN_WORDS: Final = ("ip", "blocked")  # families that refuse by their words alone, whatever the code

_BROKEN_FROM: Final = 500  # HTTP status: whatever stands in such an answer, something broke on the way


class Heard(Struct, frozen=True):
    """A reply, whatever was asked: `data` where it is a yes, not read yet, else `text` why not.

    `message` is what the broker itself says where it plainly says no, by `code`; without one nothing is certain.
    """

    yes: bool
    text: CleanText = CleanText("")
    code: str = ""
    message: CleanText = CleanText("")
    data: msgspec.Raw = NOTHING
    wait_s: float = 0.0

    @property
    def meaning(self) -> CodeMeaning:
        """What the table says of its code."""
        return CODES.get(self.code, OTHERWISE)

    def means(self, answer: OrderAnswer) -> ReplyMeaning:
        """That it comes to `answer`."""
        return ReplyMeaning(answer, self.wait_s, self.text if self.meaning.session_over else CleanText(""))


def hear(reply: Reply) -> Heard:
    """Tell a yes, a plain no and what is neither apart."""
    if isinstance(reply, NoAnswer):
        return Heard(yes=False, text=reply.reason)
    verdict = judge_unread(reply.status, reply.body)
    if verdict.kind == "busy" or is_busy(reply.status, verdict.message):
        return Heard(yes=False, text=verdict.text, wait_s=busy_wait_s(reply))
    if verdict.kind == "well":
        assert isinstance(verdict.data, msgspec.Raw)
        return Heard(yes=True, data=verdict.data)
    if reply.status >= _BROKEN_FROM or not verdict.message:
        return Heard(yes=False, text=verdict.text)
    return Heard(yes=False, text=verdict.text, code=verdict.code, message=verdict.message)


class _Taken(Struct, frozen=True):
    orderid: Told = None
    uniqueorderid: Told = None


def written(request: WriteRequest, reply: Reply, price_scale: int) -> ReplyMeaning:
    """What the reply to `request` means for its order."""
    if isinstance(reply, NoAnswer) and not reply.sent:
        return ReplyMeaning(NotSent(request.order, request.request, reply.reason))
    heard = hear(reply)
    if heard.yes:
        return heard.means(_accepted(request, heard.data))
    refused = _refused(request, heard, price_scale) if heard.message else None
    return heard.means(refused or Unclear(request.order, request.request, heard.text, heard.wait_s))


def _accepted(request: WriteRequest, data: msgspec.Raw) -> OrderAnswer:
    """A yes counts only with the order's number in it."""
    try:
        taken = told_in(data, _Taken) or _Taken()
        broker_id, unique_id = to_identity(taken.orderid), to_identity(taken.uniqueorderid)
    except MisfitError:
        broker_id = unique_id = CleanText("")
    if not broker_id:
        return Unclear(request.order, request.request, CleanText("a yes without an order's number"))
    return Accepted(request.order, request.request, broker_id, unique_id)


def _refused(request: WriteRequest, heard: Heard, price_scale: int) -> Refused | None:
    """The refusal that a plain no is; None where nobody knows whether it is one."""
    meaning = heard.meaning
    means = meaning.place if request.request == "place" else meaning.change
    family, bound, above = read_refusal(heard.message, price_scale)
    if means == "by_text" and family != "price":
        is_gone = request.request != "place" and "not found" in heard.message.lower()
        means = "not_found" if is_gone else "unclear"
    if means == "unclear" and family in _CERTAIN_WORDS and not meaning.session_over:
        means = "refused"
    if means == "not_found":
        return Refused(request.order, request.request, "not_found", heard.text)
    if means == "unclear":
        return None
    if meaning.family != "other":
        return Refused(request.order, request.request, meaning.family, heard.text)
    return Refused(request.order, request.request, family, heard.text, bound, above)
