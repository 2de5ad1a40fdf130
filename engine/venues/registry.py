"""The venues there are. A new one is a folder beside this file, a row here, and its section in config.toml."""

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeVar

from engine.model.types import REPLAY, TradeMode
from engine.venues.angelone import SMARTAPI
from engine.venues.binance import BINANCE
from engine.venues.simulated import MOCK
from engine.venues.venue import LiveAccess, OpenProbe, Venue

if TYPE_CHECKING:
    from pathlib import Path

    from engine.config import Config, Sections
_Part = TypeVar("_Part")

# In the order of their sections in config.toml.
VENUES: Final[tuple[Venue, ...]] = (MOCK, BINANCE, SMARTAPI)
SOURCES: Final = (REPLAY, *(venue.name for venue in VENUES))
SOURCES_HELP: Final = "; ".join(
    ["where ticks come from: replay, the bundled session", *(f"{venue.name}, {venue.about}" for venue in VENUES)]
)


def venue_of(source: str) -> Venue | None:
    """Return the venue that `feed.source` names; None for a replay."""
    return next((venue for venue in VENUES if venue.name == source), None)


def live_access_of(source: str) -> LiveAccess | None:
    """How orders get to the venue that `feed.source` names; None where none can be sent."""
    venue = venue_of(source)
    return None if venue is None or venue.live_access is None else venue.live_access()


def live_probe_of(source: str) -> OpenProbe | None:
    """What asks the venue that `feed.source` names before orders may go there; None where none can be sent."""
    venue = venue_of(source)
    return None if venue is None or venue.live_probe is None else venue.live_probe()


def trade_mode(config: "Config", file: "Path | None") -> TradeMode:
    """What an order will mean in a run of `file`, or of the feed: as it is chosen, without looking anything up on the network."""
    venue = venue_of(config.feed.source) if file is None else None
    if venue is None:
        return "replay"
    return venue.mode if venue.login is None or venue.login().found(config, os.environ) else "mock"


def part_of(source: str, parts: Mapping[str, Callable[[], _Part]]) -> _Part:
    """The part of the venue `source`, else of the first that has one: a replay needs no login, and yet one may be tried."""
    return parts.get(source, next(iter(parts.values())))()


def sections() -> "Sections":
    """Return the records of the venues' sections of the configuration."""
    return {venue.name: venue.settings() for venue in VENUES}
