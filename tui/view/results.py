"""The day's result over time, as a screen has seen it: a bounded number of samples over the whole day. Knows no pane."""

from engine import Snapshot
from engine.presentation.chart import results

_MOST = 720
_FIRST_MS = 5_000


class Results:
    """Samples of the day's result; where they become too many, every second one is forgotten, so that the whole day stays."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all: a replay went back."""
        self._samples: list[tuple[int, float]] = []
        self._apart_ms = _FIRST_MS
        self._day = ""

    def note(self, seen: Snapshot) -> None:
        """Take a sample where one is due; another day begins anew."""
        if seen.session.date != self._day:
            self.clear()
            self._day = seen.session.date
        samples = self._samples
        if not seen.at_ms or (samples and seen.at_ms < samples[-1][0] + self._apart_ms):
            return
        samples.append((seen.at_ms, float(seen.account.day_pnl)))
        if len(samples) > _MOST:
            self._samples = samples[::2]
            self._apart_ms *= 2

    def curve(self, seen: Snapshot) -> tuple[tuple[int, float], ...]:
        """The whole day: before the first sample as its exits tell it, at the end what is so now."""
        account, begin_ms = seen.account, seen.session.start_ms
        trades = [trade for trade in seen.trades if trade.exit_ms >= begin_ms]
        found = results(trades, self._samples, float(account.day_pnl - account.open_pnl), self._apart_ms)
        return (*found, (seen.at_ms, float(account.day_pnl))) if seen.at_ms else tuple(found)
