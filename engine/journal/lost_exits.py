"""Makes good the exit whose fill is the last row that a kill has left: the account counts it, so whoever lists exits must. Pure.

A `TradeClosed` only repeats the fill before it. One that does not stand behind its fill belongs to a past that a replay
went back over.
"""

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Final

import msgspec

from engine.model.events import AnyEvent, FillBooked, StateKept, TradeClosed
from engine.model.state import Fields, Plain
from engine.model.types import Fill, Instrument, PositionState, Trade
from engine.trading.costs import total
from engine.trading.portfolio import positions_in

_SCALES: Final = (("price", 100), ("quantity", 1))


def instruments_of(kept: StateKept) -> tuple[Instrument, ...]:
    """The instruments by their numbers: symbol and how they are counted, as far as an account tells."""
    scales = [_scales(kept.fields.get(f"{name}_scale"), len(kept.symbols), usual) for name, usual in _SCALES]
    each = zip(kept.symbols, *scales, strict=True)
    return tuple(Instrument(symbol, price_scale=price, quantity_scale=units) for symbol, price, units in each)


def scales_in(kept: StateKept) -> Fields:
    """Of the fields of an account those that say how its instruments are counted."""
    return {name: kept.fields[name] for name in ("price_scale", "quantity_scale") if name in kept.fields}


def _scales(found: Plain | list[int], count: int, usual: int) -> list[int]:
    right = isinstance(found, list) and len(found) == count and all(each > 0 for each in found)
    return found if right and isinstance(found, list) else [usual] * count


class _Sold(msgspec.Struct):
    """A fill that has sold something, what was held `before`, and the cash of then; None: not known."""

    booked: FillBooked
    before: PositionState | None
    cash: Decimal | None
    reason: Callable[[], str]


class LostExits:
    """Follows the fills and exits of a journal's file, and gives each exit behind its fill, whether it was written or not."""

    def __init__(self) -> None:
        self._instruments: tuple[Instrument, ...] = ()
        self._held: dict[int, PositionState] = {}
        self._cash: Decimal | None = None
        self._count = 0
        self._sold: _Sold | None = None

    def begin(self, kept: StateKept) -> None:
        """Go on from an account; of one that cannot be read only the instruments are known."""
        self.know(kept)
        self._held, self._cash, self._count = {}, None, 0
        with suppress(ValueError, ArithmeticError):
            self._held = {each.instrument: each for each in positions_in(kept.fields)}
            self._cash = Decimal(str(kept.fields.get("book.cash", "NaN")))
            self._count = int(str(kept.fields.get("book.trades", 0)))

    def know(self, kept: StateKept) -> None:
        """See which instruments there are."""
        self._instruments = instruments_of(kept)

    def knows(self, instrument: int) -> bool:
        """Whether the instrument of that number was told of."""
        return 0 <= instrument < len(self._instruments)

    def take(self, event: AnyEvent, reason: Callable[[], str]) -> list[AnyEvent]:
        """The events that this one makes; `reason` tells what the order of a fill was for."""
        sold, self._sold = self._sold, None
        if isinstance(event, TradeClosed):
            if sold is None or sold.booked.fill.instrument != event.trade.instrument:
                return [*self._made(sold)]
            self._count = event.trade.number
            return [event]
        made = self._made(sold)
        if isinstance(event, FillBooked):
            number = event.fill.instrument
            before = self._held.pop(number, None)
            if event.fill.side == "SELL":
                self._sold = _Sold(event, before, self._cash, reason)
            if event.position is not None:
                self._held[number] = event.position
            self._cash = Decimal(event.cash)
        return [*made, event]

    def left(self) -> list[AnyEvent]:
        """What is still to come at the end of the rows."""
        sold, self._sold = self._sold, None
        return self._made(sold)

    def _made(self, sold: _Sold | None) -> list[AnyEvent]:
        """The exit that a fill has made."""
        if sold is None or sold.before is None or sold.cash is None or not sold.cash.is_finite():
            return []
        fill, before, left = sold.booked.fill, sold.before, sold.booked.position
        closed = min(before.quantity, fill.quantity)
        if not closed or fill.instrument >= len(self._instruments):
            return []
        self._count += 1
        money = self._instruments[fill.instrument].money
        entry_turnover = before.entry_turnover - (left.entry_turnover if left else 0)
        entry_costs = before.entry_costs - (left.entry_costs if left else Decimal(0))
        turnover = sold.booked.turnover or fill.price * fill.quantity
        change = Decimal(sold.booked.cash) - sold.cash
        exit_costs = total(sold.booked.costs) if sold.booked.costs else money(turnover) - change
        gross = money(turnover * closed // fill.quantity - entry_turnover)
        costs = entry_costs + exit_costs
        return [TradeClosed(_trade(self._count, fill, before, closed, gross, costs, sold.reason()))]


def _trade(
    number: int, fill: Fill, before: PositionState, closed: int, gross: Decimal, costs: Decimal, reason: str
) -> Trade:
    return Trade(
        number=number,
        instrument=fill.instrument,
        entry_ms=before.entry_ms,
        exit_ms=fill.at_ms,
        entry_price=before.entry_price,
        exit_price=fill.price,
        quantity=closed,
        gross_pnl=gross,
        costs=costs,
        net_pnl=gross - costs,
        reason=reason,
    )
