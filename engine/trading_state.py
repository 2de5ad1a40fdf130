"""All trading state of a run in one place, with the few moves that everything else is made of. Decides nothing itself."""

from collections.abc import Sequence
from datetime import date

from engine.book import Book
from engine.config import Config
from engine.desk import Desk
from engine.flat import FlatJob
from engine.messages import EntriesChanged, Fact, LockState, Submit
from engine.orders import Orders
from engine.positions import Costs, Position
from engine.risk import EntryGate
from engine.session import NO_DAY
from engine.state import Fields, Plain, dump, load
from engine.types import Instrument


class TradingState:
    """Desks, book, gate, orders and the flat job; `effects` collects what the event at hand brings about."""

    def __init__(self, config: Config, instruments: tuple[Instrument, ...], costs: Costs, tag_prefix: str) -> None:
        self.desks = [Desk(i, each, config.risk, config.strategy) for i, each in enumerate(instruments)]
        levels = tuple(desk.levels for desk in self.desks)
        self.book = Book(instruments, levels, costs, config.capital.initial_capital)
        self.gate = EntryGate(config.risk.max_positions_per_day)
        self.orders = Orders(tag_prefix)
        self.flat = FlatJob()
        self.today: date = NO_DAY.date
        self.faults = 0
        self.first_refused: dict[str, int] = {}  # reason → number of the first tick refused for it
        self.effects: list[Fact] = []

    def take_effects(self) -> Sequence[Fact]:
        """What has come about since the last call."""
        effects, self.effects = self.effects, []
        return effects

    def position(self, desk: Desk) -> Position | None:
        """What is held on `desk`."""
        return self.book.positions[desk.index]

    @staticmethod
    def _seq(desk: Desk) -> int:
        return desk.last_tick.seq if desk.last_tick else 0

    def buy(self, desk: Desk, quantity: int, price: int, at_ms: int) -> None:
        """Order an entry of `quantity` at `price`."""
        self.gate.day_entries += 1
        order = self.orders.new(desk.index, "BUY", quantity, price, "Entry", at_ms, self._seq(desk))
        self.effects.append(Submit(order))

    def sell(
        self, desk: Desk, position: Position, quantity: int, price: int, at_ms: int, reason: str, target: int = -1
    ) -> None:
        """Order an exit of `quantity`, decided at tick price `price`."""
        position.exiting += quantity
        limit = max(price - desk.levels.slippage_exit, desk.instrument.tick_size)  # no order goes below one tick
        order = self.orders.new(desk.index, "SELL", quantity, limit, reason, at_ms, self._seq(desk), target)
        self.effects.append(Submit(order))

    def close(self, desk: Desk, position: Position, price: int, at_ms: int, reason: str) -> None:
        """Order the exit of all that no other order is selling already."""
        left = position.quantity - position.exiting
        if left > 0:
            self.sell(desk, position, left, price, at_ms, reason)

    def entries(self, state: LockState, reason: str, at_ms: int) -> None:
        """Tell that entries are allowed or not from now on."""
        self.effects.append(EntriesChanged(state, reason, at_ms))

    def halt(self, reason: str, at_ms: int) -> None:
        """No entries until the operator unlocks; the first reason stands."""
        if not self.gate.halted:
            self.gate.halted = reason
            self.entries("halted", reason, at_ms)

    def dump(self) -> Fields:
        """The deciding state by name: indicators, positions, cash, limits, orders."""
        fields: Fields = {"today": self.today.isoformat()}
        dump(self.gate, "gate.", fields)
        dump(self.flat, "flat.", fields)
        self.orders.dump(fields)
        self.book.dump(fields)
        for desk in self.desks:
            desk.dump(fields)
        return fields

    def load(self, fields: dict[str, Plain]) -> None:
        """Take the deciding state back from what `dump` wrote."""
        self.today = date.fromisoformat(str(fields["today"]))
        load(self.gate, "gate.", fields)
        load(self.flat, "flat.", fields)
        self.orders.load(fields)
        self.book.load(fields)
        for desk in self.desks:
            desk.load(fields)
        self.effects = []
