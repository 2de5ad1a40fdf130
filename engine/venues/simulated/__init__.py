"""A market of our own: generated sessions, a broker that fills at once, faults on command."""

from typing import Final

from msgspec import Struct

from engine.venues.venue import Open, Venue


def _settings() -> type[Struct]:
    from engine.venues.simulated.settings import MockConfig

    return MockConfig


def _opener() -> Open:
    from engine.venues.simulated.source import open_mock

    return open_mock


MOCK: Final = Venue(
    "mock", "a generated session, from its opening on, at ten times its pace", "mock", _settings, _opener
)
