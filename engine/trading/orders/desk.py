"""What a run wants from a real broker, and what came of it: answers and beats in, requests and outcomes out. Sends nothing.

Depends on nothing but what it was given: the same answers and beats at the same places give the same requests, so that a
recording of them gives the same session again.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from msgspec import Struct
from msgspec.structs import astuple

from engine.model.entry_limits import EntryLimits
from engine.model.marks import DeskMark
from engine.model.order_reports import OrderAnswer, Quoted, RoundFailed, RoundRead
from engine.model.order_requests import OrderRequest
from engine.model.state import Fields
from engine.model.types import Instrument
from engine.trading.orders.blotter import Blotter, Told
from engine.trading.orders.cover import cover
from engine.trading.orders.desk_state import Kept, Parts, digests_of, take_text, text_of
from engine.trading.orders.leg_words import LegWords
from engine.trading.orders.live_flat import LiveFlat
from engine.trading.orders.net_stop import NetStops
from engine.trading.orders.order_budget import OrderBudget
from engine.trading.orders.price_ladder import Quote
from engine.trading.orders.pursuit import Pursuit
from engine.trading.orders.recovery import recover
from engine.trading.orders.tags import Tags
from engine.trading.orders.wishes import WishOver

_PIECE: Final = 400_000  # characters of a state in one mark, which has to fit into a block


class DeskRules(Struct, frozen=True):
    """`orders_a_day` is the most that are placed; `amends`: see `Pursuit`; `net_points`: see `NetStops`, 0 for none."""

    orders_a_day: int
    amends: bool = False
    limits: EntryLimits = EntryLimits()
    net_points: Decimal = Decimal(0)


class OrderDesk:
    """One blotter, what is wished of it, and the flat; `settle` after anything was changed from outside."""

    def __init__(
        self,
        blotter: Blotter,
        rules: DeskRules,
        quote_of: Callable[[int], Quote],
        *,
        rows: Sequence[object] = (),
        sent: Iterable[tuple[int, bool, bool]] = (),
        now_ms: int = 0,
        exits_from_ms: int = 0,
    ) -> None:
        """`rows` are what earlier runs of the day have left in the journal, `sent` the requests that they sent: when, whether for an entry, whether an order.

        Nothing is closed before a round of `exits_from_ms`.
        """
        self.blotter = blotter
        self.rules = rules
        if rows:
            recover(blotter, rows, now_ms)
        self.budget = OrderBudget(rules.orders_a_day)
        for at_ms, entry, order in sent:
            self.budget.count(at_ms, entry=entry, order=order)
        self.pursuit = Pursuit(blotter, self.budget, quote_of, amends=rules.amends, exits_from_ms=exits_from_ms)
        self.flat = LiveFlat(self.pursuit)
        self.words = LegWords(blotter, self.pursuit)
        self._stops: NetStops | None = None

    def rest_stops(self, entry_of: Callable[[int], int]) -> None:
        """Have stops rest at the broker, by the rules; `entry_of` tells at which price a position was entered, 0 where none is held."""
        if points := self.rules.net_points:
            self._stops = NetStops(self.pursuit, points, entry_of)

    @property
    def busy(self) -> bool:
        """Whether something is under way, so that time alone may move it."""
        return bool(self.blotter.open or self.pursuit.wishes or self.flat.running)

    def take(self, answer: OrderAnswer, now_ms: int) -> None:
        """Take what the broker says, or what became of a request, with all that follows."""
        if isinstance(answer, RoundRead | RoundFailed):
            self.pursuit.reading.over(answer.number, now_ms)
        elif isinstance(answer, Quoted):
            self.pursuit.pricing.quoted(answer, now_ms)
        self.words.take(answer, now_ms)
        self.blotter.take(answer, now_ms)
        self.settle(now_ms)

    def beat(self, now_ms: int) -> bool:
        """Judge by the time of a beat what is due; whether anything has changed by it.

        A beat that changes nothing may be left out: whoever records beats keeps the others only.
        """
        before = self._movable()
        self.blotter.beat(now_ms)
        self.settle(now_ms)
        return bool(self.pursuit.requests or self.pursuit.told) or self._movable() != before

    def _movable(self) -> tuple[object, ...]:
        """All that time alone may change, where it calls for nothing to be sent or told."""
        pursuit, flat = self.pursuit, self.flat
        orders = [astuple(order) for order in self.blotter.open.values()]
        return orders, [astuple(wish) for wish in pursuit.wishes.values()], pursuit.halted, flat.word, flat.escalated

    def settle(self, now_ms: int) -> None:
        """Let what came have its consequences."""
        self.pursuit.note(self.blotter.take_told(), now_ms)
        self.flat.push(now_ms)
        cover(self.blotter, self.pursuit.wishes.values())
        if self._stops is not None:
            self._stops.push(now_ms)
        self.pursuit.pursue(now_ms)

    def unlock(self) -> None:
        """A person lifts what locks entries, and what was held for a person goes on; `settle` follows."""
        self.blotter.locked = self.pursuit.halted = ""
        self.flat.reset()
        self.pursuit.release()

    def follow_list(self) -> None:
        """There are instruments more, or others under their numbers: nothing is known of these so far."""
        self.blotter.net += [0] * (len(self.blotter.instruments) - len(self.blotter.net))
        self.pursuit.pricing.follow_list()

    def take_requests(self) -> list[OrderRequest]:
        """What is to be sent since the last time, in order."""
        return self.pursuit.take_requests()

    def take_told(self) -> list[Told | WishOver]:
        """What came of it since the last time."""
        told, self.pursuit.told = self.pursuit.told, []
        return told

    # ── State ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _parts(self) -> Parts:
        pursuit = self.pursuit
        bounds = {f"bounds.{at}": each for at, each in enumerate(pursuit.pricing.bounds)}
        lpp = {f"{name}.lpp": each.lpp for name, each in bounds.items()}
        typed: dict[str, Kept] = {
            "blotter": self.blotter, "others": self.blotter.others, "pursuit": pursuit, "pricing": pursuit.pricing, "reading": pursuit.reading,
            "flat": self.flat,
        }  # fmt: skip
        return Parts(typed, {"budget": self.budget, **bounds, **lpp})

    def dump(self) -> str:
        """All that decides, as a text."""
        return text_of(self._parts())

    def told(self) -> Fields:
        """What decides, so that two of them can be compared and a difference be named: by words, and by a digest of each part."""
        blotter = self.blotter
        working = [
            f"{each.tag} {each.state} {each.filled}/{each.quantity} @ {each.limit}" for each in blotter.open.values()
        ]
        wished = [
            f"{each.purpose} {each.filled}/{each.quantity} of {each.instrument}"
            for each in self.pursuit.wishes.values()
        ]
        return {
            "working": ", ".join(working),
            "wished": ", ".join(wished),
            "net": list(blotter.net),
            "locked": blotter.locked or self.pursuit.halted,
            "doubt": blotter.doubt,
            **digests_of(self._parts()),
        }

    def load(self, text: str) -> None:
        """Take that back; raises ValueError for what `dump` never writes."""
        take_text(self._parts(), text)

    def marks(self) -> list[DeskMark]:
        """What a recording has to say so that `desk_of` makes the same desk, in its present state."""
        rules, tags, text = self.rules, self.blotter.tags, self.dump()
        pieces = [text[first : first + _PIECE] for first in range(0, len(text), _PIECE)]
        return [
            DeskMark(
                tags.day.isoformat(), tags.salt, tags.run, rules.orders_a_day, rules.amends, piece, rules.limits,
                rules.net_points,
            )
            for piece in pieces
        ]  # fmt: skip


def desk_of(
    marks: Sequence[DeskMark], instruments: Sequence[Instrument], quote_of: Callable[[int], Quote]
) -> OrderDesk:
    """The desk that a recording has told of in `marks` (not none); raises ValueError where there was none such."""
    told = marks[0]
    tags = Tags(date.fromisoformat(told.day), told.salt, told.run)
    rules = DeskRules(told.orders_a_day, told.amends, told.limits, told.net_points)
    made = OrderDesk(Blotter(instruments, tags), rules, quote_of)
    made.load("".join(each.state for each in marks))
    named = [each.instrument for each in made.blotter.orders.values()]
    named += [each.instrument for each in made.pursuit.wishes.values()]
    if len(made.blotter.net) != len(instruments) or any(not 0 <= each < len(instruments) for each in named):
        raise ValueError(f"they are not of the {len(instruments)} instruments of its header")
    return made
