"""One order at a real broker: its state, its deadlines, what of it is filled and at what prices. Sends nothing, knows no clock.

Whoever holds it hands in what happened with the time of the beat it came with; each method returns what follows.
"""

from typing import Final, cast

from msgspec import Struct, field

from engine.model.order_reports import FillReport, OrderReport, RefusalFamily, Refused
from engine.model.order_requests import Purpose
from engine.model.order_rows import Adopted, Booked, Ended
from engine.model.order_states import OVER, OrderState
from engine.model.types import Side
from engine.text.sanitize import CleanText
from engine.trading.orders.refusals import is_square_off
from engine.trading.orders.states import AT_BROKER, FOR_GOOD, TOMBSTONES, TRANSITIONS, OrderWord

ANSWER_MS: Final = 7_000  # a request that is not answered by then is unclear
CANCEL_MS: Final = 2_000  # a cancel that the book does not show by then is asked for again
ABSENT_MS: Final = 12_000
ABSENT_ROUNDS: Final = 3
_BY_NEXT_BEAT: Final = -1
_TIMES_MS: Final[dict[OrderState, int]] = {"SENDING": ANSWER_MS, "AMENDING": ANSWER_MS, "CANCELLING": CANCEL_MS}
_SETTLED: Final[dict[str, OrderWord]] = {
    "complete": "settled_filled",
    "cancelled": "settled_cancelled",
    "rejected": "settled_rejected",
}


class Alarm(Struct, frozen=True):
    """What a person must know at once; entries are locked by it where `locks`."""

    order: int
    text: str
    locks: bool = True


class AmendRefused(Struct, frozen=True):
    """Another price was asked for an order and is certain not to have been taken; the order holds why."""

    order: int


Outcome = Adopted | Booked | Ended | Alarm | AmendRefused


