"""An independent client of the simulated broker's orders over sockets: http.client and websocket-client."""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import websocket

from tests.simulator import API_KEY, Simulator, Spawned
from tests.simulator.exchange import Security, SimulatedExchange
from tests.support.exchange_harness import order_fields
from tests.support.waiting import PATIENCE_S

SECURE = "/rest/secure/angelbroking"
ORDERS = f"{SECURE}/order/v1"


class OrderClient:
    """One connection that is kept, as a program's lane has it."""

    def __init__(self, sim: Simulator | Spawned) -> None:
        self._jwt = next(each for each in sim.headers if each.startswith("Authorization: ")).removeprefix(
            "Authorization: "
        )
        self.connection = http.client.HTTPConnection(sim.http_url.removeprefix("http://"), timeout=PATIENCE_S)
        self.security = self._listed(sim) if isinstance(sim, Spawned) else sim.look(first_security)

    @property
    def headers(self) -> dict[str, str]:
        """Those of a good call."""
        bearer = f"Bearer {self._jwt}"
        return {"X-SourceID": "WEB", "X-MACAddress": "00:00", "X-PrivateKey": API_KEY, "Authorization": bearer}

    def send(self, path: str, body: object = None, **headers: str) -> None:
        """A call, whose answer is left for `received`."""
        method, text = ("GET", None) if body is None else ("POST", json.dumps(body))
        self.connection.request(method, path, text, self.headers | headers)

    def received(self) -> tuple[int, str]:
        """Status and text of the answer."""
        answer = self.connection.getresponse()
        return answer.status, answer.read().decode()

    def call(self, path: str, body: object = None, **headers: str) -> Any:
        """The JSON of an answer."""
        self.send(path, body, **headers)
        return json.loads(self.received()[1])

    def order(self, side: str = "BUY", price: int = 0, lots: int = 1, **other: object) -> dict[str, object]:
        """The body of a new order at `price` (paise), where none is said at one that trades at once."""
        price = price or (self.security.upper if side == "BUY" else self.security.lower)
        return order_fields(side, price / 100, lots * self.security.lot, security=self.security, **other)

    def place(self, side: str = "BUY", price: int = 0, lots: int = 1, **other: object) -> Any:
        """The answer to a new order."""
        return self.call(f"{ORDERS}/placeOrder", self.order(side, price, lots, **other))

    def _listed(self, sim: Spawned) -> Security:
        """The first instrument by the broker's own words."""
        symbol, token = sim.symbols[0], sim.tokens[0]
        body = {"mode": "FULL", "exchangeTokens": {"NFO": [token]}}
        (quote,) = self.call(f"{SECURE}/market/v1/quote", body)["data"]["fetched"]
        lower, upper = (round(quote[name] * 100) for name in ("lowerCircuit", "upperCircuit"))
        return Security(symbol, token, lot=75, lower=lower, upper=upper)

    def close(self) -> None:
        """End the connection."""
        self.connection.close()


def first_security(exchange: SimulatedExchange) -> Security:
    """The first that can be traded."""
    return next(exchange.depth(symbol).security for symbol in exchange.net)


@contextmanager
def order_client(sim: Simulator | Spawned) -> Iterator[OrderClient]:
    """A client whose connection ends with the block."""
    client = OrderClient(sim)
    try:
        yield client
    finally:
        client.close()


@contextmanager
def listening(sim: Simulator, **headers: str) -> Iterator[websocket.WebSocket]:
    """A socket for order updates, past the greeting."""
    head = [f"{name}: {value}" for name, value in ({"Authorization": f"Bearer {sim.tokens.jwt}"} | headers).items()]
    ws = websocket.create_connection(sim.orders_url, header=head, timeout=PATIENCE_S)
    try:
        assert json.loads(ws.recv())["order-status"] == "AB00"
        yield ws
    finally:
        ws.shutdown()


def codes(ws: websocket.WebSocket, count: int) -> list[str]:
    """The codes of the next `count` updates."""
    return [json.loads(ws.recv())["order-status"] for _ in range(count)]
