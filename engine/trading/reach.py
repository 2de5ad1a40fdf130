"""How far the ticks of a run came: which were left out and why, and why signals were not followed. Decides nothing.

None of it is part of the deciding state; a replay that goes back takes it back beside that.
"""

from typing import Any, Final

import msgspec

from engine.model.types import Tick

MOST_REASONS: Final = 64  # counted each by itself; a strategy may make its reasons up
_OTHERS: Final = "other reasons"
NO_WINDOW: Final = "outside the entry window"
NO_LOT: Final = "cash for not one lot"
WATCH_ONLY: Final = "watch only"


def _tick(seq: int, instrument: int, exch_ms: int) -> Tick:
    return Tick(seq, instrument, 0, 0, 0, exch_ms, 0, 0, 0, 0)


_NO_TICK: Final = _tick(0, 0, 0)


class Places:
    """How many ticks were left out for one reason, and the first and the last of them."""

    __slots__ = ("count", "first", "last")

    def __init__(self) -> None:
        self.count = 0
        self.first = self.last = _NO_TICK

    def note(self, tick: Tick) -> None:
        """One more."""
        if not self.count:
            self.first = tick
        self.count += 1
        self.last = tick

    def dump(self) -> list[int]:
        """All of it as numbers, for `load`."""
        ends = (self.first, self.last)
        return [self.count, *(number for each in ends for number in (each.seq, each.instrument, each.exch_ms))]

    def load(self, numbers: list[int]) -> None:
        """Take back what `dump` gave."""
        self.count = numbers[0]
        self.first, self.last = _tick(*numbers[1:4]), _tick(*numbers[4:])


class Reach:
    """What kept ticks from the strategy (`outside` the session, `refused` by reason, `late`) and signals from an entry (`objections`).

    All of it is counted since this run began, whatever the account has seen before; `since_ms` is when that was (UTC), where
    it was within a session day, else 0. A late tick reaches the indicators and may close a position; it enters nothing.
    """

    __slots__ = ("followed", "late", "objections", "outside", "refused", "since_ms")

    def __init__(self) -> None:
        self.outside = Places()
        self.late = Places()
        self.refused: dict[str, Places] = {}
        self.objections: dict[str, int] = {}  # how often each kept a signal from an entry
        self.followed = 0  # signals that an order came of
        self.since_ms = 0

    def refuse(self, reason: str, tick: Tick) -> None:
        """Count `tick`, which is refused."""
        places = self.refused.get(reason)
        if places is None:
            places = self.refused[reason] = Places()
        places.note(tick)

    def object(self, objection: str) -> None:
        """Count a signal that is not followed."""
        counts = self.objections
        if objection not in counts and len(counts) >= MOST_REASONS:
            objection = _OTHERS
        counts[objection] = counts.get(objection, 0) + 1

    @property
    def signals(self) -> int:
        """How many signals there were, followed or not."""
        return self.followed + sum(self.objections.values())

    def left_out(self) -> dict[str, Places]:
        """All that were left out, by reason; empty reasons are not among them."""
        found = {"outside_session": self.outside, **self.refused, "late": self.late}
        return {reason: places for reason, places in found.items() if places.count}

    def kept_out(self) -> int:
        """How many ticks did not reach the indicators."""
        return self.outside.count + sum(places.count for places in self.refused.values())

    def dump(self) -> str:
        """All of it as a text, for `load`."""
        refused = {reason: places.dump() for reason, places in self.refused.items()}
        kept = (self.outside.dump(), self.late.dump(), refused, self.objections, self.followed)
        return msgspec.json.encode(kept).decode()

    def load(self, text: str) -> None:
        """Take back what `dump` gave."""
        kept: Any = msgspec.json.decode(text)
        outside, late, refused, objections, self.followed = kept
        self.outside.load(outside)
        self.late.load(late)
        self.refused.clear()
        for reason, numbers in refused.items():
            self.refused[reason] = Places()
            self.refused[reason].load(numbers)
        self.objections.clear()
        self.objections.update(objections)
