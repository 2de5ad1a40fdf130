"""What came of a day's orders, in numbers. Decides nothing."""

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from engine.model.order_reports import RefusalFamily
from engine.model.order_requests import Purpose
from engine.model.order_states import OrderState
from engine.model.order_views import OrderCounts
from engine.model.types import Instrument
from engine.trading.orders.live_order import LiveOrder

_REFUSED: Final[frozenset[OrderState]] = frozenset({"REFUSED", "REJECTED"})


def counts_of(orders: Iterable[LiveOrder], instruments: Sequence[Instrument]) -> OrderCounts:
    """Count them; what was decided at no price has no slippage."""
    sent: Counter[Purpose] = Counter()
    refused: Counter[RefusalFamily] = Counter()
    accepted = fills = 0
    slippage = Decimal(0)
    for order in orders:
        sent[order.purpose] += order.sent_ms > 0
        accepted += order.known_ms > 0
        fills += len(order.fills)
        if order.state in _REFUSED:
            refused[order.family] += 1
        if order.decided:
            more = order.turnover - order.decided * order.filled
            slippage += instruments[order.instrument].money(more if order.side == "BUY" else -more)
    return OrderCounts(dict(sent), accepted, dict(refused), fills, slippage)
