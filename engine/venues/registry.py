"""The venues there are. A new one is a folder beside this file, a row here, and its section in config.toml."""

from typing import TYPE_CHECKING, Final

from engine.model.types import REPLAY
from engine.venues.angelone import SMARTAPI
from engine.venues.binance import BINANCE
from engine.venues.simulated import MOCK
from engine.venues.venue import Venue

if TYPE_CHECKING:
    from engine.config import Sections

# In the order of their sections in config.toml.
VENUES: Final[tuple[Venue, ...]] = (
    MOCK,
    BINANCE,
    SMARTAPI,
)
SOURCES: Final = (REPLAY, *(venue.name for venue in VENUES))
SOURCES_HELP: Final = "; ".join(
    ["where ticks come from: replay, the bundled session", *(f"{venue.name}, {venue.about}" for venue in VENUES)]
)


def venue_of(source: str) -> Venue | None:
    """Return the venue that `feed.source` names; None for a replay."""
    return next((venue for venue in VENUES if venue.name == source), None)


def sections() -> "Sections":
    """Return the records of the venues' sections of the configuration."""
    return {venue.name: venue.settings() for venue in VENUES}
