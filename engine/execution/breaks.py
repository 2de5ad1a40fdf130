"""Failures of our own in a lane: a few are borne, and behind too many every request is answered by that. Knows no lane."""

from collections import deque
from typing import Final

from engine.model.order_reports import NotSent, OrderAnswer, ReadFailed, RoundFailed
from engine.model.order_requests import ReadOrder, ReadQuote, ReadRequest, ReadRound, WriteRequest
from engine.text.sanitize import CleanText

_MOST: Final = 5
_WITHIN_NS: Final = 60 * 10**9


class Breaks:
    """Counts them; `newest` says what the last was."""

    def __init__(self) -> None:
        self.newest = CleanText("")
        self.is_one_too_many = False
        self._recent_ns: deque[int] = deque(maxlen=_MOST)

    def count(self, problem: CleanText, now_ns: int) -> None:
        """Something has broken."""
        self.newest = problem
        self._recent_ns.append(now_ns)
        often = len(self._recent_ns) == _MOST and now_ns - self._recent_ns[0] <= _WITHIN_NS
        self.is_one_too_many = self.is_one_too_many or often


def came_to_nothing(request: WriteRequest | ReadRequest, why: CleanText) -> OrderAnswer:
    """The answer to a request that is not carried out."""
    match request:
        case ReadRound():
            return RoundFailed(request.number, why)
        case ReadOrder():
            return ReadFailed(why, request.order)
        case ReadQuote():
            return ReadFailed(why, instrument=request.instrument)
        case _:
            return NotSent(request.order, request.request, why)
