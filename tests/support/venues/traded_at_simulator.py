"""The program's own lanes to a simulated broker, over real sockets: what is asked, what is answered, and what is true there."""

from collections.abc import Iterator
from contextlib import contextmanager

from engine.model.clock import VirtualClock
from engine.model.order_reports import Accepted, SessionChanged
from engine.model.order_requests import AmendOrder, PlaceOrder, Purpose, WithdrawOrder, WriteRequest
from engine.model.types import Side
from engine.venues.angelone.credentials import Credentials
from tests.simulator import API_KEY, CLIENT_CODE, PIN, TOTP_SECRET, Account, Generated, Orders, Quiet, Simulator
from tests.simulator.exchange import NO_DELAYS, Delays, Security
from tests.support.spoken_orders import instrument_of
from tests.support.venues.edge_harness import NOON_NS, EdgeHarness
from tests.support.venues.order_client import first_security
from tests.support.waiting import PATIENCE_S

CREDENTIALS = Credentials(CLIENT_CODE, PIN, API_KEY, TOTP_SECRET)


class AtSimulator:
    """Lanes that are logged in, and the broker: others there buy and sell any quantity at one price."""

    def __init__(self, sim: Simulator, harness: EdgeHarness, security: Security) -> None:
        self.sim = sim
        self.harness = harness
        self.security = security

    def order(
        self, number: int = 1, side: Side = "BUY", *, rests: bool = False, purpose: Purpose = "ENTRY"
    ) -> PlaceOrder:
        """A new order of a lot, which trades at once unless it `rests`."""
        limit = self.security.start + (-1 if (side == "BUY") is rests else 1) * 10 * self.security.tick
        tag = f"L9FAB00700{number:02}{purpose[0]}"
        return PlaceOrder(number, tag, 0, side, self.security.lot, limit, purpose, limit, "")

    def accepted(self, request: WriteRequest) -> Accepted:
        """The answer to a request that is taken."""
        self.harness.ask(request)
        return self.harness.until(Accepted, lambda each: (each.order, each.request) == (request.order, request.request))

    def resting(self, purpose: Purpose = "EXIT") -> Accepted:
        """An order that was taken and rests."""
        return self.accepted(self.order(1, rests=True, purpose=purpose))

    def amend(self, taken: Accepted, limit: int) -> AmendOrder:
        """Another limit for it."""
        return AmendOrder(taken.order, taken.broker_id, 0, self.security.lot, limit, "EXIT")

    def withdraw(self, taken: Accepted) -> WithdrawOrder:
        """Take it back."""
        return WithdrawOrder(taken.order, taken.broker_id, "EXIT")

    @property
    def orders(self) -> int:
        """How many have become one."""
        return self.sim.look(lambda exchange: len(exchange.orders))

    @property
    def limit(self) -> int:
        """The price of the only one."""
        return self.sim.look(lambda exchange: exchange.orders[0].price)

    @property
    def works(self) -> bool:
        """Whether the only one has not ended."""
        return self.sim.look(lambda exchange: not exchange.orders[0].over)

    @property
    def sent(self) -> list[str]:
        """What the broker was asked to change, in order."""
        counters = self.sim.counters.orders
        assert counters is not None
        return [call for _, call, _ in counters.writes]


@contextmanager
def at_simulator(script: str = "", *, delays: Delays = NO_DELAYS) -> Iterator[AtSimulator]:
    """Lanes to a broker with these faults, past the login, that hear of orders."""
    clock = VirtualClock(NOON_NS)
    account = Account(clock=lambda: clock.wall_ns() / 1e9)
    orders = Orders(deep=True, delays=delays)
    lines = Generated(instruments=1).lines
    with Simulator(Quiet(lines), script=script, account=account, rate_limits=False, orders=orders) as sim:
        security = sim.look(first_security)
        known = (instrument_of(security),)
        with EdgeHarness(sim.http_url, sim.orders_url, instruments=known, credentials=CREDENTIALS, clock=clock) as edge:
            assert edge.until(SessionChanged).up
            assert sim.wait_for(lambda counters: counters.update_sockets == 1, PATIENCE_S)
            yield AtSimulator(sim, edge, security)
