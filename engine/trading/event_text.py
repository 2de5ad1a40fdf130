"""Facts in a trader's words: one log line each. Formats only; knows no logger and decides nothing."""

import logging
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

    def tell(self, fact: AnyEvent) -> EventLine | None:
        """Say `fact`, or None when it is nothing for a log."""
        match fact:
            case Submit() | FillBooked() | TradeClosed() | OrderRejected():
                return self._tell_order(fact)
            case TickRefused() | TickGap() | GapsCounted() | SequenceGap():
                return self._tell_tick(fact)
            case EntryRefused() | RefusalsCounted():
                return self._tell_refusal(fact)
            case EntriesChanged():
                level = logging.WARNING if fact.state in {"locked", "halted"} else logging.INFO
                reason = f": {fact.reason}" if fact.reason else ""
                return EventLine("trader", level, f"{self._stamp(fact.at_ms)} entries {fact.state}{reason}", keep=True)
            case FlatChanged():
                return EventLine("trader", logging.WARNING, f"flat {fact.state} ({fact.reason})", keep=True)
            case DayStarted():
                return EventLine("trader", logging.INFO, f"session of {fact.date} begins")
            case TraderFault():
                text = f"{fact.where} raised at tick {fact.seq}: {fact.error}; entries halted, exits go on"
                return EventLine("trader", logging.ERROR, text, keep=True)
            case LinkChanged() | FeedNote() | ClockStepped() | Paused() | CommandRefused():
                return _tell_line(fact)
            case _:
                return None

    def _stamp(self, at_ms: int) -> str:
        return self._clock(at_ms) if at_ms else "before the first tick"

    def _at(self, fact: EntryRefused | RefusalsCounted | TickGap | GapsCounted | SequenceGap | TickRefused) -> str:
        return f"{self._stamp(fact.at_ms)} {self._instruments[fact.instrument].symbol}"

    def _tell_refusal(self, fact: EntryRefused | RefusalsCounted) -> EventLine:
        if isinstance(fact, EntryRefused):
            text = fact.reason + _before(fact.untold, "change of reason", "changes of reason")
        else:
            text = f"{_many(fact.untold, 'more change', 'more changes')} of reason, counted only"
        return EventLine("trader", logging.INFO, f"{self._at(fact)} no entry: {text}")

    def _tell_order(self, fact: Submit | FillBooked | TradeClosed | OrderRejected) -> EventLine:
        match fact:
            case Submit(order):
                name = self._instruments[order.instrument]
                text = f"order {order.tag} {order.side} {name.quantity_text(order.quantity)} {name.symbol} @ {name.price_text(order.price)}"
                return EventLine("broker", logging.DEBUG, f"{text} ({order.reason})")
            case FillBooked(fill):
                name = self._instruments[fill.instrument]
                verb = "entry" if fill.side == "BUY" else "sold"
                traded = f"{name.quantity_text(fill.quantity)} {name.symbol} @ {name.price_text(fill.price)}"
                text = f"{self._stamp(fill.at_ms)} {verb} {traded}"
                level = logging.INFO if fill.side == "BUY" else logging.DEBUG
                return EventLine("trader", level, f"{text}, cash {Decimal(fact.cash):.2f}", keep=fill.side == "BUY")
            case TradeClosed(trade):
                name = self._instruments[trade.instrument]
                prices = f"{name.price_text(trade.entry_price)} → {name.price_text(trade.exit_price)}"
                text = f"{self._stamp(trade.exit_ms)} exit {name.quantity_text(trade.quantity)} {name.symbol} {prices} {trade.reason}"
                return EventLine("trader", logging.INFO, f"{text}, P&L {trade.net_pnl:+.2f}", keep=True)
            case OrderRejected():
                return EventLine("broker", logging.ERROR, f"order {fact.order} rejected: {fact.reason}", keep=True)

    def _tell_tick(self, fact: TickRefused | TickGap | GapsCounted | SequenceGap) -> EventLine:
        match fact:
            case TickRefused():
                text = f"{self._at(fact)} tick {fact.seq} refused: {fact.reason} (further ones are counted)"
                return EventLine("feed", logging.WARNING, text)
            case TickGap():
                level = logging.ERROR if fact.position_open else logging.INFO
                held = " with a position open" if fact.position_open else ""
                text = f"{self._at(fact)} no tick for {fact.gap_ms / 1000:.1f} s{held}"
                return EventLine("feed", level, text + _before(fact.untold, "silence", "silences"))
            case GapsCounted():
                counted = _many(fact.untold, "more silence", "more silences")
                text = f"{counted} since {self._stamp(fact.since_ms)}, the longest {fact.longest_ms / 1000:.1f} s"
                return EventLine("feed", logging.INFO, f"{self._at(fact)} {text}")
            case SequenceGap():
                return EventLine("feed", logging.WARNING, f"{self._at(fact)} {fact.missing} missing in the sequence")


def _many(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _before(untold: int, one: str, many: str) -> str:
    """What was counted and not told before this."""
    return f" (after {_many(untold, one, many)} that {'was' if untold == 1 else 'were'} only counted)" if untold else ""


def _tell_line(fact: LinkChanged | FeedNote | ClockStepped | Paused | CommandRefused) -> EventLine:
    """Say what became of the line to the exchange, of time, and of what was asked."""
    match fact:
        case LinkChanged():
            level = (
                logging.ERROR
                if fact.state == "REFUSED"
                else logging.WARNING
                if fact.state == "WAITING"
                else logging.INFO
            )
            down = f" after {fact.down_ms / 1000:.1f} s" if fact.down_ms else ""
            reason = f": {fact.reason}" if fact.reason else ""
            return EventLine(
                "feed", level, f"link {fact.link} {fact.state}{down}{reason}", keep=fact.state in _TOLD_ALWAYS
            )
        case FeedNote():
            return EventLine("feed", logging.ERROR if fact.severe else logging.WARNING, fact.text, keep=fact.severe)
        case CommandRefused():
            return EventLine("engine", logging.WARNING, f"{fact.command} refused: {fact.reason}", keep=True)
        case ClockStepped():
            text = f"the machine's clock was moved by {fact.step_ms / 1000:+.1f} s; decisions go by the exchange's time"
            return EventLine("engine", logging.WARNING, text, keep=True)
        case Paused():
            text = f"the process stood still for {fact.pause_ms / 1000:.1f} s; what waited meanwhile enters nothing"
            return EventLine("engine", logging.WARNING, text, keep=True)
