"""How long a link may be silent before it counts as dead, and when it counts as sound. Knows no socket and no clock.

A link dies quietly: half open, half a frame, or a server that answers pings and sends nothing. Only the age of what came
shows it. In the session the age of the *data* counts; outside nothing need come but signs of life.
"""

from collections.abc import Callable

_NS = 1_000_000_000
_LONGEST_S = 60.0
_GRAVE_S = 10.0  # six links a minute are what any feed allows itself


class SilenceTimer:
    """Watches the ages of one feed's data and frames, over all its links.

    A drop by silence that was fruitless doubles what the next link is allowed (up to a minute), because an option that
    nobody trades at noon is no dead link. Data that flows for `steady_s` without a hole longer than `allowed_s` takes
    that back, and is what makes a link "steady". While `grave` says that the silence is no noon's, nothing doubles: the
    next link is allowed ten seconds, however long it was before.
    """

    def __init__(self, allowed_s: float, *, lifeless_s: float = 25.0, steady_s: float = 60.0) -> None:
        self._least_ns = round(allowed_s * _NS)
        self._most_ns = max(self._least_ns, round(_LONGEST_S * _NS))
        self._lifeless_ns = round(lifeless_s * _NS)
        self._steady_ns = round(steady_s * _NS)
        self._grave_ns = max(self._least_ns, round(_GRAVE_S * _NS))
        self.grave: Callable[[], bool] = lambda: False  # whether a silence of all would be grave; asked where it lasts
        self.rests: Callable[[], bool] = lambda: False  # whether the market is closed, so that the link may go
        self.allowed_ns = self._least_ns
        self.data_ns = 0  # when the newest data came on this link, or the link
        self.frame_ns = 0  # when the newest frame of any kind came
        self._flows_ns = 0  # since when data flows; 0 = not yet
        self._counts_ns = 0  # silence counts from here: a session that has just begun forgives what was before
        self._open = False

    def link_up(self, now_ns: int) -> None:
        """Begin with a new link."""
        self.data_ns = self.frame_ns = now_ns
        self._flows_ns = 0
        self._open = False

    def data_came(self, now_ns: int) -> None:
        """Data came."""
        if now_ns - self.data_ns > self._least_ns or not self._flows_ns:
            self._flows_ns = now_ns
        self.data_ns = self.frame_ns = now_ns

    def steady(self) -> bool:
        """Whether data has flowed for so long that the link is sound; then the allowance is the least again."""
        if not self._flows_ns or self.data_ns - self._flows_ns < self._steady_ns:
            return False
        self.allowed_ns = self._least_ns
        return True

    def overdue(self, now_ns: int, *, in_session: bool) -> str:
        """Why the link is to be dropped now, in plain words; empty when it may stay."""
        if in_session and not self._open:
            self._counts_ns = now_ns
        self._open = in_session
        silent_ns = now_ns - max(self.data_ns, self._counts_ns)
        if in_session and silent_ns >= self._least_ns:
            grave = self.grave()
            if grave:
                self.allowed_ns = min(self.allowed_ns, self._grave_ns)
            if silent_ns >= self.allowed_ns:
                self.allowed_ns = self._grave_ns if grave else min(2 * self.allowed_ns, self._most_ns)
                return f"no data for {silent_ns / _NS:.1f} s"
        lifeless_ns = now_ns - self.frame_ns
        if lifeless_ns >= self._lifeless_ns:
            return f"no sign of life for {lifeless_ns / _NS:.1f} s"
        return ""

    def due_ns(self) -> int:
        """When the link will be overdue if nothing comes."""
        lifeless_ns = self.frame_ns + self._lifeless_ns
        if not self._open:
            return lifeless_ns
        return min(lifeless_ns, max(self.data_ns, self._counts_ns) + self.allowed_ns)
