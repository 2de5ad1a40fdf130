"""Exits put together to positions, and those of two runs over the same ticks put side by side. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from engine.model.order_courses import Beside, RoundTrip
from engine.model.types import Instrument, Trade
from engine.trading.portfolio import Portfolio

_APART_MS: Final = 2_000  # two entries of one symbol that were decided within it are the same


def round_trips(
    trades: Iterable[Trade],
    portfolio: Portfolio,
    instruments: Sequence[Instrument],
    decided_ms: Mapping[tuple[int, int], int],
) -> list[RoundTrip]:
    """The positions that `trades` ended or lessened, and those that `portfolio` still holds, by the time of their entries.

    `decided_ms` says when an entry was decided, by instrument and moment of its first fill; what it does not know was
    decided at that moment.
    """
    found: dict[tuple[int, int], RoundTrip] = {}

    def trip(index: int, entry_ms: int, entry_price: int) -> RoundTrip:
        key = index, entry_ms
        return found.get(key) or RoundTrip(
            instrument=instruments[index], decided_ms=decided_ms.get(key, entry_ms), entry_ms=entry_ms, entry_price=entry_price
        )  # fmt: skip

    for each in trades:
        so_far = trip(each.instrument, each.entry_ms, each.entry_price)
        found[each.instrument, each.entry_ms] = replace(
            so_far,
            entry_price=each.entry_price,
            sold=so_far.sold + each.quantity,
            exit_ms=each.exit_ms,
            exit_turnover=so_far.exit_turnover + each.exit_price * each.quantity,
            gross=so_far.gross + each.gross_pnl,
            costs=so_far.costs + each.costs,
            net=so_far.net + each.net_pnl,
            reason=each.reason,
        )
    for index, held in enumerate(portfolio.positions):
        if held is not None:
            so_far = trip(index, held.entry_ms, held.entry_price)
            found[index, held.entry_ms] = replace(so_far, left=held.quantity, reason="open")
    return sorted(found.values(), key=lambda each: each.decided_ms)


def side_by_side(live: Iterable[RoundTrip], paper: Iterable[RoundTrip]) -> list[Beside]:
    """Both lists as one, by time: the same symbol, entered within two seconds, is the same position."""
    ours, theirs = _by_symbol(live), _by_symbol(paper)
    found = [
        pair for symbol in {**ours, **theirs} for pair in _matched(ours.get(symbol, []), theirs.get(symbol, []))
    ]  # fmt: skip
    return sorted(found, key=_decided_ms)


def _by_symbol(trips: Iterable[RoundTrip]) -> dict[str, list[RoundTrip]]:
    found: dict[str, list[RoundTrip]] = {}
    for each in trips:
        found.setdefault(each.instrument.symbol, []).append(each)
    return found


def _matched(live: list[RoundTrip], paper: list[RoundTrip]) -> list[Beside]:
    """Those of one symbol, each list by time."""
    found: list[Beside] = []
    first = second = 0
    while first < len(live) and second < len(paper):
        ours, theirs = live[first], paper[second]
        apart_ms = ours.decided_ms - theirs.decided_ms
        if abs(apart_ms) <= _APART_MS:
            found.append(Beside(ours, theirs))
        else:
            found.append(Beside(ours, None) if apart_ms < 0 else Beside(None, theirs))
        first += apart_ms <= _APART_MS
        second += apart_ms >= -_APART_MS
    found += [Beside(each, None) for each in live[first:]]
    return found + [Beside(None, each) for each in paper[second:]]


def _decided_ms(pair: Beside) -> int:
    return min(each.decided_ms for each in (pair.live, pair.paper) if each is not None)
