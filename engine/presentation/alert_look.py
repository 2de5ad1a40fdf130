"""One look of a channel at a snapshot: what stands, which exits are new, what of it is due to be said. Pure but for what it remembers."""

from collections.abc import Iterator, Sequence

from engine.model.snapshot import Snapshot
from engine.presentation import format as text
from engine.presentation.alerting import Alerting, Message
from engine.presentation.alerts import Alert, conditions, of_run


class TradeNews:
    """Tells each exit once, from the first look on."""

    def __init__(self) -> None:
        self._newest = -1  # number of the newest exit that was seen; -1 = nobody has looked yet

    def since(self, seen: Snapshot) -> Iterator[str]:
        """The exits since the last look, in their order."""
        before, self._newest = self._newest, max((trade.number for trade in seen.trades), default=max(0, self._newest))
        if before < 0:
            return
        for trade in seen.trades:
            if trade.number > before:
                name = text.instrument_at(seen, trade.instrument)
                sold = f"{text.quantity(name, trade.quantity)} {name.symbol} at {text.price(name, trade.exit_price)}"
                yield f"exit {sold}, {trade.reason}, {trade.net_pnl:+.2f}"


class AlertLook:
    """What a channel has to say, look by look, as the snapshot itself says how much is wanted."""

    def __init__(self) -> None:
        self._alerting = Alerting()
        self._news = TradeNews()

    def look(self, seen: Snapshot, now_ns: int, more: Sequence[Alert] = (), run: int = 0) -> Message | None:
        """The message that is due at `now_ns` (monotonic); `more` stands beside what is in `seen`, which is of run number `run`."""
        for line in self._news.since(seen):
            if seen.alerts.trades and seen.trade_mode != "replay":
                self._alerting.told_once(line, now_ns)
        found = of_run((*conditions(seen, now_ns), *more), run)
        return self._alerting.look(found, now_ns, seen.alerts.per_hour)
