"""The trader: one event in, effects out. Touches nothing but trading state; whoever holds the turn calls it.

`on_tick` is the hot path: admit → session → exits → indicators → signal → limits → size → order.
"""

from collections.abc import Callable, Sequence
from typing import assert_never

from engine.config import Config
from engine.model.broker_events import BrokerEvent
from engine.model.commands import (
    AllowEntries,
    Arm,
    BarEntries,
    ClosePosition,
    Disarm,
    Flat,
    HoldEntries,
    Lock,
    MoveStop,
    PauseEntries,
    ResumeEntries,
    TraderCommand,
    Unlock,
    WithdrawEntry,
)
from engine.model.events import AnyEvent
from engine.model.order_reports import OrderAnswer
from engine.model.state import Plain
from engine.model.types import Instrument, Tick
from engine.trading.agenda import Agenda
from engine.trading.data_quality import DataQualityMonitor
from engine.trading.entries import EntryHandler
from engine.trading.fills import FillHandler
from engine.trading.findings import Findings
from engine.trading.flatten import Flattener
from engine.trading.instrument_state import InstrumentState
from engine.trading.operator_actions import OperatorActions
from engine.trading.positions import SESSION_END, Position
from engine.trading.session import NO_DAY, SessionDay, TradingHours
from engine.trading.tick_filter import HELD
from engine.trading.trading_state import TradingState

NOTHING: Sequence[AnyEvent] = ()


