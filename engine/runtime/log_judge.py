"""When the log goes into detail by itself, and of which component: judged by counters, once a second. Pure: no clock, no logger.

A rule tells how far something has come since the oldest look of the last minute, as a share of what is too much: from 1
on its components go into detail at once. They go back when nothing was too much for a while and the newest looks are all
below half of it; and within a budget, so that a bad day does not drown in its own log.
"""

from collections import deque
from collections.abc import Callable, Mapping
from itertools import pairwise
from operator import attrgetter
from typing import Final

from msgspec import Struct

from engine.model.log_counts import COMPONENTS, LogComponent

WINDOW_S: Final = 60
APART_S: Final = 60  # between two changes of a component
MOST_CHANGES: Final = 6  # of a component in an hour, ups and downs
MOST_BYTES: Final = 2_000_000  # of detail in an hour, over all components
HOUR_S: Final = 3600
_CALM, _CALM_LOOKS = 0.5, 3

_TROUBLES = 5  # warnings and errors of a component
_REFUSED_SHARE, _REFUSED_OF = 0.01, 100
_PNL_SHARE = 0.02  # of the capital
_MOVE_TIMES = 6.0
_INBOX_SHARE = 0.5


class Look(Struct, frozen=True):
    """What the counters say at `at_s` (monotonic) and tick number `tick`; what rises counts since the start, or since a day's.

    `troubles` are warnings and errors by component; `links` how often the link was made or lost, `silent` what is silent that
    should tick; `unanswered_s` how long the oldest order waits; `move` the mean move of the newest 100 ticks of whichever
    instrument it is the most of, in terms of its session's median; `detail_bytes` what was logged in detail by itself.
    `chosen` are the components of which an operator has chosen the level: they are left alone.
    """

    at_s: float
    tick: int = 0
    troubles: Mapping[LogComponent, int] = {}
    ticks: int = 0
    refused: int = 0
    sequence_gaps: int = 0
    links: int = 0
    silent: str = ""
    rejected: int = 0
    unanswered_s: float = 0.0
    flat: str = "NORMAL"
    day: str = ""
    day_pnl: float = 0.0
    capital: float = 0.0
    move: float = 0.0
    inbox_share: float = 0.0
    slow: int = 0
    detail_bytes: int = 0
    chosen: tuple[LogComponent, ...] = ()


class Change(Struct, frozen=True):
    """What is to be done: `components` into detail (`on`) or back, or nothing but to say it (None); and why."""

    components: tuple[LogComponent, ...]
    on: bool | None
    because: str


Looks = deque[Look]
Found = tuple[float, str]  # share of what is too much, in words
_NOTHING: Final[Found] = (0.0, "")
_RESULT, _MOVE, _GAPS = attrgetter("day_pnl"), attrgetter("move"), attrgetter("sequence_gaps")


# ── The rules ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _rise(looks: Looks, of: Callable[[Look], int]) -> int:
    """How far a counter rose within the looks; one that began anew (another day, a replay gone back) counts what it has."""
    first, now = of(looks[0]), of(looks[-1])
    return now - first if now >= first else now


def _refused(looks: Looks) -> Found:
    ticks, refused = _rise(looks, lambda look: look.ticks), _rise(looks, lambda look: look.refused)
    if ticks < _REFUSED_OF or not refused:
        return _NOTHING
    return refused / ticks / _REFUSED_SHARE, f"{refused:,} of {ticks:,} ticks refused"


def _gaps(looks: Looks) -> Found:
    counts = [*map(_GAPS, looks)]
    # Of a day, which each instrument begins by itself: the sum falls in steps, and what is left has not risen.
    gaps = sum(now - then for then, now in pairwise(counts) if now > then) if counts[-1] else 0
    return (float(gaps), _many(gaps, "sequence gap")) if gaps else _NOTHING


def _links(looks: Looks) -> Found:
    links = _rise(looks, lambda look: look.links)
    return (float(links), f"{_many(links, 'change')} of the link") if links else _NOTHING


def _silent(looks: Looks) -> Found:
    silent = looks[-1].silent
    return (1.0, f"STALE: {silent}") if silent else _NOTHING


def _orders(looks: Looks) -> Found:
    if looks[-1].unanswered_s >= 3.0:
        return 1.0, f"order UNKNOWN, unanswered for {looks[-1].unanswered_s:.0f} s"
    rejected = _rise(looks, lambda look: look.rejected)
    return (float(rejected), f"{_many(rejected, 'order')} rejected") if rejected else _NOTHING


def _flat(looks: Looks) -> Found:
    """A flat under way; one that is verified is over, but for the minute behind it."""
    now = looks[-1].flat
    if now == "NORMAL" or (now == "FLAT" and all(look.flat == "FLAT" for look in looks)):
        return _NOTHING
    return 1.0, f"flat {now}"


def _pnl(looks: Looks) -> Found:
    now = looks[-1]
    of_day = looks if looks[0].day == now.day else [look for look in looks if look.day == now.day]
    results = [*map(_RESULT, of_day)]
    risen, fallen = now.day_pnl - min(results), max(results) - now.day_pnl
    move = max(risen, fallen)
    if not move or now.capital <= 0:
        return _NOTHING
    share = move / now.capital
    return share / _PNL_SHARE, f"P&L {'−' if fallen > risen else '+'}{share * 100:.1f} %"


