"""Counts the ticks that an engine will refuse, by reason and with the first of each. Decides nothing itself."""

from engine.model.types import MAX_PRICE, PRICE_INFINITE, PRICE_MISSING, PRICE_NAN, Tick

_SENTINELS = {PRICE_MISSING: "missing", PRICE_NAN: "nan", PRICE_INFINITE: "infinite"}
_NEVER_MS = -(2**62)


class Refusals:
    """Judges ticks by price and time alone, each instrument's for itself, by the rules of trading."""

    def __init__(self, instruments: int, max_backwards_ms: int) -> None:
        self.counts: dict[str, int] = {}
        self.first: dict[str, int] = {}  # number of the first tick refused for this reason
        self._newest_ms = [_NEVER_MS] * instruments
        self._max_backwards_ms = max_backwards_ms

    def judge(self, tick: Tick) -> str:
        """Why `tick` will be refused; empty when it will not."""
        newest_ms = self._newest_ms[tick.instrument]
        if 0 < tick.price <= MAX_PRICE:
            if tick.exch_ms >= newest_ms:
                self._newest_ms[tick.instrument] = tick.exch_ms
                return ""
            if tick.exch_ms >= newest_ms - self._max_backwards_ms:
                return ""
            reason = "backwards"
        else:
            reason = _SENTINELS.get(tick.price) or ("too_large" if tick.price > 0 else "non_positive")
        self.counts[reason] = self.counts.get(reason, 0) + 1
        self.first.setdefault(reason, tick.seq)
        return reason
