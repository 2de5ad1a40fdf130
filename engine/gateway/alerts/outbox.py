"""What one channel has to say: judged look by look, handed over one message at a time, kept while the other end wants to be left alone. No I/O."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from engine.gateway.alerts.channels import Told
from engine.presentation.alerting import Alerting, Message
from engine.presentation.alerts import Alert

_SECOND_NS: Final = 1_000_000_000
_HANGS_NS: Final = 5 * _SECOND_NS  # a try that takes longer is not counted on any more
_AGAIN_S: Final = (5.0, 15.0, 60.0, 300.0)  # after that many failures in a row


class Look(NamedTuple):
    """When it was looked, and when the engine's snapshot was taken that was looked at (monotonic; 0: there was none)."""

    at_ns: int
    taken_ns: int


class Outbox:
    """Decides what is handed over when; `per_hour` messages that are not critical at most.

    It is asked look by look whether or not a message is still on its way: what stands meanwhile comes with the next.
    """

    def __init__(self, per_hour: int) -> None:
        self._alerting = Alerting()
        self._per_hour = per_hour
        self._waiting: Message | None = None
        self._handed_ns: int | None = None  # when what is on its way was handed over
        self._not_before_ns = 0
        self._failures = 0
        # Up to these looks all that was due has become messages, is on its way, was told.
        self._said = self._handed = self.told = Look(0, 0)
        self.problem = ""  # why the newest message was not told; "" while all is well

    def once(self, text: str, now_ns: int) -> None:
        """Have something said that happened and does not stand."""
        self._alerting.told_once(text, now_ns)

    def look(self, found: Sequence[Alert], look: Look) -> Message | None:
        """Take what stands now; the message that is to be handed over, and then to be `settled`."""
        message = self._alerting.look(found, look.at_ns, self._per_hour)
        if message is not None:
            self._waiting = message if self._waiting is None else self._waiting.joined(message)
        if not self._alerting.waits:
            self._said = look
        if self._handed_ns is not None:
            return None
        if self._waiting is None:
            self.told = self._said
            return None
        if look.at_ns < self._not_before_ns:
            return None
        handed, self._waiting = self._waiting, None
        self._handed, self._handed_ns = self._said, look.at_ns
        return handed

    def settled(self, message: Message, told: Told, now_ns: int) -> None:
        """What came of handing `message` over: one that was not told waits, and is told with what comes."""
        self._handed_ns = None
        self.problem = told.problem
        if not told.problem:
            self._failures = 0
            self.told = self._handed
            return
        wait_s = max(told.again_s, _AGAIN_S[min(self._failures, len(_AGAIN_S) - 1)])
        self._failures += 1
        self._not_before_ns = now_ns + round(wait_s * _SECOND_NS)
        self._waiting = message if self._waiting is None else message.joined(self._waiting)

    def is_well(self, now_ns: int) -> bool:
        """Whether it can be counted on: what was handed over last was told, or may still be."""
        return not self.problem and (self._handed_ns is None or now_ns - self._handed_ns < _HANGS_NS)
