"""What is due for one open position, tick or no tick, as moments. Knows no clock and does nothing."""

from typing import Final

from engine.trading.positions import Position
from engine.trading.session import NEVER_MS, SessionDay

GRACE_MS: Final = 60_000  # so long a tick may still bring the price of the session's end


class HeldWatch:
    """What is due for one open position, as moments (UTC ms)."""

    __slots__ = (
        "alarm_ms",
        "asked",
        "close_ms",
        "heard_ms",
        "judged_ms",
        "over_ms",
        "position",
        "times_ms",
        "told_ms",
        "warned_ms",
    )

    def __init__(self, position: Position, day: SessionDay, since_ms: int) -> None:
        self.position = position
        self.close_ms = self.over_ms = NEVER_MS
        self.due_by(day)
        self.times_ms = position.moments()
        self.heard_ms = since_ms  # the newest tick's own time, as it was when its silence was last looked at
        self.judged_ms = 0  # up to when others have judged it: under these eyes its ticks
        self.told_ms = 0  # how long a silence was told
        self.warned_ms = 0  # when one was told last: what is rarely traded is silent again and again
        self.asked = False  # the policy against silence was followed
        self.alarm_ms = 0  # when the silence is looked at next

    def due_by(self, day: SessionDay | None) -> None:
        """Let it be closed by the end of `day` (None: no day's), and told where it is not.

        A day that is no session, or none any more, has had its end.
        """
        self.close_ms = self.over_ms = NEVER_MS
        if day is not None and day.daily:
            self.over_ms = day.end_ms if day.start_ms <= day.end_ms else day.day_from_ms
            if day.start_ms <= day.end_ms:
                # At the end itself at the latest: behind it nothing can be sold.
                self.close_ms = min(day.exit_from_ms + GRACE_MS, day.end_ms)

    def next_ms(self) -> int:
        """When it is to be looked at next."""
        return min(self.close_ms, self.over_ms, self.alarm_ms, *self.times_ms)
