"""What a live feed asks of an exchange's way of speaking, so that the one need not know the other. Plain data and a protocol."""

from typing import Literal, Protocol

from msgspec import Struct

from engine.model.errors import ConfigError
from engine.model.types import Instrument

_PORTS = {"wss": 443, "ws": 80}


class Notice(Struct, frozen=True):
    """What a message says that is no tick, for a person; told once per text. `data`: it was market data all the same."""

    text: str
    severe: bool = False
    data: bool = False


# What a message was: market data, a book alone (data too), the answer to our ping, anything else that is in order, or something to tell.
MessageKind = Literal["data", "book", "pong", "other"] | Notice


def too_fine(symbol: str) -> Notice:
    """What to say of a price that the instrument's price scale cannot express."""
    return Notice(f"{symbol}: prices finer than its price_scale are refused; raise it", severe=True, data=True)


class Endpoint(Struct, frozen=True):
    """Where to connect; `headers` may hold secrets and are shown by no repr."""

    secure: bool
    host: str
    port: int
    resource: str
    headers: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """The address as a URL, without headers."""
        return f"{'wss' if self.secure else 'ws'}://{self.host}:{self.port}{self.resource}"

    def __repr__(self) -> str:
        return f"Address({self.url})"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        """The same for a debugger that would list the fields."""
        return [("url", self.url)]


def address(key: str, url: str, default_resource: str = "/") -> Endpoint:
    """`url` (of the configuration key `key`) in its parts; raises ConfigError for what is no ws:// or wss:// URL."""
    scheme, _, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    host, _, port = place.partition(":")
    if scheme not in _PORTS or not host or not (port or "1").isdigit() or not 0 < int(port or "1") < 65_536:
        raise ConfigError(f"{key}: '{url}' is not allowed; wss://host[:port][/path] is, with a port from 1 to 65535")
    resource = slash + path if path else default_resource
    return Endpoint(scheme == "wss", host.lower(), int(port or _PORTS[scheme]), resource)


def changed(before: tuple[Instrument, ...], now: tuple[Instrument, ...]) -> tuple[list[int], list[int]]:
    """The numbers of the instruments that are followed `now` and were not `before`, and of those that are no more."""
    were = [not each.removed for each in before] + [False] * (len(now) - len(before))
    pairs = list(enumerate(zip(were, now, strict=True)))
    added = [index for index, (was, each) in pairs if not was and not each.removed]
    return added, [index for index, (was, each) in pairs if was and each.removed]


class StreamAdapter(Protocol):
    """How one exchange is spoken to; pure but for `endpoint` and `renew`, which may talk to a login server."""

    source: str  # what a person calls this feed
    logs_in: bool  # `endpoint` may log in, and `renew` is worth a try
    ping: bytes  # the text that asks for a sign of life every few seconds; empty where the server asks
    lifetime_s: float  # how long the exchange lets a link live; 0 = no limit

    def endpoint(self) -> Endpoint:
        """Where to connect and with which headers; blocks while it logs in. Raises LinkLost, Hopeless."""

    def renew(self) -> None:
        """Log in afresh because the tokens were refused; blocks. Raises LinkLost, Hopeless."""

    def subscriptions(self) -> list[bytes]:
        """The texts that ask for everything wanted, to be sent on every new link."""

    def relist(self, instruments: tuple[Instrument, ...]) -> list[bytes]:
        """Go by these instruments from now on; the texts that ask for what is new among them, and for no more of the removed."""

    def on_message(self, opcode: int, payload: bytes) -> MessageKind:
        """Take in a text or binary message; ticks go where they belong. Raises WireError, LinkLost (planned)."""
