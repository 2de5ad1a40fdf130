"""Watches a flat from lock to FLAT: what each leg is at, and the receipt when it is over. Decides nothing."""

from decimal import Decimal

from msgspec import Struct

from engine.model.events import (
    AnyEvent,
    CloseByHand,
    EntriesChanged,
    FillBooked,
    FlatChanged,
    OrderCancelled,
    OrderRejected,
    Submit,
)
from engine.model.order_rows import ClosedOthers, PartFilled
from engine.model.trading_views import FlatLeg, FlatView
from engine.model.types import Fill, Instrument, Order, PositionState
from engine.shortcut.receipt import NOTHING_LEFT
from engine.trading.instrument_state import InstrumentState
from engine.trading.trading_state import TradingState

_NEWS_NS = 3_000_000_000


class _Leg(Struct):
    instrument: Instrument
    quantity: int
    planned: int
    blind: str  # how old the price was that it is closed at, where that is no news any more
    filled: int = 0
    turnover: int = 0
    word: str = "WAIT"
    done: str = "sold"

    @property
    def shown(self) -> str:
        """Where the leg stands, in a word or two."""
        return f"{self.blind} {self.word}".lstrip()

    def line(self) -> str:
        """What became of the leg, with the slippage against the price it was planned at."""
        name = self.instrument
        if not self.filled:
            return f"  {name.symbol} {name.quantity_text(self.quantity)}: {self.shown}"
        average = Decimal(self.turnover) / self.filled / name.price_scale
        slippage = Decimal(self.planned) / name.price_scale - average
        slippage = slippage if self.done == "sold" else -slippage
        amount = f"{name.quantity_text(self.filled)} of {name.quantity_text(self.quantity)}"
        prices = f"{self.done} {amount} @ {average:.2f}, plan {name.price_words(self.planned)}"
        return f"  {name.symbol} {prices}, slippage {slippage:+.2f} a unit: {self.shown}"


