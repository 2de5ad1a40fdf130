"""The lane of reads: rounds, single orders and quotes, one request at a time. What fails is told and not tried again here.

Whoever holds it brings wishes, answers and the time, does what `step` says, and posts the events.
"""

from collections import deque
from typing import Final

from msgspec import Struct

from engine.execution.actions import SendRequest
from engine.execution.lane_clock import LaneClock
from engine.execution.order_dialect import BookRound, NoAnswer, OrderDialect, Reply, ReplyMeaning, WireRequest
from engine.model.order_reports import OrderAnswer, ReadFailed, RoundFailed, RoundRead, SessionChanged
from engine.model.order_requests import ReadOrder, ReadQuote, ReadRequest, ReadRound
from engine.text.sanitize import CleanText

ANSWER_MS: Final = 7_000
# From a round's end to the next one's beginning: each of its three lists may be asked for once a second.
ROUNDS_APART_MS: Final = 1_100
UNNUMBERED: Final = 0  # of a round that was not asked for

_NO_SESSION: Final = CleanText("not logged in")
_OTHER_SESSION: Final = CleanText("there was another login meanwhile")
_NO_ANSWER: Final = NoAnswer(CleanText("no answer in time"), sent=True)

Look = ReadOrder | ReadQuote


class _Round(Struct, frozen=True):
    number: int
    generation: int
    reading: BookRound


class _UnderWay(Struct, frozen=True):
    number: int
    what: Look | _Round
    sent_ms: int
    generation: int


class ReadLane:
    """The lane; called by one thread at a time. Single orders and quotes go between the parts of a round.

    `late` counts answers that came when the outcome had been told.
    """

    def __init__(self, dialect: OrderDialect) -> None:
        self._dialect = dialect
        self._clock = LaneClock(doubling=True)
        self._looks: deque[Look] = deque()
        self._rounds: deque[ReadRound] = deque()
        self._round: _Round | None = None
        self._rounds_from_ms = 0
        self._under_way: _UnderWay | None = None
        self._number = 0
        self._generation = 0
        self._up = False
        self._events: list[OrderAnswer] = []
        self.late = 0

    # ── What happens ────────────────────────────────────────────────────────────────────────────────────────────

    def wish(self, request: ReadRequest) -> None:
        """Take a request; one that waits already is not asked twice."""
        if isinstance(request, ReadRound):
            self._rounds.append(request)
        elif request not in self._looks:
            self._looks.append(request)

    def reread(self) -> None:
        """Read a round that nobody has numbered, as nobody knows what was missed until now; one that is still to begin will do."""
        if self._up and not self._rounds:
            self._rounds.append(ReadRound(UNNUMBERED))

    def session(self, generation: int, *, up: bool) -> None:
        """The login is number `generation` now, and good or not."""
        self._generation, self._up = generation, up

    def answer(self, number: int, reply: Reply, now_ms: int) -> None:
        """The reply to `SendRequest` number `number`; one that was given up is counted."""
        self._clock.follow(now_ms)
        under_way = self._under_way
        if under_way is None or under_way.number != number:
            self.late += 1
            return
        self._under_way = None
        if isinstance(under_way.what, _Round):
            meaning = under_way.what.reading.take(reply, now_ms)
        else:
            meaning = self._dialect.seen(under_way.what, reply, under_way.generation, now_ms)
        if meaning is None:
            self._clock.answered(0.0)
        else:
            self._tell(meaning, under_way.generation)

    # ── What is to be done ──────────────────────────────────────────────────────────────────────────────────────

    def step(self, now_ms: int) -> list[SendRequest]:
        """What is to be sent now; to be called after anything has happened, and when `wait_ms` is over."""
        now = self._clock.follow(now_ms)
        if self._under_way is not None:
            if now - self._under_way.sent_ms < ANSWER_MS:
                return []
            self.answer(self._under_way.number, _NO_ANSWER, now_ms)
        self._give_up()
        if self._clock.pause_ms:
            return []
        if self._looks:
            look = self._looks.popleft()
            return [self._send(look, self._dialect.look(look))]
        if self._round is None and self._rounds and now >= self._rounds_from_ms:
            number = self._rounds.popleft().number
            self._round = _Round(number, self._generation, self._dialect.begin_round(number, self._generation, now_ms))
        return [] if self._round is None else [self._send(self._round, self._round.reading.wire)]

    @property
    def wait_ms(self) -> int | None:
        """For how long from the time that was told last `step` has nothing to do by itself; None: until something happens."""
        if self._under_way is not None:
            return max(0, self._under_way.sent_ms + ANSWER_MS - self._clock.ms)
        if self._looks or self._round is not None:
            return self._clock.pause_ms
        if self._rounds:
            return max(self._clock.pause_ms, self._rounds_from_ms - self._clock.ms)
        return None

    @property
    def under_way(self) -> int:
        """Number of the request whose reply is awaited; 0: of none."""
        return 0 if self._under_way is None else self._under_way.number

    def take_events(self) -> list[OrderAnswer]:
        """What came about since the last call."""
        events, self._events = self._events, []
        return events

    # ── Below, nothing is called from outside. ──────────────────────────────────────────────────────────────────

    def _send(self, what: Look | _Round, wire: WireRequest) -> SendRequest:
        self._number += 1
        self._under_way = _UnderWay(self._number, what, self._clock.ms, self._generation)
        return SendRequest(self._number, wire)

    def _give_up(self) -> None:
        """Without a login nothing can be read, and a round is of one login."""
        if self._round is not None and (not self._up or self._round.generation != self._generation):
            reason = _OTHER_SESSION if self._up else _NO_SESSION
            self._tell(ReplyMeaning(RoundFailed(self._round.number, reason)), self._generation)
        if self._up:
            return
        for look in self._looks:
            self._events.append(
                ReadFailed(_NO_SESSION, look.order)
                if isinstance(look, ReadOrder)
                else ReadFailed(_NO_SESSION, instrument=look.instrument)
            )
        self._events += [RoundFailed(each.number, _NO_SESSION) for each in self._rounds]
        self._looks.clear()
        self._rounds.clear()

    def _tell(self, meaning: ReplyMeaning, generation: int) -> None:
        """An outcome is there, of what was asked under the login `generation`."""
        told = meaning.answer
        self._events.append(told)
        if isinstance(told, RoundRead | RoundFailed):
            self._round = None
            self._rounds_from_ms = self._clock.ms + ROUNDS_APART_MS
        self._clock.answered(meaning.wait_s)
        if meaning.session_over and self._up and generation == self._generation:
            self._up = False
            self._events.append(SessionChanged(generation, False, meaning.session_over))
