"""A feed over a network link that comes and goes: one thread that keeps the link up, and tells how it stands. Knows no exchange."""

import time
from collections import deque
from collections.abc import Callable
from functools import cached_property
from threading import Thread
from typing import TYPE_CHECKING, NoReturn

from msgspec import Struct

from engine.model.clock import SteadyClock
from engine.model.events import FeedEvent
from engine.model.ports import Closed, FeedView
from engine.model.types import Instrument, Tick
from engine.stream.adapter import StreamAdapter
from engine.stream.backoff import Backoff, ConnectBudget
from engine.stream.counters import StreamCounters
from engine.stream.errors import Hopeless, LinkLost, Stopped, TokensRefused
from engine.stream.handshake import shake_hands
from engine.stream.link_status import FeedParts, LinkStatus
from engine.stream.session import StreamSession
from engine.stream.silence import SilenceTimer
from engine.stream.socket import dial
from engine.stream.tick_builder import TickBuilder
from engine.stream.wakeup import Wakeup, beside

if TYPE_CHECKING:
    import ssl

_now_ns = time.perf_counter_ns
_NS = 1_000_000_000
_REST_S = 30.0  # of a closed market's time in one piece


class Pace(Struct, frozen=True):
    """The times by which a live feed goes, in seconds."""

    silence_s: float = 8.0  # no data for so long in session: drop the link
    lifeless_s: float = 25.0  # no frame of any kind for so long: drop it at any hour
    steady_s: float = 60.0  # data that flows for so long makes a link sound
    ping_s: float = 10.0
    handshake_s: float = 5.0  # from the look-up of the name to the end of the HTTP answer
    login_s: float = 30.0
    first_wait_s: float = 0.5
    longest_wait_s: float = 30.0
    connects: int = 6
    connects_within_s: float = 60.0
    again_s: float = 300.0  # between two attempts of a feed that was refused
    breaks: int = 5  # failures of our own, so many in so short a while …
    breaks_within_s: float = 60.0
    breaks_wait_s: float = 60.0  # … are followed by this pause


def _random() -> Callable[[], float]:
    from random import Random  # noqa: PLC0415 - only a live feed rolls dice

    return Random().random  # noqa: S311 - no secret hangs on a wait