class Trader:
    """Turns ticks, broker events, commands and beats into effects."""

    __slots__ = (
        "_data_quality",
        "_enter",
        "_fills",
        "_flattener",
        "_holds_jumps",
        "_instruments",
        "_limits_loss",
        "_max_gap_ms",
        "_operator",
        "_outside",
        "_positions",
        "agenda",
        "findings",
        "hours",
        "moved",
        "state",
    )

    def __init__(
        self,
        config: Config,
        instruments: tuple[Instrument, ...],
        tag_prefix: str,
        hours_of: Callable[[str], TradingHours] | None = None,
    ) -> None:
        """`hours_of` gives the hours of each market by its name (None: all keep those of [session], on every day)."""
        self.state = TradingState(config, instruments, tag_prefix, hours_of)
        self.hours = self.state.hours
        self._outside = self.state.reach.outside
        self._data_quality = DataQualityMonitor(self.state, config.risk)
        warn_ms = int(config.feed.stale_s * 1000)
        self.agenda = Agenda(self.state, config.operator, warn_ms, self._flatten_silent)
        self._flattener = self._make_flattener(config)
        self._operator = OperatorActions(self.state)
        self._fills = FillHandler(
            self.state, self.state.paper_orders, self._flattener, self._judge_entry, self.agenda.opened
        )
        self._enter = EntryHandler(self.state, config.risk, self._data_quality).follow
        self._instruments = self.state.instrument_states
        self._positions = self.state.portfolio.positions
        self._max_gap_ms = config.risk.max_tick_gap_ms
        self._limits_loss = config.risk.max_daily_loss > 0
        self._holds_jumps = config.risk.jump_percent > 0
        self.findings = Findings(config, self.state)
        self.moved = False  # whether the last beat changed anything

    def _make_flattener(self, config: Config) -> Flattener:
        return Flattener(self.state, config.risk, self.agenda.flat_began)

    # ── The hot path ────────────────────────────────────────────────────────────────────────────────────────────

    def on_tick(self, tick: Tick) -> Sequence[AnyEvent]:
        """Take the next tick of any listed instrument; never raises, whatever its other values."""
        inst = self._instruments[tick.instrument]
        refusal = inst.tick_filter.admit(tick, inst.last_price)
        if self._holds_jumps and (confirmed := inst.tick_filter.take_released()) is not None:
            self._work(inst, confirmed)
        if refusal:
            self._data_quality.on_refused(inst, tick, refusal)
            if refusal is HELD and self.agenda.by_ticks and (until_ms := inst.tick_filter.believed_ms) is not None:
                self.agenda.price_waits(until_ms)
        else:
            self._work(inst, tick)
        return self.state.take_effects() if self.state.effects else NOTHING

    def _work(self, inst: InstrumentState, tick: Tick) -> None:  # noqa: C901, PLR0912 - one function is what makes it fast
        now_ms = tick.exch_ms
        price = tick.price
        inst.last_price = price
        before = inst.last_tick
        inst.last_tick = tick
        day = inst.session
        if not day.start_ms <= now_ms <= day.end_ms:
            inst.leave_session(before)
            day = inst.session = inst.hours.day_of(now_ms)
            if not day.start_ms <= now_ms <= day.end_ms:
                outside = self._outside
                if not outside.count:
                    outside.first = tick
                outside.count += 1
                outside.last = tick
                if self._positions[inst.index] is not None:
                    self._behind_the_end(inst, day, price, now_ms)
                return
        position = self._positions[inst.index]
        # `is`: the same SessionDay gives the same date object; another one is looked at closely in `_on_day`.
        if inst.day is not day.date and not self._on_day(inst, day, tick):
            return
        gap_ms = now_ms - inst.last_ms
        if gap_ms > self._max_gap_ms:
            inst.gaps += 1
            if position is not None or not inst.silences.counts(gap_ms, now_ms):
                self._data_quality.on_silence(inst, gap_ms, now_ms, held=position is not None)
        if (inst.tick_filter.missing and tick.exch_seq) or inst.halt_shown:
            self._data_quality.on_odd(inst, tick)
        inst.last_ms = now_ms
        median_ms = inst.median_gap_ms
        inst.median_gap_ms = median_ms + 1 if gap_ms > median_ms else median_ms - 1
        if now_ms >= inst.sample_at_ms:
            inst.sample(tick, before, position)
            self._data_quality.on_sample(inst, now_ms)
        elif price > inst.high:
            inst.high = price
        elif price < inst.low:
            inst.low = price
        quantity = tick.quantity
        inst.traded += quantity
        if position is not None:
            if price > position.highest:
                position.follow(price)
            if (
                price <= position.floor
                or price >= position.ceiling
                or now_ms >= position.deadline_ms
                or now_ms >= day.exit_from_ms
            ):
                self._exit(inst, position, price, now_ms, day)
        if self._limits_loss:
            self._flattener.judge_daily_loss(now_ms)
        try:
            # A tick that found a position open enters nothing: an exit and an entry never share a tick.
            if inst.strategy.on_tick(price, quantity) and position is None:
                self._enter(inst, price, now_ms, day)
        except Exception as error:  # noqa: BLE001 - a broken strategy must not stop the exits
            self._data_quality.on_fault("strategy", error, tick)

    def _behind_the_end(self, inst: InstrumentState, day: SessionDay, price: int, now_ms: int) -> None:
        """A price behind the end is better than tomorrow's for what is still held of this day."""
        position = self._positions[inst.index]
        if position is not None and day.daily and now_ms > day.end_ms >= position.entry_ms >= day.day_from_ms:
            self.state.close(inst, position, price, now_ms, SESSION_END)

    def _exit(self, inst: InstrumentState, position: Position, price: int, now_ms: int, day: SessionDay) -> None:
        """Order every exit that is due at `price`."""
        if now_ms >= day.exit_from_ms:
            self.state.close(inst, position, price, now_ms, SESSION_END)
            return
        for due in position.exits(price, now_ms):
            self.state.sell(inst, position, due.quantity, price, now_ms, due.reason, due.target)

    def _on_day(self, inst: InstrumentState, day: SessionDay, tick: Tick) -> bool:
        """Begin a session day where it is a new one; False when the tick belongs to a day that is over."""
        state, price, now_ms = self.state, tick.price, tick.exch_ms
        if day.date < state.today and (len(state.markets) == 1 or self._is_over(inst, day)):
            self._on_past_day(inst, day, tick)
            return False
        self.agenda.day_heard()
        if day.date == inst.day:
            inst.day = day.date
            return True
        if day.date > state.today:
            state.begin_day(day, now_ms)
            self.agenda.day_began()
        left_over = state.position(inst)
        if left_over is not None and day.daily:
            state.close(inst, left_over, price, now_ms, SESSION_END)
        self._data_quality.tell_counted(inst, now_ms)
        inst.start_day(day, price, now_ms)
        return True

    def _on_past_day(self, inst: InstrumentState, day: SessionDay, tick: Tick) -> None:
        """Leave a tick of a day that is over out; what was held by then is judged at its price all the same."""
        inst.tick_filter.drop("past_day", tick)
        self._data_quality.on_refused(inst, tick, "past_day")
        position = self.state.position(inst)
        if position is not None and position.entry_ms <= tick.exch_ms:
            inst.last_ms = tick.exch_ms
            self._exit(inst, position, tick.price, tick.exch_ms, day)

    def _is_over(self, inst: InstrumentState, day: SessionDay) -> bool:
        """Whether the market of `inst` has begun a later day; another market's date may have turned before."""
        return any(each.day > day.date for each in self._instruments if each.hours is inst.hours)

    # ── Everything that is not a tick ───────────────────────────────────────────────────────────────────────────

    def on_event(self, event: BrokerEvent | OrderAnswer, now_ms: int) -> Sequence[AnyEvent]:
        """Take what the broker says; a simulated one says nothing of orders that live longer than a call."""
        if isinstance(event, BrokerEvent):
            self._fills.take(event, now_ms)
        return self.state.take_effects()

    def _judge_entry(self, inst: InstrumentState, position: Position, price: int, at_ms: int) -> None:
        """Put an entry that was just filled through the exits, at the price it was decided at."""
        day = inst.hours.day_of(at_ms) if inst.session is NO_DAY else inst.session
        self._exit(inst, position, price, at_ms, day)
        if self._limits_loss:
            self._flattener.judge_daily_loss(at_ms)

    def on_command(
        self, command: TraderCommand, now_ms: int, closed_until_ms: int = 0, market_ms: int = 0
    ) -> Sequence[AnyEvent]:
        """Carry out an operator's command; `closed_until_ms` and `market_ms` as in `on_beat`."""
        gate = self.state.gate
        match command:
            case PauseEntries():
                gate.paused = True
                self.state.entries("paused", "operator", now_ms)
            case ResumeEntries():
                gate.paused = False
                self.state.entries("resumed", gate.objection(), now_ms)
            case Lock():
                gate.locked = command.reason or "operator"
                self.state.entries("locked", gate.locked, now_ms)
            case HoldEntries():
                told = command.reason or gate.held
                gate.held = command.reason
                self.state.entries("held" if command.reason else "released", told, now_ms)
            case Flat():
                at_ms = market_ms or now_ms
                self._flattener.begin(command.reason, "Flat", at_ms, closed_until_ms, anyway=command.anyway)
            case Arm() | Disarm():
                self._flattener.arm(now_ms, armed=isinstance(command, Arm))
            case Unlock():
                self._flattener.unlock(now_ms)
            case ClosePosition() | MoveStop() | BarEntries() | AllowEntries():
                self._operator.carry_out(command, market_ms or now_ms, closed_until_ms)
            case WithdrawEntry():
                self._operator.withdraw(command, now_ms)
            case _:
                assert_never(command)
        return self.state.take_effects()

    def is_wild(self, tick: Tick) -> bool:
        """Whether the tick's own time is far ahead of all others, so that nobody's clock follows it."""
        return self._instruments[tick.instrument].tick_filter.is_wild(tick)

    def on_fault(self, error: Exception, tick: Tick) -> Sequence[AnyEvent]:
        """Take note that working `tick` raised: entries halt, exits go on with the next tick."""
        self._data_quality.on_fault("trader", error, tick)
        return self.state.take_effects()

    def on_beat(
        self, now_ms: int, market_ms: int = 0, closed_until_ms: int = 0, *, due: bool = False
    ) -> Sequence[AnyEvent]:
        """Go on with what needs no tick: a running flat, a held tick whose second is over, what is due by the clock.

        `moved` tells whether anything did. `now_ms` is our time, `market_ms` the market's where that is another one: by it
        everything is judged but how long ago a tick was received. `closed_until_ms` is when a market opens again that is
        proven to be closed. `due`: see to what is due in any case.
        """
        market_ms = market_ms or now_ms
        self.moved = self._flattener.push(market_ms, ask=True, closed_until_ms=closed_until_ms)
        if due or self.agenda.is_due(market_ms):
            self.moved |= self.agenda.look(market_ms)
        # Where ticks move the clock a beat of ours falls between any two of them, as the pace has it.
        if self._holds_jumps and (due or not self.agenda.by_ticks):
            for inst in self._instruments:
                waited = inst.tick_filter.take_waited(now_ms)
                if waited is not None:
                    self.moved = True
                    self._work(inst, waited)
        return self.state.take_effects()

    def on_end(self, now_ms: int) -> Sequence[AnyEvent]:
        """Tell at the end of a run what was only counted so far; changes nothing that decides."""
        for inst in self._instruments:
            self._data_quality.tell_counted(inst, now_ms)
        return self.state.take_effects()

    def hours_changed(self) -> None:
        """The calendar of a market is another one: every day is looked up anew."""
        for inst in self._instruments:
            inst.session = NO_DAY
        self.agenda.forget()

    def load(self, fields: dict[str, Plain]) -> None:
        """Take the deciding state back from what `dump` wrote."""
        self.state.load(fields)
        self.agenda.forget()
        self._flattener.forget()

    def _flatten_silent(self, inst: InstrumentState, silent_ms: int, now_ms: int) -> None:
        """Follow the policy against silence of what is held."""
        flat = self.state.flat
        if not flat.running and flat.state != "FLAT":
            reason = f"no tick of {inst.instrument.symbol} for {silent_ms // 1000} s"
            self._flattener.begin(reason, "Flat", now_ms, 0, anyway=False)
