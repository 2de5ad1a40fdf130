"""Binance's public market data as a live feed: what to ask for, which message is which instrument's tick. Knows no socket."""

from collections.abc import Callable, Iterable, Sequence

from engine.config import Config
from engine.model.errors import ConfigError, WireError
from engine.model.events import FeedEvent
from engine.model.types import Instrument
from engine.stream.adapter import Endpoint, MessageKind, Notice, address, changed, too_fine
from engine.stream.errors import LinkLost
from engine.stream.frames import TEXT
from engine.stream.live_feed import Pace, StreamFeed
from engine.stream.tick_builder import Slot, TickBuilder, place
from engine.venues.binance import wire
from engine.venues.binance.settings import BinanceConfig

MOST_STREAMS = 1024
_LIFETIME_S = 23 * 3600 + 50 * 60.0  # the exchange ends every link after 24 hours; better at a moment of our own


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
        self._trades, self._book = settings.trades, settings.book
        self._instruments = instruments
        self._places: dict[str, Slot] = {}
        self._place(range(len(instruments)))
        self._requests = 0

    def _place(self, numbers: Iterable[int]) -> None:
        for index in numbers:
            each = self._instruments[index]
            self._places[each.symbol.upper()] = place(index, each, wire.SCALE, wire.SCALE)

    def _streams(self, numbers: Iterable[int]) -> list[str]:
        symbols = (self._instruments[index].symbol for index in numbers)
        return [name for symbol in symbols for name in wire.stream_names(symbol, self._trades, self._book)]

    def endpoint(self) -> Endpoint:
        """The stream's address; nobody need say who they are."""
        return self._address

    def renew(self) -> None:
        """Nothing: there are no tokens."""

    def subscriptions(self) -> list[bytes]:
        """One request for all streams, because more than five messages a second are not welcome."""
        listed = (index for index, each in enumerate(self._instruments) if not each.removed)
        return [wire.subscribe(self._streams(listed), self._request())]

    def relist(self, instruments: tuple[Instrument, ...]) -> list[bytes]:
        """One request for the streams that are new, one for those that are not wanted any more; late messages of these are ticks still."""
        added, removed = changed(self._instruments, instruments)
        self._instruments = instruments
        self._place(added)
        self._ticker.relist(added, removed)
        requests = [(wire.subscribe, added), (wire.unsubscribe, removed)]
        return [ask(self._streams(numbers), self._request()) for ask, numbers in requests if numbers]

    def _request(self) -> int:
        self._requests += 1
        return self._requests

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
    problems = _problems(config, instruments)
    if problems:
        raise ConfigError(*problems)
    # Ids of trades and of aggregated trades each rise by one.
    ticker = TickBuilder(len(instruments), "chained")
    adapter = Binance(config, instruments, ticker)
    pace = pace or Pace(silence_s=float(config.feed.silence_s))
    return StreamFeed(adapter, ticker, tell=tell, in_session=in_session, pace=pace)


def too_many(config: Config, instruments: Sequence[Instrument]) -> str:
    """Why so many cannot be streamed over one link; empty when they can."""
    most = MOST_STREAMS // (2 if config.venue(BinanceConfig).book else 1)
    listed = sum(not each.removed for each in instruments)
    return f"{listed} instruments; Binance streams 1 to {most} of them here" if not 0 < listed <= most else ""


def _problems(config: Config, instruments: tuple[Instrument, ...]) -> list[str]:
    objection = too_many(config, instruments)
    return [*([f"feed.symbols: {objection}"] if objection else []), *not_coins(instruments)]


def not_coins(instruments: tuple[Instrument, ...]) -> list[str]:
    """A line for each that cannot be one of the exchange's symbols, or is named twice."""
    problems: list[str] = []
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
