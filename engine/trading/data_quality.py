"""Notices what is odd about ticks: refusals, silences, missing numbers, a raising strategy. Halts entries, never exits."""

from typing import Final

from engine.config import RiskConfig
from engine.model import events
from engine.model.types import Tick
from engine.text.redaction import redact
from engine.text.sanitize import clean
from engine.trading.instrument_state import InstrumentState
from engine.trading.trading_state import TradingState

BAD_TICKS: Final = "too many bad ticks in a row"


class DataQualityMonitor:
    """Turns oddities into effects and halts; none of it is on the path of a good tick."""

    def __init__(self, state: TradingState, risk: RiskConfig) -> None:
        self._state = state
        self._max_sequence_gaps = risk.missed_ticks_before_stop
        self._last_error = ""

    def on_refused(self, inst: InstrumentState, tick: Tick, reason: str) -> None:
        """Tell the first tick refused for each reason; halt entries after too many in a row."""
        tick_filter = inst.tick_filter
        if tick_filter.refused.get(reason) == 1:
            self._state.effects.append(events.TickRefused(inst.index, reason, tick.seq, tick.exch_ms))
        if tick_filter.halted and not inst.halt_shown:
            inst.halt_shown = True
            self._state.entries("halted", BAD_TICKS, tick.exch_ms)

    def on_odd(self, inst: InstrumentState, tick: Tick) -> None:
        """Tell a jump of the exchange's numbering, and the end of a run of bad ticks."""
        now_ms = tick.exch_ms
        tick_filter = inst.tick_filter
        if tick.exch_seq and tick_filter.missing:
            self._state.effects.append(events.SequenceGap(inst.index, tick_filter.missing, now_ms))
            if tick_filter.sequence_gaps >= self._max_sequence_gaps:
                self._state.halt(f"{tick_filter.sequence_gaps} gaps in the exchange's sequence", now_ms)
        if inst.halt_shown and not tick_filter.halted:
            inst.halt_shown = False
            self._state.entries("recovered", BAD_TICKS, now_ms)

    def on_silence(self, inst: InstrumentState, gap_ms: int, now_ms: int, *, held: bool) -> None:
        """Tell a silence that is news; an instrument that is rarely traded is silent with every tick."""
        if inst.silences.over(now_ms - gap_ms):
            self.tell_silences(inst, now_ms)
        untold = inst.silences.note(gap_ms, now_ms, held=held)
        if untold is not None:
            self._state.effects.append(events.TickGap(inst.index, gap_ms, now_ms, held, untold))

    def on_sample(self, inst: InstrumentState, now_ms: int) -> None:
        """Tell of a stretch of silences that is over, and once of prices beside their grid; asked every few seconds."""
        if inst.last_price % inst.instrument.tick_size and not inst.off_grid_told:
            inst.off_grid_told = True
            name = inst.instrument
            text = f"prices such as {name.price_words(inst.last_price)} are not on the grid of {name.price_words(name.tick_size)}"
            self._state.effects.append(events.InstrumentWarned(inst.index, f"{text}: is tick_size right?", now_ms))
        if inst.silences.over(now_ms):
            self.tell_silences(inst, now_ms)

    def tell_silences(self, inst: InstrumentState, now_ms: int) -> None:
        """End the stretch of silences, and tell how many of them were only counted."""
        silences = inst.silences
        if silences.untold:
            counted = events.GapsCounted(inst.index, silences.untold, silences.longest_ms, silences.since_ms, now_ms)
            self._state.effects.append(counted)
        silences.clear()

    def on_objection(self, inst: InstrumentState, objection: str, now_ms: int) -> None:
        """Tell that a signal is not followed for another reason than before, unless reasons come and go."""
        inst.objection = objection
        untold = inst.refusals.note(objection, now_ms)
        if untold is not None:
            self._state.effects.append(events.EntryRefused(inst.index, objection, now_ms, untold))

    def tell_counted(self, inst: InstrumentState, now_ms: int) -> None:
        """Tell what was only counted so far: at the end of a day or a run."""
        self.tell_silences(inst, now_ms)
        if inst.refusals.untold:
            self._state.effects.append(events.RefusalsCounted(inst.index, inst.refusals.untold, now_ms))
        inst.refusals.clear()

    def on_fault(self, where: str, error: Exception, tick: Tick) -> None:
        """Count an exception and halt entries; told once per kind of error (and the second of them), with its tick."""
        self._state.faults += 1
        text = clean(redact(f"{type(error).__name__}: {error}"))
        if text != self._last_error or self._state.faults == 2:
            self._last_error = text
            self._state.effects.append(events.TraderFault(where, text, tick.seq, tick.exch_ms))
        self._state.halt(f"{where} raised {type(error).__name__}", tick.exch_ms)