class LiveOrder(Struct):
    """`limit` is the price that holds as far as is known, `decided` the tick price it was decided at; all in minor units.

    `filled` is what anybody has told, and never falls; `fills` what the trade book has, by fill id. `due_ms` is when its
    time in this state is over: 0 never, -1 to be set by the next beat. `sent_ms` is 0 until bytes may have left, `known_ms`
    until the broker is known to have it; `filled_ms` is of the newest rise. `in_net` is what of it the newest trusted round's
    positions have in them. `broker_id` is the newest number that the broker has given it. `wish` is what it serves (see
    `engine.trading.orders.wishes`), `family`, `bound` and `above` are why it, or its newest limit (`asked_limit`), was
    refused. `blind`: it was sent at a price that was no news any more. `said` are the broker's words on
    why it was refused. `frees`: it is of an earlier run, and gives back what it took (a place in the day, a target) where it
    comes to its end without any fill; of this run's orders their wish says so. `found`: it was taken for gone, and was at the broker after all.
    """

    number: int
    tag: str
    instrument: int
    side: Side
    quantity: int
    purpose: Purpose
    reason: str
    decided: int
    limit: int
    at_ms: int
    target: int = -1
    state: OrderState = "INTENT"
    due_ms: int = _BY_NEXT_BEAT
    sent_ms: int = 0
    rung: int = 0
    look_ms: int = 0
    asked_limit: int = 0
    broker_id: str = ""
    earlier_ids: tuple[str, ...] = ()
    unique_id: str = ""
    filled: int = 0
    turnover: int = 0
    fills: dict[str, tuple[int, int]] = field(default_factory=dict)
    ended: str = ""
    absent_rounds: int = 0
    twin: bool = False
    known_ms: int = 0
    filled_ms: int = 0
    in_net: int = 0
    wish: int = 0
    family: RefusalFamily = "other"
    bound: int = 0
    above: bool = False
    wants_details: bool = False
    unwanted: bool = False
    blind: bool = False
    frees: bool = False
    found: bool = False
    said: CleanText = CleanText("")
    odd: int = 0

    @property
    def is_over(self) -> bool:
        """Whether nothing more is expected of it."""
        return self.state in OVER

    @property
    def is_ended_by_others(self) -> bool:
        """Whether somebody else took it back: a hand at the app, or the broker before it closes positions itself."""
        return self.state == "CANCELLED" and (not self.unwanted or is_square_off(self.said))

    @property
    def left(self) -> int:
        """What of it may still be filled."""
        return 0 if self.is_over or self.state == "SETTLING" else self.quantity - self.filled

    # ── What was asked of it ────────────────────────────────────────────────────────────────────────────────────

    def amend(self, limit: int, now_ms: int) -> bool:
        """Ask for another price; whether that may be asked now."""
        if self.state != "WORKING" or not self.broker_id or limit == self.limit:
            return False
        self.asked_limit = limit
        return self._go("amend", now_ms)

    def cancel(self, now_ms: int) -> bool:
        """It is not wanted any more; whether a cancel is to be sent now. One under way is enough."""
        self.unwanted = True
        if self.state == "CANCELLING" or not self.broker_id:
            return False
        return self._go("cancel", now_ms)

    # ── Answers to single requests ──────────────────────────────────────────────────────────────────────────────

    def answered(self, word: OrderWord, now_ms: int) -> list[Outcome]:
        """Take the outcome of a request."""
        was = self.state
        if word == "sent" and not self.sent_ms:
            self.sent_ms = now_ms
        if word in {"not_amended", "not_cancelled", "unclear"} and was in AT_BROKER:
            self.wants_details = True
        if word == "cancel_taken" and self.purpose == "NET":
            self.wants_details = True  # an exit may wait for its end
        self._go(word, now_ms)
        return self._told(was, [])

    def refused(self, why: Refused, now_ms: int) -> list[Outcome]:
        """The answer to placing it, or to asking another price, is certain: that was not taken."""
        self.family, self.bound, self.above, self.said = why.family, why.bound, why.above, why.text
        if why.request == "place":
            return self.answered("refused", now_ms)
        return [AmendRefused(self.number), *self.answered("not_amended", now_ms)]

    def accepted(self, word: OrderWord, broker_id: str, unique_id: str, now_ms: int) -> list[Outcome]:
        """The gateway has taken a request, under these numbers."""
        self._know(broker_id, unique_id, now_ms)
        return self.answered(word, now_ms)

    @property
    def ids(self) -> tuple[str, ...]:
        """All numbers that the broker has given it."""
        if not self.earlier_ids:
            return (self.broker_id,) if self.broker_id else ()
        return (*self.earlier_ids, self.broker_id) if self.broker_id else ()

    def is_called(self, report: OrderReport) -> bool:
        """Whether a report without a tag is of it, by any of its numbers: a change may have given it one that no answer told."""
        return report.broker_id in self.ids or (self.unique_id != "" and report.unique_id == self.unique_id)

    # ── What books and updates say ──────────────────────────────────────────────────────────────────────────────

    def is_news(self, report: OrderReport) -> bool:
        """Whether it has to be looked at: of an order that is over, and all of whose numbers are known, mostly nothing is."""
        return (
            self.state not in FOR_GOOD
            or report.filled > self.filled
            or report.broker_id != self.broker_id
            or report.unique_id != self.unique_id
            or not self.known_ms
        )

    def seen(self, report: OrderReport, now_ms: int) -> list[Outcome]:
        """Take what the broker tells of it; older news than what is known undoes nothing."""
        was = self.state
        self.absent_rounds = 0
        self.wants_details = False
        self._know(report.broker_id, report.unique_id, now_ms)
        if self.state not in OVER or self.state in TOMBSTONES:
            if report.limit and report.state == "working":
                self.limit = report.limit
            if self.state == "AMENDING" and report.limit == self.asked_limit:
                self._go("amended", now_ms)
            if report.state != "working" and not self.ended:
                self.ended = report.state
                self.family, self.bound, self.above = report.family, report.bound, report.above
                self.said = report.reason
            if self.state != "SETTLING":
                self._go(cast(OrderWord, f"seen_{report.state}"), now_ms)
        return self._told(was, self._rise(report.filled, report.average, now_ms))

    def fill(self, report: FillReport, now_ms: int) -> list[Outcome]:
        """Take a fill from the trade book, once; what was booked at an average is corrected by it."""
        if report.fill_id in self.fills:
            return []
        self.fills[report.fill_id] = (report.quantity, report.price)
        return self._told(self.state, self._rise(self.read, 0, now_ms))

    @property
    def adopted(self) -> Adopted:
        """That it was found, as a row."""
        return Adopted(
            self.number, self.tag, self.instrument, self.side, self.quantity, self.limit, self.purpose, self.reason
        )

    @property
    def read(self) -> int:
        """What of it the trade book has shown."""
        return sum(quantity for quantity, _ in self.fills.values())

    @property
    def exact_turnover(self) -> int:
        """Price × quantity of the fills that were read, in minor units."""
        return sum(quantity * price for quantity, price in self.fills.values())

    def _rise(self, filled: int, average: int, now_ms: int) -> list[Outcome]:
        """So much of it is filled in all; what is more than was known is booked, once."""
        more = filled - self.filled
        if more <= 0:
            return []
        whole = self.exact_turnover if self.read == filled else (average or self.limit) * filled
        price = max(1, (whole - self.turnover) // more)
        self.filled, self.filled_ms = filled, now_ms
        self.turnover += price * more
        told: list[Outcome] = [Booked(self.number, more, price, late=self.is_over)]
        if self.is_over:
            told.append(Alarm(self.number, f"order {self.tag} was over, and is filled by {more} more"))
        elif filled > self.quantity:
            told.append(Alarm(self.number, f"order {self.tag} of {self.quantity} is filled by {filled}"))
        return told

    def _know(self, broker_id: str, unique_id: str, now_ms: int) -> None:
        self.known_ms = self.known_ms or now_ms
        if broker_id and broker_id != self.broker_id and broker_id not in self.earlier_ids:
            if self.broker_id:
                self.earlier_ids = (*self.earlier_ids, self.broker_id)  # a modify may give another
            self.broker_id = broker_id
        self.unique_id = unique_id or self.unique_id

    # ── Time ────────────────────────────────────────────────────────────────────────────────────────────────────

    def beat(self, now_ms: int) -> None:
        """Judge its deadline by the time of a beat."""
        if self.due_ms == _BY_NEXT_BEAT:
            self.due_ms = now_ms + ANSWER_MS
        if 0 < self.due_ms <= now_ms:
            self.wants_details = self.wants_details or self.state in AT_BROKER
            self.due_ms = 0
            self._go("overdue", now_ms)

    def missed(self, begun_ms: int, ended_ms: int, *, twin: bool) -> bool:
        """A trusted round does not have its tag; `twin`: an order without a tag might be it. Whether that is decided now.

        Only what has left can be missed: what waits here is taken back first.
        """
        if self.state != "UNKNOWN" or not 0 < self.sent_ms < begun_ms:
            return False
        if twin != self.twin:
            self.twin, self.absent_rounds = twin, 0
        self.absent_rounds += 1
        return self.absent_rounds >= ABSENT_ROUNDS and ended_ms - self.sent_ms > ABSENT_MS

    def _go(self, word: OrderWord, now_ms: int) -> bool:
        """One step of the table; False, and counted, where there is none."""
        then = TRANSITIONS.get((self.state, word))
        if then is None:
            self.odd += 1
            return False
        if then != self.state:
            self.absent_rounds = 0
            self.state = then
            self.due_ms = now_ms + _TIMES_MS[then] if then in _TIMES_MS else 0
        return True

    def _told(self, was: OrderState, told: list[Outcome]) -> list[Outcome]:
        """What is `told` by a step from the state `was`, and that it has come to its end by it, or is back."""
        if self.state == "SETTLING" and self.read == self.filled and (self.filled or self.ended != "complete"):
            self._go(_SETTLED[self.ended], 0)
        if was in TOMBSTONES and self.state not in TOMBSTONES:
            told.insert(0, Alarm(self.number, f"order {self.tag} is at the broker after all"))
            told.insert(0, self.adopted)
            self.found = True
        if self.is_over and was != self.state:
            told.append(Ended(self.number, self.state, self.filled, self.exact_turnover))
        return told
