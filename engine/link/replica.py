"""A client's copy of what the engine shows: the newest snapshot put together from parts, log lines, charts. Knows no connection."""

from bisect import bisect_left, bisect_right
from collections import deque
from itertools import islice
from operator import attrgetter, itemgetter
from threading import Lock
from typing import cast

from msgspec import UNSET
from msgspec.structs import replace

from engine.link.protocol import (
    LIGHT,
    LINES_A_LOOK,
    LOG,
    ORDERS_CHANGED,
    SECTIONS,
    GetSnapshot,
    History,
    OrderChanges,
    Replies,
    SnapshotReply,
    understood,
)
from engine.link.wanted_days import WantedDays
from engine.link.wanted_pages import WantedPages
from engine.model.bars import Bar
from engine.model.errors import WireError
from engine.model.order_views import OrderView
from engine.model.ports import LogLine
from engine.model.snapshot import Snapshot
from engine.presentation.stillness import stands_still

_NONE = dict.fromkeys(SECTIONS, 0)  # versions begin with 1; an engine sends what is named
_LINES_KEPT = 2_000
_CHARTS_KEPT = 8
_POINTS_KEPT = 20_000

Points = tuple[Bar, ...]


class Replica:
    """Fed by one thread, read by others; `snapshot` is None until every part of one has come."""

    def __init__(self) -> None:
        self.snapshot: Snapshot | None = None
        self.picture: SnapshotReply | None = None
        self.behind = False  # the engine has more that can be fetched at once
        self.at_rest = False  # the last answer told nothing new but the time
        self._engine = 0
        self._replies = Replies()
        self._have: dict[str, int] = {}
        self._sections: dict[str, object] = {}
        self._light: Snapshot | None = None
        self._log: deque[LogLine] = deque(maxlen=_LINES_KEPT)
        self._log_lock = Lock()  # the feeding thread adds, the screen's copies
        self._log_before = 0  # lines of the engines before this one: their successors count on
        self._log_number = 0
        self._charts: dict[int, Points] = {}
        self.pages = WantedPages()
        self.days = WantedDays()
        self._wanted: int | None = None  # the chart that somebody asked for

    def attach(self, engine: int) -> None:
        """Follow engine number `engine`: of a new one nothing is known yet; the last snapshot of the old one stays."""
        if engine == self._engine:
            return
        self._engine = engine
        self._have, self._sections, self._light = {}, {}, None
        self._log_before, self._log_number = self._log[-1].number if self._log else 0, 0
        self._charts = {}
        self.pages.forget()
        self.days.forget()

    def look(self, log_limit: int = LINES_A_LOOK, tells: dict[str, int] | None = None) -> GetSnapshot:
        """What to ask for next; `tells` goes along."""
        wanted, self._wanted = self._wanted, None
        points = self._charts.get(wanted, ()) if wanted is not None else ()
        return GetSnapshot(
            number=self._light.number if self._light else -1,
            have=_NONE | self._have,
            log_since=self._log_number,
            log_limit=log_limit,
            history_of=wanted,
            history_since_ms=points[-1][0] if points else -1,
            tells=UNSET if tells is None else tells,
            changes=True,
        )

    def take(self, picture: SnapshotReply, parts: dict[str, bytes]) -> None:
        """Take an answer; raises WireError when it cannot be decoded."""
        replies = self._replies
        changed = any(name != LOG for name in parts)
        for name, encoded in parts.items():
            if name == LIGHT:
                self._light = understood(replies.light, encoded)
            elif name in SECTIONS and name in picture.versions:
                self._sections[name] = understood(replies.sections[name], encoded)
                self._have[name] = picture.versions[name]
            elif name == ORDERS_CHANGED and "orders" in picture.versions:
                self._sections["orders"] = self._with(understood(replies.order_changes, encoded))
                self._have["orders"] = picture.versions["orders"]
        lines = understood(replies.log, parts[LOG]) if LOG in parts else []
        self._add_lines(lines)
        if picture.history is not None:
            self._add_points(picture.history)
        before = self.snapshot
        whole = self._light is not None and self._light.number == picture.number and self._have == picture.versions
        if whole and changed:
            assert self._light is not None
            self.snapshot = replace(self._light, **self._sections)
        self.at_rest = not lines and not picture.told and self._stands_still(before, picture)
        self.picture = picture
        self.behind = not whole or len(lines) >= LINES_A_LOOK

    def _with(self, changes: OrderChanges) -> tuple[OrderView, ...]:
        """The orders that are known with those `changes`; raises WireError where they are of others."""
        known = {
            each.number: each
            for each in (*cast(tuple[OrderView, ...], self._sections.get("orders", ())), *changes.rows)
        }
        try:
            return tuple(known[number] for number in changes.numbers)
        except KeyError as error:
            raise WireError("not_understood", f"order {error} is changed, and was never told") from None

    def _stands_still(self, before: Snapshot | None, picture: SnapshotReply) -> bool:
        """Whether nothing was told since `before` but the time."""
        known, seen = self.picture, self.snapshot
        if known is None or before is None or seen is None:
            return False
        same = (known.control, known.absence, known.watched_by) == (
            picture.control,
            picture.absence,
            picture.watched_by,
        )
        return same and stands_still(before, seen)

    def lines(self, since: int, limit: int) -> list[LogLine]:
        """At most `limit` log lines after number `since`, oldest first; numbers go on rising over engines."""
        with self._log_lock:
            start = bisect_right(self._log, since, key=attrgetter("number"))
            return list(islice(self._log, start, start + limit))

    @property
    def newest_line(self) -> int:
        """Number of the newest log line of the present engine; 0 before the first."""
        return self._log_number

    def chart(self, instrument: int) -> Points | None:
        """The chart as far as it is known, None when it was never fetched; the next look fetches what is new."""
        self._wanted = instrument
        return self._charts.get(instrument)

    def _add_lines(self, lines: list[LogLine]) -> None:
        if not lines:
            return
        self._log_number = lines[-1].number
        if before := self._log_before:
            lines = [replace(line, number=line.number + before) for line in lines]
        with self._log_lock:
            self._log.extend(lines)

    def _add_points(self, history: History) -> None:
        known = () if history.whole else self._charts.pop(history.instrument, ())
        if known and history.points:  # the last known has changed since
            known = known[: bisect_left(known, history.points[0][0], key=itemgetter(0))]
        if len(self._charts) >= _CHARTS_KEPT:
            self._charts.pop(next(iter(self._charts)), None)
        self._charts[history.instrument] = (known + history.points)[-_POINTS_KEPT:]