def _moves(looks: Looks) -> Found:
    most = max(map(_MOVE, looks))
    return (most / _MOVE_TIMES, f"mean move {most:.1f} × the session's median") if most else _NOTHING


def _inbox(looks: Looks) -> Found:
    share = looks[-1].inbox_share
    return (share / _INBOX_SHARE, f"inbox {share:.0%} full") if share else _NOTHING


def _handler(looks: Looks) -> Found:
    slow = _rise(looks, lambda look: look.slow)
    return (float(slow), f"handler over its budget {slow:,} times") if slow else _NOTHING


RULES: Final[tuple[tuple[tuple[LogComponent, ...], Callable[[Looks], Found]], ...]] = (
    (("feed",), _refused),
    (("feed",), _gaps),
    (("feed",), _links),
    (("feed",), _silent),
    (("broker", "trader"), _orders),
    (("broker", "trader"), _flat),
    (("trader",), _pnl),
    (("trader",), _moves),
    (("engine",), _inbox),
    (("engine",), _handler),
)


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


# ── The judge ───────────────────────────────────────────────────────────────────────────────────────────────────────


class _State:
    """How one component stands."""

    __slots__ = ("calm", "changes", "told_spent", "too_much_s", "up")

    def __init__(self) -> None:
        self.up = False
        self.calm = 0  # newest looks in a row that were below half
        self.too_much_s = 0.0
        self.changes: deque[float] = deque(maxlen=MOST_CHANGES)
        self.told_spent = False

    def may_change(self, now_s: float) -> bool:
        return not self.changes or now_s - self.changes[-1] >= APART_S

    def left(self, now_s: float) -> int:
        """How many changes the hour has left."""
        return MOST_CHANGES - sum(now_s - each < HOUR_S for each in self.changes)

    def change(self, now_s: float) -> None:
        self.up = not self.up
        self.changes.append(now_s)


class LogJudge:
    """Judges one look after the other; `ceiling` is how many bytes in all may be logged in detail by itself for now."""

    def __init__(self, hold_s: int) -> None:
        self.ceiling = MOST_BYTES
        self._hold_s = hold_s
        self._looks: Looks = deque()
        self._written: deque[tuple[float, int]] = deque([(0.0, 0)])  # a minute apart, an hour of them
        self._states = {component: _State() for component in COMPONENTS}

    def judge(self, look: Look) -> list[Change]:
        """What is to be changed now."""
        looks = self._looks
        looks.append(look)
        while looks[0].at_s < look.at_s - WINDOW_S:
            looks.popleft()
        spent = self._is_spent(look)
        worst = self._worst(looks)
        changes: dict[tuple[bool | None, str], list[LogComponent]] = {}
        for component, state in self._states.items():
            if component in look.chosen:
                continue
            on, because = self._change_of(state, *worst[component], look.at_s, spent=spent)
            if because:
                changes.setdefault((on, because), []).append(component)
        return [
            Change(tuple(components), on, f"{because}, from #{look.tick}")
            for (on, because), components in changes.items()
        ]

    def _worst(self, looks: Looks) -> dict[LogComponent, Found]:
        worst = dict.fromkeys(COMPONENTS, _NOTHING)
        for components, rule in RULES:
            found = rule(looks)
            for component in components if found is not _NOTHING else ():
                worst[component] = max(found, worst[component])
        first, now = looks[0].troubles, looks[-1].troubles
        for component, count in now.items():
            troubles = count - first.get(component, 0)
            if troubles and worst[component][0] < 1:  # what a rule has to say tells more
                worst[component] = max(worst[component], (troubles / _TROUBLES, f"{troubles:,} warnings and errors"))
        return worst

    def _change_of(
        self, state: _State, share: float, words: str, now_s: float, *, spent: bool
    ) -> tuple[bool | None, str]:
        """Whether a component goes into detail or back, or is to be told to stay (None), and why; no words: nothing."""
        state.calm = state.calm + 1 if share < _CALM else 0
        if share >= 1:
            state.too_much_s = now_s
        if state.up:
            calm = state.calm >= _CALM_LOOKS and now_s - state.too_much_s >= self._hold_s
            if (calm or spent) and state.may_change(now_s):
                state.change(now_s)
                state.told_spent = spent
                return False, self._spent_words() if spent else f"calm for {self._hold_s} s"
            return None, ""
        if share < 1:
            return None, ""
        if spent or state.left(now_s) < 2:  # the way back is a change as well
            if state.told_spent:
                return None, ""
            state.told_spent = True
            why = self._spent_words() if spent else f"{MOST_CHANGES} changes an hour are used up"
            return None, f"{words} in {WINDOW_S} s, and it stays as it is: {why}"
        if not state.may_change(now_s):
            return None, ""
        state.told_spent = False
        state.change(now_s)
        return True, f"{words} in {WINDOW_S} s"

    def _is_spent(self, look: Look) -> bool:
        """Whether the hour's bytes are written."""
        written = self._written
        if look.at_s - written[-1][0] >= WINDOW_S:
            written.append((look.at_s, look.detail_bytes))
        while len(written) > 1 and written[1][0] <= look.at_s - HOUR_S:
            written.popleft()
        self.ceiling = written[0][1] + MOST_BYTES
        return look.detail_bytes >= self.ceiling

    @staticmethod
    def _spent_words() -> str:
        return f"{MOST_BYTES // 1_000_000} MB of detail an hour are used up"
