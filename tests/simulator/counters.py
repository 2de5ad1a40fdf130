"""What the simulated exchange did, to be compared with what a client says it saw. Decides nothing."""

from copy import deepcopy

import msgspec
from msgspec import Struct

from tests.simulator.exchange.counters import OrderCounters


class Counters(Struct):
    """Everything that is counted; `copy` is what other threads are given.

    `sent` holds good packets (Binance: trades) by token (raw lines: symbol), handed to a client's socket, snapshots included;
    `snapshots` those alone; `faults` what was done wrong on purpose, by kind, once for each client that got it, and what
    is counted there is not in `sent` (but `fragmented`, which is good data). `withheld` is what a silence, a half frame
    or a muted client swallowed. `market` is what happened at the exchange whether anybody listened or not.
    """

    connects: int = 0  # TCP connections taken, of any kind
    connections: int = 0  # those open now
    upgrades: int = 0  # WebSocket handshakes that went well
    open: int = 0  # WebSockets open now
    refusals: dict[str, int] = {}  # handshakes refused: "401", "429", "throttle", "refuse", "half_open", "400", "404"
    subscriptions: int = 0  # token × mode (Binance: streams) subscribed now, over all clients
    subscribes: int = 0  # messages that asked for more
    unsubscribes: int = 0
    errors: dict[str, int] = {}  # errors told to clients: "E1001", "E1002", "binance 3"
    market: dict[str, int] = {}
    sent: dict[str, int] = {}
    snapshots: dict[str, int] = {}
    withheld: dict[str, int] = {}
    sent_frames: int = 0  # data frames of any kind, faults included
    books: int = 0  # bookTicker messages of Binance
    faults: dict[str, int] = {}
    last_price: dict[str, int] = {}
    last_sequence: dict[str, int] = {}
    pings: int = 0  # text pings and ping frames of clients
    pongs: int = 0  # pong frames that carried the payload of our ping
    wrong_pongs: int = 0
    closes: dict[str, int] = {}  # how WebSockets ended: "client 1000", "client gone", "idle", "no pong", "slow", …
    requests: dict[str, int] = {}  # REST calls by the last part of their path; of an order's details by `details`
    logins: int = 0
    login_failures: int = 0
    ticks: int = 0  # steps of the traffic so far
    finished: bool = False
    orders: OrderCounters | None = None  # what a broker that takes orders saw of them
    update_sockets: int = 0  # sockets for order updates open now
    update_messages: int = 0  # handed to them, beats included
    update_pings: int = 0  # text pings and ping frames that came by them
    update_closes: dict[str, int] = {}  # how they ended

    def copy(self) -> "Counters":
        """A copy that no longer moves."""
        return deepcopy(self)

    def to_json(self) -> str:
        """One line of JSON."""
        return msgspec.json.encode(self).decode()

    @property
    def all_sent(self) -> int:
        """Good packets of all tokens together."""
        return sum(self.sent.values())
