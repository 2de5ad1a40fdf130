"""The logins that are still tried where none seems to help: few, and far apart. Knows no broker and reads no clock.

An account that is blocked, or a wrong PIN, is a person's business, and every further login may make it worse. But a verdict
can be a broker's mistake, or that of a clock that was not set yet, and positions are open: so a few are tried all the same,
and none is for ever. What was given up for good begins anew with another day, or once the machine's clock was put right.
"""

from datetime import date

from msgspec import Struct

_NS = 1_000_000_000
_CLOCK_MOVED_NS = 5 * _NS  # a one-time password bears less than that
LOOK_AGAIN_S = 60.0  # of a login that was given up for good: whether it is another day, or the clock was set


class Moment(Struct, frozen=True):
    """A moment by all clocks: monotonic ns, how far UTC is ahead of that (another one when the clock was set), the broker's day."""

    mono_ns: int
    ahead_ns: int
    day: date


class LoginBudget:
    """`verdict` is why no login helps, empty while there is hope."""

    def __init__(self, *, most: int, every_s: float) -> None:
        self.verdict = ""
        self._most = self._left = most
        self._every_ns = round(every_s * _NS)
        self._next_ns = 0
        self._given_up: Moment | None = None

    @property
    def told(self) -> str:
        """The verdict, and how long it holds where no login is left."""
        rest = "; not tried again before tomorrow (IST), unless this machine's clock is set"
        return self.verdict + (rest if self.verdict and self._left <= 0 else "")

    def give_up(self, verdict: str, now: Moment, *, for_good: bool) -> None:
        """No login helps, as the last one showed; `for_good`: there were too many of them already."""
        if self._given_up is None or self._given_up.day != now.day:
            self._given_up = now
        self.verdict = verdict
        self._next_ns = now.mono_ns + self._every_ns
        if for_good:
            self._left = 0

    def spend(self, now_ns: int) -> None:
        """A login is under way: one less, where there was no hope."""
        if self.verdict:
            self._left -= 1
            self._next_ns = now_ns + self._every_ns

    def begin_anew(self) -> None:
        """A login helped after all, or what it was judged by holds no more."""
        self.verdict = ""
        self._left = self._most
        self._given_up = None

    def is_outdated(self, now: Moment) -> bool:
        """Whether the verdict is one of another day, or of a clock that has been set since."""
        then = self._given_up
        return then is not None and (now.day != then.day or abs(now.ahead_ns - then.ahead_ns) >= _CLOCK_MOVED_NS)

    def wait_s(self, now_ns: int) -> float:
        """How long it is until a login may be tried, or until it is worth asking again; 0 = now."""
        if not self.verdict:
            return 0.0
        return max(0, self._next_ns - now_ns) / _NS if self._left > 0 else LOOK_AGAIN_S
