"""A world in which prices stand where they are put, and things take the same time always: what stories are told on."""

from collections.abc import Sequence
from random import Random

from engine.model.events import AnyEvent
from engine.model.order_rows import OrderWarned
from tests.simulation.world import SECURITIES, START_MS, World
from tests.simulator.exchange.settings import Delays, TradingDay

NIFTY, BANKNIFTY = (each.symbol for each in SECURITIES)
LOT = SECURITIES[0].lot
QUICK = Delays((20, 20), (5, 5), (5, 5), (0, 0), (0, 0), (0, 0), (5, 5), 0)
DEEP = 100_000


class Stage(World):
    """`told` is all that the trader has told."""

    def __init__(
        self,
        script: str = "",
        *,
        amends: bool = True,
        quoted: bool = True,
        closes_ms: int | None = None,
        orders_a_day: int = 10_000,
        overrides: Sequence[str] = (),
    ) -> None:
        self.told: list[AnyEvent] = []
        day = TradingDay(close_ms=None if closes_ms is None else START_MS + closes_ms)
        super().__init__(
            Random(7), script, delays=QUICK, quoted=quoted, day=day, orders_a_day=orders_a_day, overrides=overrides
        )
        self._slow_rows = self._slow_hands = 0.0
        self.pursuit._amends = amends
        for security in SECURITIES:
            self.price(security.symbol, security.start)
        self.go(4_000)  # two rounds

    def price(self, symbol: str, bid: int, *, size: int = DEEP, spread: int = 10) -> None:
        """Somebody wants `size` at `bid`, and offers as much beyond the spread; that is the last price, too."""
        self.exchange.set_book(self.now_ms, symbol, [(bid, size)], [(bid + spread, size)], bid)

    def go(self, ms: int) -> "Stage":
        """Let so much time pass."""
        self.run(self.now_ms - START_MS + ms)
        return self

    def sleep(self, ms: int) -> "Stage":
        """The machine sleeps for so long: nothing is done here, while the exchange goes on."""
        self.now_ms += ms
        self.exchange.step(self.now_ms)
        self._beat_ms = self.now_ms
        return self

    @property
    def warned(self) -> list[str]:
        """What a person was told at once."""
        return [event.text for event in self.told if isinstance(event, OrderWarned)]

    @property
    def writes(self) -> list[str]:
        """What the exchange was asked for, in order."""
        return [call for _, call, _ in self.exchange.counters.writes]

    def carry_out(self, effects: Sequence[AnyEvent]) -> None:
        """Keep what is told."""
        self.told += effects
        super().carry_out(effects)

    def buy(self, lots: int) -> "Stage":
        """The strategy wants to enter, and does."""
        self.signal(0, lots * LOT, 10_000)
        return self.go(3_500)

    def sell(self, lots: int) -> "Stage":
        """A stop is hit."""
        self.signal(0, -lots * LOT, 10_000)
        return self

    @property
    def held(self) -> tuple[int, int]:
        """Lots by our own book, and in truth."""
        return self.blotter.net[0] // LOT, self.exchange.net[NIFTY] // LOT

    @property
    def sent(self) -> int:
        """How many orders the exchange was sent."""
        return sum(self.exchange.counters.placed.values())

    def states(self) -> list[str]:
        """What every order came to."""
        return [order.state for order in self.blotter.orders.values()]
