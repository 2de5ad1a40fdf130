"""The whole way to a broker that takes orders: three lanes, one login, its updates, each with a thread. Decides nothing."""

import time
from collections.abc import Callable

from msgspec import Struct

from engine.execution.actions import LaneName, lane_of
from engine.execution.lane_thread import LaneThread
from engine.execution.login import Login, SessionKeeper
from engine.execution.order_dialect import OrderDialect, WireRequest
from engine.execution.order_session import OrderSession
from engine.execution.read_lane import ReadLane
from engine.execution.spare_line import SpareLine
from engine.execution.updates_thread import UpdatesThread
from engine.execution.write_lane import ENTRIES, EXITS, WriteLane
from engine.model.lanes_view import LanesView
from engine.model.order_reports import OrderAnswer, SessionChanged
from engine.model.order_requests import LogIn, OrderRequest
from engine.model.ports import OrderJournal
from engine.model.types import Instrument
from engine.text.sanitize import CleanText

MakeUpdates = Callable[[Callable[[OrderAnswer], None], Callable[[], None], Callable[[int], None]], UpdatesThread]


class EdgeParts(Struct, frozen=True):
    """What the edge to one broker is made of.

    `spare` makes connections that ring when their name is known, `speak` the bytes of a request under a login's token,
    `updates` the thread for updates, which is given who takes orders, who is told of a connect, and of a login refused.
    """

    dialect: OrderDialect
    keeper: SessionKeeper
    spare: Callable[[Callable[[], None]], SpareLine]
    speak: Callable[[WireRequest, str], bytes]
    updates: MakeUpdates


class OrderEdge:
    """An `OpenedLanes`; `post` takes answers from any thread, `now_ms` is the time that rounds and orders are judged by."""

    def __init__(
        self, parts: EdgeParts, post: Callable[[OrderAnswer], None], journal: OrderJournal, now_ms: Callable[[], int]
    ) -> None:
        self._dialect = parts.dialect
        self._post = post
        lanes: dict[LaneName, WriteLane | ReadLane] = {
            "entries": WriteLane(parts.dialect, ENTRIES),
            "exits": WriteLane(parts.dialect, EXITS),
            "reads": ReadLane(parts.dialect),
        }
        self._lanes: dict[LaneName, LaneThread] = {
            name: LaneThread(name, lanes[name], parts.spare, parts.speak, journal, self._tell, now_ms) for name in lanes
        }
        self._session = OrderSession(parts.keeper, post, self._log_in)
        self._updates = parts.updates(post, self._lanes["reads"].reread, self._session.renew)
        self._threads: tuple[LaneThread | UpdatesThread, ...] = (*self._lanes.values(), self._updates)
        journal.on_durable(self._durable)

    def ask(self, request: OrderRequest, row: int) -> None:
        """Take a request, whose own row in the journal is number `row` (0: it has none); returns at once."""
        if isinstance(request, LogIn):
            self._session.want()
        else:
            self._lanes[lane_of(request)].ask(request, row)

    def start(self) -> None:
        """Log in, and begin to carry out and to listen; what was asked before waits until then."""
        for each in self._threads:
            each.start()
        self._session.start()

    def stop(self, timeout_s: float) -> None:
        """End all threads, whatever they wait for; what is under way is not waited for."""
        until_s = time.monotonic() + timeout_s
        for each in self._threads:
            each.begin_to_stop()
        self._session.stop(timeout_s)
        for each in self._threads:
            each.stop(max(0.0, until_s - time.monotonic()))

    def follow(self, instruments: tuple[Instrument, ...]) -> None:
        """Go by these from now on; numbers stay what they were. From any thread."""
        self._dialect.relist(instruments)

    def view(self) -> LanesView:
        """How it goes with the broker; from any thread."""
        healths = [lane.health for lane in self._lanes.values()]
        best = max(healths, key=lambda each: each.good_ns)
        worst = max(healths, key=lambda each: each.error_ns)
        errors = sum(each.errors for each in healths if each.error_ns > best.good_ns)
        asked = [each.asked_ns for each in healths if each.asked_ns]
        updates, session = self._updates, self._session
        return LanesView(
            generation=session.login.generation,
            session_up=session.login.up,
            session_because=session.because,
            good_ns=best.good_ns,
            round_trip_ms=best.round_trip_ms,
            errors=errors,
            because=worst.because if errors else CleanText(""),
            asked_ns=min(asked, default=0),
            updates_state=updates.state,
            updates_since_ns=updates.since_ns,
            updates_frame_ns=updates.frame_ns,
            updates_frames=updates.frames,
            updates_because=updates.because,
        )

    # ── From the threads ────────────────────────────────────────────────────────────────────────────────────────

    def _tell(self, event: OrderAnswer) -> None:
        """What a lane tells: of a login that is over all lanes learn, and the trader once."""
        if isinstance(event, SessionChanged):
            self._session.is_over(event.generation, event.reason)
        else:
            self._post(event)

    def _log_in(self, login: Login) -> None:
        for each in self._threads:
            each.log_in(login)

    def _durable(self, _newest: int) -> None:
        self._lanes["entries"].durable()
        self._lanes["exits"].durable()
