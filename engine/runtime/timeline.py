"""Places worth going to: entries, exits, gaps, errors, bookmarks, by tick number. Remembers them, goes nowhere."""

from array import array
from bisect import bisect_left, bisect_right
from itertools import islice
from operator import attrgetter

from engine.model.events import AnyEvent, FillBooked, LinkChanged, TickGap, TradeClosed, TraderFault
from engine.model.run_views import TimelineEvent

_tick = attrgetter("tick")
_MOST = 300
_MOST_BOOKMARKS = 150
_MOST_PLACES = 5000  # 8 bytes each


class Timeline:
    """The newest events of a run in order of their tick, and the ticks of many more; going over a stretch again adds nothing twice.

    An operator's bookmarks outlive what merely happened.
    """

    def __init__(self) -> None:
        self.events: list[TimelineEvent] = []
        self._places = array("q")  # each tick with an event, once, in order
        self.newest = 0  # tick of the newest event ever noted: beyond it nothing is known

    def note(self, event: AnyEvent, tick: int) -> None:
        """Take an event that came about at tick number `tick`."""
        match event:
            case FillBooked() if event.fill.side == "BUY":
                self.add(TimelineEvent(tick, event.fill.at_ms, "entry", str(event.fill.quantity)))
            case TradeClosed():
                self.add(TimelineEvent(tick, event.trade.exit_ms, "exit", event.trade.reason))
            case TickGap():
                untold = f" (and {event.untold} before)" if event.untold else ""
                self.add(TimelineEvent(tick, event.at_ms, "gap", f"{event.gap_ms / 1000:.1f} s{untold}"))
            case LinkChanged() if event.state == "UP" and event.down_ms:
                self.add(TimelineEvent(tick, event.at_ms, "reconnect", f"{event.down_ms / 1000:.1f} s"))
            case TraderFault():
                self.add(TimelineEvent(tick, event.at_ms, "error", event.where))
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
            self._forget_one()
        self._add_place(event.tick)
        self.newest = max(self.newest, event.tick)

    def _add_place(self, tick: int) -> None:
        place = bisect_left(self._places, tick)
        if place == len(self._places) or self._places[place] != tick:
            self._places.insert(place, tick)
            if len(self._places) > _MOST_PLACES:
                del self._places[0]

    def _forget_one(self) -> None:
        """Forget the oldest event that is no bookmark, or where very many of them come first the oldest of those."""
        kinds = (event.kind for event in islice(self.events, _MOST_BOOKMARKS))
        del self.events[next((place for place, kind in enumerate(kinds) if kind != "bookmark"), 0)]

    def before(self, tick: int) -> int:
        """Tick of the last event before tick number `tick`; 0 when there is none."""
        place = bisect_left(self._places, tick)
        return self._places[place - 1] if place else 0

    def after(self, tick: int) -> int:
        """Tick of the first known event after tick number `tick`; 0 when none is known."""
        place = bisect_right(self._places, tick)
        return self._places[place] if place < len(self._places) else 0
