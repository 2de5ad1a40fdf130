"""The account: exact cash, open positions by instrument, what was realised. Every change comes from a fill."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from engine.model.state import Fields, Plain, dump, load
from engine.model.types import Fill, Instrument, PositionState, Trade
from engine.trading.costs import Costs, Kinds, total
from engine.trading.order_parts import OrderParts
from engine.trading.positions import Levels, Position


class CashAccount:
    """Cash, and what was realised.

    Money is exact `Decimal` in the currency; `day_realised` is the net result of the session day's exits.
    """

    STATE = (
        "cash",
        "realised",
        "costs_paid",
        "day_realised",
        "trades",
        "won",
        "profit",
        "loss",
        "peak",
        "drawdown",
        "entries",
    )

    def __init__(self, cash: Decimal) -> None:
        self.cash = cash
        self.entries = 0  # positions opened
        self.trades = 0  # exits
        self.won = 0
        self.realised = Decimal(0)
        self.costs_paid = Decimal(0)
        self.day_realised = Decimal(0)
        self.profit = Decimal(0)
        self.loss = Decimal(0)
        self.peak = Decimal(0)
        self.drawdown = Decimal(0)

    def start_day(self) -> None:
        """Begin the day's result anew; cash and the counts of the run go on."""
        self.day_realised = Decimal(0)

    def adjust(self, net: Decimal) -> None:
        """Take what was found out late of exits that are counted already."""
        self.realised += net
        self.day_realised += net

    def count(self, net: Decimal) -> None:
        """Count an exit with the result `net`."""
        self.trades += 1
        self.realised += net
        self.day_realised += net
        if net > 0:
            self.won += 1
            self.profit += net
        else:
            self.loss -= net
        self.peak = max(self.peak, self.realised)
        self.drawdown = max(self.drawdown, self.peak - self.realised)


