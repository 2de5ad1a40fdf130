"""The logins that are still tried where none seems to help: few, and far apart. Knows no broker and no clock.

An account that is blocked, or a wrong PIN, is a person's business, and every further login may make it worse. But a verdict
can be a broker's mistake, and positions are open: so a few are tried all the same.
"""

_NS = 1_000_000_000


class LoginBudget:
    """`verdict` is why no login helps, empty while there is hope; all times are monotonic ns."""

    def __init__(self, *, most: int, every_s: float) -> None:
        self.verdict = ""
        self._most = self._left = most
        self._every_ns = round(every_s * _NS)
        self._next_ns = 0

    def give_up(self, verdict: str, now_ns: int, *, for_good: bool) -> None:
        """No login helps, as the last one showed; `for_good`: there were too many of them already."""
        self.verdict = verdict
        self._next_ns = now_ns + self._every_ns
        if for_good:
            self._left = 0

    def spend(self, now_ns: int) -> None:
        """A login is under way: one less, where there was no hope."""
        if self.verdict:
            self._left -= 1
            self._next_ns = now_ns + self._every_ns

    def succeeded(self) -> None:
        """A login helped after all."""
        self.verdict = ""
        self._left = self._most

    def wait_s(self, now_ns: int) -> float | None:
        """How long it is until a login may be tried; 0 = now, None = never."""
        if not self.verdict:
            return 0.0
        return max(0, self._next_ns - now_ns) / _NS if self._left > 0 else None
