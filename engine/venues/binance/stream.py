"""Binance's public market data as a live feed: what to ask for, which message is which instrument's tick. Knows no socket."""

from collections.abc import Callable

from engine.config import Config
from engine.model.errors import ConfigError, WireError
from engine.model.events import FeedEvent
from engine.model.types import Instrument
from engine.stream.adapter import Endpoint, MessageKind, Notice, address, too_fine
from engine.stream.errors import LinkLost
from engine.stream.frames import TEXT
from engine.stream.live_feed import Pace, StreamFeed
from engine.stream.tick_builder import TickBuilder, place
from engine.venues.binance import wire
from engine.venues.binance.settings import BinanceConfig

MOST_STREAMS = 1024
_LIFETIME_S = 23 * 3600 + 50 * 60.0  # the exchange ends every link after 24 hours; better at a moment of our own
_REQUEST = 1


class Binance:
    """The StreamAdapter of Binance's raw streams; the exchange pings, and the loop answers."""

    logs_in = False
    ping = b""
    lifetime_s = _LIFETIME_S

    def __init__(self, config: Config, instruments: tuple[Instrument, ...], ticker: TickBuilder) -> None:
        settings = config.venue(BinanceConfig)
        self._address = address("binance.stream_url", settings.stream_url, "/ws")
        self.source = f"binance {self._address.host}"
        self._ticker = ticker
        self._streams = [
            name
            for instrument in instruments
            for name in wire.stream_names(instrument.symbol, settings.trades, settings.book)
        ]
        self._places = {
            instrument.symbol.upper(): place(index, instrument, wire.SCALE, wire.SCALE)
            for index, instrument in enumerate(instruments)
        }

    def endpoint(self) -> Endpoint:
        """The stream's address; nobody need say who they are."""
        return self._address

    def renew(self) -> None:
        """Nothing: there are no tokens."""

    def subscriptions(self) -> list[bytes]:
        """One request for all streams, because more than five messages a second are not welcome."""
        return [wire.subscribe(self._streams, _REQUEST)]

    def on_message(self, opcode: int, payload: bytes) -> MessageKind:
        """A trade becomes a tick, a book what the next ticks carry; raises WireError, and LinkLost before a shutdown."""
        if opcode != TEXT:
            raise WireError("binary")
        message = wire.decode(payload)
        if isinstance(message, wire.TradeMessage):
            place = self._places.get(message.symbol)
            if place is None:
                raise WireError("unknown_token", message.symbol)
            if self._ticker.trade(place, message.exch_ms, message.id, message.price, message.quantity, 0):
                return "data"
            return too_fine(place.symbol)
        if isinstance(message, wire.BookMessage):
            place = self._places.get(message.symbol)
            if place is None:
                raise WireError("unknown_token", message.symbol)
            self._ticker.book(place, message.bid, message.ask)
            return "book"
        if isinstance(message, wire.Shutdown):
            raise LinkLost("the server goes down", planned=True)
        if isinstance(message, wire.RequestError):
            return Notice(f"request refused: {message.code} {message.message}", severe=True)
        return "other"


def binance_feed(
    config: Config,
    instruments: tuple[Instrument, ...],
    *,
    tell: Callable[[FeedEvent], None],
    in_session: Callable[[], bool],
    pace: Pace | None = None,
) -> StreamFeed:
    """A feed of `instruments` from Binance; raises ConfigError for what cannot be subscribed, all problems at once."""
    problems = _problems(instruments, 2 if config.venue(BinanceConfig).book else 1)
    if problems:
        raise ConfigError(*problems)
    # Ids of trades and of aggregated trades each rise by one.
    ticker = TickBuilder(len(instruments), "chained")
    adapter = Binance(config, instruments, ticker)
    pace = pace or Pace(silence_s=float(config.feed.silence_s))
    return StreamFeed(adapter, ticker, tell=tell, in_session=in_session, pace=pace)


def _problems(instruments: tuple[Instrument, ...], streams_each: int) -> list[str]:
    most = MOST_STREAMS // streams_each
    problems: list[str] = []
    if not 0 < len(instruments) <= most:
        problems.append(f"feed.symbols: {len(instruments)} instruments; Binance streams 1 to {most} of them here")
    seen: set[str] = set()
    for instrument in instruments:
        symbol = instrument.symbol
        try:
            wire.stream_names(symbol, "trade", book=False)
        except ValueError:
            problems.append(
                f"instrument {symbol}: no symbol of Binance; up to 40 letters and digits such as BTCUSDT are"
            )
        if symbol.upper() in seen:
            problems.append(f"instrument {symbol}: named twice")
        seen.add(symbol.upper())
    return problems
