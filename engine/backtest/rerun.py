"""Works a recording once through, in this thread: no journal, no recorder, no clock, no screen. Compares what came of it."""

from collections.abc import Callable
from functools import partial
from itertools import takewhile, zip_longest

from msgspec import Struct

from engine.assembly.market_hours import MarketHours
from engine.assembly.recorded_trader import trader_for
from engine.backtest.stand_ins import Notes, lone_parts, lone_turn, silence
from engine.config import Config
from engine.model.events import AnyEvent
from engine.model.marks import EventMark
from engine.model.types import Fill, Instrument, Tick, Trade
from engine.recording import MqrSource
from engine.recording.progress import Progress
from engine.runtime.cursor import Cursor
from engine.runtime.replay.check import ReplayCheck
from engine.runtime.replay.comparable import other_rules
from engine.trading.trader import Trader
from engine.venues.simulated.broker import simulated
from engine.venues.simulated.silent import silent

_PROGRESS_TICKS = 4096


class _Following:
    """Does what is due after a tick of a recording: follows it."""

    def __init__(self, check: ReplayCheck, cursor: Cursor) -> None:
        self._check = check
        self._cursor = cursor

    def reached(self, seq: int, _take: object) -> None:
        """Give and judge what was recorded after tick `seq`."""
        self._check.passed(seq)
        self.set()

    def set(self) -> None:
        """Find the next tick after which something was recorded."""
        self._cursor.milestone = self._check.next_tick


class Rerun(Struct, frozen=True):
    """What came of it: the trader as it stands, entries and exits in their order (`booked`), and how it compares.

    `same` of `checkpoints` and `fills_same` of `fills` recorded exits were as recorded; `difference` and
    `fill_difference` name the first that was not.
    """

    trader: Trader
    ticks: int
    booked: list[Fill | Trade]
    same: int
    checkpoints: int
    difference: str
    fills_same: int
    fills: int
    fill_difference: str
    incomparable: str


def rerun(
    source: MqrSource,
    config: Config,
    instruments: tuple[Instrument, ...],
    progress: Progress | None = None,
    *,
    any_version: bool = False,
    note: Callable[[Trader, AnyEvent], None] = lambda _trader, _event: None,
    look: Callable[[Trader, Tick], None] | None = None,
) -> Rerun:
    """Work all of `source` that can be read under `config`; raises InputError when the disk fails.

    With `any_version` a difference counts though the recording was made by other rules. `note` is told of each event while
    the trader stands where it came about, `look` of each tick behind its turn.
    """
    first = next(iter(source.ticks()), None)
    trader = trader_for(source, config, instruments, "V-", MarketHours(config, "replay", source.header))
    notes = Notes(partial(note, trader))
    broker = silent if trader.state.orders.kind == "real" else simulated
    parts = lone_parts(config, trader, first, broker, notes)
    check = ReplayCheck(parts, source, any_version=any_version)
    following = _Following(check, parts.cursor)
    turn = lone_turn(parts, following)
    with silence():
        check.begin()
        following.set()
        ticks = 0
        for tick in source.ticks():
            turn.take(tick)
            ticks = tick.seq
            if look is not None:
                look(trader, tick)
            if progress is not None and not ticks % _PROGRESS_TICKS:
                progress(source.fraction_read())
    view = check.view()
    fills_same, fills, fill_difference = _compare_fills(source, notes.exits, ticks)
    why_not = view.incomparable or (other_rules(source.header) if fill_difference and not any_version else "")
    return Rerun(
        trader=parts.trader,
        ticks=ticks,
        booked=notes.booked,
        same=view.same,
        checkpoints=check.reached(ticks),
        difference=view.difference,
        fills_same=fills_same,
        fills=fills,
        fill_difference=fill_difference,
        incomparable=why_not or ("" if view.total or fills else _nothing_to_compare(ticks, check.inputs)),
    )


def _nothing_to_compare(ticks: int, inputs: int) -> str:
    """That a recording is well as far as it goes, and went not far enough."""
    return f"no checkpoint yet: {ticks + inputs:,} inputs re-run, nothing to compare with"


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
        return f"tick {place:,}: exit {then[1]} ≠ {now[1]}"
    was = f"{then[1]} at tick {then[0]:,}" if then else "nothing"
    found = f"{now[1]} at tick {now[0]:,}" if now else "nothing"
    return f"tick {place:,}: exit {was} ≠ {found}"
