"""A feed that says nothing, for an engine that only closes what another has left."""

from collections.abc import Callable
from typing import Final

from engine.model.ports import Closed, FeedView
from engine.model.types import Instrument, Tick
from engine.text.sanitize import CleanText

_IDLE: Final = CleanText("no engine is running")


class SilentFeed:
    """The market is not asked."""

    def start(self, deliver: Callable[[Tick], None], on_end: Callable[[str], None]) -> None:
        """Begin to say nothing."""

    def stop(self, timeout_s: float) -> None:
        """Go on saying nothing."""

    def keep_hours(self, closed: Callable[[], Closed | None]) -> None:
        """It has no link to make."""

    def silence_is_grave(self, grave: Callable[[], bool]) -> None:
        """It is silent for good."""

    def previous_close(self, _instrument: int) -> int:
        """0: nobody looks."""
        return 0

    def follow(self, instruments: tuple[Instrument, ...]) -> None:
        """It follows nothing."""

    def view(self) -> FeedView:
        """How a feed that was never connected stands."""
        return FeedView(CleanText("journal"), "STOPPED", 0, 0, 0, 0, 0, 0, 0, _IDLE, 0.0, None, 0, 0, {}, 0, 0)
