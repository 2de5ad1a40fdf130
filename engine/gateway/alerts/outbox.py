"""What one channel has to say: judged look by look, handed over one message at a time, kept while the other end wants to be left alone. No I/O."""

from collections.abc import Sequence
from typing import Final

from engine.gateway.alerts.channels import Told
from engine.presentation.alerting import Alerting, Message
from engine.presentation.alerts import LEVELS, Alert

_SECOND_NS: Final = 1_000_000_000
_MOST_LINES: Final = 20  # of what waits; the rest is counted
_AGAIN_S: Final = (5.0, 15.0, 60.0, 300.0)  # after that many failures in a row


class Outbox:
    """Decides what is handed over when; `per_hour` messages that are not critical at most."""

    def __init__(self, per_hour: int) -> None:
        self._alerting = Alerting()
        self._per_hour = per_hour
        self._waiting: Message | None = None
        self._not_before_ns = 0
        self._failures = 0
        self.problem = ""  # why the newest message was not told; "" while all is well

    def once(self, text: str, now_ns: int) -> None:
        """Have something said that happened and does not stand."""
        self._alerting.told_once(text, now_ns)

    def look(self, found: Sequence[Alert], now_ns: int) -> Message | None:
        """Take what stands now; the message that is to be handed over, and then to be `settled`."""
        message = self._alerting.look(found, now_ns, self._per_hour)
        if message is not None:
            self._waiting = message if self._waiting is None else joined(self._waiting, message)
        if self._waiting is None or now_ns < self._not_before_ns:
            return None
        handed, self._waiting = self._waiting, None
        return handed

    def settled(self, message: Message, told: Told, now_ns: int) -> None:
        """What came of handing `message` over: one that was not told waits, and is told with what comes."""
        self.problem = told.problem
        if not told.problem:
            self._failures = 0
            return
        wait_s = max(told.again_s, _AGAIN_S[min(self._failures, len(_AGAIN_S) - 1)])
        self._failures += 1
        self._not_before_ns = now_ns + round(wait_s * _SECOND_NS)
        self._waiting = message if self._waiting is None else joined(message, self._waiting)


def joined(first: Message, then: Message) -> Message:
    """Both as one message, as grave as the graver; of very many lines the newest."""
    lines = (*first.lines, *then.lines)
    level = max((first.level, then.level), key=LEVELS.index)
    left_out = max(0, len(lines) - _MOST_LINES)
    return Message(level, lines[left_out:], first.untold + then.untold + left_out)
