"""A market of our own: generated sessions, a broker that fills at once, faults on command."""

from typing import TYPE_CHECKING, Final

from engine.venues.venue import Environ, Venue

if TYPE_CHECKING:
    from engine.config import Config
    from engine.venues.simulated.settings import MockConfig
    from engine.venues.supply import Opened


def _settings() -> "type[MockConfig]":
    from engine.venues.simulated.settings import MockConfig

    return MockConfig


def _open(config: "Config", _environ: Environ) -> "Opened":
    from engine.venues.simulated.source import open_mock

    return open_mock(config)


MOCK: Final = Venue("mock", "a generated session at its own pace", "mock", _settings, _open)
