"""Stage 1, first part: which ticks of a session reach the strategy, and which of these may enter. Judged by the engine's own tick filter.

Where nothing is odd about the ticks, which arrays tell at once, all that are in trading time are let through unasked.
"""

from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.backtest.sweep.days import NO_TIME_MS, Raw, Session, may_be_wild, ticks_of
from engine.backtest.sweep.kernel import BLOCK, LOW
from engine.backtest.sweep.rules import NotCoveredError
from engine.config import Config
from engine.model.types import FLAG_AHEAD, FLAG_LATE, FLAG_NEW_LINK, MAX_PRICE
from engine.trading.reach import Reach
from engine.trading.session import SessionDay
from engine.trading.tick_filter import TickFilter

Whole = NDArray[np.int64]
_TOLD: Final = FLAG_LATE | FLAG_NEW_LINK | FLAG_AHEAD


class Admitted(Struct, frozen=True):
    """The ticks that reach the strategy. `may_enter`: nothing about a tick itself or those before it speaks against an entry.

    `clock` is how far the clock has come ahead of each, and behind the last; `lows`, `highs`, `clocks` are of each block.
    """

    price: Whole
    quantity: Whole
    ms: Whole
    bid: Whole
    ask: Whole
    clock: Whole
    may_enter: NDArray[np.bool_]
    lows: Whole
    highs: Whole
    clocks: Whole


def day_of(session: Session, config: Config) -> SessionDay:
    """The session day of `session` under `config`."""
    return session.hours(config)(session.instruments[0].market).of_date(session.day)


def admitted(session: Session, config: Config, day: SessionDay) -> Admitted:
    """What of `session` reaches the strategy under `config`; raises NotCoveredError for what only the engine can judge."""
    raw = session.raw
    if len(session.instruments) > 1:
        raise NotCoveredError("several instruments on one purse")
    if may_be_wild(raw).any():
        raise NotCoveredError("a tick whose time cannot be")
    if _is_plain(raw):
        inside = np.flatnonzero((raw["exch_ms"] >= day.start_ms) & (raw["exch_ms"] <= day.end_ms))
        clock = raw["exch_ms"][inside]
        behind = raw["exch_ms"][-1] if len(raw) else NO_TIME_MS
        enters = np.ones(len(inside), np.bool_)
    else:
        inside, clock, behind, enters = _judged(session, config, day)
    return _put_together(raw[inside], np.append(clock, max(int(behind), session.until_ms)), enters, day)


def _is_plain(raw: Raw) -> bool:
    """Whether the tick filter would let every tick through, and nothing about them halts an entry."""
    stamps, numbers, prices = raw["exch_ms"], raw["exch_seq"], raw["price"]
    numbered = not numbers.any() or bool((numbers > 0).all() and (np.diff(numbers) == 1).all())
    priced = bool(((prices >= 1) & (prices <= MAX_PRICE)).all())
    return numbered and priced and bool((np.diff(stamps) >= 0).all()) and not (raw["flags"] & _TOLD).any()


def _judged(session: Session, config: Config, day: SessionDay) -> tuple[Whole, Whole, int, NDArray[np.bool_]]:
    """The places of the ticks that are let through, the clock ahead of each and behind all, and which may enter."""
    judge = TickFilter(config.risk, config.strategy, Reach(), session.instruments[0].lowest_price)
    inside: list[int] = []
    clock: list[int] = []
    enters: list[bool] = []
    last_price, clock_ms, stopped, left = 0, LOW, False, False
    for place, tick in enumerate(ticks_of(session.raw)):
        clock_ms = max(clock_ms, tick.exch_ms)
        if judge.admit(tick, last_price):
            continue
        last_price = tick.price
        if not day.start_ms <= tick.exch_ms <= day.end_ms:
            left = left or bool(inside)
            continue
        if left:
            raise NotCoveredError("ticks outside the session among those within")
        if not inside:
            judge.start_day()
        stopped = stopped or (
            tick.exch_seq > 0 and judge.missing > 0 and judge.sequence_gaps >= config.risk.missed_ticks_before_stop
        )
        inside.append(place)
        clock.append(clock_ms)
        late = tick.flags & FLAG_LATE or judge.newest_ms >= day.exit_from_ms
        enters.append(not (late or judge.halted or stopped))
        clock_ms = LOW
    return np.array(inside, np.int64), np.array(clock, np.int64), clock_ms, np.array(enters, np.bool_)


def _put_together(rows: Raw, clock: Whole, enters: NDArray[np.bool_], day: SessionDay) -> Admitted:
    price, ms = _column(rows, "price"), _column(rows, "exch_ms")
    edges = np.arange(0, len(price), BLOCK)
    return Admitted(
        price=price,
        quantity=_column(rows, "quantity"),
        ms=ms,
        bid=_column(rows, "bid"),
        ask=_column(rows, "ask"),
        clock=clock,
        may_enter=enters & (ms >= day.entry_from_ms) & (ms < day.entry_until_ms),
        lows=np.minimum.reduceat(price, edges) if len(price) else price,
        highs=np.maximum.reduceat(price, edges) if len(price) else price,
        clocks=np.maximum.reduceat(clock[:-1], edges) if len(price) else price,
    )


def _column(rows: Raw, name: str) -> Whole:
    return np.ascontiguousarray(rows[name].astype(np.int64))
