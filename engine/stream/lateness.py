"""How late a tick is against the fastest that came, and what our clock differs from the exchange's. Knows no packet and no socket.

The two clocks were never set together, so a lag (receipt minus the tick's own time) means something only against the
smallest one seen, the floor. A tick more than two seconds above it has waited somewhere; whole-second stamps alone move a
lag by one second. A tick more than three seconds below it bears a stamp that is ahead of all others: it is refused, and
does not speak against the floor until nothing else comes.

Until a floor has stood for some seconds, only our own clock speaks against a stamp, and only by a minute and more: quotes
that are minutes old come first on every link. A played exchange whose clock runs faster than ours never has a floor that
stands, so that its silences are not taken for wild stamps.
"""

from typing import Final

from engine.model.types import FLAG_AHEAD, FLAG_LATE

_NS: Final = 1_000_000_000
_NONE: Final = 1 << 62
_LATE_MS: Final = 2000  # above the floor
_TOLERANCE_MS: Final = 3000  # below it
_CREEP: Final = 2.0  # ms a second by which the floor rises at most
_HALF_MINUTE_NS: Final = 30 * _NS
_AT_ONCE_MS: Final = 1000  # the floor falls so far for one tick, and further for those that agree
_AGREEING: Final = 3
_NEAR_MS: Final = 2000  # lags so near each other agree
_OWN_CLOCK_MS: Final = 60_000  # ahead of our own clock by more than this, where no floor stands yet
_STANDS_NS: Final = 3 * _NS  # a floor that falls by less than a second in so long, with ticks in so many looks, stands
_STANDS_LOOKS: Final = 6
_PROBATION_NS: Final = 600 * _NS  # a floor that followed ticks ahead of it may be given up so long
# So many ticks that are ahead are believed, when nothing else comes for so long. Half a second is what a look may be off.
_MANY: Final = 20
_MANY_NS: Final = 2 * _NS + _NS // 2
_FEW: Final = 3
_FEW_NS: Final = 5 * _NS + _NS // 2


class _Row:
    """Ticks that are ahead of the floor, one after the other; whether they are to be believed."""

    __slots__ = ("_alone_ns", "_begun_ns", "_count", "_first", "_mixed", "_newest_ms", "_strays")

    def __init__(self) -> None:
        self._count = 0  # that agree, in a row
        self._strays = 0  # agreeing or not, since the newest tick that was not ahead
        self._begun_ns = self._alone_ns = 0
        self._newest_ms = 0
        self._first = 0
        self._mixed = False  # of more than one instrument

    def end(self) -> None:
        """A tick that is not ahead came between."""
        self._count = self._strays = 0

    def grows(self, instrument: int, lag_ms: int, now_ns: int, *, several: bool) -> bool:
        """Whether with this one so many agree (of two instruments, where `several` tick) that the floor must be wrong.

        Each need only be near the one before it: a clock may also run fast. When nothing else has come for half a
        minute, they are believed though they disagree: to refuse everything for good is worse than any stamp.
        """
        if not self._strays:
            self._alone_ns = now_ns
        self._strays += 1
        if self._count and abs(lag_ms - self._newest_ms) <= _NEAR_MS:
            self._count += 1
            self._mixed = self._mixed or instrument != self._first
        else:
            self._count, self._begun_ns, self._first, self._mixed = 1, now_ns, instrument, False
        self._newest_ms = lag_ms
        span_ns = now_ns - self._begun_ns
        agreed = (self._count >= _MANY and span_ns >= _MANY_NS) or (self._count >= _FEW and span_ns >= _FEW_NS)
        alone = self._strays >= _FEW and now_ns - self._alone_ns >= _HALF_MINUTE_NS
        return alone or (agreed and (self._mixed or not several))


