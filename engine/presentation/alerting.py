"""Which alerts are told, and when: at once and grouped, again while critical, resolved, never too often. Pure.

A channel has one of these; its clock is monotonic nanoseconds, handed in.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from engine.presentation.alerts import LEVELS, Alert, AlertLevel

_SECOND_NS: Final = 1_000_000_000
_MINUTE_NS: Final = 60 * _SECOND_NS
_GROUP_NS: Final = 3 * _SECOND_NS  # what comes within is one message
_AGAIN_NS: Final = (_MINUTE_NS, 5 * _MINUTE_NS, 15 * _MINUTE_NS)  # while critical, since it began
_QUIET_NS: Final = {"critical": _MINUTE_NS, "warning": 15 * _MINUTE_NS, "info": 15 * _MINUTE_NS}  # between two of a key
_HOUR_NS: Final = 60 * _MINUTE_NS
_MOST_LINES: Final = 20  # of a message; the rest is counted

_Line = tuple[AlertLevel, str]


class Message(Struct, frozen=True):
    """What a channel is to say: the gravest `level` of its `lines`, and how many others were left out since the last one.

    `levels` are those of the lines, empty where all are of the same.
    """

    level: AlertLevel
    lines: tuple[str, ...]
    untold: int = 0
    levels: tuple[AlertLevel, ...] = ()

    @classmethod
    def of(cls, lines: Sequence[_Line], untold: int) -> "Message":
        """A message of these lines; of too many the least grave are left out first, of those the oldest, and counted."""
        too_many = max(0, len(lines) - _MOST_LINES)
        left_out = sorted(range(len(lines)), key=lambda at: LEVELS.index(lines[at][0]))[:too_many]
        kept = [line for at, line in enumerate(lines) if at not in left_out]
        levels = tuple(level for level, _ in kept)
        gravest = max(levels, key=LEVELS.index)
        return cls(gravest, tuple(text for _, text in kept), untold + too_many, levels if len({*levels}) > 1 else ())

    @property
    def graded(self) -> list[_Line]:
        """Each line with its level."""
        return list(zip(self.levels or (self.level,) * len(self.lines), self.lines, strict=True))

    def joined(self, then: "Message") -> "Message":
        """Both as one message, as grave as the graver."""
        return Message.of([*self.graded, *then.graded], self.untold + then.untold)

    def text(self, longest: int, mask: Callable[[str], str] = str) -> str:
        """All of it in one line of at most `longest` characters, the gravest first; lines that have no room are counted.

        `mask` hides what a line must not say, before it is cut.
        """
        lines = [mask(line) for _, line in sorted(self.graded, key=lambda line: -LEVELS.index(line[0]))]
        for number in range(len(lines), 0, -1):
            untold = self.untold + len(lines) - number
            more = f" (and {untold} more, not told)" if untold else ""
            said = "; ".join(lines[:number]) + more
            if len(said) <= longest:
                return said
        return f"{lines[0][: max(0, longest - len(more) - 1)]}…{more}"


class _Standing(Struct):
    """A condition that stands: since when, whether it was told, how often again."""

    alert: Alert
    since_ns: int
    told: bool
    again: int = 0


class Alerting:
    """Turns the conditions of the moment into messages of one channel."""

    def __init__(self) -> None:
        self._standing: dict[str, _Standing] = {}
        self._told: dict[str, tuple[int, Alert]] = {}  # when last, and what; by key, of a closed list
        self._waiting: list[_Line] = []
        self._due_ns = 0
        self._sent_ns: deque[int] = deque()
        self._untold = 0

    @property
    def waits(self) -> bool:
        """Whether something is yet to be said, with what comes within seconds."""
        return bool(self._waiting)

    def look(self, found: Sequence[Alert], now_ns: int, per_hour: int) -> Message | None:
        """Take the conditions that stand now; what is due to be said of them and of what happened once, None = nothing.

        At most `per_hour` messages are not critical.
        """
        present = {alert.key: alert for alert in found}
        for key in [key for key in self._standing if key not in present]:
            gone = self._standing.pop(key)
            if gone.told and gone.alert.level != "info":
                self._say("info", f"over: {gone.alert.text}", now_ns)
        for alert in present.values():
            self._follow(alert, now_ns)
        return self._due(now_ns, per_hour)

    def told_once(self, text: str, now_ns: int) -> None:
        """Have something said that happened and does not stand."""
        self._say("info", text, now_ns)

    def _follow(self, alert: Alert, now_ns: int) -> None:
        standing = self._standing.get(alert.key)
        if standing is None or alert.of != standing.alert.of or _grade(alert) > _grade(standing.alert):
            tells = standing is not None or not self._is_quiet(alert, now_ns)
            self._standing[alert.key] = _Standing(alert, now_ns, tells)
            if tells:
                self._tell(alert, alert.text, now_ns)
            else:
                self._untold += 1
            return
        standing.alert = alert  # in the words of now
        due = alert.level == "critical" and standing.again < len(_AGAIN_NS)
        if due and now_ns - standing.since_ns >= _AGAIN_NS[standing.again]:
            minutes = _AGAIN_NS[standing.again] // _MINUTE_NS
            standing.again += 1
            standing.told = True
            self._tell(alert, f"still, after {minutes} min: {alert.text}", now_ns)

    def _is_quiet(self, alert: Alert, now_ns: int) -> bool:
        """Whether as much was told of its key a little ago; what is less grave, or of something else, silences nothing."""
        if (told := self._told.get(alert.key)) is None:
            return False
        before_ns, before = told
        alike = alert.of == before.of and _grade(alert) <= _grade(before)
        return alike and now_ns - before_ns < _QUIET_NS[alert.level]

    def _tell(self, alert: Alert, text: str, now_ns: int) -> None:
        self._told[alert.key] = now_ns, alert
        self._say(alert.level, text, now_ns)

    def _say(self, level: AlertLevel, text: str, now_ns: int) -> None:
        if not self._waiting:
            self._due_ns = now_ns + _GROUP_NS
        if level == "critical":  # whoever is called because of money is called at once
            self._due_ns = now_ns
        self._waiting.append((level, text))

    def _due(self, now_ns: int, per_hour: int) -> Message | None:
        if not self._waiting or now_ns < self._due_ns:
            return None
        waiting, self._waiting = self._waiting, []
        level = max((level for level, _ in waiting), key=LEVELS.index)
        while self._sent_ns and now_ns - self._sent_ns[0] >= _HOUR_NS:
            self._sent_ns.popleft()
        if level != "critical":
            if len(self._sent_ns) >= per_hour:
                self._untold += len(waiting)
                return None
            self._sent_ns.append(now_ns)
        untold, self._untold = self._untold, 0
        return Message.of(waiting, untold)


def _grade(alert: Alert) -> int:
    return LEVELS.index(alert.level)
