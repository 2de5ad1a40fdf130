"""Facts in a trader's words: one log line each. Formats only; knows no logger and decides nothing."""

from collections.abc import Callable
from decimal import Decimal

from msgspec import Struct

from engine.model.events import (
    AnyEvent,
    ClockStepped,
    CommandRefused,
    DayStarted,
    EntriesChanged,
    EntryRefused,
    FeedNote,
    FillBooked,
    FlatChanged,
    GapsCounted,
    LinkChanged,
    OrderCancelled,
    OrderRejected,
    Paused,
    RefusalsCounted,
    SequenceGap,
    Submit,
    TickGap,
    TickRefused,
    TradeClosed,
    TraderFault,
)
from engine.model.severity import DEBUG, ERROR, INFO, WARNING
from engine.model.types import Instrument


class EventLine(Struct, frozen=True):
    """One line for the log; `keep` = never to be lost or limited (entries, exits, P&L)."""

    component: str
    level: int
    text: str
    keep: bool = False


_TOLD_ALWAYS = frozenset({"UP", "WAITING", "REFUSED"})


class EventText:
    """Words for facts; `stamp` turns UTC milliseconds into the session's time."""

    def __init__(self, instruments: tuple[Instrument, ...], stamp: Callable[[int], str]) -> None:
        self._instruments = instruments
        self._clock = stamp

    def tell(self, event: AnyEvent) -> EventLine | None:
        """Say `event`, or None when it is nothing for a log."""
        match event:
            case Submit() | FillBooked() | TradeClosed() | OrderRejected() | OrderCancelled():
                return self._tell_order(event)
            case TickRefused() | TickGap() | GapsCounted() | SequenceGap():
                return self._tell_tick(event)
            case EntryRefused() | RefusalsCounted():
                return self._tell_refusal(event)
            case EntriesChanged():
                level = WARNING if event.state in {"locked", "halted"} else INFO
                reason = f": {event.reason}" if event.reason else ""
                return EventLine(
                    "trader", level, f"{self._stamp(event.at_ms)} entries {event.state}{reason}", keep=True
                )
            case FlatChanged():
                return EventLine("trader", WARNING, f"flat {event.state} ({event.reason})", keep=True)
            case DayStarted():
                return EventLine("trader", INFO, f"session of {event.date} begins")
            case TraderFault():
                text = f"{event.where} raised at tick {event.seq}: {event.error}; entries halted, exits go on"
                return EventLine("trader", ERROR, text, keep=True)
            case LinkChanged() | FeedNote() | ClockStepped() | Paused() | CommandRefused():
                return _tell_line(event)
            case _:
                return None

    def _stamp(self, at_ms: int) -> str:
        return self._clock(at_ms) if at_ms else "before the first tick"

    def _at(self, event: EntryRefused | RefusalsCounted | TickGap | GapsCounted | SequenceGap | TickRefused) -> str:
        return f"{self._stamp(event.at_ms)} {self._instruments[event.instrument].symbol}"

    def _tell_refusal(self, event: EntryRefused | RefusalsCounted) -> EventLine:
        if isinstance(event, EntryRefused):
            text = event.reason + _before(event.untold, "change of reason", "changes of reason")
        else:
            text = f"{_many(event.untold, 'more change', 'more changes')} of reason, counted only"
        return EventLine("trader", INFO, f"{self._at(event)} no entry: {text}")

    def _tell_order(self, event: Submit | FillBooked | TradeClosed | OrderRejected | OrderCancelled) -> EventLine:
        match event:
            case Submit(order):
                name = self._instruments[order.instrument]
                text = f"order {order.tag} {order.side} {name.quantity_text(order.quantity)} {name.symbol} @ {name.price_text(order.price)}"
                return EventLine("broker", DEBUG, f"{text} ({order.reason})")
            case FillBooked(fill):
                name = self._instruments[fill.instrument]
                verb = "entry" if fill.side == "BUY" else "sold"
                traded = f"{name.quantity_text(fill.quantity)} {name.symbol} @ {name.price_text(fill.price)}"
                text = f"{self._stamp(fill.at_ms)} {verb} {traded}"
                level = INFO if fill.side == "BUY" else DEBUG
                return EventLine("trader", level, f"{text}, cash {Decimal(event.cash):.2f}", keep=fill.side == "BUY")
            case TradeClosed(trade):
                name = self._instruments[trade.instrument]
                prices = f"{name.price_text(trade.entry_price)} → {name.price_text(trade.exit_price)}"
                text = f"{self._stamp(trade.exit_ms)} exit {name.quantity_text(trade.quantity)} {name.symbol} {prices} {trade.reason}"
                return EventLine("trader", INFO, f"{text}, P&L {trade.net_pnl:+.2f}", keep=True)
            case OrderCancelled():
                return EventLine("broker", WARNING, f"order {event.order} cancelled", keep=True)
            case OrderRejected():
                return EventLine("broker", ERROR, f"order {event.order} rejected: {event.reason}", keep=True)

    def _tell_tick(self, event: TickRefused | TickGap | GapsCounted | SequenceGap) -> EventLine:
        match event:
            case TickRefused():
                text = f"{self._at(event)} tick {event.seq} refused: {event.reason} (further ones are counted)"
                return EventLine("feed", WARNING, text)
            case TickGap():
                level = ERROR if event.position_open else INFO
                held = " with a position open" if event.position_open else ""
                text = f"{self._at(event)} no tick for {event.gap_ms / 1000:.1f} s{held}"
                return EventLine("feed", level, text + _before(event.untold, "silence", "silences"))
            case GapsCounted():
                counted = _many(event.untold, "more silence", "more silences")
                text = f"{counted} since {self._stamp(event.since_ms)}, the longest {event.longest_ms / 1000:.1f} s"
                return EventLine("feed", INFO, f"{self._at(event)} {text}")
            case SequenceGap():
                return EventLine("feed", WARNING, f"{self._at(event)} {event.missing} missing in the sequence")


def _many(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _before(untold: int, one: str, many: str) -> str:
    """What was counted and not told before this."""
    return f" (after {_many(untold, one, many)} that {'was' if untold == 1 else 'were'} only counted)" if untold else ""


def _tell_line(event: LinkChanged | FeedNote | ClockStepped | Paused | CommandRefused) -> EventLine:
    """Say what became of the line to the exchange, of time, and of what was asked."""
    match event:
        case LinkChanged():
            level = ERROR if event.state == "REFUSED" else WARNING if event.state == "WAITING" else INFO
            down = f" after {event.down_ms / 1000:.1f} s" if event.down_ms else ""
            reason = f": {event.reason}" if event.reason else ""
            return EventLine(
                "feed", level, f"link {event.link} {event.state}{down}{reason}", keep=event.state in _TOLD_ALWAYS
            )
        case FeedNote():
            return EventLine("feed", ERROR if event.severe else WARNING, event.text, keep=event.severe)
        case CommandRefused():
            return EventLine("engine", WARNING, f"{event.command} refused: {event.reason}", keep=True)
        case ClockStepped():
            text = (
                f"the machine's clock was moved by {event.step_ms / 1000:+.1f} s; decisions go by the exchange's time"
            )
            return EventLine("engine", WARNING, text, keep=True)
        case Paused():
            text = f"the process stood still for {event.pause_ms / 1000:.1f} s; what waited meanwhile enters nothing"
            return EventLine("engine", WARNING, text, keep=True)
