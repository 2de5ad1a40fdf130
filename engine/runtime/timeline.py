"""Places worth going to: entries, exits, gaps, errors, bookmarks, by tick number. Remembers them, goes nowhere."""

from bisect import bisect_left, bisect_right

from engine.model.events import AnyEvent, FillBooked, LinkChanged, TickGap, TradeClosed, TraderFault
from engine.model.snapshot import TimelineEvent

_MOST = 5000


class Timeline:
    """The events of a run in order of their tick; going over a stretch again adds nothing twice."""

    def __init__(self) -> None:
        self.events: list[TimelineEvent] = []
        self.newest = 0  # tick of the newest event ever noted: beyond it nothing is known

    def note(self, fact: AnyEvent, tick: int) -> None:
        """Take a fact that came about at tick number `tick`."""
        match fact:
            case FillBooked() if fact.fill.side == "BUY":
                self.add(TimelineEvent(tick, fact.fill.at_ms, "entry", str(fact.fill.quantity)))
            case TradeClosed():
                self.add(TimelineEvent(tick, fact.trade.exit_ms, "exit", fact.trade.reason))
            case TickGap():
                self.add(TimelineEvent(tick, fact.at_ms, "gap", f"{fact.gap_ms / 1000:.1f} s"))
            case LinkChanged() if fact.state == "UP" and fact.down_ms:
                self.add(TimelineEvent(tick, fact.at_ms, "reconnect", f"{fact.down_ms / 1000:.1f} s"))
            case TraderFault():
                self.add(TimelineEvent(tick, fact.at_ms, "error", fact.where))
            case _:
                return

    def add(self, event: TimelineEvent) -> None:
        """Keep `event`, unless it is known."""
        first = bisect_left(self.events, event.tick, key=_tick)
        last = bisect_right(self.events, event.tick, key=_tick)
        if event in self.events[first:last]:
            return
        self.events.insert(last, event)
        if len(self.events) > _MOST:
            del self.events[0]
        self.newest = max(self.newest, event.tick)

    def before(self, tick: int) -> int:
        """Tick of the last event before tick number `tick`; 0 when there is none."""
        place = bisect_left(self.events, tick, key=_tick)
        return self.events[place - 1].tick if place else 0

    def after(self, tick: int) -> int:
        """Tick of the first known event after tick number `tick`; 0 when none is known."""
        place = bisect_right(self.events, tick, key=_tick)
        return self.events[place].tick if place < len(self.events) else 0


def _tick(event: TimelineEvent) -> int:
    return event.tick
