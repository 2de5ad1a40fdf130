"""What is due to be said while somebody else says so: left to him, and kept until it is known that he has. Pure."""

from typing import Final

from engine.link.claims import Claim
from engine.presentation.alerting import Message

_SECOND_NS: Final = 1_000_000_000
_HOLDS_NS: Final = 3 * _SECOND_NS  # a claim, since it was made: who is well makes it anew twice a second at least
_LEFT_NS: Final = 15 * _SECOND_NS  # to tell it; longer than grouping and a slow try take


class LeftToOthers:
    """Keeps messages for seconds: so many as are due within."""

    def __init__(self) -> None:
        self._kept: list[tuple[int, Message]] = []

    def due(self, message: Message | None, claim: Claim | None, now_ns: int) -> Message | None:
        """Take what is due at `now_ns` (monotonic); what must be said here: all that is kept, once `claim` is not to be believed."""
        if message is not None:
            self._kept.append((now_ns, message))
        if claim is not None and now_ns - claim.said_ns < _HOLDS_NS:
            self._kept = [(due_ns, each) for due_ns, each in self._kept if due_ns > claim.told_ns]
            if all(now_ns - due_ns < _LEFT_NS for due_ns, _ in self._kept):
                return None
        said: Message | None = None
        for _, each in self._kept:
            said = each if said is None else said.joined(each)
        self._kept = []
        return said
