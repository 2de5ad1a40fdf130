"""The venues there are. A new one is a folder beside this file, a row here, and its section in config.toml."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeVar

from engine.model.types import REPLAY
from engine.venues.angelone import SMARTAPI
from engine.venues.binance import BINANCE
from engine.venues.simulated import MOCK
from engine.venues.venue import Venue

if TYPE_CHECKING:
    from engine.config import Sections
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


def part_of(source: str, parts: Mapping[str, Callable[[], _Part]]) -> _Part:
    """The part of the venue `source`, else of the first that has one: a replay needs no login, and yet one may be tried."""
    return parts.get(source, next(iter(parts.values())))()


def sections() -> "Sections":
    """Return the records of the venues' sections of the configuration."""
    return {venue.name: venue.settings() for venue in VENUES}
