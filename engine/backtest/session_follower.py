"""Follows a run tick by tick for a report: positions with how far they went, the account marked at every tick, the prices.

Tells a day when it is over, and forgets it: a year of them takes no more room than the longest.
"""

from array import array
from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256
from typing import Final

from engine.backtest.position_ledger import UNKNOWN, Decided, OpenResult, PositionLedger
from engine.model.events import AnyEvent, DayStarted, FillBooked, Submit, TradeClosed
from engine.model.order_requests import PlaceOrder
from engine.model.session_result import PositionResult, PricePath, ReportedDay
from engine.model.types import Tick
from engine.presentation.day_figures import FallFinder
from engine.text.sanitize import CleanText
from engine.trading.trader import Trader

_AFTER_MS: Final = 300_000  # so long the price is followed behind the last exit
_MARK_MS: Final = 5_000  # of the marked account highest and lowest are kept for each
_NO_DAY_MS: Final = 0


class _Marked:
    """The account as it stood at each tick: its largest fall, and for pictures highest and lowest of each five seconds."""

    def __init__(self) -> None:
        self.falls = FallFinder()
        self.at_ms: array[int] = array("q")
        self.values: array[float] = array("d")
        self._began_ms = 0
        self._high = self._low = self._newest = (0.0, 0)  # value and moment
        self._high_is_newer = False
        self._is_empty = True

    def take(self, at_ms: int, value: float) -> None:
        """What it is worth at `at_ms`."""
        self.falls.add(at_ms, value)
        if not self.values:
            self._put((value, at_ms))
        if self._is_empty or not 0 <= at_ms - self._began_ms < _MARK_MS:
            self._keep()
            self._began_ms, self._is_empty = at_ms, False
            self._high = self._low = (value, at_ms)
            self._high_is_newer = False
        elif value > self._high[0]:
            self._high, self._high_is_newer = (value, at_ms), True
        elif value < self._low[0]:
            self._low, self._high_is_newer = (value, at_ms), False
        self._newest = (value, at_ms)

    def _keep(self) -> None:
        """Keep the extremes of the stretch that runs, in the order in which they came."""
        if self._is_empty:
            return
        for point in (self._low, self._high) if self._high_is_newer else (self._high, self._low):
            if self.values[-1] != point[0]:
                self._put(point)

    def _put(self, point: tuple[float, int]) -> None:
        self.values.append(point[0])
        self.at_ms.append(point[1])

    def end(self) -> None:
        """Nothing comes any more: where it stands at last is kept as well."""
        self._keep()
        if not self._is_empty and self.values[-1] != self._newest[0]:
            self._put(self._newest)
        self._is_empty = True


