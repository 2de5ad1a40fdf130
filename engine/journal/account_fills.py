"""What the fills of an account come to, as rows of a journal tell them: what is held, cash, costs, and exits counted once. Pure."""

from decimal import Decimal

from msgspec import Struct

from engine.journal.counted_trades import CountedTrades
from engine.model.events import FillBooked
from engine.model.types import MAX_QUANTITY, Fill, Instrument, PositionState, Trade
from engine.text.sanitize import CleanText
from engine.trading.costs import Kinds, total
from engine.trading.order_parts import OrderParts
from engine.trading.portfolio import CashAccount
from engine.trading.positions import is_operators_stop


class HeldDay(Struct):
    """What is known of an instrument that is held: its session day (ISO text), that day's first price, the last one known."""

    day: str
    day_open: int = 0
    last_price: int = 0


class AccountFills:
    """What is `held` by number of the instrument, and the cash of it; `trades` are its statistics."""

    def __init__(self) -> None:
        self.trades = CountedTrades()
        self.symbols: tuple[CleanText, ...] = ()
        self.today = ""
        self.cash_account = CashAccount(Decimal(0))
        self.held: dict[int, PositionState] = {}
        self._stray: dict[int, int] = {}
        self._days: dict[int, HeldDay] = {}
        self._price_scales: list[int] = []
        self._quantity_scales: list[int] = []

    def instrument(self, number: int) -> Instrument:
        """What is known of instrument `number`: its symbol and how it is counted."""
        return Instrument(
            self.symbols[number],
            price_scale=self._price_scales[number],
            quantity_scale=self._quantity_scales[number],
            lot_size=1,  # neither this nor what the exchange takes in one order is kept
            freeze_quantity=MAX_QUANTITY,
        )

    def net(self) -> dict[int, int]:
        """What is held by number of the instrument: the sum of all fills; nothing for those that are even."""
        numbers = sorted(self.held.keys() | self._stray.keys())
        quantities = {number: held.quantity for number, held in self.held.items()}
        nets = {each: self._stray.get(each, 0) + quantities.get(each, 0) for each in numbers}
        return {number: net for number, net in nets.items() if net}

    def _part(
        self, fill: Fill, cash: Decimal, costs: Kinds, position: PositionState | None, parts: OrderParts, reason: str
    ) -> None:
        """Book a fill as one of the `parts` of its order; `cash` and `position` are what is left behind it."""
        number, money = fill.instrument, self.cash_account
        money.cash = cash
        money.costs_paid += total(costs)
        before = self._hold(number, position)
        inst = self._days.setdefault(number, HeldDay(self.today))
        inst.last_price = inst.last_price or fill.price
        parts.add(fill, costs)
        if fill.side == "BUY":
            money.entries += before is None
            return
        closed = min(before.quantity, fill.quantity) if before else 0
        if fill.quantity > closed:
            self._stray[number] = self._stray.get(number, 0) - (fill.quantity - closed)
        if before is not None:
            parts.operator_stop |= is_operators_stop(before, reason)
            turnover = before.entry_turnover - (position.entry_turnover if position else 0)
            parts.close(before, closed, turnover, before.entry_costs - (position.entry_costs if position else 0))

    def _hold(self, number: int, position: PositionState | None) -> PositionState | None:
        """Hold that from now on; what was held before."""
        before = self.held.pop(number, None)
        if position is not None:
            self.held[number] = position
        return before

    def _corrected(self, booked: FillBooked, cash: Decimal, parts: OrderParts, reason: str) -> None:
        """All of an order is known, whose parts are booked: what it came to otherwise, and its exit, count now."""
        fill, money = booked.fill, self.cash_account
        paid, money.cash = money.cash - cash, cash
        money.costs_paid += total(booked.costs) - total(parts.costs)
        parts.turnover, parts.costs = booked.turnover or fill.price * fill.quantity, booked.costs
        before, now = self._hold(fill.instrument, booked.position), booked.position
        if fill.side == "SELL":
            self._count(fill, parts, reason)
            return
        if before is not None and now is not None:
            turnover = self.instrument(fill.instrument).money(now.entry_turnover - before.entry_turnover)
            paid -= turnover + now.entry_costs - before.entry_costs
        if paid:
            money.adjust(-paid)  # what that entry opened is closed, and was counted

    def _count(self, fill: Fill, parts: OrderParts, reason: str) -> None:
        """Count the exit that an order is, of which all `parts` are booked."""
        if fill.side != "SELL" or not parts.closed:
            return
        money = self.cash_account
        gross = self.instrument(fill.instrument).money(parts.closed_turnover - parts.entry_turnover)
        costs = total(parts.costs) + parts.entry_costs
        money.count(gross - costs)
        trade = Trade(
            number=money.trades, instrument=fill.instrument, entry_ms=parts.entry_ms, exit_ms=fill.at_ms,
            entry_price=parts.entry_price, exit_price=fill.price, quantity=parts.closed, gross_pnl=gross, costs=costs,
            net_pnl=gross - costs, reason=reason, operator_stop=parts.operator_stop,
        )  # fmt: skip
        self.trades.sold(trade)
