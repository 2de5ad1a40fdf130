"""Who has taken alerts over from the engine, for as long as he keeps saying so. Written by one thread, read by any."""

from collections.abc import Mapping

from msgspec import Struct


class Claim(Struct, frozen=True):
    """That somebody tells by a channel of alerts (monotonic ns): when he said so last, and when the snapshot was taken up to which all was told."""

    said_ns: int
    told_ns: int


class AlertClaims:
    """The claims of all clients by their numbers; of several who tell by one channel he counts who said so last."""

    def __init__(self) -> None:
        self._of: dict[int, dict[str, Claim]] = {}
        self._newest: dict[str, Claim] = {}  # replaced as a whole

    def say(self, client: int, tells: Mapping[str, int], now_ns: int) -> None:
        """Until he says something else, `client` tells by these channels, each with up to when he has told all."""
        if not tells and client not in self._of:
            return
        self._of.pop(client, None)
        if tells:  # what is yet to be taken cannot have been told
            self._of[client] = {name: Claim(now_ns, min(told_ns, now_ns)) for name, told_ns in tells.items()}
        self._newest = {name: claim for claims in self._of.values() for name, claim in claims.items()}

    def of(self, channel: str) -> Claim | None:
        """The newest claim to `channel`."""
        return self._newest.get(channel)