class SessionFollower:
    """Told of each event and, behind its turn, of each tick; hands over each day when another begins, or the source ends."""

    def __init__(self, mode: str, source: CleanText, tell: Callable[[ReportedDay], None]) -> None:
        self._ledger = PositionLedger(mode)
        self._source = source
        self._tell = tell
        self._decided: dict[int, Decided] = {}
        self._began_ms = _NO_DAY_MS
        self._cash = Decimal(0)
        self._zone = ""
        self._ended: list[OpenResult] = []  # of this day, in the order of their last exits
        self._just_ended: dict[int, OpenResult] = {}  # within the tick at hand: its price is theirs as well
        self._behind: list[tuple[int, int, OpenResult]] = []  # until when, instrument, what ended
        self._exits: list[tuple[int, Decimal]] = []
        self._paths: dict[int, tuple[array[int], array[int]]] = {}
        self._marked = _Marked()
        self._moved = False  # whether an exit has changed the account since it was marked
        self._ticks = 0

    def note(self, trader: Trader, event: AnyEvent) -> None:
        """Take an event, the trader standing where it came about."""
        match event:
            case Submit(order=order):
                self._go_on(trader, order.at_ms)
                self._decided[order.number] = Decided(trader.state.instrument_states[order.instrument].last_price)
            case PlaceOrder():
                orders = trader.state.orders
                at_ms = orders.now_ms if orders.kind == "real" else 0
                self._go_on(trader, at_ms)
                self._decided[event.order] = Decided(event.decided, at_ms)
            case FillBooked():
                self._filled(trader, event)
            case TradeClosed(trade=trade):
                self._closed(trader, event, trade.instrument)
            case DayStarted():
                self._day(trader, event)

    def _filled(self, trader: Trader, event: FillBooked) -> None:
        self._go_on(trader, event.fill.at_ms)
        index = event.fill.instrument
        decided = self._decided.pop(event.fill.order, UNKNOWN)
        inst = trader.state.instrument_states[index]
        opened = self._ledger.filled(event, inst.instrument, decided)
        if opened is not None and opened.low is None:
            opened.low = opened.high = decided.price or inst.last_price

    def _closed(self, trader: Trader, event: TradeClosed, index: int) -> None:
        trade = event.trade
        held = self._ledger.closed(trade, trader.state.instrument_states[index].instrument)
        self._exits.append((trade.exit_ms, trade.net_pnl))
        self._moved = True
        if index not in self._ledger.held:
            self._ended.append(held)
            self._just_ended[index] = held

    def _day(self, trader: Trader, event: DayStarted) -> None:
        self._hand_over(trader)
        self._ledger.begin_day(event.date)
        self._began_ms, self._zone = event.at_ms, event.zone or str(trader.hours.zone)
        self._cash = trader.state.portfolio.cash
        self._marked.take(event.at_ms, self._worth(trader))

    def _go_on(self, trader: Trader, at_ms: int) -> None:
        """Begin the day where it is told by nobody: an earlier run, or an earlier recording, has begun it."""
        if not self._began_ms:
            self._ledger.begin_day(trader.state.today.isoformat())
            self._began_ms, self._zone, self._cash = at_ms, str(trader.hours.zone), trader.state.portfolio.cash
            self._marked.take(at_ms, self._worth(trader))

    def look(self, trader: Trader, tick: Tick) -> None:
        """Take a tick whose turn is over."""
        index, price, at_ms = tick.instrument, tick.price, tick.exch_ms
        inst = trader.state.instrument_states[index]
        if inst.last_tick is not tick:  # refused
            return
        self._ticks += 1
        if inst.session.start_ms <= at_ms <= inst.session.end_ms:
            self._go_on(trader, at_ms)
            if index not in self._paths:
                self._paths[index] = (array("q"), array("q"))
            times, prices = self._paths[index]
            times.append(at_ms)
            prices.append(price)
        held = self._ledger.held
        if held or self._just_ended or self._behind:
            self._follow(trader, index, price, at_ms)
        if held or self._moved:
            self._moved = False
            self._marked.take(at_ms, self._worth(trader))

    def _follow(self, trader: Trader, index: int, price: int, at_ms: int) -> None:
        if (opened := self._ledger.held.get(index)) is not None:
            _reach(opened, price)
            position = trader.state.portfolio.positions[index]
            if position is not None:
                stop = position.protected_at
                if not opened.stops or opened.stops[-1][1] != stop:
                    opened.stops.append((at_ms, stop))
        ended = self._just_ended.pop(index, None)
        if ended is not None:
            if ended.exits[-1].at_ms == at_ms:  # else it ended between two ticks, and this one is behind it
                _reach(ended, price)
            self._behind.append((ended.exits[-1].at_ms + _AFTER_MS, index, ended))
        for until_ms, number, result in self._behind:
            if number == index and at_ms <= until_ms and result is not ended and result.low is not None:
                result.high_after = price if result.high_after is None else max(result.high_after, price)
        self._behind = [each for each in self._behind if each[0] >= at_ms]

    @staticmethod
    def _worth(trader: Trader) -> float:
        """Cash, and what is held at its last prices."""
        state = trader.state
        worth = float(state.portfolio.cash)
        for inst, position in state.held():
            scale = inst.instrument.price_scale * inst.instrument.quantity_scale
            worth += position.quantity * inst.last_price / scale
        return worth

    def end(self, trader: Trader) -> None:
        """The source is over: what is still held is told with its last day."""
        self._hand_over(trader, last=True)

    def _hand_over(self, trader: Trader, *, last: bool = False) -> None:
        """Tell the day that is over, where one has begun, and begin anew."""
        self._marked.end()
        ledger = self._ledger
        if self._began_ms:
            done = [*self._ended, *(ledger.held.values() if last else ())]
            self._tell(self._as_day(trader, tuple(each.done() for each in done), last=last))
        self._ended, self._just_ended, self._behind, self._exits = [], {}, [], []
        self._paths, self._marked, self._ticks = {}, _Marked(), 0

    def _as_day(self, trader: Trader, positions: tuple[PositionResult, ...], *, last: bool) -> ReportedDay:
        state = trader.state
        paths = tuple(
            PricePath(state.instrument_states[index].instrument, *path) for index, path in self._paths.items()
        )
        return ReportedDay(
            mode=self._ledger.mode,
            date=self._ledger.date,
            zone=self._zone,
            source=self._source,
            began_ms=self._began_ms,
            cash=self._cash,
            net=self._ledger.net,
            costs_by_kind=dict(self._ledger.paid),
            positions=positions,
            exits=tuple(self._exits),
            ticks=self._ticks,
            paths=paths,
            equity_ms=self._marked.at_ms,
            equity=self._marked.values,
            fall=self._marked.falls.largest,
            refused={"green ticks": trader.findings.waited()} | state.reach.objections if last else {},
            cash_after=state.portfolio.cash,
            fingerprint=fingerprint_of(self._ledger.date, paths, positions),
        )


def _reach(result: OpenResult, price: int) -> None:
    """Take a price that it has seen; of one whose entry nobody has seen, how far it went is not known."""
    if result.low is not None and result.high is not None:
        result.low, result.high = min(result.low, price), max(result.high, price)


def fingerprint_of(date: str, paths: tuple[PricePath, ...], positions: tuple[PositionResult, ...]) -> str:
    """What tells a day from every other: its prices as they came, and what was traded."""
    digest = sha256(date.encode())
    for path in paths:
        digest.update(path.instrument.symbol.encode())
        digest.update(path.at_ms.tobytes())
        digest.update(path.prices.tobytes())
    for each in positions:
        sold = [(exit_.at_ms, exit_.price, exit_.quantity, exit_.reason) for exit_ in each.exits]
        digest.update(repr((each.instrument.symbol, each.entry_ms, each.entry_price, each.quantity, sold)).encode())
    return digest.hexdigest()
