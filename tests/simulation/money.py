"""What a history must have left in cash, counted from the exchange's own trades and the table of charges: nothing of ours is asked for it."""

from collections import Counter, defaultdict
from decimal import Decimal

from engine.model.order_rows import ClosedOthers, External
from engine.trading.costs import total
from engine.trading.live_trader import LiveTrader
from tests.simulation.journal import VirtualJournal
from tests.simulator.exchange.exchange import SimulatedExchange


def due_cash(initial: Decimal, trader: LiveTrader, exchange: SimulatedExchange, journal: VirtualJournal) -> Decimal:
    """Cash less what our orders bought, with what they sold, less a contract note's charges an order; others' sales of ours likewise.

    What of an order has closed others' is none of ours, at the order's average price.
    """
    state, cash = trader.state, initial
    ours = {each: order.number for order in trader.orders.desk.blotter.orders.values() for each in order.ids}
    traded: dict[tuple[object, int, str], list[int]] = defaultdict(lambda: [0, 0])
    theirs: Counter[int] = Counter()
    numbers = {each.symbol: at for at, each in enumerate(state.instruments)}
    for fill in exchange.fills:
        if fill.orderid in ours:
            sum_ = traded[ours[fill.orderid], numbers[fill.security.symbol], fill.side]
            sum_[0] += fill.quantity
            sum_[1] += fill.quantity * fill.price
    for row in journal.contents:
        if isinstance(row, ClosedOthers):
            theirs[row.order] += row.quantity
        elif isinstance(row, External) and row.booked:
            traded[row.broker_id, row.fill_id, row.instrument, "SELL"] = [row.booked, row.booked * row.price]
    for (order, *_, at, side), (filled, whole) in traded.items():
        quantity = filled - theirs[order] if isinstance(order, int) else filled
        turnover = whole * quantity // filled
        instrument = state.instruments[at]
        money = instrument.money(turnover)
        orders = -(-quantity // instrument.largest_order)
        costs = (
            Decimal(0)
            if not quantity
            else total(state.costs.by_instrument[at].of(money, orders, exchange.now_ms, selling=side == "SELL"))
        )
        cash += (money if side == "SELL" else -money) - costs
    return cash
