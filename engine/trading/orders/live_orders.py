"""The trader's orders at a real broker: what it wants becomes wishes at a desk, what came of them is booked order by order.

Stands where `Orders` stands in a run whose broker is simulated, and answers the same questions.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from engine.model.events import AnyEvent
from engine.model.marks import DeskMark
from engine.model.order_reports import OrderAnswer, RoundAgain, RoundFailed, RoundRead
from engine.model.order_requests import FREEING, Purpose
from engine.model.order_rows import Ended
from engine.model.order_views import LiveView, OrderView
from engine.model.state import Fields, Plain
from engine.text.sanitize import CleanText
from engine.trading.kept_orders import KeptOrder, orders_in, parts_in, put_orders
from engine.trading.order_parts import OrderParts
from engine.trading.orders.blotter import Told
from engine.trading.orders.desk import OrderDesk
from engine.trading.orders.live_limits import AT_MOST_PERCENT, entry_objection, largest_entry
from engine.trading.orders.live_order import LiveOrder
from engine.trading.orders.open_orders import Wanted
from engine.trading.orders.order_views import OrderViews
from engine.trading.orders.wishes import Wish, WishOver
from engine.trading.orders.withdrawal import withdraw

_DESK: Final = "orders.desk"
_ROUND: Final = "orders.round"
_TRUSTED: Final = "trusted"  # the newest round is the one that is believed
_NOW: Final = "orders.now_ms"
_BEHIND: Final = "orders.behind_ms"  # told only where there is anything to tell
_JITTER_MS: Final = 1_000


class LiveOrders:
    """`now_ms` is our own time, as far as it was told; it never falls: `behind_ms` is how far our clock was set back since. `touched`: something was wanted since the desk was settled."""

    STATE = ("last_number",)
    kind: Literal["real"] = "real"

    def __init__(self, desk: OrderDesk, held: Callable[[int], int]) -> None:
        """`held` tells what the account holds of an instrument."""
        self.desk = desk
        self._held = held
        self._views = OrderViews(desk, held)
        self.now_ms = self.behind_ms = 0
        self.touched = False
        self.parts: dict[int, OrderParts] = {}  # what of each order is booked that is not over
        self._round: RoundRead | None = None  # the newest, as it was told
        self._past: dict[int, LiveOrder] = {}  # of an earlier day, and over with it
        self._untold = False  # whether those are still to be told

    # ── What the trader wants ───────────────────────────────────────────────────────────────────────────────────

    def follow(self, now_ms: int) -> None:
        """It is so late now; where our clock was set back, time goes on: an exit would stand still until it is as late again."""
        if now_ms + self.behind_ms < self.now_ms - _JITTER_MS:
            self.behind_ms = self.now_ms - now_ms
        self.hear(now_ms)

    def hear(self, at_ms: int) -> None:
        """It was so late when something came that may have waited since."""
        self.now_ms = max(self.now_ms, at_ms + self.behind_ms)

    def submit(self, wanted: Wanted) -> Sequence[AnyEvent]:
        """Want something from now on. While a flat runs nothing else is sent: it closes all that the broker holds."""
        if self.desk.flat.running:
            return ()
        purpose: Purpose = "ENTRY" if wanted.side == "BUY" else "EXIT"
        self.desk.pursuit.wish(
            wanted.instrument,
            wanted.side,
            purpose,
            wanted.quantity,
            wanted.decided,
            wanted.reason,
            self.now_ms,
            wanted.target,
        )
        self.touched = True
        return ()

    def withdraw_entries(self, instrument: int | None = None) -> Sequence[AnyEvent]:
        """Buy nothing more of it (None: of anything)."""
        for wish in self.desk.pursuit.wishes.values():
            if wish.is_entry and instrument in {None, wish.instrument}:
                wish.dropped = self.touched = True
        return ()

    def withdraw_entry(self, tag: str) -> LiveOrder | str:
        """Take back the entry whose order bears this tag, and buy nothing more of what it serves; or why that cannot be."""
        found = withdraw(self.desk.blotter, self.desk.pursuit.wishes, tag)
        self.touched = self.touched or not isinstance(found, str)
        return found

    def begin_flat(self, reason: str, exit_reason: str) -> None:
        """Want out of everything that the broker holds, in orders that bear `exit_reason`."""
        self.desk.flat.begin(reason, self.now_ms, exit_reason)
        self.touched = True

    def release(self) -> None:
        """A person has looked: what was refused for good is tried again."""
        self.desk.pursuit.release()
        self.touched = True

    def unlock(self) -> None:
        """A person has lifted what locks entries."""
        self.desk.unlock()
        self.touched = True

    def follow_list(self) -> None:
        """The list of instruments has changed."""
        self.desk.follow_list()

    # ── What came of it ─────────────────────────────────────────────────────────────────────────────────────────

    def take(self, answer: OrderAnswer) -> None:
        """Take what the broker says, or what became of a request."""
        if isinstance(answer, RoundAgain):
            if self._round is None:
                return
            answer = answer.whole(self._round)
        if isinstance(answer, RoundRead):
            self._round = answer
            answer = self._timed(answer)
        self.desk.take(answer, self.now_ms)
        self._views.note(answer)

    def _timed(self, read: RoundRead) -> RoundRead | RoundFailed:
        """A round by our time that goes on; one during which the clock was set back has none."""
        if read.ended_ms < read.begun_ms:
            return RoundFailed(read.number, CleanText("the clock was set back while it was read"))
        behind_ms = self.behind_ms
        if not behind_ms:
            return read
        return replace(read, begun_ms=read.begun_ms + behind_ms, ended_ms=read.ended_ms + behind_ms)

    def shortened(self, answer: OrderAnswer) -> OrderAnswer:
        """The answer as it may be kept beside those before it: of a round only what the last did not say."""
        return answer.since(self._round) if isinstance(answer, RoundRead) and self._round is not None else answer

    def begin_recording(self) -> list[DeskMark]:
        """What a recording that begins now has to say first; the next round is told as a whole."""
        self._round = None
        return self.desk.marks()

    def take_told(self) -> list[Told | WishOver]:
        """What came of it since the last time; first of all that an earlier day's orders are over."""
        told = self.desk.take_told()
        if self._untold:
            self._untold = False
            told[:0] = [self._end(order) for order in self._past.values()]
        return told

    def _end(self, order: LiveOrder) -> Ended:
        order.filled_ms = self.now_ms
        parts = self.parts.get(order.number, OrderParts())
        return Ended(order.number, order.state, parts.filled, parts.turnover)

    def compare(self) -> bool:
        """Compare the account with the broker's books, once all is booked that they told; whether there is something to be told of it."""
        blotter = self.desk.blotter
        if not blotter.compared and blotter.compare([self._held(at) for at in range(len(blotter.instruments))]):
            self.touched = True
        return self.touched

    def order(self, number: int) -> LiveOrder:
        """An order by its number."""
        return self._past.get(number) or self.desk.blotter.orders[number]

    def is_answered(self, number: int) -> bool:
        """Whether the broker has said anything of an order, or none will come of it."""
        order = self.order(number)
        return order.known_ms > 0 or order.is_over

    # ── What is asked of it ─────────────────────────────────────────────────────────────────────────────────────

    @property
    def last_number(self) -> int:
        """The number of the newest order."""
        return self.desk.blotter.last_number

    def __len__(self) -> int:
        return len(self.desk.blotter.open) + len(self.desk.pursuit.wishes)

    def concerns(self, instrument: int) -> bool:
        """Whether anything of `instrument` is on its way."""
        orders, wishes = self.desk.blotter.open.values(), self.desk.pursuit.wishes.values()
        return any(each.instrument == instrument for each in orders) or any(
            each.instrument == instrument for each in wishes
        )

    def entry_objection(self, instrument: int) -> str:
        """Why nothing of `instrument` may be bought: behind an exit that is not over neither; what others hold could not be told from it."""
        if self.concerns(instrument):
            return "an order of it is not over"
        blotter = self.desk.blotter
        listed = blotter.instruments[instrument]
        if blotter.others.foreign.get(listed.symbol, 0):
            return "somebody else has put it on"
        taken = sum(net != 0 or self.concerns(at) for at, net in enumerate(blotter.net))
        return entry_objection(self.desk.rules.limits, listed, taken)

    def most(self, instrument: int, quantity: int, price: int) -> int:
        """As much of `quantity` as one entry decided at `price` may buy."""
        return largest_entry(self.desk.rules.limits, self.desk.blotter.instruments[instrument], quantity, price)

    def objection(self) -> str:
        """Why no entry may be ordered by what is known of orders and of the broker's books; "" where one may."""
        limits, pursuit = self.desk.rules.limits, self.desk.pursuit
        return limits.why_none(self.now_ms) or pursuit.objection() or pursuit.spent(self.now_ms)

    def reserved(self) -> Iterator[tuple[int, int]]:
        """What entries on their way may still cost: each instrument with the turnover in minor units."""
        for wish in self.desk.pursuit.wishes.values():
            if wish.is_entry:
                yield wish.instrument, max(0, wish.quantity - wish.filled) * wish.decided * AT_MOST_PERCENT // 100

    def is_unresolved(self, _now_ms: int) -> bool:
        """Whether nobody knows what became of an order."""
        return bool(self.desk.blotter.unknown())

    def legs(self) -> dict[int, int]:
        """What a flat has to close, by instrument: what the broker holds, shorts below nought."""
        blotter = self.desk.blotter
        return {at: net for at in range(len(blotter.net)) if (net := blotter.broker_net(at))}

    def leg_word(self, instrument: int, now_ms: int) -> str:
        """What becomes of that leg, in a word; "" where orders say nothing of it."""
        return self.desk.words.of(instrument, now_ms)

    def selling(self, _instrument: int) -> int:
        """Nothing: exits of an earlier run are judged anew, and sent only as far as nobody else may be selling."""
        return 0

    # ── What is shown of it ─────────────────────────────────────────────────────────────────────────────────────

    def view(self, at_ms: int) -> tuple[tuple[OrderView, ...], LiveView]:
        """The day's orders, and how they stand as a whole, at `at_ms` by our clock."""
        now_ms = max(self.now_ms, at_ms + self.behind_ms)
        return self._views.rows(), self._views.whole(now_ms, self.behind_ms)

    # ── State ───────────────────────────────────────────────────────────────────────────────────────────────────

    def dump(self, into: Fields) -> None:
        """Add the deciding state to `into`, that of the desk as digests: all of it is a long text (see `dump_whole`)."""
        into |= {f"orders.{name}": value for name, value in self.desk.told().items()}
        into[_NOW] = self.now_ms
        if self.behind_ms:
            into[_BEHIND] = self.behind_ms
        into["orders.last_number"] = self.last_number
        put_orders(into, {}, self.parts)

    def dump_whole(self, into: Fields) -> None:
        """Add what `load` needs to take the desk back as well, and how rounds are told from here on."""
        into[_DESK] = self.desk.dump()
        into[_ROUND] = (
            _TRUSTED if self._round is self.desk.blotter.newest else msgspec.json.encode(self._round).decode()
        )

    def keep(self, into: Fields) -> None:
        """Add to `into` what the next run must know of orders beside their own rows."""
        into["orders.last_number"] = self.last_number
        put_orders(into, {order.number: self._kept(order) for order in self._not_told_over()}, self.parts)

    def _not_told_over(self) -> Iterator[LiveOrder]:
        """Orders that are not over, or of which no row tells that they are: what a restart has found is told with its first event."""
        blotter = self.desk.blotter
        yield from blotter.open.values()
        yield from (blotter.orders[each.order] for each in blotter.told if isinstance(each, Ended))

    def _kept(self, order: LiveOrder) -> KeptOrder:
        wish = None if order.found else self.desk.pursuit.wishes.get(order.wish)
        frees = order.frees and not order.filled
        if wish is not None:
            frees = not wish.filled and wish.purpose in FREEING
        return KeptOrder(
            order.tag, order.instrument, order.side, order.quantity, order.reason, order.target, order.filled,
            order.wish if wish is not None else 0, frees,
        )  # fmt: skip

    def untold(self) -> Iterator[Wish]:
        """Wishes that no row tells of: no order serves them now, and nothing has come true. The next run knows nothing of them."""
        served = {order.wish for order in self.desk.blotter.open.values() if not order.found}
        return (each for each in self.desk.pursuit.wishes.values() if not each.filled and each.number not in served)

    def load(self, fields: Mapping[str, Plain], place: Mapping[int, int] | None = None) -> None:
        """Take the deciding state back from what `dump` wrote, or what the run before has kept; raises ValueError.

        `place` tells new numbers of instruments. Orders are of a day: those of an earlier one are over, whatever became of
        them; numbers go on, so that none is mistaken for another.
        """
        self.now_ms, self.behind_ms = int(str(fields.get(_NOW, self.now_ms))), int(str(fields.get(_BEHIND, 0)))
        if isinstance(text := fields.get(_DESK), str):
            self.desk.load(text)
            told = str(fields[_ROUND])
            newest = self.desk.blotter.newest
            self._round = newest if told == _TRUSTED else msgspec.json.decode(told, type=RoundRead | None)
        blotter = self.desk.blotter
        blotter.last_number = max(blotter.last_number, int(str(fields.get("orders.last_number", 0))))
        self.parts = parts_in(fields)
        self._past = {
            number: _past(number, each, (place or {}).get(each.instrument, each.instrument))
            for number, each in orders_in(fields).items()
            if not blotter.tags.is_of_today(each.tag)
        }
        self._untold = bool(self._past)
        self.touched = False


def _past(number: int, kept: KeptOrder, instrument: int) -> LiveOrder:
    """An order of an earlier day."""
    purpose: Purpose = "ENTRY" if kept.side == "BUY" else "EXIT"
    return LiveOrder(
        number, kept.tag, instrument, kept.side, kept.quantity, purpose, kept.reason, 0, 0, 0, kept.target,
        state="CANCELLED", filled=kept.filled, frees=kept.frees,
    )  # fmt: skip
