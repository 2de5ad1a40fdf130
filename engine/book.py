"""The account: exact cash, open positions by instrument, what was realised. Every change comes from a fill."""

from decimal import Decimal

from engine.positions import Costs, Levels, Position
from engine.state import Fields, Plain, dump, load
from engine.types import Fill, Instrument, Trade


class Book:
    """Cash and positions; quantities sold beyond what was held are kept in `stray`, so that nothing is ever lost.

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

    def __init__(
        self, instruments: tuple[Instrument, ...], levels: tuple[Levels, ...], costs: Costs, cash: Decimal
    ) -> None:
        self._instruments = instruments
        self._levels = levels
        self._costs = costs
        self.cash = cash
        self.positions: list[Position | None] = [None] * len(instruments)
        self.stray = [0] * len(instruments)
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

    def net(self, index: int) -> int:
        """What is held of instrument `index`: the sum of all its fills, sells negative."""
        position = self.positions[index]
        return self.stray[index] + (position.quantity if position else 0)

    def buy(self, fill: Fill, decided_price: int) -> Position:
        """Book a buy fill of an order that was decided at tick price `decided_price`."""
        index = fill.instrument
        instrument = self._instruments[index]
        turnover = instrument.money(fill.price * fill.quantity)
        costs = self._costs.of(turnover, selling=False)
        self.cash -= turnover + costs
        self.costs_paid += costs
        position = self.positions[index]
        if position is None:
            position = Position(instrument, self._levels[index], price=decided_price, at_ms=fill.at_ms)
            self.positions[index] = position
            self.entries += 1
        position.add(fill.quantity, fill.price, costs)
        return position

    def sell(self, fill: Fill, reason: str) -> Trade | None:
        """Book a sell fill; the exit it completes, or None when nothing was held."""
        index = fill.instrument
        instrument = self._instruments[index]
        turnover = instrument.money(fill.price * fill.quantity)
        exit_costs = self._costs.of(turnover, selling=True)
        self.cash += turnover - exit_costs
        self.costs_paid += exit_costs
        position = self.positions[index]
        held = position.quantity if position else 0
        closed = min(held, fill.quantity)
        self.stray[index] -= fill.quantity - closed
        if position is None or not closed:
            return None
        entry_turnover, entry_costs = position.reduce(closed)
        if not position.quantity:
            self.positions[index] = None
        gross = instrument.money(fill.price * closed - entry_turnover)
        costs = entry_costs + exit_costs
        self._count(gross - costs)
        return Trade(
            number=self.trades,
            instrument=index,
            entry_ms=position.entry_ms,
            exit_ms=fill.at_ms,
            entry_price=position.entry_price,
            exit_price=fill.price,
            quantity=closed,
            gross_pnl=gross,
            costs=costs,
            net_pnl=gross - costs,
            reason=reason,
        )

    def _count(self, net: Decimal) -> None:
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

    def open_pnl(self, index: int, price: int) -> Decimal:
        """What the position in instrument `index` would win at `price`, before the costs of its exit."""
        position = self.positions[index]
        if position is None:
            return Decimal(0)
        value = self._instruments[index].money(position.quantity * price - position.entry_turnover)
        return value - position.entry_costs

    def exit_costs(self, index: int, price: int) -> Decimal:
        """What selling all that is held of instrument `index` at `price` would cost."""
        position = self.positions[index]
        held = position.quantity if position else 0
        return self._costs.of(self._instruments[index].money(held * price), selling=True)

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
