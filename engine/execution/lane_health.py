"""How the calls of a lane went, for a screen: written by the lane's thread, read by any."""

import time

from engine.execution.order_dialect import NoAnswer, Reply
from engine.model.order_reports import (
    NotSent,
    OrderAnswer,
    ReadFailed,
    RoundFailed,
    Sent,
    SessionChanged,
    Unclear,
)
from engine.text.sanitize import CleanText

_now_ns = time.perf_counter_ns


class LaneHealth:
    """`errors` counts calls that came to nothing since the last good one, the newest of them at `error_ns` `because` of what."""

    def __init__(self) -> None:
        self.good_ns = 0
        self.round_trip_ms = 0.0
        self.errors = 0
        self.error_ns = 0
        self.because = CleanText("")
        self.asked_ns = 0  # 0: nothing is under way

    def asked(self) -> None:
        """A call begins."""
        self.asked_ns = _now_ns()

    def answered(self, reply: Reply) -> None:
        """It is over; what the reply means is told by what the lane makes of it."""
        if not isinstance(reply, NoAnswer):
            self.round_trip_ms = (_now_ns() - self.asked_ns) / 1e6
        self.asked_ns = 0

    def told(self, event: OrderAnswer) -> None:
        """What came of a call."""
        match event:
            case Unclear() | RoundFailed() | ReadFailed() | NotSent():
                self.failed(event.reason)
            case Sent() | SessionChanged():
                return
            case _:
                self.good_ns, self.errors = _now_ns(), 0

    def failed(self, why: CleanText) -> None:
        """A call came to nothing, or none can be made."""
        self.errors += 1
        self.error_ns, self.because = _now_ns(), why
