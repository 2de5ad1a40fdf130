"""The heart: one event in, effects out. Touches nothing but trading state; whoever holds the turn calls it.

`on_tick` is the hot path: admit → session → exits → indicators → signal → limits → size → order.
"""

from collections.abc import Iterable, Sequence
from typing import assert_never

from engine.closing import Closing
from engine.config import Config
from engine.desk import Desk
from engine.facts import DayStarted, Fact, StateKept
from engine.messages import Arm, BrokerEvent, Disarm, Flat, Lock, PauseEntries, ResumeEntries, TraderCommand, Unlock
from engine.positions import SESSION_END, Costs, Position
from engine.risk import Sizing
from engine.session import NO_DAY, SessionDay, TradingHours
from engine.settling import Settling
from engine.state import Fields, Plain
from engine.trading_state import TradingState
from engine.types import FLAG_LATE, Instrument, Tick
from engine.watch import BAD_TICKS, Watch

NOTHING: Sequence[Fact] = ()


class Trader:
    """Turns ticks, broker events, commands and beats into effects."""

    def __init__(self, config: Config, instruments: tuple[Instrument, ...], tag_prefix: str) -> None:
        costs = Costs(config.risk)
        self.state = TradingState(config, instruments, costs, tag_prefix)
        self.hours = TradingHours(config.session)
        self._watch = Watch(self.state, config.risk)
        self._closing = Closing(self.state, config.risk)
        self._settling = Settling(self.state, self._closing, self._judge_entry)
        self._sizing = Sizing(config.risk, costs)
        self._desks = self.state.desks
        self._positions = self.state.book.positions
        self._max_gap_ms = config.risk.max_tick_gap_ms
        self._limits_loss = config.risk.max_daily_loss > 0
        self._holds_jumps = config.risk.jump_percent > 0
        self._day: SessionDay = NO_DAY
        self.moved = False  # whether the last beat changed anything

    # ── The hot path ────────────────────────────────────────────────────────────────────────────────────────────

    def on_tick(self, tick: Tick) -> Sequence[Fact]:
        """Take the next tick of any listed instrument; never raises, whatever its other values."""
        desk = self._desks[tick.instrument]
        refusal = desk.admission.admit(tick, desk.last_price)
        if self._holds_jumps and (confirmed := desk.admission.take_released()) is not None:
            self._work(desk, confirmed)
        if refusal:
            self._watch.on_refused(desk, tick, refusal)
        else:
            self._work(desk, tick)
        return self.state.take_effects() if self.state.effects else NOTHING

    def _work(self, desk: Desk, tick: Tick) -> None:
        now_ms = tick.exch_ms
        price = tick.price
        desk.last_price = price
        desk.last_tick = tick
        day = self._day
        if not day.day_from_ms <= now_ms < day.day_until_ms:
            day = self._day = self.hours.day_of(now_ms)
        if not day.start_ms <= now_ms <= day.end_ms:
            return
        position = self._positions[desk.index]
        # `is`: the same SessionDay gives the same date object; another one is looked at closely in `_on_day`.
        if desk.day is not day.date and not self._on_day(desk, day, price, now_ms):
            return
        gap_ms = now_ms - desk.last_ms
        if gap_ms > self._max_gap_ms or tick.exch_seq or desk.halt_shown:
            self._watch.on_odd(desk, tick)
        desk.last_ms = now_ms
        desk.median_gap_ms += 1 if gap_ms > desk.median_gap_ms else -1
        if now_ms >= desk.sample_at_ms:
            desk.sample(now_ms, price)
            self._watch.on_sample(desk, now_ms)
        if position is not None:
            if price > position.highest:
                position.follow(price)
            if (
                price <= position.floor
                or price >= position.ceiling
                or now_ms >= position.deadline_ms
                or now_ms >= day.exit_from_ms
            ):
                self._exit(desk, position, price, now_ms, day)
        if self._limits_loss:
            self._closing.judge_daily_loss(now_ms)
        try:
            # A tick that found a position open enters nothing: an exit and an entry never share a tick.
            if desk.strategy.on_tick(price, tick.quantity) and position is None:
                self._enter(desk, price, now_ms, day)
        except Exception as error:  # noqa: BLE001 - a broken strategy must not stop the exits
            self._watch.on_fault("strategy", error, tick)

    def _exit(self, desk: Desk, position: Position, price: int, now_ms: int, day: SessionDay) -> None:
        """Order every exit that is due at `price`."""
        if now_ms >= day.exit_from_ms:
            self.state.close(desk, position, price, now_ms, SESSION_END)
            return
        for due in position.exits(price, now_ms):
            self.state.sell(desk, position, due.quantity, price, now_ms, due.reason, due.target)

    def _enter(self, desk: Desk, price: int, now_ms: int, day: SessionDay) -> None:
        """Follow the signal, or say why not."""
        objection = self._objection(desk, now_ms, day) or desk.strategy.objection(price)
        if not objection:
            limit = price + desk.levels.slippage
            quantity = self._sizing.quantity(self.state.book.cash, limit, desk.instrument)
            if quantity:
                desk.objection = ""
                desk.refusals.entered()
                self.state.buy(desk, quantity, limit, now_ms)
                return
            objection = "cash for not one lot"
        if objection != desk.objection:
            self._watch.on_objection(desk, objection, now_ms)

    def _objection(self, desk: Desk, now_ms: int, day: SessionDay) -> str:
        # Not `now_ms` alone: a tick that is late by less than `max_backwards_ms` must not open the day again.
        if not day.entry_from_ms <= now_ms < day.entry_until_ms or desk.admission.newest_ms >= day.exit_from_ms:
            return "outside the entry window"
        if desk.last_tick is not None and desk.last_tick.flags & FLAG_LATE:
            return "the price is late"
        if desk.admission.halted:
            return f"halted: {BAD_TICKS}"
        if self.state.orders.entry_open(desk.index):
            return "entry order unanswered"
        return self.state.gate.objection()

    def _on_day(self, desk: Desk, day: SessionDay, price: int, now_ms: int) -> bool:
        """Begin a session day where it is a new one; False when the tick belongs to a day that is over."""
        state = self.state
        if day.date < state.today:
            desk.admission.drop("past_day")
            return False
        if day.date == desk.day:
            desk.day = day.date
            return True
        if day.date > state.today:
            state.today = day.date
            state.gate.start_day()
            state.book.start_day()
            state.effects.append(DayStarted(day.date.isoformat(), now_ms))
        left_over = state.position(desk)
        if left_over is not None:
            state.close(desk, left_over, price, now_ms, SESSION_END)
        self._watch.tell_counted(desk, now_ms)
        desk.start_day(day.date, price, now_ms)
        return True

    # ── Everything that is not a tick ───────────────────────────────────────────────────────────────────────────

    def on_event(self, event: BrokerEvent, now_ms: int) -> Sequence[Fact]:
        """Take what the broker says."""
        self._settling.take(event, now_ms)
        return self.state.take_effects()

    def _judge_entry(self, desk: Desk, position: Position, price: int, at_ms: int) -> None:
        """Put an entry that was just filled through the exits, at the price it was decided at."""
        day = self.hours.day_of(at_ms) if self._day is NO_DAY else self._day
        self._exit(desk, position, price, at_ms, day)
        if self._limits_loss:
            self._closing.judge_daily_loss(at_ms)

    def on_command(self, command: TraderCommand, now_ms: int) -> Sequence[Fact]:
        """Carry out an operator's command."""
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
            case Flat():
                self._closing.begin(command.reason, "Flat", now_ms)
            case Arm() | Disarm():
                self._closing.arm(now_ms, armed=isinstance(command, Arm))
            case Unlock():
                self._closing.unlock(now_ms)
            case _:
                assert_never(command)
        return self.state.take_effects()

    def on_fault(self, error: Exception, tick: Tick) -> Sequence[Fact]:
        """Take note that working `tick` raised: entries halt, exits go on with the next tick."""
        self._watch.on_fault("trader", error, tick)
        return self.state.take_effects()

    def on_beat(self, now_ms: int) -> Sequence[Fact]:
        """Go on with what needs no tick: a running flat, a held tick whose second is over; `moved` tells whether it did."""
        self.moved = self.state.flat.running
        self._closing.push(now_ms, ask=True)
        if self._holds_jumps:
            for desk in self._desks:
                waited = desk.admission.take_waited(now_ms)
                if waited is not None:
                    self.moved = True
                    self._work(desk, waited)
        return self.state.take_effects()

    def on_end(self, now_ms: int) -> Sequence[Fact]:
        """Tell at the end of a run what was only counted so far; changes nothing that decides."""
        for desk in self._desks:
            self._watch.tell_counted(desk, now_ms)
        return self.state.take_effects()

    def dump(self, chosen: Iterable[int] | None = None) -> Fields:
        """The deciding state by name; of the instruments' own state that of the `chosen` ones only (None: all)."""
        return self.state.dump(chosen)

    def keep(self, at_ms: int) -> StateKept:
        """The account by name (locks, flat, orders, money, positions, session day), as `restore` of the next run takes it."""
        return self.state.keep(at_ms)

    def restore(self, kept: StateKept) -> tuple[str, ...]:
        """Take over the account of an earlier run, before the first event; lines for a person on what is otherwise now.

        Instruments are found by their symbols. Exits of what is held are judged from the first good tick on. Indicators
        and what belongs to them begin fresh: the warm-up counts again, a stop loss of before is forgotten. On the kept
        session day its counters go on; the first tick of a later one begins it as ever, and closes what is left over.

        Raises ValueError naming a symbol that is not listed any more, or what is wrong with `kept`.
        """
        return self.state.restore(kept)

    def load(self, fields: dict[str, Plain]) -> None:
        """Take the deciding state back from what `dump` wrote."""
        self.state.load(fields)
        self._day = NO_DAY
