"""How far apart two lists of trades are: what a day's run booked, and what a replay of it comes to now. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from msgspec import Struct

_ZERO = Decimal(0)


class TradeRow(Struct, frozen=True):
    """One exit: moments in UTC ms, prices and money in the currency."""

    symbol: str
    entry_ms: int
    exit_ms: int
    entry_price: Decimal
    exit_price: Decimal
    net: Decimal


class Divergence(Struct, frozen=True):
    """The differences between recorded trades and those of now, which are paired by symbol in their order.

    Differences of prices and times are means over the `paired`, without their sign, null where there is none;
    `net_percent` is of the recorded result, null where that was 0.
    """

    trades_recorded: int
    trades_now: int
    paired: int
    net_recorded: Decimal
    net_now: Decimal
    net_difference: Decimal
    net_percent: float | None
    entry_price_mean: Decimal | None
    exit_price_mean: Decimal | None
    time_mean_s: float | None
    time_max_s: float | None

    @property
    def is_none(self) -> bool:
        """Whether there is no difference at all."""
        return self.trades_recorded == self.trades_now and not any(
            (self.net_difference, self.entry_price_mean, self.exit_price_mean, self.time_max_s)
        )


def divergence(recorded: Sequence[TradeRow], now: Sequence[TradeRow]) -> Divergence:
    """Return how far `now` is from `recorded`."""
    pairs = list(_pairs(recorded, now))
    net_recorded, net_now = (sum((each.net for each in rows), _ZERO) for rows in (recorded, now))
    times_ms = [
        abs(then - today) for a, b in pairs for then, today in ((a.entry_ms, b.entry_ms), (a.exit_ms, b.exit_ms))
    ]
    return Divergence(
        trades_recorded=len(recorded),
        trades_now=len(now),
        paired=len(pairs),
        net_recorded=net_recorded,
        net_now=net_now,
        net_difference=net_now - net_recorded,
        net_percent=float((net_now - net_recorded) / abs(net_recorded) * 100) if net_recorded else None,
        entry_price_mean=_mean([abs(a.entry_price - b.entry_price) for a, b in pairs]),
        exit_price_mean=_mean([abs(a.exit_price - b.exit_price) for a, b in pairs]),
        time_mean_s=sum(times_ms) / len(times_ms) / 1000 if times_ms else None,
        time_max_s=max(times_ms) / 1000 if times_ms else None,
    )


def _pairs(recorded: Sequence[TradeRow], now: Sequence[TradeRow]) -> Iterable[tuple[TradeRow, TradeRow]]:
    by_symbol: dict[str, list[TradeRow]] = defaultdict(list)
    for each in now:
        by_symbol[each.symbol].append(each)
    waiting = {symbol: iter(rows) for symbol, rows in by_symbol.items()}
    for then in recorded:
        today = next(waiting.get(then.symbol, iter(())), None)
        if today is not None:
            yield then, today


def _mean(values: Sequence[Decimal]) -> Decimal | None:
    return sum(values, _ZERO) / len(values) if values else None
