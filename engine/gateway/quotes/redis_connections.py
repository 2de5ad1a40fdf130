"""Connections to one Redis, by as much of the library `redis` as that takes: 2 MB of 7. Imported with an address only.

Its two packages import every client there is as they begin, for clusters and sentinels too, with each command of Redis as
a method. We send two commands, in the library's words for any: what connects, signs in, encrypts, writes and reads is
`redis.asyncio.connection`.
"""

import sys
from collections.abc import Mapping
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redis.asyncio.connection import ConnectionPool

_PACKAGES = ("redis", "redis.asyncio")


def open_connections(
    scheme: str, options: Mapping[str, Any], *, timeout_s: float, most_connections: int
) -> "ConnectionPool":
    """None is open yet: each is opened when it is first needed. Raises ImportError without the library."""
    _enter_packages()
    from redis.asyncio.connection import (  # noqa: PLC0415 - megabytes that only its users carry
        Connection,
        ConnectionPool,
        SSLConnection,
        UnixDomainSocketConnection,
    )
    from redis.asyncio.retry import Retry  # noqa: PLC0415
    from redis.backoff import NoBackoff  # noqa: PLC0415

    kinds = {"redis": Connection, "rediss": SSLConnection, "unix": UnixDomainSocketConnection}
    return ConnectionPool(
        connection_class=kinds[scheme],
        max_connections=most_connections,
        socket_connect_timeout=timeout_s,
        socket_timeout=timeout_s,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        **options,
    )


async def ask(connections: "ConnectionPool", *words: str | bytes | int) -> object:
    """The answer to one command; raises what the library does. Cancelled, its connection is closed: an answer may be under way."""
    connection = await connections.get_connection()  # type: ignore[no-untyped-call]
    try:
        await connection.send_command(*words)
        return await connection.read_response()
    finally:
        await connections.release(connection)


def _enter_packages() -> None:
    """Let Python find the modules of the packages without running what the packages themselves import.

    Safe, since the library's modules import each other by their whole names and want nothing of the packages; where a
    version will, that is an ImportError, and the service goes on without Redis as with any that cannot be had.
    """
    for name in _PACKAGES:
        if name not in sys.modules and (found := find_spec(name)) is not None:
            sys.modules[name] = module_from_spec(found)
