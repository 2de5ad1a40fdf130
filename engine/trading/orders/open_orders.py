"""Orders on their way: numbers, tags, and what the broker has not answered yet. Sends nothing itself."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

import msgspec

from engine.model.events import AnyEvent, Cancel, Submit
from engine.model.state import Fields, Plain, dump, load
from engine.model.types import Fill, Order, Side

_OPEN: Final = "orders.open."
UNANSWERED_MS: Final = 3_000  # an order that was not answered within is unknown


class Wanted(msgspec.Struct, frozen=True):
    """What is to be bought or sold: `decided` is the tick price it was decided at, `limit` the price a simulated broker fills at.

    `blind`: that price is no news any more. `target` is the index of the take-profit level that it takes, or -1.
    """

    instrument: int
    side: Side
    quantity: int
    decided: int
    limit: int
    reason: str
    at_ms: int
    tick_seq: int
    target: int = -1
    blind: bool = False


class Orders:
    """The run's orders; `open` maps the number of each unanswered order to what is still to be filled of it."""

    STATE = ("last_number",)
    kind: Literal["simulated"] = "simulated"  # the broker; what a real one takes is loaded with a run that has one

    def __init__(self, tag_prefix: str) -> None:
        self._tag_prefix = tag_prefix
        self.last_number = 0
        self._open: dict[int, Order] = {}
        self._left: dict[int, int] = {}
        self._blind: set[int] = set()  # decided at prices that were no news any more; nothing is decided by it

    def __len__(self) -> int:
        return len(self._open)

    def most(self, _instrument: int, quantity: int, _price: int) -> int:
        """All of it: only what goes to a real broker is limited by the order."""
        return quantity

    def submit(self, wanted: Wanted) -> Sequence[AnyEvent]:
        """Order what is wanted, in one order; the effects."""
        order = self.new(
            wanted.instrument,
            wanted.side,
            wanted.quantity,
            wanted.limit,
            wanted.reason,
            wanted.at_ms,
            wanted.tick_seq,
            wanted.target,
        )
        if wanted.blind:
            self.mark_blind(order.number)
        return (Submit(order),)

    def new(
        self,
        instrument: int,
        side: Side,
        quantity: int,
        price: int,
        reason: str,
        at_ms: int,
        tick_seq: int,
        target: int = -1,
    ) -> Order:
        """Make the next order; it is open until it is filled or rejected."""
        number = self.last_number + 1
        tag = f"{self._tag_prefix}{number}"
        order = Order(number, tag, instrument, side, quantity, price, reason, at_ms, tick_seq, target)
        self.take(order, quantity)
        return order

    def take(self, order: Order, left: int) -> None:
        """Count `order` among the open ones, with `left` of it still to be filled; the next new order is numbered behind it."""
        self.last_number = max(self.last_number, order.number)
        self._open[order.number] = order
        self._left[order.number] = left

    def mark_blind(self, number: int) -> None:
        """Note that order `number` was decided at a price that was no news any more."""
        self._blind.add(number)

    def is_blind(self, number: int) -> bool:
        """Whether that was noted of the open order `number`."""
        return number in self._blind

    def __iter__(self) -> Iterator[Order]:
        return iter(self._open.values())

    def left(self, number: int) -> int:
        """What is still to be filled of order `number`, which must be open."""
        return self._left[number]

    def filled(self, number: int) -> int:
        """How much of order `number` is filled while it is open; 0 for one we do not know."""
        order = self._open.get(number)
        return order.quantity - self._left[number] if order else 0

    def legs(self) -> dict[int, int]:
        """Nothing beside what the account holds."""
        return {}

    def leg_word(self, _instrument: int, _now_ms: int) -> str:
        """A simulated broker answers at once: nothing becomes of an order in between."""
        return ""

    def selling(self, instrument: int) -> int:
        """How much of `instrument` the unanswered sell orders still have to sell."""
        return sum(
            self._left[number]
            for number, order in self._open.items()
            if order.side == "SELL" and order.instrument == instrument
        )

    def on_fill(self, fill: Fill) -> Order | None:
        """Return the order that `fill` belongs to, closing it when nothing is left; None for an order we do not know."""
        order = self._open.get(fill.order)
        if order is None:
            return None
        self._left[fill.order] -= fill.quantity
        if self._left[fill.order] <= 0:
            self.close(fill.order)
        return order

    def close(self, number: int) -> tuple[Order, int] | None:
        """Forget the order; it and what was left of it, or None when it is not open."""
        order = self._open.pop(number, None)
        self._blind.discard(number)
        return None if order is None else (order, self._left.pop(number))

    def withdraw_entries(self, instrument: int | None = None) -> Sequence[AnyEvent]:
        """Take back what is still to be bought (of one instrument); the effects, none where nothing is."""
        return [
            Cancel(number)
            for number, order in self._open.items()
            if order.side == "BUY" and instrument in {None, order.instrument}
        ]

    def objection(self) -> str:
        """Why no entry may be ordered by what is known of orders; "" where one may."""
        return ""

    def reserved(self) -> Iterator[tuple[int, int]]:
        """What unanswered buy orders may still cost: each instrument with the turnover in minor units."""
        return (
            (order.instrument, self._left[number] * order.price)
            for number, order in self._open.items()
            if order.side == "BUY"
        )

    def is_unresolved(self, now_ms: int) -> bool:
        """Whether an order has waited too long for an answer, so that nobody knows what became of it."""
        return any(now_ms - order.at_ms >= UNANSWERED_MS for order in self._open.values())

    def concerns(self, instrument: int) -> bool:
        """Whether any order of `instrument` is unanswered."""
        return any(order.instrument == instrument for order in self._open.values())

    def entry_objection(self, instrument: int) -> str:
        """Why nothing of `instrument` may be bought by what is known of its orders; "" where it may."""
        waits = bool(self._open) and any(
            order.side == "BUY" and order.instrument == instrument for order in self._open.values()
        )
        return "entry order unanswered" if waits else ""

    def dump(self, into: Fields) -> None:
        """Add the deciding state to `into`."""
        dump(self, "orders.", into)
        for number, order in self._open.items():
            text = "|".join(str(getattr(order, name)) for name in Order.__struct_fields__)
            into[f"{_OPEN}{number}"] = f"{self._left[number]}|{text}"

    def keep(self, into: Fields) -> None:
        """Add to `into` all that the next run must know."""
        self.dump(into)

    def load(self, fields: Mapping[str, Plain], place: Mapping[int, int] | None = None) -> None:
        """Take the deciding state back from what `dump` wrote; `place` tells new numbers of instruments, where they have changed."""
        load(self, "orders.", fields)
        self._open.clear()
        self._left.clear()
        for name, value in fields.items():
            if name.startswith(_OPEN):
                left, order = _read(str(value))
                if place is not None:
                    order = msgspec.structs.replace(order, instrument=place[order.instrument])
                self.take(order, left)


def ordered_in(fields: Mapping[str, Plain]) -> set[int]:
    """The instruments that the unanswered orders of a dumped state are of; raises ValueError."""
    return {_read(str(value))[1].instrument for name, value in fields.items() if name.startswith(_OPEN)}


def _read(text: str) -> tuple[int, Order]:
    """What is left of a dumped order, and the order; raises ValueError."""
    left, *values = text.split("|")
    fields = dict(zip(Order.__struct_fields__, values, strict=True))
    return int(left), msgspec.convert(fields, Order, strict=False)