class Portfolio(CashAccount):
    """Cash and positions; quantities sold beyond what was held are kept in `stray`, so that nothing is ever lost."""

    def __init__(
        self, instruments: Sequence[Instrument], levels: Sequence[Levels], costs: Sequence[Costs], cash: Decimal
    ) -> None:
        """`instruments` may grow: `list_more` is called then."""
        super().__init__(cash)
        self._instruments = instruments
        self._levels = list(levels)
        self._costs = costs
        self.positions: list[Position | None] = [None] * len(instruments)
        self.stray = [0] * len(instruments)
        self.moves = 0  # positions that have come and gone

    def list_more(self, levels: Levels) -> None:
        """There is an instrument more, of which nothing is held."""
        self._levels.append(levels)
        self.positions.append(None)
        self.stray.append(0)

    def relist(self, index: int, levels: Levels) -> None:
        """Go by these levels for instrument `index`, of which nothing is held."""
        self._levels[index] = levels

    def net(self, index: int) -> int:
        """What is held of instrument `index`: the sum of all its fills, sells negative."""
        position = self.positions[index]
        return self.stray[index] + (position.quantity if position else 0)

    def charge(self, fill: Fill, filled_before: int = 0) -> Kinds:
        """What `fill` costs by kind, after `filled_before` of its order was filled; it is neither booked nor counted.

        An order is charged when its first part is filled, one beyond what the exchange takes in one as often as it must be cut.
        """
        instrument = self._instruments[fill.instrument]
        most = instrument.largest_order
        orders = -(-(filled_before + fill.quantity) // most) + -filled_before // most
        turnover = instrument.money(fill.price * fill.quantity)
        return self._costs[fill.instrument].of(turnover, orders, fill.at_ms, selling=fill.side == "SELL")

    def _pay(self, kinds: Kinds) -> Decimal:
        """Count what was charged; the sum of it."""
        costs = total(kinds)
        self.costs_paid += costs
        return costs

    def buy(self, fill: Fill, decided_price: int, kinds: Kinds) -> Position:
        """Book a buy fill, which costs `kinds`, of an order that was decided at tick price `decided_price`."""
        index = fill.instrument
        instrument = self._instruments[index]
        turnover = instrument.money(fill.price * fill.quantity)
        costs = self._pay(kinds)
        self.cash -= turnover + costs
        position = self.positions[index]
        if position is None:
            position = Position(instrument, self._levels[index], price=decided_price, at_ms=fill.at_ms)
            self.positions[index] = position
            self.entries += 1
            self.moves += 1
        position.add(fill.quantity, fill.price, costs)
        return position

    def sell(self, fill: Fill, reason: str, kinds: Kinds, *, blind: bool = False) -> Trade | None:
        """Book a sell fill of a whole order, which costs `kinds`; the exit (`blind`: see `Trade`), or None when nothing was held."""
        parts = OrderParts()
        self.sell_part(fill, kinds, parts)
        return self.complete(fill, parts, reason, blind=blind)

    def sell_part(self, fill: Fill, kinds: Kinds, parts: OrderParts) -> None:
        """Book a sell fill, which costs `kinds`, as one of the `parts` of its order."""
        index = fill.instrument
        instrument = self._instruments[index]
        exit_costs = self._pay(kinds)
        self.cash += instrument.money(fill.price * fill.quantity) - exit_costs
        parts.add(fill, kinds)
        position = self.positions[index]
        closed = min(position.quantity if position else 0, fill.quantity)
        self.stray[index] -= fill.quantity - closed
        if position is None or not closed:
            return
        parts.close(position, closed, *position.reduce(closed))
        if not position.quantity:
            self.positions[index] = None
            self.moves += 1

    def won_so_far(self, index: int, parts: OrderParts) -> Decimal:
        """What an exit of instrument `index`, of which so many `parts` are booked, has won so far; nothing for an entry."""
        gross = self._instruments[index].money(parts.closed_turnover - parts.entry_turnover)
        return gross - parts.entry_costs - total(parts.costs) if parts.closed else Decimal(0)

    def complete(self, fill: Fill, parts: OrderParts, reason: str, *, blind: bool = False) -> Trade | None:
        """Count the exit that an order is, of which all `parts` are booked and `fill` is the whole; None where nothing was closed by it."""
        if not parts.closed:
            return None
        instrument = self._instruments[fill.instrument]
        gross = instrument.money(parts.closed_turnover - parts.entry_turnover)
        costs = parts.entry_costs + total(parts.costs)
        self.count(gross - costs)
        return Trade(
            number=self.trades,
            instrument=fill.instrument,
            entry_ms=parts.entry_ms,
            exit_ms=fill.at_ms,
            entry_price=parts.entry_price,
            exit_price=fill.price,
            quantity=parts.closed,
            gross_pnl=gross,
            costs=costs,
            net_pnl=gross - costs,
            reason=reason,
            blind=blind,
        )

    def correct(self, fill: Fill, parts: OrderParts, turnover: int) -> Kinds:
        """Book what an order of which all `parts` are booked came to otherwise: exactly `turnover`; what all of it cost by kind.

        What an entry cost more or less is the position's as far as that is still held; of the rest it is the day's result.
        """
        index, side = fill.instrument, fill.side
        instrument = self._instruments[index]
        orders = -(-fill.quantity // instrument.largest_order)
        exact = self._costs[index].of(instrument.money(turnover), orders, fill.at_ms, selling=side == "SELL")
        more = turnover - parts.turnover
        costs = total(exact) - total(parts.costs)
        if not more and not costs:
            return exact
        paid = (instrument.money(more) if side == "BUY" else -instrument.money(more)) + costs
        self.cash -= paid
        self.costs_paid += costs
        parts.turnover, parts.costs = turnover, exact
        position = self.positions[index]
        if side == "BUY":
            turnover, its_costs = position.correct(more, costs) if position is not None else (0, Decimal(0))
            if late := instrument.money(turnover) + its_costs - paid:
                self.adjust(late)
        return exact

    def open_value(self, index: int, price: int) -> Decimal:
        """What is held of instrument `index` at `price`, before the costs of its exit."""
        position = self.positions[index]
        return self._instruments[index].money((position.quantity if position else 0) * price)

    def open_pnl(self, index: int, price: int) -> Decimal:
        """What the position in instrument `index` would win at `price`, before the costs of its exit."""
        position = self.positions[index]
        if position is None:
            return Decimal(0)
        value = self._instruments[index].money(position.quantity * price - position.entry_turnover)
        return value - position.entry_costs

    def exit_costs(self, index: int, price: int, at_ms: int) -> Decimal:
        """What selling all that is held of instrument `index` at `price` would cost, in one order at `at_ms`."""
        position = self.positions[index]
        return total(self.charge(Fill(0, index, "SELL", position.quantity, price, at_ms))) if position else Decimal(0)

    def dump(self, into: Fields) -> None:
        """Add the deciding state to `into`."""
        dump(self, "book.", into)
        for index, position in enumerate(self.positions):
            name = f"position.{index}."
            into[name + "stray"] = self.stray[index]
            into[name + "open"] = position is not None
            if position is not None:
                dump(position, name, into)

    def load(self, fields: dict[str, Plain]) -> None:
        """Take the deciding state back from what `dump` wrote."""
        load(self, "book.", fields)
        for index, instrument in enumerate(self._instruments):
            name = f"position.{index}."
            stray = fields[name + "stray"]
            assert isinstance(stray, int)
            self.stray[index] = stray
            position = None
            if fields[name + "open"]:
                position = Position(instrument, self._levels[index], price=0, at_ms=0)
                load(position, name, fields)
                position.arm()
            self.positions[index] = position

    def keep(self, into: Fields) -> list[int]:
        """Add the cash account and what is held to `into`; the numbers of the instruments of which something is."""
        dump(self, "book.", into)
        held = []
        for index, position in enumerate(self.positions):
            if position is not None:
                put_position(into, position.state(index))
            if self.stray[index]:
                into[f"{_HELD}{index}.stray"] = self.stray[index]
            if position is not None or self.stray[index]:
                held.append(index)
        return held

    def restore(self, fields: Mapping[str, Plain], place: Mapping[int, int], exiting: Mapping[int, int]) -> None:
        """Take over what `keep` wrote; `place` tells new numbers of instruments, `exiting` what is on order of them.

        Raises ValueError where `fields` is not what `keep` writes.
        """
        load(self, "book.", fields)
        for number, stray in strays_in(fields).items():
            self.stray[place[number]] = stray
        for held in positions_in(fields):
            index = place[held.instrument]
            self.positions[index] = Position.restored(
                self._instruments[index], self._levels[index], held, exiting.get(index, 0)
            )


# ── Positions as they are kept for the next run: nothing is said of an instrument that is not held. ──────────────────

_HELD = "position."


def put_position(into: Fields, held: PositionState) -> None:
    """Add an open position to `into`."""
    for name in PositionState.__struct_fields__[1:]:
        value = getattr(held, name)
        if name in Position.LATER and value == Position.LATER[name]:
            continue
        into[f"{_HELD}{held.instrument}.{name}"] = str(value) if isinstance(value, Decimal) else value


def positions_in(fields: Mapping[str, Plain]) -> list[PositionState]:
    """The open positions that were put into `fields`; raises ValueError."""
    found = []
    for number in _numbers(fields, ".quantity"):
        try:
            names = (name for name in PositionState.__struct_fields__[1:] if name not in Position.LATER)
            values = {name: fields[f"{_HELD}{number}.{name}"] for name in names}
            values |= {name: fields.get(f"{_HELD}{number}.{name}", value) for name, value in Position.LATER.items()}
            held = msgspec.convert({"instrument": number, **values}, PositionState)
        except (KeyError, msgspec.ValidationError) as error:
            raise ValueError(f"position {number}: {error}") from error
        if held.quantity <= 0 or not held.entry_costs.is_finite():
            raise ValueError(f"position {number}: it has {held.quantity} with costs of {held.entry_costs}")
        found.append(held)
    return found


def strays_in(fields: Mapping[str, Plain]) -> dict[int, int]:
    """What was sold beyond what was held, by the number of the instrument; raises ValueError."""
    return {number: int(str(fields[f"{_HELD}{number}.stray"])) for number in _numbers(fields, ".stray")}


def _numbers(fields: Mapping[str, Plain], name: str) -> list[int]:
    return [int(each.split(".")[1]) for each in fields if each.startswith(_HELD) and each.endswith(name)]
