"""The market's time against ours, and whether the market is proven to be closed. Sends nothing and decides nothing.

Our clock may be wrong and so may a calendar: the stamps of the exchange have the last word over both. What comes of it
is handed to the trader with each beat and command, and recorded with them.
"""

from collections.abc import Callable, Sequence
from typing import Final

from engine.model.clock import SteadyClock
from engine.model.ports import FeedView
from engine.model.types import FLAG_AHEAD, FLAG_LATE, FLAG_NEW_LINK, MARKET_MODES, Tick, TradeMode
from engine.runtime.turn_parts import TurnParts
from engine.trading.session import TradingHours, closed_code

OPEN: Final = -1  # instead of a moment at which it opens; below it some of several are closed
_FRESH_MS = 60_000  # a stamp that is younger proves that somebody trades
_AGREES_MS = 1_000  # clocks nearer each other than this agree
_STEADY_MS = 5_000  # a lag that is a clock's lead differs by less from stamp to stamp
_LOOK_MS = 2_000  # between two comparisons, while nothing is due


class MarketWatch:
    """Compares the ticks of the last minute with our clock; asked within the turn, in runs whose ticks are live.

    Without a tick that is younger than a minute the market is closed when it is known to be: by its hours and weekends at
    any time, by a date as far as its calendar knows. A real broker decides by itself, unless a link that is up shows that
    nothing is traded; a simulated one has no other proof. A market of generated prices never closes.
    """

    def __init__(self, parts: TurnParts, mode: TradeMode, view: Callable[[], FeedView | None]) -> None:
        self._state = parts.trader.state
        self._instruments = parts.trader.state.instrument_states
        self._markets = parts.trader.state.all_hours
        self._mode = mode
        # A feed keeps a clock of its own, which may have been set at another moment than ours.
        self._clock = parts.clock if isinstance(parts.clock, SteadyClock) else None
        self._view = view
        self._market_clock = parts.market_clock  # has our clock's lead over the market's time, where they do not agree
        self._compared_ms = 0
        self._seen: dict[int, tuple[int, int]] = {}  # of each instrument an earlier stamp, and its receipt (ms)

    def clock_set(self, by_ms: int) -> None:
        """Our clock was set right by so much: the market's time goes on as it was, where it was known."""
        ahead_ms = self._market_clock.ahead_ms + by_ms
        self._lead(ahead_ms if abs(ahead_ms) < _FRESH_MS else 0)
        self._seen = {index: (stamp_ms, seen_ms + by_ms) for index, (stamp_ms, seen_ms) in self._seen.items()}

    def market_ms(self, now_ms: int, *, due: bool) -> int:
        """The market's time when it is `now_ms` by our clock, 0 where both are the same; `due`: something is, so compare now."""
        if due or not 0 <= now_ms - self._compared_ms < _LOOK_MS:
            self._compared_ms = now_ms
            self._compare(now_ms)
        ahead_ms = self._market_clock.ahead_ms
        return now_ms - ahead_ms if ahead_ms else 0

    def closed_until_ms(self, now_ms: int) -> int:
        """When the markets that are closed now open, of those in which something is held; OPEN, or 0 where it is not known.

        Where some of several are closed: which, as `closed_among` reads it.
        """
        if self._mode not in MARKET_MODES:
            return 0
        self._compare(now_ms)
        at_ms = now_ms - self._market_clock.ahead_ms
        markets = tuple(dict.fromkeys(inst.hours for inst, _ in self._state.held())) or self._markets
        stands = [self._stands(hours, at_ms) for hours in markets]
        closed = [hours for hours, stand in zip(markets, stands, strict=True) if stand > 0]
        if closed and len(closed) < len(markets):
            return closed_code(self._markets, closed)
        return OPEN if OPEN in stands else min(stands)

    def _stands(self, hours: TradingHours, at_ms: int) -> int:
        """When one market that is closed opens; OPEN, or 0 where it is not known."""
        newest_ms = max((tick.exch_ms for tick in self._ticks((hours,))), default=0)
        if at_ms - newest_ms < _FRESH_MS or not hours.closed(at_ms):
            return OPEN
        opens_ms = hours.next_open_ms(at_ms)
        if opens_ms is None or not hours.known_closed(at_ms):
            return 0
        view = self._view()
        shown = newest_ms > 0 and view is not None and view.state == "UP"
        return opens_ms if shown or self._mode == "paper" else 0

    def _ticks(self, markets: Sequence[TradingHours]) -> list[Tick]:
        """The newest tick of each instrument of these markets, but for those whose own time says nothing."""
        newest = [inst.last_tick for inst in self._instruments if inst.hours in markets]
        return [tick for tick in newest if tick is not None and not tick.flags & (FLAG_AHEAD | FLAG_LATE)]

    def _compare(self, now_ms: int) -> None:
        """Find out how far our clock is ahead by the quickest tick of the last minute; without one it stays as it was.

        A price that comes first on a link may be hours old, and so may one whose packet is repeated: that our clock is
        ahead is said by stamps that go on as their receipts do, and by no others.
        """
        lags_ms = []
        clock = self._clock
        for tick in self._ticks(self._markets):
            received_ns = tick.recv_wall_ns if clock is None else tick.recv_ns + clock.ahead_ns
            received_ms = received_ns // 1_000_000
            lag_ms = received_ms - tick.exch_ms
            if now_ms - received_ms >= _FRESH_MS:
                continue
            if lag_ms <= _AGREES_MS:
                self._seen[tick.instrument] = (tick.exch_ms, received_ms)
                lags_ms.append(lag_ms)
            elif self._goes_on(tick, received_ms):
                lags_ms.append(lag_ms)
        if lags_ms:
            self._lead(min(lags_ms))

    def _lead(self, ahead_ms: int) -> None:
        self._market_clock.ahead_ms = ahead_ms if abs(ahead_ms) > _AGREES_MS else 0

    def _goes_on(self, tick: Tick, received_ms: int) -> bool:
        """Whether a stamp that seems old is as far behind its receipt as an earlier one of the same instrument was.

        At first sight of an instrument it is enough that its stamps have gone on at all since its first of the day.
        """
        seen = self._seen.get(tick.instrument)
        if seen is None:
            self._seen[tick.instrument] = (tick.exch_ms, received_ms)
            begun_ms = self._instruments[tick.instrument].history.begun_ms
            return 0 < begun_ms < tick.exch_ms and not tick.flags & FLAG_NEW_LINK
        on_ms, since_ms = tick.exch_ms - seen[0], received_ms - seen[1]
        if on_ms and abs(since_ms - on_ms) < _STEADY_MS:
            return since_ms >= _AGREES_MS
        if on_ms:
            self._seen[tick.instrument] = (tick.exch_ms, received_ms)
        return False
