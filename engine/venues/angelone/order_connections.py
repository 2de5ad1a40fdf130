"""The way to Angel One for orders, opened: connections, headers, the socket for updates, one login with the feed. Decides nothing."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Final

from engine.config import Config
from engine.execution.order_dialect import OrderDialect, WireRequest
from engine.execution.order_edge import EdgeParts, OrderEdge
from engine.execution.order_line import Address, OrderLine
from engine.execution.spare_line import SpareLine
from engine.execution.updates_thread import FIRST_WAIT_S, LONGEST_WAIT_S, UpdatesThread
from engine.model.clock import Clock
from engine.model.order_reports import OrderAnswer
from engine.model.ports import OrderJournal
from engine.model.types import Instrument
from engine.outside.https import Origin, place_of
from engine.stream.adapter import Endpoint, address
from engine.stream.backoff import Backoff
from engine.venues.angelone.login import LoginSession
from engine.venues.angelone.orders.dialect import SmartApiOrders
from engine.venues.angelone.orders.updates import PING
from engine.venues.angelone.settings import SmartApiConfig
from engine.venues.angelone.tokens import headers

if TYPE_CHECKING:
    import ssl

Tls = Callable[[], "ssl.SSLContext"]

_MS_NS: Final = 1_000_000


def open_orders(
    config: Config,
    login: LoginSession,
    instruments: Sequence[Instrument],
    post: Callable[[OrderAnswer], None],
    journal: OrderJournal,
    clock: Clock,
) -> OrderEdge:
    """The lanes of a run that trades `instruments` there; nothing is opened before they are started. Raises ConfigError."""
    settings = config.venue(SmartApiConfig)
    place = place_of(settings.rest_url)
    updates = address("smartapi.orders_url", settings.orders_url)
    dialect = SmartApiOrders(instruments)
    tls = cache(verified_tls)
    known: list[Address] = []
    parts = EdgeParts(
        dialect=dialect,
        keeper=login,
        spare=lambda ring: SpareLine(partial(_line, place, tls, known, ring), _backoff()),
        speak=lambda wire, token: request_bytes(place, wire, headers(login.api_key, token)),
        updates=lambda see, missed, refused: _updates(updates, tls, login, dialect, see, missed, refused),
    )
    return OrderEdge(parts, post, journal, lambda: clock.wall_ns() // _MS_NS)


def request_bytes(place: Origin, wire: WireRequest, told: Mapping[str, str]) -> bytes:
    """`wire` as HTTP for a connection that is used once, with the headers `told`."""
    port = "" if place.port == (443 if place.tls else 80) else f":{place.port}"
    lines = [f"{wire.method} {place.path}{wire.path} HTTP/1.1", f"Host: {place.host}{port}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in {**told, "Content-Type": wire.content_type}.items()]
    if wire.method != "GET":
        lines.append(f"Content-Length: {len(wire.body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + wire.body


def _line(place: Origin, tls: Tls, known: list[Address], ring: Callable[[], None], now_ns: int) -> OrderLine:
    return OrderLine(place, tls() if place.tls else None, ring, now_ns, known)


def updates_endpoint(at: Endpoint, login: LoginSession, token: str) -> Endpoint:
    """The socket for order updates with what it wants to be shown."""
    told = (f"Authorization: Bearer {token}", f"x-api-key: {login.api_key}", f"x-client-code: {login.client_code}")
    return Endpoint(at.secure, at.host, at.port, at.resource, told)


def _updates(
    at: Endpoint,
    tls: Tls,
    login: LoginSession,
    dialect: OrderDialect,
    see: Callable[[OrderAnswer], None],
    missed: Callable[[], None],
    refused: Callable[[int], None],
) -> UpdatesThread:
    backoff = _backoff(FIRST_WAIT_S, LONGEST_WAIT_S)
    return UpdatesThread(partial(updates_endpoint, at, login), tls, PING, dialect.update, see, missed, refused, backoff)


def _backoff(first_s: float = 0.5, longest_s: float = 30.0) -> Backoff:
    from random import Random  # noqa: PLC0415 - only who connects rolls dice

    return Backoff(Random().random, first_s=first_s, longest_s=longest_s)  # noqa: S311 - no secret hangs on a wait


def verified_tls() -> "ssl.SSLContext":
    """How TLS is spoken: certificates and names are verified."""
    import ssl  # noqa: PLC0415 - OpenSSL: megabytes that a loopback needs not

    return ssl.create_default_context()
