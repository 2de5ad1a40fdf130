"""A lane of requests that change something: durable rows first, then the bytes, one at a time, each once. Repeats nothing.

Whoever holds it brings wishes, rows that reached the disk, answers and the time, does what `step` says, and posts the events.
"""

from collections import deque
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from engine.execution.actions import Action, SendRequest, WriteRow
from engine.execution.lane_clock import LaneClock
from engine.execution.order_dialect import NoAnswer, OrderDialect, Reply
from engine.model.order_reports import NotSent, OrderAnswer, Sent, SessionChanged
from engine.model.order_requests import PlaceOrder, WithdrawOrder, WriteRequest
from engine.text.sanitize import CleanText

ROWS_MS: Final = 500  # that all rows of one request may take together to reach the disk
ANSWER_MS: Final = 7_000  # a request that is not answered by then is unclear

_NOT_DURABLE: Final = CleanText("its rows did not reach the disk in time")
_WITHDRAWN: Final = CleanText("withdrawn")
_TOO_LATE: Final = CleanText("it could not be sent in time")
_NO_SESSION: Final = CleanText("not logged in")
_NO_ANSWER: Final = NoAnswer(CleanText("no answer in time"), sent=True)


class LaneRules(Struct, frozen=True):
    """What becomes of a wish that is held up: `loud` ones go out without their rows; `begin_ms` after the wish it is too late.

    That has to be less than the time after which an order without news counts as unknown: what waits here must not be
    sent once it may have been given up.
    """

    loud: bool
    begin_ms: int


ENTRIES: Final = LaneRules(loud=False, begin_ms=1_000)
EXITS: Final = LaneRules(loud=True, begin_ms=5_000)  # with all cancels


class _Wish:
    """A request that waits; times are those of the lane's clock, 0 = not yet."""

    __slots__ = ("asked_ms", "begun_row", "made_ms", "request", "row", "spent_ms")

    def __init__(self, request: WriteRequest, row: int, made_ms: int) -> None:
        self.request = request
        self.row = row
        self.made_ms = made_ms
        self.spent_ms = -1  # that its own row took to become durable; -1 = it has not
        self.asked_ms = -1  # when the row that sending begins was asked for
        self.begun_row = 0

    def rows_ms(self, now_ms: int) -> int:
        """What its rows have taken by now."""
        if self.spent_ms < 0:
            return now_ms - self.made_ms
        if self.asked_ms < 0:
            return self.spent_ms
        return self.spent_ms + now_ms - max(self.asked_ms, self.made_ms + self.spent_ms)  # no time counts twice


class _UnderWay(Struct, frozen=True):
    number: int
    request: WriteRequest
    sent_ms: int
    generation: int


