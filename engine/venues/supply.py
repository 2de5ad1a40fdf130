"""What a venue gives a run: its live source, or why there is none. Starts nothing."""

from collections.abc import Callable, Sequence

from msgspec import UNSET, Struct
from msgspec.structs import replace

from engine.config import Config
from engine.model.clock import Clock
from engine.model.errors import InputError
from engine.model.events import FeedEvent
from engine.model.order_reports import OrderAnswer
from engine.model.ports import LiveFeed, OpenedLanes, OrderJournal
from engine.model.sources import TickSource, Undamaged
from engine.model.types import Instrument

Tell = Callable[[FeedEvent], None]
InSession = Callable[[], bool]
Find = Callable[[Sequence[str]], tuple[tuple[Instrument, ...], tuple[str, ...]]]  # and what to know; raises UserError
# (instruments, post from any thread, rows, the engine's time) → lanes that are not started yet
LanesOf = Callable[[Sequence[Instrument], Callable[[OrderAnswer], None], OrderJournal, Clock], OpenedLanes]


def find_none(symbols: Sequence[str]) -> tuple[tuple[Instrument, ...], tuple[str, ...]]:
    """For a source whose list cannot be changed while it runs; raises InputError."""
    raise InputError(f"{', '.join(symbols)}: the instruments of this source cannot be changed while it runs")


def _no_more(symbols: tuple[str, ...]) -> "LiveSupply":
    raise InputError(f"the last run holds {', '.join(symbols)}, which this source has not")


class LiveSupply(Undamaged, Struct, frozen=True):
    """A live source of ticks: its name, its instruments, and `connect(tell, in_session)`, which makes its feed.

    `with_more(symbols)` is the same source with further instruments. `broker(instruments, post, journal, clock)` opens
    the lanes that take orders there and post what becomes of them, beside the feed because both stand on one login; None
    where it can be traded on paper only. `find` looks further instruments up while it runs, which may take its time, and
    `objection` says why a list cannot be streamed.
    """

    name: str
    instruments: tuple[Instrument, ...]
    connect: Callable[[Tell, InSession], LiveFeed]
    with_more: Callable[[tuple[str, ...]], "LiveSupply"] = _no_more
    close: Callable[[], None] = lambda: None  # ends what the feed has under way elsewhere (a login)
    broker: LanesOf | None = None
    # Does what is needed once a day for these instruments; lines of what to know.
    new_day: Callable[[Sequence[Instrument]], tuple[str, ...]] = lambda _: ()
    find: Find = find_none
    objection: Callable[[Sequence[Instrument]], str] = lambda _: ""


class NoCredentials(Struct, frozen=True):
    """A live feed is configured but there is nothing to log in with; `lines` say what is missing."""

    lines: tuple[str, ...]


class OpenedVenue(Struct, frozen=True):
    """A venue's source, the configuration fitted to it, how fast a generated one goes (0 = as it can), what is to be told."""

    config: Config
    source: TickSource | LiveSupply
    speed: float = 1.0
    told: tuple[str, ...] = ()


def with_symbols(config: Config, symbols: tuple[str, ...]) -> Config:
    """Return `config` that subscribes `symbols`."""
    return replace(config, feed=replace(config.feed, symbols=symbols))


def market_said(config: Config, symbol: str, usual: str) -> str:
    """Return the market whose hours `symbol` keeps: the one that a person said, else `usual`, which the venue knows."""
    if config.origins.said(f"instruments.{symbol}.market"):
        known = config.instruments.get(symbol)
        return config.instrument.market if known is None else known.market
    return usual or config.instrument.market


def watched_as_said(config: Config, instrument: Instrument, *spelled: str) -> Instrument:
    """Return `instrument`, only watched or not as [instruments.X] says under its symbol or `spelled` otherwise; else as it is."""
    for symbol in (*spelled, instrument.symbol):
        if config.origins.said(f"instruments.{symbol}.watch_only"):
            return replace(instrument, watch_only=True if config.instruments[symbol].watch_only else UNSET)
    return instrument


def named(symbols: tuple[str, ...]) -> str:
    """Return `symbols` as a title has room for them."""
    return symbols[0] if len(symbols) == 1 else f"{symbols[0]} and {len(symbols) - 1:,} more"
