"""Whether Angel One's socket for order updates greets: connects once, waits for the greeting, leaves. Keeps nothing up."""

import time
from typing import Final

from engine.execution.order_dialect import OrderDialect
from engine.model.errors import ConfigError, WireError
from engine.model.preflight import SocketFound
from engine.stream.adapter import address
from engine.stream.errors import LinkLost, Stopped
from engine.stream.frames import BINARY, CLOSE, TEXT, FrameReader
from engine.stream.handshake import shake_hands
from engine.stream.socket import StreamSocket, dial
from engine.stream.wakeup import Wakeup
from engine.text.redaction import redact
from engine.text.sanitize import CleanText, clean
from engine.venues.angelone.login import LoginSession
from engine.venues.angelone.order_connections import updates_endpoint, verified_tls

_WITHIN_NS: Final = 7 * 10**9
_now_ns = time.perf_counter_ns


def greeting_of(url: str, login: LoginSession, jwt: str, dialect: OrderDialect) -> SocketFound:
    """What came of it; raises nothing."""
    wakeup, deadline_ns = Wakeup(), _now_ns() + _WITHIN_NS
    try:
        at = address("smartapi.orders_url", url)
        line = dial(at.host, at.port, wakeup, deadline_ns, loopback_only=not at.secure)
        try:
            if at.secure:
                line.secure(verified_tls(), at.host, deadline_ns)
            shake_hands(line, updates_endpoint(at, login, jwt), deadline_ns)
            return _greeted(line, dialect, deadline_ns)
        finally:
            line.close()
    except (LinkLost, WireError, ConfigError, Stopped) as error:
        return SocketFound(problem=clean(redact(str(error)), 200))
    finally:
        wakeup.close()


def _greeted(line: StreamSocket, dialect: OrderDialect, deadline_ns: int) -> SocketFound:
    """Read until the greeting, or an end; raises LinkLost, WireError."""
    frames = FrameReader()
    while _now_ns() < deadline_ns:
        frames.feed(line.receive(deadline_ns) or b"")
        while (message := frames.take()) is not None:
            if message.opcode == CLOSE:
                return SocketFound(problem=CleanText("it was closed without a greeting"))
            if message.opcode in {TEXT, BINARY}:
                said = dialect.update(message.payload, 1)
                if said.kind == "greeting":
                    return SocketFound(greeted=True)
                if said.kind == "unreadable":
                    return SocketFound(problem=said.reason)
    return SocketFound()