class WriteLane:
    """One lane, called by one thread at a time; numbers of new orders rise, and so do those of rows.

    `repeated` counts wishes that were made before, which are dropped, and `late` answers after the outcome was told.
    """

    def __init__(self, dialect: OrderDialect, rules: LaneRules) -> None:
        self._dialect = dialect
        self._rules = rules
        self._clock = LaneClock(doubling=not rules.loud)
        self._waiting: deque[_Wish] = deque()
        self._under_way: _UnderWay | None = None
        self._durable = 0  # number of the newest row on the disk
        self._newest_placed = 0
        self._newest_row = 0
        self._number = 0
        self._generation = 0
        self._up = False
        self._events: list[OrderAnswer] = []
        self.repeated = 0
        self.late = 0

    # ── What happens ────────────────────────────────────────────────────────────────────────────────────────────

    def wish(self, request: WriteRequest, row: int, now_ms: int, begun_row: int = 0) -> None:
        """Take a request, whose own row in the journal is number `row`; one without the broker's number withdraws what waits here.

        `begun_row` is the row that its sending begins with, where that was written right behind its own.
        """
        now = self._clock.follow(now_ms)
        if isinstance(request, WithdrawOrder) and not request.broker_id:
            self.withdraw(request.order)
            return
        is_new_order = isinstance(request, PlaceOrder)
        if (is_new_order and request.order <= self._newest_placed) or 0 < row <= self._newest_row:
            self.repeated += 1
            return
        self._newest_row = max(self._newest_row, row)
        if is_new_order:
            self._newest_placed = request.order
        wish = _Wish(request, row, now)
        if begun_row:
            wish.asked_ms, wish.begun_row = now, begun_row
        self._waiting.append(wish)
        self.durable(self._durable, now_ms)

    def withdraw(self, order: int) -> None:
        """Let nothing of order `order` go out that waits here."""
        for wish in [each for each in self._waiting if each.request.order == order]:
            self._drop(wish, _WITHDRAWN)

    def row_written(self, order: int, row: int) -> None:
        """The row that a `WriteRow` of `order` asked for is handed over, as number `row`."""
        for wish in self._waiting:
            if wish.request.order == order and wish.asked_ms >= 0:
                wish.begun_row = row

    def durable(self, row: int, now_ms: int) -> None:
        """All rows up to number `row` are on the disk."""
        now = self._clock.follow(now_ms)
        self._durable = max(self._durable, row)
        for wish in self._waiting:
            if wish.spent_ms < 0 and self._is_durable(wish.row):
                wish.spent_ms = now - wish.made_ms

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
        meaning = self._dialect.written(under_way.request, reply)
        self._events.append(meaning.answer)
        self._clock.answered(meaning.wait_s)
        if meaning.session_over and self._up and under_way.generation == self._generation:
            self._up = False
            self._events.append(SessionChanged(self._generation, False, meaning.session_over))

    # ── What is to be done ──────────────────────────────────────────────────────────────────────────────────────

    def step(self, now_ms: int) -> list[Action]:
        """What is to be done now, in this order; to be called after anything has happened, and when `wait_ms` is over."""
        now = self._clock.follow(now_ms)
        if self._under_way is not None and now - self._under_way.sent_ms >= ANSWER_MS:
            self.answer(self._under_way.number, _NO_ANSWER, now_ms)
        for wish, why in [(each, why) for each in self._waiting if (why := self._objection(each, now))]:
            self._drop(wish, why)
        if not self._waiting or self._under_way is not None or not self._up or self._clock.pause_ms:
            return []
        return self._advance(self._waiting[0], now)

    @property
    def wait_ms(self) -> int | None:
        """For how long from the time that was told last `step` has nothing to do by itself; None: until something happens."""
        now = self._clock.ms
        dues = [each for wish in self._waiting for each in self._dues(wish, now)]
        if self._under_way is not None:
            dues.append(self._under_way.sent_ms + ANSWER_MS - now)
        elif self._waiting and self._clock.pause_ms:
            dues.append(self._clock.pause_ms)
        return max(0, min(dues)) if dues else None

    @property
    def is_free(self) -> bool:
        """Whether a request would go out as soon as its rows allow."""
        return self._up and not self._waiting and self._under_way is None

    @property
    def waits(self) -> bool:
        """Whether a request waits here, so that a row on the disk may be what it waits for."""
        return bool(self._waiting)

    @property
    def under_way(self) -> int:
        """Number of the request whose reply is awaited; 0: of none."""
        return 0 if self._under_way is None else self._under_way.number

    def take_events(self) -> list[OrderAnswer]:
        """What came about since the last call."""
        events, self._events = self._events, []
        return events

    # ── Below, nothing is called from outside. ──────────────────────────────────────────────────────────────────

    def _advance(self, wish: _Wish, now: int) -> list[Action]:
        """Bring the first wish further: its own row, for a new order the row that sending begins, then the bytes."""
        actions: list[Action] = []
        is_late = wish.rows_ms(now) > ROWS_MS  # only loud ones are here then
        rows_there = wish.spent_ms >= 0
        if not rows_there and not is_late:
            return actions
        if isinstance(wish.request, PlaceOrder):
            if wish.asked_ms < 0:
                wish.asked_ms = now
                actions.append(WriteRow(wish.request.order, wish.request.request))
            rows_there = rows_there and self._is_durable(wish.begun_row)
            if not rows_there and not is_late:
                return actions
        actions.append(self._send(wish, now, durable=rows_there))
        return actions

    def _send(self, wish: _Wish, now: int, *, durable: bool) -> SendRequest:
        self._waiting.remove(wish)
        self._number += 1
        request = wish.request
        self._under_way = _UnderWay(self._number, request, now, self._generation)
        self._events.append(Sent(request.order, request.request, durable))
        return SendRequest(self._number, self._dialect.write(request))

    def _objection(self, wish: _Wish, now: int) -> CleanText:
        """Why a wish will not be sent any more; empty where it may be."""
        if now - wish.made_ms > self._rules.begin_ms:
            return _TOO_LATE
        if self._rules.loud:
            return CleanText("")
        if not self._up:
            return _NO_SESSION
        return _NOT_DURABLE if wish.rows_ms(now) > ROWS_MS else CleanText("")

    def _dues(self, wish: _Wish, now: int) -> Iterator[int]:
        yield wish.made_ms + self._rules.begin_ms + 1 - now
        rows_are_awaited = wish.spent_ms < 0 or wish.asked_ms >= 0
        if rows_are_awaited and (left := ROWS_MS + 1 - wish.rows_ms(now)) > 0:
            yield left

    def _drop(self, wish: _Wish, why: CleanText) -> None:
        self._waiting.remove(wish)
        self._events.append(NotSent(wish.request.order, wish.request.request, why))

    def _is_durable(self, row: int) -> bool:
        return 0 < row <= self._durable
