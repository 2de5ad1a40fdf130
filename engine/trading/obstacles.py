"""What stands in the way of a flat: a closed market, a broker that does not answer or contradicts, the time. Sends nothing."""

from typing import Final

from engine.model.events import CloseByHand, FlatChanged
from engine.trading.flatten_state import Trouble
from engine.trading.trading_state import TradingState

UNVERIFIED_MS: Final = 5_000  # so long the broker may take to confirm that nothing is held
ESCALATED_MS: Final = 15_000  # the flat's deadline
BY_HAND_MS: Final = 60_000  # from here on a person is told what to do
# Between two tries, once it is known that something stands in the way: a share of the time it took so far.
_LEAST_REST_MS = 1_000
_MOST_REST_MS = 5_000
_SHARE = 120


class Obstacles:
    """Judges a running flat on every beat, and tells when what stands in its way is another."""

    def __init__(self, state: TradingState) -> None:
        self._state = state
        self._begun_ms = self._verifying_ms = self._tried_ms = 0
        self._told_by_hand = False

    def begin(self, now_ms: int) -> None:
        """A flat begins."""
        self._begun_ms = now_ms
        self._verifying_ms = self._tried_ms = 0
        self._told_by_hand = False

    def hold(self, now_ms: int, closed_until_ms: int) -> bool | None:
        """Hold the flat while its market is closed: whether that is news, or None when it goes on.

        What began to be held is held until the market opens by the calendar, or proves to be open (-1).
        """
        flat = self._state.flat
        if not closed_until_ms and now_ms < flat.until_ms:
            closed_until_ms = flat.until_ms
        if flat.anyway or closed_until_ms <= now_ms:
            if flat.until_ms:
                self.begin(now_ms)
                flat.until_ms = 0
                self._tell(now_ms)
            return None
        if flat.until_ms == closed_until_ms:
            return False
        flat.trouble, flat.until_ms = "", closed_until_ms
        self._tell(now_ms)
        return True

    def rests(self, now_ms: int) -> bool:
        """Whether it is too soon to send or to ask again: the broker does not do what it is asked for, or contradicts.

        Never between the two answers that end it. So that neither broker, journal nor recording suffers from what lasts.
        """
        flat = self._state.flat
        unresolved = flat.state == "VERIFYING" and flat.trouble
        if flat.trusted_reads or not (unresolved or self._told_by_hand):
            return False
        rest_ms = min(max((now_ms - self._begun_ms) // _SHARE, _LEAST_REST_MS), _MOST_REST_MS)
        return 0 <= now_ms - self._tried_ms < rest_ms

    def tried(self, now_ms: int) -> None:
        """Something was sent or asked."""
        self._tried_ms = now_ms

    def judge(self, now_ms: int) -> None:
        """See what stands in the way now, after everything that could be sent was sent."""
        state, flat = self._state, self._state.flat
        if not self._begun_ms or now_ms < self._begun_ms:  # taken over, or the clock was wrong: its time begins anew
            self.begin(now_ms)
        if flat.state != "VERIFYING":
            self._verifying_ms = 0
        elif not self._verifying_ms:
            self._verifying_ms = now_ms
        took_ms = now_ms - self._begun_ms
        trouble: Trouble = ""
        if self._verifying_ms and now_ms - self._verifying_ms >= UNVERIFIED_MS:
            trouble = "UNRESOLVED"
        elif took_ms >= ESCALATED_MS or flat.trouble == "ESCALATED":
            trouble = "ESCALATED"
        elif state.orders.is_unresolved(now_ms):
            trouble = "UNRESOLVED"
        if trouble != flat.trouble:
            flat.trouble = trouble
            self._tell(now_ms)
        if took_ms >= BY_HAND_MS and not self._told_by_hand:
            self._told_by_hand = True
            for inst in state.instrument_states:
                if net := state.portfolio.net(inst.index):
                    state.effects.append(CloseByHand(inst.index, "SELL" if net > 0 else "BUY", abs(net), now_ms))

    def _tell(self, now_ms: int) -> None:
        flat = self._state.flat
        self._state.effects.append(FlatChanged(flat.shown, flat.reason, now_ms, flat.until_ms))
