"""Works a recording once through, in this thread: no journal, no recorder, no clock, no screen. Compares what came of it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile, zip_longest

from msgspec import Struct

from engine.config import Config
from engine.model.clock import VirtualClock
from engine.model.events import AnyEvent, FillBooked, TradeClosed
from engine.model.marks import EventMark, Mark
from engine.model.types import Fill, Instrument, Tick, Trade
from engine.recording import MqrSource
from engine.recording.files import Progress
from engine.runtime import Epochs, Persistence, Turn
from engine.runtime.inbox import Inbox
from engine.runtime.replay.check import ReplayCheck
from engine.runtime.replay.comparable import incomparable, other_rules
from engine.runtime.tickets import Posted
from engine.text.sanitize import clean
from engine.trading.event_text import EventText
from engine.trading.trader import Trader
from engine.venues.simulated.broker import PaperBroker

_NEVER_MS = 1 << 40  # between two pictures that nobody looks at
_PROGRESS_TICKS = 4096


class _Notes:
    """Stands where a journal and a recorder would: notes entries and exits, and each exit as a recording would have it.

    All of them: the report of `verify` names every one.
    """

    problem = ""
    broken = False
    waiting = durable = kept = 0

    def __init__(self) -> None:
        self.entries: list[Fill] = []
        self.trades: list[Trade] = []
        self.exits: list[tuple[int, str]] = []

    def write(self, fact: AnyEvent) -> int:
        """Take a fact."""
        if isinstance(fact, FillBooked) and fact.fill.side == "BUY":
            self.entries.append(fact.fill)
        elif isinstance(fact, TradeClosed):
            self.trades.append(fact.trade)
        return 0

    def mark(self, mark: Mark) -> None:
        """Take a mark."""
        if isinstance(mark, EventMark) and mark.kind == "fill":
            self.exits.append((mark.ticks, mark.text))

    def tick(self, tick: Tick) -> None:
        """Keep no tick."""

    def rewind(self, ticks: int) -> None:
        """Nothing goes back here."""

    def wait_durable(self, number: int, timeout_s: float) -> bool:
        """Nothing is written, so nothing is awaited."""
        return number <= 0 or timeout_s <= 0

    def close(self, outcome: str = "", *, fault: bool = False) -> None:
        """Nothing is open."""


class _Owner:
    """What an engine would be to the turn, were there one: only the marks are looked after."""

    def __init__(self, turn: Turn, check: ReplayCheck) -> None:
        self._turn = turn
        self._check = check

    def command(self, command: Posted) -> None:
        """Nobody sends any."""

    def milestone(self, seq: int) -> None:
        """Follow the recording."""
        self._check.passed(seq)
        self._turn.milestone = self._check.next_tick

    def trader_raised(self) -> None:
        """There is no other delivery to fall back to."""

    def publish(self, now_ns: int) -> None:
        """Nobody looks."""


class Rerun(Struct, frozen=True):
    """What came of it: the trader as it stands, entries and exits, and how it compares.

    `same` of `checkpoints` and `fills_same` of `fills` recorded exits were as recorded; `difference` and
    `fill_difference` name the first that was not.
    """

    turn: Turn
    ticks: int
    entries: list[Fill]
    exits: list[Trade]
    same: int
    checkpoints: int
    difference: str
    fills_same: int
    fills: int
    fill_difference: str
    incomparable: str


def rerun(
    source: MqrSource, config: Config, instruments: tuple[Instrument, ...], progress: Progress | None = None
) -> Rerun:
    """Work all of `source` that can be read under `config`; raises InputError when the disk fails."""
    rules = other_rules(source.header)
    check = ReplayCheck(source, incomparable(source.header, config, instruments), rules)
    notes = _Notes()
    turn = _turn(config, instruments, notes, source)
    turn.owner = _Owner(turn, check)
    with _silence():
        check.begin(turn)
        turn.milestone = check.next_tick
        ticks = 0
        for tick in source.ticks():
            turn.take(tick)
            ticks = tick.seq
            if progress is not None and not ticks % _PROGRESS_TICKS:
                progress(source.fraction_read())
    view = check.view()
    fills_same, fills, fill_difference = _compare_fills(source, notes.exits, ticks)
    why_not = view.incomparable or (rules if fill_difference else "")
    return Rerun(
        turn=turn,
        ticks=ticks,
        entries=notes.entries,
        exits=notes.trades,
        same=view.same,
        checkpoints=check.reached(ticks),
        difference=view.difference,
        fills_same=fills_same,
        fills=fills,
        fill_difference=fill_difference,
        incomparable=why_not or ("" if view.total or fills else "it holds no checkpoint and no exit"),
    )


def _turn(config: Config, instruments: tuple[Instrument, ...], notes: _Notes, source: MqrSource) -> Turn:
    trader = Trader(config, instruments, "V-")
    first = next(iter(source.ticks()), None)
    return Turn(
        trader=trader,
        broker=PaperBroker(len(instruments)),
        event_text=EventText(instruments, trader.hours.stamp),
        persistence=Persistence(trader, notes, notes, keeps_account=False),
        recorder=None,
        epochs=Epochs(config.engine.delivery),
        inbox=Inbox(1),
        clock=VirtualClock(first.exch_ms * 1_000_000 if first else 0),
        lossless=True,
        every_tick=False,
        snapshot_interval_ms=_NEVER_MS,
    )


def _compare_fills(source: MqrSource, exits: list[tuple[int, str]], ticks: int) -> tuple[int, int, str]:
    """(Exits that are as recorded, recorded exits, the first difference) up to tick number `ticks`."""
    fills = ((mark.ticks, mark.text) for mark in source.marks() if isinstance(mark, EventMark) and mark.kind == "fill")
    same = recorded = 0
    difference = ""
    for then, now in zip_longest(takewhile(lambda fill: fill[0] <= ticks, fills), exits):
        if then is None and now is not None and now[0] == ticks and source.losses():
            continue  # its tick was the last that reached the disk, its mark no longer did
        recorded += then is not None
        same += then == now
        if then != now and not difference:
            difference = _told(then, now)
    return same, recorded, difference


def _told(then: tuple[int, str] | None, now: tuple[int, str] | None) -> str:
    place = min(each[0] for each in (then, now) if each is not None)
    if then is not None and now is not None and then[0] == now[0]:
        return f"tick {place:,}: exit {clean(then[1], 80)} ≠ {clean(now[1], 80)}"
    was = f"{clean(then[1], 80)} at tick {then[0]:,}" if then else "nothing"
    found = f"{clean(now[1], 80)} at tick {now[0]:,}" if now else "nothing"
    return f"tick {place:,}: exit {was} ≠ {found}"


@contextmanager
def _silence() -> Iterator[None]:
    """Within: what the turn logs goes nowhere."""
    root = logging.getLogger("myquant")
    nowhere, propagated = logging.NullHandler(), root.propagate
    root.addHandler(nowhere)
    root.propagate = False
    try:
        yield
    finally:
        root.removeHandler(nowhere)
        root.propagate = propagated
