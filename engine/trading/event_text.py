"""Facts in a trader's words: one log line each. Formats only; knows no logger and decides nothing."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

from engine.model import events
from engine.model.order_rows import External, OrderWarned
from engine.model.preflight import verdict
from engine.model.types import Instrument
from engine.trading.event_line import DEBUG, ERROR, INFO, WARNING, EventLine
from engine.trading.order_text import DETAILS, tell_live

_OrderEvent = events.Submit | events.FillBooked | events.TradeClosed | events.OrderRejected | events.OrderCancelled
_TickEvent = events.TickRefused | events.TickGap | events.GapsCounted | events.SequenceGap | events.InstrumentWarned
_HeldEvent = events.ClosedBlind | events.HeldSilent | events.HeldOver
TRADES = (  # what a log that shows trades only shows
    events.FillBooked,
    events.TradeClosed,
    events.OrderRejected,
    events.OrderCancelled,
    events.ClosedBlind,
    events.FlatChanged,
    events.CloseByHand,
    External,
    OrderWarned,
)
_Refusal = events.EntryRefused | events.RefusalsCounted
_Notice = (
    events.LinkChanged
    | events.FeedNote
    | events.ClockStepped
    | events.Paused
    | events.CommandRefused
    | events.InstrumentsChanged
    | events.ChecksMade
)
_TOLD_ALWAYS = frozenset({"UP", "WAITING", "CLOSED", "REFUSED"})


def detail_for(event: events.AnyEvent) -> str:
    """Which component's log alone tells `event`, and as a detail (DEBUG): their outcome has a line of its own; else empty."""
    if isinstance(event, events.Submit | DETAILS):
        return "broker"
    return "trader" if isinstance(event, events.FillBooked) and event.fill.side == "SELL" else ""