class LatenessMonitor:
    """Judges the lags (ms) of all ticks of a feed against the floor, and keeps the smallest of the last half to whole minute.

    The floor falls at once by a second, to three that agree by more, and rises by 2 ms a second at most, so that
    the drift of two clocks is followed and a line that clogs up does not become the measure of itself. A floor that
    followed ticks ahead of it was perhaps led astray: it is given up when nothing agreed with it for half a minute.
    """

    __slots__ = (
        "_above_ms",
        "_agreed_ns",
        "_agreeing",
        "_ahead_ms",
        "_anchor_ms",
        "_anchor_ns",
        "_before_ms",
        "_creep_ns",
        "_doubted_ms",
        "_floor_ms",
        "_followed_ns",
        "_former_ms",
        "_has_agreed",
        "_instrument",
        "_looks",
        "_lowest_ms",
        "_now_ns",
        "_row",
        "_several",
        "_stands",
        "_turn_ns",
        "least_ms",
        "limit_ms",
    )

    def __init__(self) -> None:
        self._now_ns = 0
        self._instrument, self._several = -1, False  # whether more than one instrument ticks
        self.forget()

    def forget(self) -> None:
        """Begin anew: our own clock was set."""
        self._floor_ms: float = _NONE
        self.limit_ms: float = _NONE  # a lag above it is late
        self._ahead_ms: float = -_OWN_CLOCK_MS  # one below it is ahead
        self._lowest_ms = _NONE  # of this look; what lies between it and the limit is in order and tells nothing new
        self.least_ms = _NONE  # of this half minute
        self._before_ms = _NONE  # of the one before
        self._doubted_ms, self._agreeing = _NONE, 0
        self._row = _Row()
        self._stands, self._looks = False, 0
        self._anchor_ms: float = _NONE  # the floor when it was last asked whether it stands
        self._anchor_ns = self._turn_ns = self._creep_ns = 0
        self._has_agreed, self._agreed_ns = (
            False,
            0,
        )  # whether a tick of this look agreed with the floor, when one last did
        self._above_ms = _NONE  # the smallest lag since then
        self._former_ms: float = _NONE  # the floor that was left
        self._followed_ns = 0  # when it was left; 0 = long ago, or never

    # ── Every tick ─────────────────────────────────────────────────────────────────────────────────────────────

    def flag(self, instrument: int, lag_ms: int) -> int:
        """FLAG_LATE for a tick that has waited on its way, FLAG_AHEAD for one whose own time cannot be, else 0."""
        if self._lowest_ms <= lag_ms <= self.limit_ms:
            return 0
        return self._judge(instrument, lag_ms)

    def _judge(self, instrument: int, lag_ms: int) -> int:
        """Judge a lag that is late, ahead, or the smallest of this look; or any, while ticks are ahead."""
        if lag_ms > self.limit_ms:  # it says nothing of those that are ahead: on a clogged line all are late
            self._above_ms = min(self._above_ms, lag_ms)
            self.least_ms = min(self.least_ms, lag_ms)
            return FLAG_LATE
        if lag_ms < self._ahead_ms:
            self._lowest_ms = _NONE  # have every tick looked at: one that is not ahead ends the row
            if not self._row.grows(instrument, lag_ms, self._now_ns, several=self._several):
                return FLAG_AHEAD
            self._follow(lag_ms)
        self._row.end()
        self._has_agreed = True
        self._several = self._several or self._instrument not in {-1, instrument}
        self._instrument = instrument
        if lag_ms < self._floor_ms - _AT_ONCE_MS:
            self._doubt(lag_ms)
            return 0
        self._agreeing = 0
        self._lowest_ms = min(self._lowest_ms, lag_ms)
        if lag_ms < self.least_ms:
            self._fall(lag_ms)
        return 0

    def _doubt(self, lag_ms: int) -> None:
        """Let the floor fall far when three in a row agree, or, while none stands, fall one below the other."""
        falls = not self._stands and lag_ms < self._doubted_ms
        near = self._agreeing > 0 and (falls or abs(lag_ms - self._doubted_ms) <= _NEAR_MS)
        self._agreeing = self._agreeing + 1 if near else 1
        self._doubted_ms = min(lag_ms, self._doubted_ms) if near else lag_ms
        self._lowest_ms = _NONE  # have the next one looked at, whatever it is
        if self._agreeing >= _AGREEING:
            self._agreeing = 0
            self._before_ms = _NONE
            self._fall(self._doubted_ms)

    def _fall(self, lag_ms: int) -> None:
        self.least_ms = lag_ms
        self._set_floor(min(self._floor_ms, lag_ms))

    def _follow(self, lag_ms: int) -> None:
        """Take the lag of ticks that are ahead for the floor."""
        if self._stands:
            self._former_ms = self._floor_ms
        self._followed_ns = self._now_ns
        self.least_ms, self._before_ms = lag_ms, _NONE
        self._begin_floor(lag_ms)

    # ── Every half second ──────────────────────────────────────────────────────────────────────────────────────

    def turn_over(self, now_ns: int) -> None:
        """Let the floor creep, stand, or be given up, and the half minutes pass; to be called every half second."""
        self._now_ns = now_ns
        least_ms = min(self.least_ms, self._before_ms)
        if least_ms != _NONE and self._creep_ns:
            allowed_ms = (now_ns - self._creep_ns) * _CREEP / _NS
            self._set_floor(min(self._floor_ms + allowed_ms, max(self._floor_ms, least_ms)))
        self._creep_ns = now_ns
        if self._has_agreed and self._floor_ms != _NONE:
            self._agreed(now_ns)
        elif self._above_ms != _NONE and now_ns - self._agreed_ns >= _HALF_MINUTE_NS and self._astray():
            self._begin_floor(self._above_ms)
            self._followed_ns = 0
        self._has_agreed = False
        self._lowest_ms = _NONE
        if now_ns - self._turn_ns >= _HALF_MINUTE_NS:
            self._turn_ns = now_ns
            self._before_ms, self.least_ms = self.least_ms, _NONE
            self._agreeing = 0

    def _agreed(self, now_ns: int) -> None:
        """Ticks of this look agreed with the floor: whether it stands by now, or moves."""
        self._agreed_ns, self._above_ms = now_ns, _NONE
        if now_ns - self._followed_ns >= _PROBATION_NS:
            self._followed_ns = 0
        fell = self._floor_ms < self._anchor_ms - _AT_ONCE_MS
        self._looks += 1
        if fell or (self._looks >= _STANDS_LOOKS and now_ns - self._anchor_ns >= _STANDS_NS):
            self._stands = not fell
            self._looks, self._anchor_ms, self._anchor_ns = 0, self._floor_ms, now_ns
            self._set_floor(self._floor_ms)

    def _astray(self) -> bool:
        """Whether the floor may have been led astray, so that a line that seems to be clogged is none."""
        return self._followed_ns > 0 or abs(self._above_ms - self._former_ms) <= _TOLERANCE_MS

    def _begin_floor(self, floor_ms: float) -> None:
        """Begin another floor, which has to stand first."""
        self._stands, self._looks = False, 0
        self._anchor_ms, self._anchor_ns = floor_ms, self._now_ns
        self._agreed_ns, self._above_ms = self._now_ns, _NONE
        self._set_floor(floor_ms)

    def _set_floor(self, floor_ms: float) -> None:
        self._floor_ms = floor_ms
        if floor_ms == _NONE:
            return
        self.limit_ms = floor_ms + _LATE_MS
        self._ahead_ms = floor_ms - _TOLERANCE_MS if self._stands else min(floor_ms, 0) - _OWN_CLOCK_MS

    def smallest_ms(self) -> int | None:
        """The smallest lag of the last half to whole minute; None when nothing came."""
        least_ms = min(self.least_ms, self._before_ms)
        return None if least_ms == _NONE else least_ms
