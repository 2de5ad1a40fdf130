"""Angel One SmartAPI's stream as a live feed: what to ask for, how to get in, which packet is which instrument's tick.

Knows no socket, no thread and no login server; it is handed somebody who logs in.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from engine.config import Config
from engine.model.errors import ConfigError, WireError
from engine.model.events import FeedEvent
from engine.model.types import Instrument
from engine.stream.adapter import Endpoint, MessageKind, Notice, address, changed, too_fine
from engine.stream.errors import Hopeless, LinkLost
from engine.stream.frames import BINARY
from engine.stream.live_feed import Pace, StreamFeed
from engine.stream.tick_builder import Slot, TickBuilder, place
from engine.venues.angelone import wire
from engine.venues.angelone.instruments.listed import scale_of
from engine.venues.angelone.login import LoginError
from engine.venues.angelone.settings import SmartApiConfig
from engine.venues.angelone.tokens import Tokens

MOST_INSTRUMENTS = 1000  # subscriptions of one session
_BATCH = 250
_AGAIN_S = 300.0  # until a login whose tokens no header can carry is tried once more
_NAMED = 5  # instruments named in a remark


class TokenKeeper(Protocol):
    """Who keeps the tokens of a session; every call may take some seconds."""

    client_code: str
    api_key: str

    def tokens(self) -> Tokens:
        """Today's tokens, by a login where there are none; raises LoginError."""

    def renew(self, after: int) -> Tokens:
        """Tokens of a later login than number `after`; raises LoginError."""


class SmartApi:
    """The StreamAdapter of SmartAPI's "streaming 2.0"."""

    logs_in = True
    ping = wire.PING
    lifetime_s = 0.0

    def __init__(
        self, config: Config, instruments: tuple[Instrument, ...], login: TokenKeeper, ticker: TickBuilder
    ) -> None:
        settings = config.venue(SmartApiConfig)
        self._address = address("smartapi.stream_url", settings.stream_url)
        self.source = f"smartapi {self._address.host}"
        self._login = login
        self._generation = 0  # of the login whose tokens were shown last
        self._ticker = ticker
        self._mode = wire.MODES[settings.mode]
        self._snap = self._mode == wire.SNAP_QUOTE
        self._places: dict[str, dict[int, Slot]] = {}
        self._instruments = instruments
        self._batches: list[tuple[Instrument, ...]] = []  # as asked for on this link
        self._place(range(len(instruments)))

    def _place(self, numbers: Iterable[int]) -> None:
        for index in numbers:
            instrument = self._instruments[index]
            exchange_type = wire.EXCHANGE_TYPES[instrument.exchange]
            here = place(index, instrument, scale_of(instrument.exchange), 1)
            self._places.setdefault(instrument.token, {})[exchange_type] = here

    def endpoint(self) -> Endpoint:
        """The stream's address with the four headers; raises LinkLost, Hopeless."""
        tokens = self._logged_in(self._login.tokens)
        self._generation = tokens.generation
        try:
            headers = wire.handshake_headers(tokens.jwt, self._login.api_key, self._login.client_code, tokens.feed)
        except ValueError as error:  # names the header, never its value
            raise Hopeless(str(error), again_s=_AGAIN_S) from None
        at = self._address
        return Endpoint(at.secure, at.host, at.port, at.resource, tuple(headers))

    def renew(self) -> None:
        """Log in afresh, unless somebody else has done so since; raises LinkLost, Hopeless."""
        self._logged_in(lambda: self._login.renew(self._generation))

    def _logged_in(self, ask: Callable[[], Tokens]) -> Tokens:
        try:
            return ask()
        except LoginError as error:
            reason = error.text
            if error.retry_s is None:
                raise Hopeless(reason, again_s=error.again_s) from None
            raise LinkLost(reason, wait_s=error.retry_s) from None

    def subscriptions(self) -> list[bytes]:
        """One request for each batch of instruments; its correlation tells them apart in a refusal."""
        self._batches = []
        return self._asked([each for each in self._instruments if not each.removed])

    def _asked(self, instruments: Sequence[Instrument]) -> list[bytes]:
        batches = [tuple(instruments[start : start + _BATCH]) for start in range(0, len(instruments), _BATCH)]
        first = len(self._batches)
        self._batches += batches
        return [self._request(f"batch{number}", batch) for number, batch in enumerate(batches, first)]

    def relist(self, instruments: tuple[Instrument, ...]) -> list[bytes]:
        """Requests for what is new, and for no more of what was removed; late packets of that are ticks still."""
        added, removed = changed(self._instruments, instruments)
        self._instruments = instruments
        self._place(added)
        self._ticker.relist(added, removed)
        gone = tuple(instruments[index] for index in removed)
        asked = self._asked([instruments[index] for index in added])
        return [*asked, *([self._request("removed", gone, on=False)] if gone else [])]

    def _request(self, correlation: str, batch: Sequence[Instrument], *, on: bool = True) -> bytes:
        tokens: dict[int, list[str]] = {}
        for instrument in batch:
            tokens.setdefault(wire.EXCHANGE_TYPES[instrument.exchange], []).append(instrument.token)
        return wire.subscribe(correlation, self._mode, tokens, on=on)

    def on_message(self, opcode: int, payload: bytes) -> MessageKind:
        """A packet becomes a tick; raises WireError, `unknown_token` for one that nobody asked for."""
        if opcode != BINARY:
            return self._on_text(payload)
        packet = wire.decode(payload)
        here = self._places.get(packet.token)
        place = here.get(packet.exchange_type) if here else None
        if place is None:
            raise WireError("unknown_token", f"exchange type {packet.exchange_type}, token {packet.token}")
        ticker = self._ticker
        if not ticker.closes[place.index]:
            ticker.close(place, wire.close_in(payload))
        if self._snap:
            ticker.book(place, packet.bid, packet.ask)
        if ticker.trade(place, packet.exch_ms, packet.sequence, packet.price, packet.quantity, packet.day_volume):
            return "data"
        return too_fine(place.symbol)

    def _on_text(self, payload: bytes) -> MessageKind:
        message = wire.decode_text(payload)
        if isinstance(message, wire.Pong):
            return "pong"
        return Notice(
            f"subscription refused: {message.code} {message.message}, for {self._named(message.correlation)}", True
        )

    def _named(self, correlation: str) -> str:
        """The instruments of the batch that `correlation` stands for."""
        number = correlation.removeprefix("batch")
        known = number.isascii() and number.isdigit() and len(number) < 4 and int(number) < len(self._batches)
        batch = self._batches[int(number)] if known else tuple(i for batch in self._batches for i in batch)
        names = ", ".join(instrument.symbol for instrument in batch[:_NAMED])
        more = len(batch) - _NAMED
        return f"{names} and {more} more" if more > 0 else names


