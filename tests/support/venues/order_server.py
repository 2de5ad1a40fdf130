"""A broker of a few lines on 127.0.0.1 that takes orders, and does to each request what a test says, byte by byte."""

import json
import socket
import struct
import threading
from collections import defaultdict, deque
from collections.abc import Callable

from tests.support.http_server import HttpRequest, LoopbackServer, Wrap, answer

Act = Callable[["ServedLine"], None]


class ServedLine:
    """A connection on which a request has come, for an act to answer as it likes."""

    def __init__(self, sock: socket.socket, asked: HttpRequest, over: threading.Event) -> None:
        self.sock = sock
        self.asked = asked
        self._over = over

    def say(self, data: bytes) -> None:
        self.sock.sendall(data)

    def reset(self) -> None:
        """End with a TCP reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def stay(self) -> None:
        """Say nothing until the client goes."""
        self.sock.recv(1)

    def drip(self, data: bytes, pause_s: float = 0.02) -> None:
        """A byte at a time, for ever."""
        while not self._over.wait(pause_s):
            self.sock.sendall(data)


def says(status: int, body: bytes | str, **headers: str) -> Act:
    return lambda line: line.say(answer(status, body, **headers))


def yes(data: object) -> Act:
    return says(200, json.dumps({"status": True, "message": "SUCCESS", "errorcode": "", "data": data}))


def no(code: str, message: str = "no") -> Act:
    return says(200, json.dumps({"status": False, "message": message, "errorcode": code, "data": None}))


def taken(number: int = 1) -> Act:
    return yes({"script": "X", "orderid": f"20091000000{number:04}", "uniqueorderid": f"unique{number}"})


class OrderServer(LoopbackServer):
    """`acts[call]` are what it does to the next requests whose path ends so; the last of them goes on."""

    def __init__(self, *, wrap: Wrap | None = None, idle: Callable[[socket.socket], object] | None = None) -> None:
        super().__init__(wrap=wrap, idle=idle)
        self.acts: defaultdict[str, deque[Act]] = defaultdict(deque)
        tokens = {"jwtToken": "jwt-secret", "refreshToken": "refresh-secret", "feedToken": "feed-secret"}
        self.acts["loginByPassword"] = deque([yes(tokens)])
        for call in ("getOrderBook", "getTradeBook", "getPosition"):
            self.acts[call] = deque([yes(None)])
        self.acts["placeOrder"] = self.acts["modifyOrder"] = self.acts["cancelOrder"] = deque([taken()])

    def asked(self, call: str) -> list[HttpRequest]:
        """The requests of one call so far."""
        return [each for each in self.requests if each.path.endswith(call)]

    def act(self, call: str, *acts: Act) -> None:
        """Do this to the next requests of that call; the last goes on."""
        self.acts[call] = deque(acts)

    def serve(self, connection: socket.socket, asked: HttpRequest) -> None:
        """Do to it what is next."""
        acts = next((acts for call, acts in self.acts.items() if asked.path.endswith(call)), deque([no("AB9999")]))
        act = acts.popleft() if len(acts) > 1 else acts[0]
        act(ServedLine(connection, asked, self._over))
