"""What is due at a time, tick or no tick: the session's end, the times of a position, the silence of what is held, the new day.

Judged by whoever keeps the run's clock: on beats where ticks are live, between two ticks where a recording's clock is
virtual. Goes by the last known prices; a tick that came in time has done the same before, at its own.
"""

from collections.abc import Callable
from typing import Final

from engine.config import OperatorConfig
from engine.model.events import SILENT_MS, HeldOver, HeldSilent
from engine.trading.held_watch import HeldWatch
from engine.trading.instrument_state import InstrumentState
from engine.trading.positions import SESSION_END, Exit, Position
from engine.trading.session import NEVER_MS, SessionDay
from engine.trading.trading_state import TradingState

NEWS_MS: Final = 3_000  # a price that is older is none any more
FLAT_STEP_MS: Final = 100  # a running flat goes on after, where no beats come by themselves
BACK_MS: Final = 60_000  # a clock that goes back by so much was wrong
OPENING_MS: Final = 60_000  # so long behind it a beat still counts as one at the opening
AGAIN_MS: Final = 60_000  # after which it is told again, and an exit that came to nothing is tried again


class Agenda:
    """Does what is due; nothing is before `due_ms` (UTC ms). `by_tick_ms` is the same where ticks move the clock, else never.

    `flatten` begins a flat, for the policy against silence (instrument, silent ms, now ms).
    """

    __slots__ = (
        "_believed_ms",
        "_first_limit_ms",
        "_flat_after_ms",
        "_flatten",
        "_looked_ms",
        "_new_day_ms",
        "_state",
        "_warn_ms",
        "_watches",
        "by_tick_ms",
        "by_ticks",
        "due_ms",
    )

    def __init__(
        self,
        state: TradingState,
        operator: OperatorConfig,
        warn_ms: int,
        flatten: Callable[[InstrumentState, int, int], None],
    ) -> None:
        self._state = state
        self._flatten = flatten
        self._warn_ms = min(warn_ms, SILENT_MS)
        self._flat_after_ms = operator.silence_flat_s * 1000 if operator.on_silence == "flat" else NEVER_MS
        self._watches: dict[int, HeldWatch] = {}
        self._new_day_ms = self._looked_ms = 0
        self._believed_ms = 0  # when the first price that waits to be confirmed waits no more; 0: not known
        self.due_ms = 0
        self.by_ticks = False
        self.by_tick_ms = NEVER_MS
        self._first_limit_ms = min(self._next_limit(0), self._flat_after_ms)

    def keep_time(self, *, by_ticks: bool) -> None:
        """Say who moves the clock from now on: the ticks of a recording, or beats (a live run's, or recorded ones)."""
        self.by_ticks = by_ticks
        self._first_limit_ms = min(self._next_limit(0), self._flat_after_ms)
        self._believed_ms = 0
        self._set(0 if by_ticks else self.due_ms)

    def forget(self) -> None:
        """The state, or the days that it goes by, are others: look anew."""
        self._watches.clear()
        self._looked_ms = self._believed_ms = 0
        self.day_began()

    def day_began(self) -> None:
        """Another day is the present one: find out when the next begins."""
        self._new_day_ms = 0
        self._set(0)

    def day_heard(self) -> None:
        """A tick of the present day was heard: from now on the clock may begin the next."""
        if self._new_day_ms == NEVER_MS:
            self.day_began()

    def is_due(self, now_ms: int) -> bool:
        """Whether a beat at `now_ms` is to look.

        A clock that went back was wrong, and so is what was found due by it: that is looked at anew, and after a jump that
        is more than a jitter of the line nothing of it is kept.
        """
        if self.by_ticks:
            return False
        if now_ms <= self._looked_ms - BACK_MS:
            self.forget()
        elif now_ms < self._looked_ms:
            self._set(0)
        return now_ms >= self.due_ms

    def opened(self, inst: InstrumentState, position: Position) -> None:
        """Watch a position that was bought just now."""
        watch = HeldWatch(position, inst.hours.day_of(position.entry_ms), position.entry_ms)
        watch.alarm_ms = position.entry_ms + self._first_limit_ms
        self._watches[inst.index] = watch
        self._set(min(self.due_ms, watch.next_ms()))

    def price_waits(self, until_ms: int) -> None:
        """A price waits for its confirmation: where ticks move the clock it is believed between them, at `until_ms`."""
        self._believed_ms = min(self._believed_ms, until_ms)
        self._set(min(self.due_ms, until_ms))

    def flat_began(self) -> None:
        """A flat begins: where ticks move the clock it goes on between them, as it does on beats."""
        self._set(0)

    def settles(self, before_ms: int) -> bool:
        """Whether nothing is due before `before_ms` after all: what seemed so was a silence that ticks have ended since.

        A replay, whose clock is moved by ticks, asks this every half minute of what is held; so it is written for speed.
        """
        if self._state.flat.hastens:
            return False
        positions, states = self._state.portfolio.positions, self._state.instrument_states
        due_ms = min(self._new_day_ms, self._believed_ms)
        for index, watch in self._watches.items():
            if positions[index] is not watch.position:
                continue  # it is gone; another one would have a watch of its own
            alarm_ms = watch.alarm_ms
            if alarm_ms < before_ms and not watch.told_ms and (heard_ms := states[index].heard_ms):
                heard_ms += self._first_limit_ms
                if heard_ms > alarm_ms:
                    alarm_ms = watch.alarm_ms = heard_ms
            if alarm_ms < due_ms:
                due_ms = alarm_ms
            if watch.close_ms < due_ms:
                due_ms = watch.close_ms
            if watch.over_ms < due_ms:
                due_ms = watch.over_ms
            for at_ms in watch.times_ms:
                if at_ms < due_ms:
                    due_ms = at_ms
        self.due_ms = self.by_tick_ms = due_ms
        return due_ms >= before_ms

    def look(self, now_ms: int) -> bool:
        """Do all that is due at `now_ms`; whether anything was.

        To take a watch over is something: its silence may count from this very moment, which has to be recorded.
        """
        self._looked_ms = now_ms
        did = self._look_at_day(now_ms)
        watches: dict[int, HeldWatch] = {}
        for inst, position in tuple(self._state.held()):
            watch = self._watches.get(inst.index)
            if watch is None or watch.position is not position:
                watch = self._taken_over(inst, position, now_ms)
                did = True
            watches[inst.index] = watch
            did |= self._look_at(inst, watch, now_ms)
        self._watches = watches
        due_ms = min((watch.next_ms() for watch in watches.values()), default=NEVER_MS)
        if self.by_ticks:
            if self._state.flat.hastens:
                due_ms = min(due_ms, now_ms + FLAT_STEP_MS)
            if self._believed_ms != NEVER_MS:
                self._believed_ms = self._next_belief_ms()
            due_ms = min(due_ms, self._believed_ms)
        self._set(max(min(due_ms, self._new_day_ms), now_ms + 1))
        return did

    def _next_belief_ms(self) -> int:
        waits = (inst.tick_filter.believed_ms for inst in self._state.instrument_states)
        return min((at_ms for at_ms in waits if at_ms is not None), default=NEVER_MS)

    def _set(self, due_ms: int) -> None:
        self.due_ms = due_ms
        self.by_tick_ms = due_ms if self.by_ticks else NEVER_MS

    def _taken_over(self, inst: InstrumentState, position: Position, now_ms: int) -> HeldWatch:
        """Watch a position that was not bought under these eyes.

        One whose session is over is not sold at a price of then: that is told, and the next tick closes it. Going back in
        a replay is no silence: there it is known when its newest tick was.
        """
        watch = HeldWatch(position, inst.hours.day_of(position.entry_ms), inst.heard_ms or now_ms)
        watch.judged_ms = now_ms
        if now_ms > watch.over_ms:
            watch.close_ms, watch.times_ms = NEVER_MS, ()
        return watch

    # ── One position ────────────────────────────────────────────────────────────────────────────────────────────

    def _look_at(self, inst: InstrumentState, watch: HeldWatch, now_ms: int) -> bool:
        told = len(self._state.effects)
        times_ms = [each for each in watch.times_ms if each <= now_ms]
        if times_ms:
            self._judge_times(inst, watch, times_ms, now_ms)
        if now_ms >= watch.close_ms:
            self._close(inst, watch.position, SESSION_END, now_ms)
            again_ms = now_ms + AGAIN_MS
            watch.close_ms = again_ms if again_ms < watch.over_ms else NEVER_MS
            watch.over_ms = max(watch.over_ms, now_ms + NEWS_MS)  # its fill may be on the way
        if now_ms >= watch.over_ms:
            watch.times_ms = ()
            watch.due_by(_session_after(inst, now_ms))
            self._state.effects.append(HeldOver(inst.index, watch.position.quantity, now_ms))
        if now_ms >= watch.alarm_ms:
            self._judge_silence(inst, watch, now_ms)
        return len(self._state.effects) > told

    def _judge_times(self, inst: InstrumentState, watch: HeldWatch, times_ms: list[int], now_ms: int) -> None:
        """Judge the position at its last price, as it is at each of `times_ms`; once its time is up again and again.

        A price of later is not judged by a moment before it.
        """
        position = watch.position
        priced_ms = max(watch.judged_ms, inst.heard_ms)
        for at_ms in times_ms if inst.last_price else ():
            for due in position.exits(inst.last_price, max(at_ms, priced_ms)):
                self._sell(inst, position, due, now_ms)
        later = [each for each in watch.times_ms if each > now_ms]
        if now_ms >= position.deadline_ms:
            later.append(now_ms + AGAIN_MS)
        watch.times_ms = tuple(later)

    def _close(self, inst: InstrumentState, position: Position, reason: str, now_ms: int) -> None:
        left = position.quantity - position.exiting
        if left > 0 and inst.last_price:
            self._sell(inst, position, Exit(left, reason), now_ms)

    def _sell(self, inst: InstrumentState, position: Position, due: Exit, now_ms: int) -> None:
        """Order an exit at the last known price; where that is no news any more it is BLIND, and told."""
        blind = not 0 <= inst.age_ms(now_ms) <= NEWS_MS
        if blind:
            self._state.tell_blind(inst, due.quantity, due.reason, now_ms)
        self._state.sell(inst, position, due.quantity, inst.last_price, now_ms, due.reason, due.target, blind=blind)

    # ── Silences ────────────────────────────────────────────────────────────────────────────────────────────────

    def _judge_silence(self, inst: InstrumentState, watch: HeldWatch, now_ms: int) -> None:
        """Tell how long what is held has had no tick, where that is news; follow the policy where there is one."""
        day = inst.hours.day_of(now_ms)
        if not day.start_ms <= now_ms <= day.end_ms:
            opens_ms = inst.hours.next_open_ms(now_ms)
            watch.alarm_ms = NEVER_MS if opens_ms is None else opens_ms
            return
        # A night in which nobody trades is no silence; where there is none, a date that turns ends none.
        heard_ms = max(inst.heard_ms or watch.heard_ms, day.start_ms if day.daily else 0)
        silent_ms = now_ms - heard_ms
        if heard_ms != watch.heard_ms:
            watch.heard_ms = heard_ms
            if silent_ms < self._warn_ms:  # a line on which every tick comes late is one silence
                watch.told_ms, watch.asked = 0, False
        if silent_ms >= self._next_limit(watch.told_ms):
            watch.told_ms = silent_ms
            severe = silent_ms >= SILENT_MS
            if severe or now_ms - watch.warned_ms >= AGAIN_MS:
                watch.warned_ms = now_ms
                self._state.effects.append(HeldSilent(inst.index, silent_ms, now_ms, severe))
        if silent_ms >= self._flat_after_ms and not watch.asked:
            watch.asked = True
            self._flatten(inst, silent_ms, now_ms)
        flat_after_ms = NEVER_MS if watch.asked else self._flat_after_ms
        watch.alarm_ms = heard_ms + min(self._next_limit(watch.told_ms), flat_after_ms)

    def _next_limit(self, told_ms: int) -> int:
        """How long a silence must last to be told, when `told_ms` of it was told.

        Where ticks move the clock the first tick behind a silence tells it anyhow: there it is told once.
        """
        if told_ms < self._warn_ms and not self.by_ticks:
            return self._warn_ms
        if told_ms < SILENT_MS:
            return SILENT_MS
        return NEVER_MS if self.by_ticks else SILENT_MS + ((told_ms - SILENT_MS) // AGAIN_MS + 1) * AGAIN_MS

    # ── The day ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _look_at_day(self, now_ms: int) -> bool:
        """Begin the day whose session begins now.

        A clock that no tick of this run has confirmed begins none, nor one that finds itself behind an opening without
        having passed through it: all ticks of a day that is over would be thrown away. The first of the new day begins it.
        """
        if now_ms < self._new_day_ms:
            return False
        state = self._state
        if not any(inst.heard_ms for inst in state.instrument_states):
            self._new_day_ms = NEVER_MS
            return False
        hours = state.hours
        day = hours.day_of(now_ms)
        begins = (
            day.date > state.today
            and not day.kept
            and day.start_ms <= now_ms <= min(day.end_ms, day.start_ms + OPENING_MS)
        )
        if begins:
            state.begin_day(day, now_ms)
        opens_ms = hours.next_open_ms(now_ms if now_ms < day.start_ms else day.day_until_ms)
        self._new_day_ms = NEVER_MS if opens_ms is None else opens_ms
        return begins


def _session_after(inst: InstrumentState, now_ms: int) -> SessionDay | None:
    """The session that is next to end behind `now_ms`; None where no calendar says."""
    opens_ms = inst.hours.next_open_ms(now_ms + 1)
    return None if opens_ms is None else inst.hours.day_of(opens_ms)
