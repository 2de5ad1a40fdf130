"""Statistics of trades counted anew, the slow and obvious way: all events in one list, positions put together by hand."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby

from engine.model.events import DayStarted, FillBooked, TradeClosed
from engine.model.statistics import DayStatistics


def recomputed(events: Iterable[object]) -> dict[str, DayStatistics]:
    """The statistics of each day by its date, and of all under ""; what came before the first day is of that."""
    listed = list(events)
    dates = [event.date for event in listed if isinstance(event, DayStarted)]
    date = dates[0] if dates else ""
    entries, exits, ended, held, paid = [], [], [], {}, []
    for number, event in enumerate(listed):
        if isinstance(event, FillBooked):
            paid.append((date, event.costs))
        match event:
            case DayStarted():
                date = event.date
            case FillBooked(fill=fill) if fill.side == "BUY":
                if not held.get(fill.instrument):
                    entries.append(date)
                    held[fill.instrument] = []
                held[fill.instrument].append(Decimal(0))
            case TradeClosed(trade=trade):
                exits.append((date, trade))
                held.setdefault(trade.instrument, []).append(trade.net_pnl)
                booked = next(e for e in reversed(listed[:number]) if isinstance(e, FillBooked))
                if booked.position is None:
                    ended.append((date, sum(held.pop(trade.instrument), Decimal(0))))
    days = {day: _of([day], day, entries, exits, ended, paid) for day in dict.fromkeys(dates)}
    first = min(dates, default="")
    return days | {"": _of(dates or [""], first, entries, exits, ended, paid)}


def _of(dates, date, entries, exits, ended, paid) -> DayStatistics:
    trades = [trade for day, trade in exits if day in dates]
    nets = [net for day, net in ended if day in dates]
    of_dates = [costs for day, costs in paid if day in dates]
    kinds = dict.fromkeys(kind for costs in of_dates for kind in costs)
    curve = [sum((trade.net_pnl for trade in trades[:n]), Decimal(0)) for n in range(len(trades) + 1)]
    runs = [(sign, len(list(group))) for sign, group in groupby((net > 0) - (net < 0) for net in nets)]
    zero = Decimal(0)
    return DayStatistics(
        date=date,
        entries=sum(day in dates for day in entries),
        exits=len(trades),
        positions=len(nets),
        won=sum(net > 0 for net in nets),
        lost=sum(net < 0 for net in nets),
        even=sum(net == 0 for net in nets),
        profit=sum((net for net in nets if net > 0), zero),
        loss=-sum((net for net in nets if net < 0), zero),
        gross=sum((trade.gross_pnl for trade in trades), zero),
        costs=sum((trade.costs for trade in trades), zero),
        net=sum((trade.net_pnl for trade in trades), zero),
        best=max(nets, default=None),
        worst=min(nets, default=None),
        drawdown=max((high - low for n, low in enumerate(curve) for high in curve[: n + 1]), default=zero),
        streak=runs[-1][0] * runs[-1][1] if runs else 0,
        longest_won=max((length for sign, length in runs if sign > 0), default=0),
        longest_lost=max((length for sign, length in runs if sign < 0), default=0),
        reasons=dict(Counter(trade.reason for trade in trades)),
        peak=max(curve),
        lowest=min(curve),
        costs_by_kind={kind: sum(costs.get(kind, zero) for costs in of_dates) for kind in kinds},
    )