def smartapi_feed(
    config: Config,
    instruments: tuple[Instrument, ...],
    login: TokenKeeper,
    *,
    tell: Callable[[FeedEvent], None],
    in_session: Callable[[], bool],
    pace: Pace | None = None,
) -> StreamFeed:
    """A feed of `instruments` from SmartAPI; raises ConfigError for what cannot be subscribed, all problems at once."""
    problems = _problems(instruments)
    if problems:
        raise ConfigError(*problems)
    ticker = TickBuilder(len(instruments), config.venue(SmartApiConfig).sequence)
    adapter = SmartApi(config, instruments, login, ticker)
    pace = pace or Pace(silence_s=float(config.feed.silence_s))
    return StreamFeed(adapter, ticker, tell=tell, in_session=in_session, pace=pace)


def too_many(instruments: Sequence[Instrument]) -> str:
    """Why so many cannot be streamed in one session; empty when they can."""
    listed = sum(not each.removed for each in instruments)
    fits = 0 < listed <= MOST_INSTRUMENTS
    return "" if fits else f"{listed} instruments; SmartAPI streams 1 to {MOST_INSTRUMENTS}"


def objection(instruments: Sequence[Instrument]) -> str:
    """Why those of them that are not removed cannot be streamed together; empty when they can."""
    listed = [each for each in instruments if not each.removed]
    return "; ".join(filter(None, (too_many(listed), *unfit(listed))))


def _problems(instruments: tuple[Instrument, ...]) -> list[str]:
    many = too_many(instruments)
    return [*([f"feed.symbols: {many}"] if many else []), *unfit(instruments)]


def unfit(instruments: Sequence[Instrument]) -> list[str]:
    """A line for each that cannot be subscribed, or is another one's double."""
    problems: list[str] = []
    known = ", ".join(wire.EXCHANGE_TYPES)
    seen: dict[tuple[str, str], str] = {}
    for instrument in instruments:
        symbol, token = instrument.symbol, instrument.token
        if not (token.isascii() and token.isdigit() and len(token) <= 25):
            problems.append(f"instrument {symbol}: token '{token:.40}' is not one; 1 to 25 digits are")
        if instrument.exchange not in wire.EXCHANGE_TYPES:
            problems.append(f"instrument {symbol}: exchange '{instrument.exchange:.40}' is not one of {known}")
        elif (other := seen.get((instrument.exchange, token))) is not None:
            problems.append(f"instrument {symbol}: has the exchange and token of {other}")
        seen[instrument.exchange, token] = symbol
    return problems