class EventText:
    """Words for facts; `stamp` turns UTC milliseconds into the session's time, `ends` says where the calendar ends before one."""

    def __init__(
        self,
        instruments: Sequence[Instrument],
        stamp: Callable[[int], str],
        ends: Callable[[int], date | None],
        entry_reason: Callable[[int], str] = lambda _: "",
    ) -> None:
        """`entry_reason` says why an instrument was last entered."""
        self._entry_reason = entry_reason
        self._instruments = instruments
        self._clock = stamp
        self._ends = ends

    def tell(self, event: events.AnyEvent) -> EventLine | None:
        """Say `event`, or None when it is nothing for a log."""
        if isinstance(event, _OrderEvent):
            return self._tell_order(event)
        if isinstance(event, _TickEvent):
            return self._tell_tick(event)
        if isinstance(event, _HeldEvent):
            return self._tell_held(event)
        if isinstance(event, _Refusal):
            return self._tell_refusal(event)
        if isinstance(event, _Notice):
            return _tell_line(event)
        if isinstance(event, events.OperatorActed):
            return self._tell_operator(event)
        if isinstance(event, events.FlatChanged | events.CloseByHand):
            return self._tell_flat(event)
        if isinstance(event, events.LiveOrderEvent):
            return tell_live(event, self._instruments)
        return self._tell_run(event)

    def _tell_run(self, event: events.AnyEvent) -> EventLine | None:
        match event:
            case events.EntriesChanged():
                level = WARNING if event.state in {"locked", "halted"} else INFO
                reason = f": {event.reason}" if event.reason else ""
                return EventLine(
                    "trader", level, f"{self._stamp(event.at_ms)} entries {event.state}{reason}", keep=True
                )
            case events.DayStarted():
                note = f"; {event.note}" if event.note else ""
                return EventLine("trader", WARNING if note else INFO, f"session of {event.date} begins{note}")
            case events.TraderFault():
                text = f"{event.where} raised at tick {event.seq}: {event.error}; entries halted, exits go on"
                return EventLine("trader", ERROR, text, keep=True)
            case _:
                return None

    def _stamp(self, at_ms: int) -> str:
        return self._clock(at_ms) if at_ms else "before the first tick"

    def _at(self, event: _Refusal | _TickEvent | _HeldEvent) -> str:
        return f"{self._stamp(event.at_ms)} {self._instruments[event.instrument].symbol}"

    def _tell_refusal(self, event: _Refusal) -> EventLine:
        if isinstance(event, events.EntryRefused):
            text = event.reason + _before(event.untold, "change of reason", "changes of reason")
        else:
            text = f"{_many(event.untold, 'more change', 'more changes')} of reason, counted only"
        return EventLine("trader", INFO, f"{self._at(event)} no entry: {text}")

    def _tell_order(self, event: _OrderEvent) -> EventLine:
        match event:
            case events.Submit(order):
                name = self._instruments[order.instrument]
                text = f"order {order.tag} {order.side} {name.quantity_text(order.quantity)} {name.symbol} @ {name.price_words(order.price)}"
                return EventLine("broker", DEBUG, f"{text} ({order.reason})")
            case events.FillBooked(fill):
                name = self._instruments[fill.instrument]
                verb = "entry" if fill.side == "BUY" else "sold"
                traded = f"{name.quantity_text(fill.quantity)} {name.symbol} @ {name.price_words(fill.price)}"
                text = f"{self._stamp(fill.at_ms)} {verb} {traded}"
                text += f", cash {Decimal(event.cash):.2f}"
                if fill.side == "SELL":
                    return EventLine("trader", DEBUG, text)
                reason = self._entry_reason(fill.instrument)
                return EventLine("trader", INFO, text + (f": {reason}" if reason else ""), keep=True)
            case events.TradeClosed(trade):
                name = self._instruments[trade.instrument]
                prices = f"{name.price_words(trade.entry_price)} → {name.price_words(trade.exit_price)}"
                text = f"{self._stamp(trade.exit_ms)} exit {name.quantity_text(trade.quantity)} {name.symbol} {prices} P&L {trade.net_pnl:+.2f}"
                blind = " BLIND" if trade.blind else ""
                whose = " (the operator's)" if trade.operator_stop else ""
                return EventLine("trader", INFO, f"{text}{blind}, {trade.reason}{whose}", keep=True)
            case events.OrderCancelled():
                return EventLine("broker", WARNING, f"order {event.order} cancelled", keep=True)
            case events.OrderRejected():
                return EventLine("broker", ERROR, f"order {event.order} rejected: {event.reason}", keep=True)

    def _tell_flat(self, event: events.FlatChanged | events.CloseByHand) -> EventLine:
        if isinstance(event, events.CloseByHand):
            name = self._instruments[event.instrument]
            what = f"{event.side} {name.quantity_text(event.quantity)} {name.symbol} in the broker's own app"
            return EventLine("trader", ERROR, f"flat not verified within a minute: {what}", keep=True)
        until = f" until {self._stamp(event.until_ms)}: the market is closed" if event.until_ms else ""
        until += f", and the calendar ends {ends}" if until and (ends := self._ends(event.until_ms)) else ""
        level = ERROR if event.state in {"ESCALATED", "UNRESOLVED"} else WARNING
        return EventLine("trader", level, f"flat {event.state}{until} ({event.reason})", keep=True)

    def _tell_operator(self, event: events.OperatorActed) -> EventLine:
        """Say what was done by whom with one position or instrument."""
        name = self._instruments[event.instrument]
        last = name.price_words(event.price)
        match event.action:
            case "close" | "half":
                text = f"{event.action} {name.symbol}: SELL {name.quantity_text(event.quantity)} at last {last}"
            case "stop":
                moved = f"{name.price_words(event.before)} → {name.price_words(event.stop)}"
                text = f"stop of {name.symbol} {moved}, last {last}"
            case "bar":
                text = f"no new entries in {name.symbol}; what is held goes on"
            case "allow":
                text = f"entries in {name.symbol} allowed again"
            case "withdraw":
                text = f"withdraw order {event.order}, to BUY {name.quantity_text(event.quantity)} more {name.symbol}"
        return EventLine("trader", WARNING, f"{self._stamp(event.at_ms)} operator: {text} (by {event.by})", keep=True)

    def _tell_held(self, event: _HeldEvent) -> EventLine:
        """Say what the clock has to say of a position."""
        name = self._instruments[event.instrument]
        match event:
            case events.ClosedBlind():
                age = f"{event.age_ms / 1000:.0f} s old" if event.age_ms >= 0 else "no tick since the start"
                known = f"at the last known price {name.price_words(event.price)} ({age})"
                text = f"{self._at(event)} no tick in time: {name.quantity_text(event.quantity)} closed BLIND {known}, {event.reason}"
                return EventLine("trader", ERROR, text, keep=True)
            case events.HeldSilent():
                text = (
                    f"{self._at(event)} held, and no tick for {event.silent_ms / 1000:.0f} s: its stop is not watched"
                )
                return EventLine("trader", ERROR if event.severe else WARNING, text, keep=event.severe)
            case events.HeldOver():
                text = f"{self._at(event)} {name.quantity_text(event.quantity)} still held over the end of the session"
                return EventLine("trader", ERROR, text, keep=True)

    def _tell_tick(self, event: _TickEvent) -> EventLine:
        match event:
            case events.TickRefused():
                text = f"{self._at(event)} tick {event.seq} refused: {event.reason} (further ones are counted)"
                return EventLine("feed", WARNING, text)
            case events.TickGap():
                level = (ERROR if event.gap_ms >= events.SILENT_MS else WARNING) if event.position_open else INFO
                held = " with a position open" if event.position_open else ""
                text = f"{self._at(event)} no tick for {event.gap_ms / 1000:.1f} s{held}"
                return EventLine("feed", level, text + _before(event.untold, "silence", "silences"))
            case events.GapsCounted():
                counted = _many(event.untold, "more silence", "more silences")
                text = f"{counted} since {self._stamp(event.since_ms)}, the longest {event.longest_ms / 1000:.1f} s"
                return EventLine("feed", INFO, f"{self._at(event)} {text}")
            case events.InstrumentWarned():
                return EventLine("trader", WARNING, f"{self._at(event)} {event.text}", keep=True)
            case events.SequenceGap():
                return EventLine("feed", WARNING, f"{self._at(event)} {event.missing} missing in the sequence")


