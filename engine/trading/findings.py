"""What came of a run so far, for whoever tells it: how far its ticks came, and why there was no entry. Changes nothing."""

from engine.config import Config
from engine.trading.trading_state import TradingState
from engine.trading.undecided import Facts, Undecided


class Findings:
    """Looks at the trading state of one run."""

    def __init__(self, config: Config, state: TradingState) -> None:
        self._state = state
        states = state.instrument_states
        self._undecided = Undecided(config, state.instruments, lambda index: states[index].hours)

    def facts(self, ticks: int) -> Facts:
        """What came of the `ticks` of the run so far."""
        instruments = self._state.instrument_states
        return Facts(
            ticks,
            sum(inst.taken for inst in instruments),
            max((max(inst.most_ticks, inst.strategy.ticks) for inst in instruments), default=0),
            self._state.reach,
            [inst.last_price for inst in instruments],
            at_ms=max((inst.last_ms for inst in instruments), default=0),
        )

    def why_undecided(self, ticks: int) -> str:
        """Why none of the `ticks` so far brought an entry, in one line; empty where one did, or something is held."""
        if self._state.portfolio.entries or self._state.held():
            return ""
        return self._undecided.why(self.facts(ticks))

    def remarks(self, ticks: int) -> list[str]:
        """What must be said at the end of a run of `ticks` that did less than it might have."""
        if why := self.why_undecided(ticks):
            return [f"no entry: {why}"]
        mostly = self._undecided.mostly(self.facts(ticks))
        return [f"most was left out: {mostly}"] if mostly else []

    def waited(self) -> int:
        """How many ticks found nothing held and gave no signal: too few of them in a row rose."""
        state = self._state
        held = sum(
            inst.held_ticks + (inst.taken - inst.entered_at if state.position(inst) else 0)
            for inst in state.instrument_states
        )
        return max(0, sum(inst.taken for inst in state.instrument_states) - held - state.reach.signals)
