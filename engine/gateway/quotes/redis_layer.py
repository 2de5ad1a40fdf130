"""Redis behind the memory: waited for 25 ms at most, left alone for 30 s after a failure. Knows no quote.

No request fails for want of it, and none connects or asks whether it is back: that is the health task's work (`look`).
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from engine.gateway.quotes.answers import LONGEST_STORED_BYTES
from engine.gateway.quotes.flights import ended
from engine.gateway.quotes.redis_connections import ask, open_connections
from engine.model.clock import Clock
from engine.model.errors import ConfigError
from engine.text.redaction import hide
from engine.text.sanitize import CleanText, clean

if TYPE_CHECKING:
    from redis.asyncio.connection import ConnectionPool

VARIABLE: Final = "REDIS_URL"
PREFIX: Final = "myquant:v1:"
WAIT_S: Final = 0.025  # what a request waits for it at most
OFF_S: Final = 30  # after a failure
MOST_CALLS: Final = 16  # under way at once: beyond that it is not asked, and what is to be kept is left out
_LATE_S = 0.005  # so much later than it was to be woken, the loop is busy: its own time is no measure of Redis
_CONNECTIONS = MOST_CALLS + 1  # one for each, and for a look: nobody waits for a free one
_SCHEMES = ("redis", "rediss", "unix")
_ALLOWED = "redis://[[user]:password@]host[:port][/db], the same with rediss://, or unix:///path"
_PROBE = PREFIX + "probe"
_PROBE_MS = 60_000

_log = logging.getLogger("myquant.gateway")


class RedisAddress(Struct, frozen=True):
    """Where Redis is; `name` is what may be said of it. Shows no password."""

    name: CleanText
    scheme: str
    options: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"RedisAddress({self.name})"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        """The same for a debugger that would list the fields."""
        return [("name", self.name)]


def address_of(url: str) -> RedisAddress:
    """Take REDIS_URL apart; its password is hidden from logs from now on. Raises ConfigError, without a word of it."""
    try:
        parts = urlsplit(url)
        port = parts.port or 6379
        database = int(parts.path.strip("/") or 0) if parts.scheme != "unix" else 0
    except ValueError:
        raise ConfigError(f"{VARIABLE}: no address; allowed: {_ALLOWED}") from None
    if password := unquote(parts.password or ""):
        hide(password)
    is_socket = parts.scheme == "unix"
    # What may stand behind a ? would override how long we wait.
    if (
        parts.scheme not in _SCHEMES
        or parts.query
        or parts.fragment
        or not (parts.path if is_socket else parts.hostname)
    ):
        raise ConfigError(f"{VARIABLE}: allowed: {_ALLOWED}, and nothing behind it")
    options: dict[str, Any] = {"username": unquote(parts.username or "") or None, "password": password or None}
    if is_socket:
        options["path"] = unquote(parts.path)
        return RedisAddress(clean(f"Redis at {options['path']}"), parts.scheme, options)
    options |= {"host": parts.hostname, "port": port, "db": database}
    return RedisAddress(clean(f"Redis at {parts.hostname}:{port}/{database}"), parts.scheme, options)


class RedisLayer:
    """Values by key in one Redis. Every change between there and not there is one log line."""

    def __init__(self, address: RedisAddress, connect_s: float, clock: Clock, *, wait_s: float = WAIT_S) -> None:
        self.is_up = False
        self.left_out = 0
        self._address = address
        self._connect_s = connect_s
        self._clock = clock
        self._wait_s = wait_s
        self._connections: ConnectionPool | None = None
        self._dropped: ConnectionPool | None = None  # it failed; closed by the next look, since that may wait
        self._calls: set[asyncio.Future[object]] = set()  # those under way, some of which nobody waits for any more
        self._looked = False
        self._again_ns = clock.monotonic_ns()
        self._looking = asyncio.Lock()  # held by whoever connects or closes; requests never take it

    async def get(self, key: str) -> bytes | None:
        """What lies under `key`, cut off where it is too long to be ours; b"" where nothing does, None where Redis did not tell."""
        return await self._asked(("GETRANGE", PREFIX + key, 0, LONGEST_STORED_BYTES), self._wait_s)

    async def put(self, key: str, data: bytes, ttl_s: float) -> None:
        """Let `data` lie under `key` for `ttl_s` seconds, where Redis takes it; no request waits for that. Of too many at once some are left out."""
        if len(self._calls) >= MOST_CALLS:
            self.left_out += 1
            return
        await self._asked(("SET", PREFIX + key, data, "PX", round(ttl_s * 1000)), self._connect_s)

    async def look(self) -> None:
        """See whether it is there, unless it failed less than 30 s ago; connects where it must. Waits as long as connecting may take."""
        async with self._looking:
            if self._clock.monotonic_ns() < self._again_ns:
                return
            await self._close_dropped()
            try:
                connections = self._connections = self._opened() if self._connections is None else self._connections
            except ImportError as error:  # no library, or one that is put together in another way
                self._fail(None, error, self._connect_s)
                return
            try:
                async with asyncio.timeout(self._connect_s):
                    # A write: one that only answers, and takes nothing, is of no use.
                    await ask(connections, "SET", _PROBE, "1", "PX", _PROBE_MS)
            except Exception as error:  # noqa: BLE001 - whatever a library raises, Redis is not there; told below
                self._fail(connections, error, self._connect_s)
                return
            if connections is self._connections and not self.is_up:
                self.is_up = self._looked = True
                _log.info("%s is used", self._address.name)

    async def close(self) -> None:
        """Let go of it."""
        self.is_up = False
        await ended([*self._calls])
        async with self._looking:
            await self._close_dropped()
            self._dropped, self._connections = self._connections, None
            await self._close_dropped()

    async def _asked(self, command: tuple[str | bytes | int, ...], wait_s: float) -> bytes | None:
        connections = self._connections
        if not self.is_up or connections is None or len(self._calls) >= MOST_CALLS:
            return None
        # Not a timeout around it: cancelled while it connects, the library goes on waiting for seconds.
        call = asyncio.ensure_future(ask(connections, *command))
        call.add_done_callback(self._over)
        self._calls.add(call)
        loop = asyncio.get_running_loop()
        over_s = loop.time() + wait_s
        await asyncio.wait((call,), timeout=wait_s)
        if not call.done() and loop.time() - over_s > _LATE_S:
            return None  # we were late ourselves, which says nothing of Redis; the answer may still come, to nobody
        error: BaseException | None = TimeoutError()
        if not call.done():
            call.cancel()
        elif call.cancelled():
            error = ConnectionError("ended on our side")
        else:
            error = call.exception()
        if error is None:
            said = call.result()
            return said if isinstance(said, bytes) else b""
        if str(error).startswith("WRONGTYPE"):
            return b"WRONGTYPE"  # something is there, and it is none of ours
        self._fail(connections, error, wait_s)
        return None

    def _over(self, call: asyncio.Future[object]) -> None:
        self._calls.discard(call)
        if not call.cancelled():
            call.exception()  # looked at: of one that nobody waits for any more it says nothing new

    def _fail(self, connections: "ConnectionPool | None", error: BaseException, waited_s: float) -> None:
        """Leave it alone for a while; told by the first whom it fails."""
        if connections is not self._connections:
            return  # it failed another before
        self._dropped, self._connections = connections, None
        self._again_ns = self._clock.monotonic_ns() + OFF_S * 1_000_000_000
        if self.is_up or not self._looked:
            why = (
                f"no answer within {waited_s * 1000:.0f} ms"
                if isinstance(error, TimeoutError)
                else clean(str(error), 200)
            )
            _log.warning("%s is left alone, quotes are kept in memory: %s", self._address.name, why)
        self._looked = True
        self.is_up = False

    def _opened(self) -> "ConnectionPool":
        return open_connections(
            self._address.scheme,
            self._address.options,
            timeout_s=self._connect_s,
            most_connections=_CONNECTIONS,
        )

    async def _close_dropped(self) -> None:
        dropped, self._dropped = self._dropped, None
        if dropped is None:
            return
        try:
            async with asyncio.timeout(self._connect_s):
                await dropped.aclose()
        except Exception as error:  # noqa: BLE001 - it had failed already; nothing is lost with it
            _log.debug("%s was not closed in good order: %s", self._address.name, clean(str(error), 200))