def _many(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _before(untold: int, one: str, many: str) -> str:
    """What was counted and not told before this."""
    return f" (after {_many(untold, one, many)} that {'was' if untold == 1 else 'were'} only counted)" if untold else ""


def _tell_checks(event: events.ChecksMade) -> EventLine | None:
    """Say whether the engine is ready; what was found by who armed the day is told as the run begins."""
    if event.made_by == "arm":
        return None
    level = INFO if all(each.ok for each in event.checks) else WARNING
    return EventLine("engine", level, verdict(event.checks), keep=True)


def _tell_line(event: _Notice) -> EventLine | None:
    """Say what became of the line to the exchange, of time, and of what was asked."""
    match event:
        case events.LinkChanged():
            level = ERROR if event.state == "REFUSED" else WARNING if event.state == "WAITING" else INFO
            down = f" after {event.down_ms / 1000:.1f} s" if event.down_ms else ""
            reason = f": {event.reason}" if event.reason else ""
            if event.state == "CLOSED":
                return EventLine("feed", INFO, f"market CLOSED {event.reason}: no link is made before", keep=True)
            return EventLine(
                "feed", level, f"link {event.link} {event.state}{down}{reason}", keep=event.state in _TOLD_ALWAYS
            )
        case events.ChecksMade():
            return _tell_checks(event)
        case events.FeedNote():
            return EventLine("feed", ERROR if event.severe else WARNING, event.text, keep=event.severe)
        case events.InstrumentsChanged():
            parts = [("added", event.added), ("removed", event.removed)]
            words = "; ".join(f"{what} {', '.join(names)}" for what, names in parts if names)
            return EventLine("engine", WARNING, f"instruments: {words}", keep=True)
        case events.CommandRefused():
            return EventLine("engine", WARNING, f"{event.command} refused: {event.reason}", keep=True)
        case events.ClockStepped():
            text = (
                f"the machine's clock was moved by {event.step_ms / 1000:+.1f} s; decisions go by the exchange's time"
            )
            return EventLine("engine", WARNING, text, keep=True)
        case events.Paused():
            text = f"the process stood still for {event.pause_ms / 1000:.1f} s; what waited meanwhile enters nothing"
            return EventLine("engine", WARNING, text, keep=True)
