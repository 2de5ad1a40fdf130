"""Notices what is odd about ticks: refusals, silences, missing numbers, a raising strategy. Halts entries, never exits."""

from typing import Final

from engine.config import RiskConfig
from engine.desk import Desk
from engine.facts import EntryRefused, GapsCounted, RefusalsCounted, SequenceGap, TickGap, TickRefused, TraderFault
from engine.redaction import redact
from engine.trading_state import TradingState
from engine.types import Tick

BAD_TICKS: Final = "too many bad ticks in a row"


class Watch:
    """Turns oddities into effects and halts; none of it is on the path of a good tick."""

    def __init__(self, state: TradingState, risk: RiskConfig) -> None:
        self._state = state
        self._positions = state.book.positions
        self._max_gap_ms = risk.max_tick_gap_ms
        self._max_sequence_gaps = risk.missed_ticks_before_stop
        self._last_error = ""

    def on_refused(self, desk: Desk, tick: Tick, reason: str) -> None:
        """Tell the first tick refused for each reason; halt entries after too many in a row."""
        door = desk.admission
        if door.refused.get(reason) == 1:
            self._state.first_refused.setdefault(reason, tick.seq)
            self._state.effects.append(TickRefused(desk.index, reason, tick.seq, tick.exch_ms))
        if door.halted and not desk.halt_shown:
            desk.halt_shown = True
            self._state.entries("halted", BAD_TICKS, tick.exch_ms)

    def on_odd(self, desk: Desk, tick: Tick) -> None:
        """Tell a silence in session, a jump of the exchange's numbering, and the end of a run of bad ticks."""
        now_ms = tick.exch_ms
        gap_ms = now_ms - desk.last_ms
        if gap_ms > self._max_gap_ms:
            desk.gaps += 1
            held = self._positions[desk.index] is not None
            if held or not desk.silences.counts(gap_ms, now_ms):
                self._on_silence(desk, gap_ms, now_ms, held=held)
        door = desk.admission
        if tick.exch_seq and door.missing:
            self._state.effects.append(SequenceGap(desk.index, door.missing, now_ms))
            if door.sequence_gaps >= self._max_sequence_gaps:
                self._state.halt(f"{door.sequence_gaps} gaps in the exchange's sequence", now_ms)
        if desk.halt_shown and not door.halted:
            desk.halt_shown = False
            self._state.entries("recovered", BAD_TICKS, now_ms)

    def _on_silence(self, desk: Desk, gap_ms: int, now_ms: int, *, held: bool) -> None:
        """Tell a silence that is news; an instrument that is rarely traded is silent with every tick."""
        if desk.silences.over(now_ms - gap_ms):
            self.tell_silences(desk, now_ms)
        untold = desk.silences.note(gap_ms, now_ms, held=held)
        if untold is not None:
            self._state.effects.append(TickGap(desk.index, gap_ms, now_ms, held, untold))

    def on_sample(self, desk: Desk, now_ms: int) -> None:
        """Tell of a stretch of silences that is over; asked every few seconds."""
        if desk.silences.over(now_ms):
            self.tell_silences(desk, now_ms)

    def tell_silences(self, desk: Desk, now_ms: int) -> None:
        """End the stretch of silences, and tell how many of them were only counted."""
        silences = desk.silences
        if silences.untold:
            counted = GapsCounted(desk.index, silences.untold, silences.longest_ms, silences.since_ms, now_ms)
            self._state.effects.append(counted)
        silences.clear()

    def on_objection(self, desk: Desk, objection: str, now_ms: int) -> None:
        """Tell that a signal is not followed for another reason than before, unless reasons come and go."""
        desk.objection = objection
        untold = desk.refusals.note(objection, now_ms)
        if untold is not None:
            self._state.effects.append(EntryRefused(desk.index, objection, now_ms, untold))

    def tell_counted(self, desk: Desk, now_ms: int) -> None:
        """Tell what was only counted so far: at the end of a day or a run."""
        self.tell_silences(desk, now_ms)
        if desk.refusals.untold:
            self._state.effects.append(RefusalsCounted(desk.index, desk.refusals.untold, now_ms))
        desk.refusals.clear()

    def on_fault(self, where: str, error: Exception, tick: Tick) -> None:
        """Count an exception and halt entries; told once per kind of error (and the second of them), with its tick."""
        self._state.faults += 1
        text = redact(f"{type(error).__name__}: {error}")
        if text != self._last_error or self._state.faults == 2:
            self._last_error = text
            self._state.effects.append(TraderFault(where, text, tick.seq, tick.exch_ms))
        self._state.halt(f"{where} raised {type(error).__name__}", tick.exch_ms)
