"""How a live feed stands: tells each change once, and keeps the picture that a screen takes. Knows no socket."""

import time
from collections import deque
from collections.abc import Callable

import msgspec
from msgspec import Struct

from engine.model.clock import SteadyClock
from engine.model.events import FeedEvent, FeedNote, LinkChanged, LinkState
from engine.model.ports import FeedView
from engine.model.types import Instrument
from engine.stream.adapter import StreamAdapter
from engine.stream.backoff import Backoff
from engine.stream.counters import StreamCounters
from engine.stream.silence import SilenceTimer
from engine.stream.tick_builder import TickBuilder
from engine.text.redaction import redact
from engine.text.sanitize import CleanText, clean

_now_ns = time.perf_counter_ns
_MS = 1_000_000
_KINDS_KEPT = 1000
_LONGEST_TEXT = 300


class FeedParts(Struct, frozen=True):
    """What all links of a feed share."""

    adapter: StreamAdapter
    ticker: TickBuilder
    silence: SilenceTimer
    counters: StreamCounters
    wall: SteadyClock
    in_session: Callable[[], bool]
    ping_s: float
    wanted: deque[tuple[Instrument, ...]] = msgspec.field(
        default_factory=deque
    )  # lists to go by, of which the newest holds

    def relisted(self) -> list[bytes]:
        """Go by the newest list that came; what is to be sent for it. Called by the feed's thread."""
        newest = None
        while self.wanted:
            newest = self.wanted.popleft()
        return [] if newest is None else self.adapter.relist(newest)


class LinkStatus:
    """The state of the link and the newest `view`; written by the feed's thread, `view` is read by any.

    What a server says may repeat our own tokens to us: they end here, ahead of journal, recording, screen and log, and
    so does whatever else its texts hold.
    """

    def __init__(self, parts: FeedParts, backoff: Backoff, tell: Callable[[FeedEvent], None]) -> None:
        self._parts = parts
        self._backoff = backoff
        self._tell = tell
        self._source = clean(parts.adapter.source)
        self._state: LinkState = "STOPPED"
        self.refused = False  # given up; further attempts are rare and change nothing that is shown until one succeeds
        self._because = CleanText("")
        self._link = 0
        self._since_ns = self._up_ns = self._down_ns = self._retry_ns = 0
        self._noted: set[str] = set()
        self.show()

    def enter(self, state: LinkState, because: str = "", retry_ns: int = 0) -> None:
        """Show a change without telling it; `because` is kept from before where it is empty, until the link is up."""
        if self._is_quiet(state):
            return
        now_ns = _now_ns()
        if self._state == "UP":
            self._up_ns, self._down_ns = 0, now_ns
        self._state, self._since_ns, self._retry_ns = state, now_ns, retry_ns
        self._because = CleanText("") if state == "UP" else _told(because) or self._because
        self.show()

    def change(self, state: LinkState, reason: str, retry_ns: int = 0) -> None:
        """Show and tell a change; the next attempt is at `retry_ns` (0: it is under way, or there is none)."""
        if self._is_quiet(state):
            return
        self.enter(state, reason, retry_ns)
        self._tell(LinkChanged(state, self._link, _told(reason), self._at_ms()))

    def refuse(self, reason: str, retry_ns: int) -> None:
        """The feed is given up but for an attempt at `retry_ns` (0: none); told once per reason, which "" leaves as it was."""
        if not self.refused or _told(reason) not in {"", self._because}:
            self.refused = True
            self.change("REFUSED", reason)
        self._retry_ns = retry_ns
        self.show()

    def _is_quiet(self, state: LinkState) -> bool:
        """Whether a change to `state` is only an attempt of a feed that was given up."""
        return self.refused and state in {"CONNECTING", "LOGIN", "WAITING"}

    def came_up(self) -> None:
        """A new link is up."""
        self.refused = False
        self._link += 1
        self.enter("UP")
        self._up_ns = self._since_ns
        self.show()
        down_ms = (self._since_ns - self._down_ns) // _MS if self._down_ns else 0
        self._tell(LinkChanged("UP", self._link, CleanText(""), self._at_ms(), down_ms))

    def note(self, kind: str, text: str, severe: bool) -> None:
        """Tell something that is no change, once per `kind`."""
        if kind not in self._noted and len(self._noted) < _KINDS_KEPT:
            self._noted.add(kind)
            self._tell(FeedNote(_told(text), self._at_ms(), severe))

    def show(self) -> None:
        """Put a new picture on the table: one attribute store."""
        parts = self._parts
        lag_ms = parts.ticker.lag.smallest_ms()
        # Ours now, not the steady clock's: a wall clock that was set is what the operator must see.
        stepped_ns = parts.wall.apart_ns()
        self.view = FeedView(
            source=self._source,
            state=self._state,
            link=self._link,
            since_ns=self._since_ns,
            up_ns=self._up_ns,
            frame_ns=parts.silence.frame_ns,
            pong_ns=parts.counters.pong_ns,
            retry_ns=self._retry_ns,
            attempt=self._backoff.attempt,
            because=self._because,
            rtt_ms=parts.counters.rtt_ms,
            clock_ms=None if lag_ms is None else -(lag_ms + stepped_ns / _MS),
            frames=parts.counters.frames,
            books=parts.counters.books,
            bad=dict(parts.counters.bad),
            wanted=parts.ticker.wanted,
            ticking=parts.ticker.ticking if self._state == "UP" else 0,
            drop_ns=parts.silence.due_ns() if self._state == "UP" else 0,
        )

    def _at_ms(self) -> int:
        return (_now_ns() + self._parts.wall.ahead_ns) // _MS


def _told(text: str) -> CleanText:
    """`text` without secrets and in one line; redacted before it is cut, for half a secret would not be known."""
    return clean(redact(text), _LONGEST_TEXT)
