"""The sockets of order updates: who listens is told what the broker tells, in frames. Knows no order."""

from collections.abc import Callable

from tests.simulator.connection import Connection
from tests.simulator.exchange.due import NEVER
from tests.simulator.exchange.updates import UpdateStream
from tests.simulator.floor import Floor
from tests.simulator.framing import BINARY, TEXT, frame
from tests.simulator.http import Request
from tests.simulator.order_script import OrderFault
from tests.simulator.session import Session
from tests.simulator.tally import add

PATH = "/smart-order-update"
_BEAT = b"\x00"


class UpdateSession(Session):
    """A client that hears of orders; what reaches it is what its stream has for it by now."""

    def __init__(
        self, connection: Connection, floor: Floor, stream: UpdateStream, forget: Callable[["UpdateSession"], object]
    ) -> None:
        super().__init__(connection, floor)
        self._stream = stream
        self._forget = forget
        floor.counters.update_sockets += 1

    @property
    def next_ms(self) -> int:
        """When there is something to tell; at once where the broker has ended it."""
        if self.closing:
            return NEVER
        return self._stream.next_ms if self._stream.open else 0

    def begin(self, request: Request) -> None:
        """The greeting is the first message of the stream."""

    def tell(self, now_ms: int) -> None:
        """Send what has arrived by now; a stream that the broker has ended is the end."""
        for message in self._stream.take(now_ms):
            if not self.closing:
                self._floor.counters.update_messages += 1
                self.connection.send(frame(BINARY if message == _BEAT else TEXT, message))
        if not self._stream.open:
            self.close(1006, "by the broker")

    def on_text(self, text: bytes) -> None:
        """`ping` alone is understood."""
        if text == b"ping":
            self.on_ping(frame(TEXT, b"pong"))

    def on_ping(self, answer: bytes) -> None:
        """Counted, and answered."""
        self._floor.counters.update_pings += 1
        self.late(answer)

    def on_pong(self, payload: bytes) -> None:
        """None was asked for."""

    def leave(self, how: str) -> None:
        """It is counted how it ended."""
        add(self._floor.counters.update_closes, how)
        self._floor.counters.update_sockets -= 1
        self._stream.close()
        self._forget(self)

    def suffer(self, fault: OrderFault) -> None:
        """End, or go dead, as the fault says."""
        if fault.socket == "updates reset":
            self.connection.reset()
        elif fault.socket == "updates half_open":
            self.connection.silence()
        else:
            self.close(fault.code)
