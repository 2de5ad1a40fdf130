"""How many may be connected, and who goes where another needs his place. Pure: names the one, closes nothing."""

from collections.abc import Sequence

from engine.link.connection import Connection
from engine.link.protocol import Hello

_MOST_SCREENS = 16
_MOST_COMMANDS = 16  # places of their own: no number of screens keeps `flat`, `status` and `stop` out
_IDLE_SCREEN_NS = 2_000_000_000  # a screen looks four times a second: one that hangs gives its place to another
_MOST_UNNAMED = 128  # connections without a Hello; the oldest is closed


def one_too_many(connections: Sequence[Connection]) -> Connection | None:
    """Who must go, of `connections` (the oldest first), since too many have not said who they are."""
    unnamed = [each for each in connections if each.client is None]
    return unnamed[0] if len(unnamed) > _MOST_UNNAMED else None


def place_for(hello: Hello, connections: Sequence[Connection], now_ns: int) -> tuple[Connection | None, str]:
    """Who gives his place to this guest, the one that has been idle longest, where one must; or why there is none."""
    alike = [each for each in connections if each.client and each.client.screen == hello.screen]
    if len(alike) < (_MOST_SCREENS if hello.screen else _MOST_COMMANDS):
        return None, ""
    idlest = max(alike, key=lambda each: each.idle_ns(now_ns))
    if hello.screen and idlest.idle_ns(now_ns) < _IDLE_SCREEN_NS:
        return None, f"busy: {_MOST_SCREENS} screens are connected"
    return idlest, ""