class StreamFeed:
    """Keeps one link to one exchange, delivers its ticks, and tells `tell` of every change (a `ports.LiveFeed`).

    The feed's thread alone connects, receives, delivers and tells. `stop` ends every wait of it.
    """

    lossless = False

    def __init__(
        self,
        adapter: StreamAdapter,
        ticker: TickBuilder,
        *,
        tell: Callable[[FeedEvent], None],
        in_session: Callable[[], bool],
        pace: Pace,
        draw: Callable[[], float] | None = None,
        wall: SteadyClock | None = None,
    ) -> None:
        self._adapter = adapter
        self._ticker = ticker
        self._pace = pace
        self._backoff = Backoff(draw or _random(), first_s=pace.first_wait_s, longest_s=pace.longest_wait_s)
        self._budget = ConnectBudget(pace.connects, pace.connects_within_s)
        self._parts = FeedParts(
            adapter,
            ticker,
            SilenceTimer(pace.silence_s, lifeless_s=pace.lifeless_s, steady_s=pace.steady_s),
            StreamCounters(),
            wall or SteadyClock(),
            in_session,
            pace.ping_s,
        )
        self._status = LinkStatus(self._parts, self._backoff, tell)
        self._sound = False  # this link has proved itself
        self._renewed = False  # the tokens were renewed, and no link has lasted since
        self._broke_ns: deque[int] = deque(maxlen=pace.breaks)
        self._wakeup = Wakeup()
        self._on_end: Callable[[str], None] = lambda _: None  # until the feed is started
        self._closed: Callable[[], Closed | None] = lambda: None
        self._thread = Thread(target=self._run, name="feed", daemon=True)

    # ── What the runner asks, from any thread ──────────────────────────────────────────────────────────────────

    def start(self, deliver: Callable[[Tick], None], on_end: Callable[[str], None]) -> None:
        """Begin to connect and deliver; `on_end` is called only if the feed breaks so that it cannot even be told."""
        self._ticker.deliver = deliver
        self._on_end = on_end
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """End the thread, whatever it waits for."""
        self._wakeup.wake()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        elif self._thread.ident is None:
            self._wakeup.close()

    def follow(self, instruments: tuple[Instrument, ...]) -> None:
        """Stream these from now on, on the link that is open; numbers stay, `removed` ones rest. From any thread, returns at once."""
        self._parts.wanted.append(instruments)

    def keep_hours(self, closed: Callable[[], Closed | None]) -> None:
        """Ask `closed` whether no link is to be made now; before the start. It is called by the feed's thread."""
        self._closed = closed
        self._parts.silence.rests = lambda: closed() is not None

    def silence_is_grave(self, grave: Callable[[], bool]) -> None:
        """Ask `grave` whether a silence of all instruments is no noon's; before the start. It is called by the feed's thread."""
        self._parts.silence.grave = grave

    def previous_close(self, instrument: int) -> int:
        """What the packets of this link say that the instrument closed at on the day before (minor units); 0 = nothing."""
        closes = self._ticker.closes  # of one that was just added there is none for a moment
        return max(0, closes[instrument]) if instrument < len(closes) else 0

    def view(self) -> FeedView:
        """How the link stands, at most 0.2 s ago."""
        return self._status.view

    # ── The feed's thread ──────────────────────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        try:
            while True:
                self._rest()
                self._keep_link()
        except Stopped:
            self._status.change("STOPPED", "")
        except Exception as error:  # noqa: BLE001 - the end of the thread: told, never swallowed
            problem = self._in_words(error)
            self._on_end(problem)
            self._status.enter("STOPPED", problem)
        finally:
            self._wakeup.close()

    def _rest(self) -> None:
        """Wait until the market opens, where it is closed; raises Stopped."""
        shown = ""
        while (closed := self._closed()) is not None:
            if closed.until != shown:
                shown = closed.until
                self._status.change("CLOSED", shown, _now_ns() + round(closed.rest_s * _NS))
            # In pieces: the machine's clock may be set meanwhile, or what is known of the day be another.
            self._wakeup.wait(round(min(closed.rest_s, _REST_S) * _NS))
        if shown:
            self._backoff.succeeded()  # what failed the day before does not count

    def _keep_link(self) -> None:
        """One link, and the wait for the next; raises Stopped.

        What breaks on our side costs the link and nothing more: a feed that ends leaves positions without prices.
        """
        try:
            lost = self._one_link()
        except Hopeless as verdict:
            self._stay_refused(verdict.reason, verdict.again_s)
            return
        except Stopped:
            raise
        except Exception as error:  # noqa: BLE001 - the end of the thread: told, and gone on
            lost = self._broken(error)
        if self._status.refused and not isinstance(lost, TokensRefused):
            self._stay_refused("", max(self._pace.again_s, lost.wait_s))
        else:
            self._await_next(lost)

    def _broken(self, error: Exception) -> LinkLost:
        """Tell of a failure of our own; the pause after it is long when there were many."""
        now_ns = _now_ns()
        self._broke_ns.append(now_ns)
        problem = self._in_words(error)
        self._status.note(problem, f"{problem}; the link is made anew", True)
        often = len(self._broke_ns) == self._pace.breaks
        often = often and now_ns - self._broke_ns[0] <= self._pace.breaks_within_s * _NS
        return LinkLost(problem, wait_s=self._pace.breaks_wait_s if often else 0.0)

    def _in_words(self, error: Exception) -> str:
        return f"{self._adapter.source} feed: {type(error).__name__}: {error}"

    def _stay_refused(self, reason: str, again_s: float | None) -> None:
        """Stand still until the next of the rare attempts, each with one login of its own, or for good; raises Stopped."""
        now_ns = _now_ns()
        wait_ns = None if again_s is None else max(round(again_s * _NS), self._budget.wait_ns(now_ns))
        self._status.refuse(reason, 0 if wait_ns is None else now_ns + wait_ns)
        self._wakeup.wait(wait_ns)
        self._renewed = False

    def _await_next(self, lost: LinkLost) -> None:
        """Wait until the next attempt is due, or until the market opens; raises Stopped."""
        if self._closed() is not None:
            return
        now_ns = _now_ns()
        if lost.planned and self._sound:
            wait_ns = 0
        else:
            wait_ns = self._backoff.pause() if lost.waited else self._backoff.failed()
        wait_ns = max(wait_ns, round(lost.wait_s * _NS), self._budget.wait_ns(now_ns))
        self._status.change("WAITING", lost.reason, now_ns + wait_ns)
        self._wakeup.wait(wait_ns)

    def _one_link(self) -> LinkLost:
        """One link from the login to its end, and how it ended; raises Hopeless, Stopped."""
        self._sound = False
        try:
            self._connect_and_listen()
        except TokensRefused as refusal:
            return self._renew(refusal)
        except LinkLost as lost:
            return lost

    def _renew(self, refusal: TokensRefused) -> LinkLost:
        """Log in once more because the tokens were refused; raises Hopeless when that was done before, Stopped."""
        if not self._adapter.logs_in:
            return refusal
        if self._renewed:
            raise Hopeless(refusal.reason, again_s=self._pace.again_s)
        self._renewed = True
        self._status.enter("LOGIN", refusal.reason)
        try:
            beside(self._adapter.renew, self._wakeup, self._pace.login_s, "no answer to the login")
        except LinkLost as lost:
            return lost
        return refusal

    def _connect_and_listen(self) -> NoReturn:
        """Raises LinkLost, Hopeless, Stopped."""
        if self._adapter.logs_in:
            self._status.enter("LOGIN")
        address = beside(self._adapter.endpoint, self._wakeup, self._pace.login_s, "no answer to the login")
        self._status.change("CONNECTING", "")
        deadline_ns = _now_ns() + round(self._pace.handshake_s * _NS)
        try:
            line = dial(address.host, address.port, self._wakeup, deadline_ns, loopback_only=not address.secure)
        finally:
            self._budget.spend(_now_ns())  # at its end, so that the next ones are never nearer than they may be
        try:
            if address.secure:
                line.secure(self._tls, address.host, deadline_ns)
            shake_hands(line, address, deadline_ns)
            self._converse(StreamSession(line, self._parts, self._status, self._proved))
        finally:
            line.close()

    def _converse(self, session: StreamSession) -> NoReturn:
        """Greet and listen until the end, and say goodbye; raises LinkLost, Stopped."""
        code, begun_ns = 0, _now_ns()
        self._parts.relisted()  # the greeting asks for all of them
        try:
            session.greet()
            self._status.came_up()
            session.listen()
        except LinkLost as lost:
            code = lost.close_code
            raise
        finally:
            session.bye(code)
            if _now_ns() - begun_ns >= self._pace.steady_s * _NS:
                self._renewed = False  # the tokens were good, even if no data came at night

    @cached_property
    def _tls(self) -> "ssl.SSLContext":
        """How TLS is spoken: certificates and names are verified."""
        import ssl  # noqa: PLC0415 - 5 MB that only an encrypted line needs

        return ssl.create_default_context()

    def _proved(self) -> None:
        """The link is sound: what went wrong before counts no more."""
        self._sound = True
        self._backoff.succeeded()
