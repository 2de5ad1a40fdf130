"""How far apart two lists of trades are: what a day's run booked, and what a replay of it comes to now. Pure."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import Decimal
from itertools import zip_longest

from msgspec import Struct

_ZERO = Decimal(0)


class TradeRow(Struct, frozen=True):
    """One exit: moments in UTC ms, prices and money in the currency; `mode` is that of the run."""

    symbol: str
    entry_ms: int
    exit_ms: int
    entry_price: Decimal
    exit_price: Decimal
    net: Decimal
    mode: str = ""


Pair = tuple[TradeRow | None, TradeRow | None]


class Divergence(Struct, frozen=True):
    """The differences between recorded trades and those of now: `differing` of them are not the same, or on one side only.

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
    differing: int = 0


def paired(recorded: Sequence[TradeRow], now: Sequence[TradeRow]) -> list[Pair]:
    """Each trade with its like on the other side: first those that are the same, then of each symbol the others in their order."""
    same = Counter(recorded) & Counter(now)
    pairs: list[Pair] = [(row, row) for row in same.elements()]
    left: dict[tuple[str, str], tuple[list[TradeRow], list[TradeRow]]] = defaultdict(lambda: ([], []))
    for side, rows in enumerate((recorded, now)):
        matched = Counter(same)
        for row in rows:
            if matched[row]:
                matched[row] -= 1
            else:
                left[row.mode, row.symbol][side].append(row)
    return pairs + [pair for then, today in left.values() for pair in zip_longest(then, today)]


def divergence(recorded: Sequence[TradeRow], now: Sequence[TradeRow]) -> Divergence:
    """Return how far `now` is from `recorded`."""
    pairs = paired(recorded, now)
    both = [(then, today) for then, today in pairs if then is not None and today is not None]
    net_recorded, net_now = (sum((each.net for each in rows), _ZERO) for rows in (recorded, now))
    times_ms = [
        abs(then - today) for a, b in both for then, today in ((a.entry_ms, b.entry_ms), (a.exit_ms, b.exit_ms))
    ]
    return Divergence(
        trades_recorded=len(recorded),
        trades_now=len(now),
        paired=len(both),
        net_recorded=net_recorded,
        net_now=net_now,
        net_difference=net_now - net_recorded,
        net_percent=float((net_now - net_recorded) / abs(net_recorded) * 100) if net_recorded else None,
        entry_price_mean=_mean([abs(a.entry_price - b.entry_price) for a, b in both]),
        exit_price_mean=_mean([abs(a.exit_price - b.exit_price) for a, b in both]),
        time_mean_s=sum(times_ms) / len(times_ms) / 1000 if times_ms else None,
        time_max_s=max(times_ms) / 1000 if times_ms else None,
        differing=sum(then != today for then, today in pairs),
    )


def _mean(values: Sequence[Decimal]) -> Decimal | None:
    return sum(values, _ZERO) / len(values) if values else None