class Receipt:
    """The running or last flat of this engine; `lines` once it is over. `take_finished` gives those that are not kept yet.

    `live`: prices grow old by themselves; a leg whose price is older than three seconds is closed BLIND, and says so.
    `unknown`: why it is not known what the run before held; until a person unlocks, that is what a flat leaves unresolved.
    """

    def __init__(self, state: TradingState, *, live: bool, unknown: str = "") -> None:
        self.unknown = unknown
        self._state = state
        self._live = live
        self._legs: dict[int, _Leg] = {}
        self._orders: dict[int, int] = {}
        self._in_parts: set[int] = set()  # orders whose fills were told part by part
        self._begun_ns = 0
        self._runs = False
        self._steps: list[str] = []
        self._by_hand: tuple[str, ...] = ()  # what a person was told to do
        self.lines: tuple[str, ...] = ()
        self._finished: list[tuple[str, ...]] = []

    def take_finished(self) -> list[tuple[str, ...]]:
        """The receipts of the flats that are over since the last call: the next may have begun in the same turn."""
        finished, self._finished = self._finished, []
        return finished

    def resume(self, now_ns: int) -> None:
        """Go on with a flat that the run before did not finish; nothing where there is none."""
        if self._state.flat.running:
            self._begin(now_ns)
            self._steps.append(f"  {0:6.3f} s  RESUMED at {self._state.flat.shown}")

    def note(self, event: AnyEvent, now_ns: int) -> None:
        """Take an event of the turn; only those of a flat matter."""
        match event:
            case FlatChanged():
                self._changed(event, now_ns)
            case EntriesChanged(state="unlocked"):
                self.unknown = ""
            case CloseByHand():
                name = self._state.instrument_states[event.instrument].instrument
                line = f"{event.side} {name.quantity_text(event.quantity)} {name.symbol} in the broker's own app"
                self._by_hand = (*self._by_hand, line)
                self._steps.append(f"  {(now_ns - self._begun_ns) / 1e9:6.3f} s  told: {line}")
            case Submit() if self._runs or (event.order.instrument in self._legs and event.order.side == "SELL"):
                self._sent(event.order, now_ns)
            case PartFilled(fill=fill) if fill.order in self._orders:
                self._in_parts.add(fill.order)
                self._filled(fill, event.position)
            case ClosedOthers() if event.order in self._orders:
                leg = self._legs[self._orders[event.order]]
                leg.filled += event.quantity
                leg.turnover += event.quantity * event.price
            case FillBooked(fill=fill) if fill.order in self._orders and fill.order not in self._in_parts:
                self._filled(fill, event.position)
            case OrderRejected() if event.order in self._orders:
                self._legs[self._orders[event.order]].word = f"REJ {event.reason:.60}"
            case OrderCancelled() if event.order in self._orders:
                self._legs[self._orders[event.order]].word = "CANCELLED"
            case _:
                return

    def _changed(self, event: FlatChanged, now_ns: int) -> None:
        if event.state == "LOCKED" and not self._runs:
            self._begin(now_ns)
        self._runs = event.state not in {"NORMAL", "ARMED", "FLAT"}
        self._steps.append(f"  {(now_ns - self._begun_ns) / 1e9:6.3f} s  {event.state}")
        if event.state == "FLAT":
            for leg in self._legs.values():
                leg.word = "DONE"
            elapsed_s = (now_ns - self._begun_ns) / 1e9
            head = f"FLAT verified {elapsed_s:.3f} s after the lock ({event.reason})"
            legs = [leg.line() for leg in self._legs.values()] or ["  nothing was held"]
            self.lines = (head, *self._steps, *legs, f"  unresolved: {self.unknown}" if self.unknown else NOTHING_LEFT)
            self._finished.append(self.lines)

    def _begin(self, now_ns: int) -> None:
        self._begun_ns = now_ns
        self._runs = True
        self._steps = []
        self._by_hand = ()
        self._orders = {}
        self._in_parts.clear()
        self.lines = ()
        self._legs = {
            inst.index: _Leg(inst.instrument, position.quantity, inst.last_price, self._blind(inst, now_ns))
            for inst, position in self._state.held()
        }
        for index, net in self._state.orders.legs().items():  # what others have put on, too
            self._legs[index] = self._leg(index, abs(net), now_ns)

    def _leg(self, index: int, quantity: int, now_ns: int) -> _Leg:
        inst = self._state.instrument_states[index]
        return _Leg(inst.instrument, quantity, inst.last_price, self._blind(inst, now_ns))

    def _sent(self, order: Order, now_ns: int) -> None:
        """An order of the flat is on its way; of what is held it may be the first word, where only the broker knows of it."""
        index = order.instrument
        if index not in self._legs:
            held = abs(self._state.orders.legs().get(index, order.quantity))
            self._legs[index] = self._leg(index, held, now_ns)
            self._legs[index].planned = self._legs[index].planned or order.price
        leg = self._legs[index]
        leg.word, leg.done = "SENT", "sold" if order.side == "SELL" else "bought"
        self._orders[order.number] = index

    def _blind(self, inst: InstrumentState, now_ns: int) -> str:
        if not self._live:
            return ""
        if inst.last_tick is None:
            return "BLIND (no price since the start)"
        age_ns = now_ns - inst.last_tick.recv_ns
        return f"BLIND {age_ns / 1e9:.0f} s" if age_ns > _NEWS_NS else ""

    def _filled(self, fill: Fill, held: PositionState | None) -> None:
        leg = self._legs[fill.instrument]
        leg.filled += fill.quantity
        leg.turnover += fill.quantity * fill.price
        leg.word = "FILLED" if held is None else f"PART {leg.filled}/{leg.quantity}"

    def view(self, now_ms: int = 0) -> FlatView:
        """Where the flat stands at `now_ms` of our own time, for a screen."""
        flat, orders = self._state.flat, self._state.orders
        legs = tuple(
            FlatLeg(
                index,
                leg.quantity,
                leg.filled,
                leg.planned,
                (self._runs and orders.leg_word(index, now_ms)) or leg.shown,
            )
            for index, leg in self._legs.items()
        )
        by_hand = self._by_hand if flat.running else ()
        return FlatView(flat.shown, flat.reason, self._begun_ns, legs, self.lines, flat.until_ms, by_hand)
