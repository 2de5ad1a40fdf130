"""The newest validation as the service shows and tells it: read again every few seconds, in a thread, whoever asks."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from engine.backtest.validation_record import WELL, Validation, newest
from engine.backtest.validation_told import has_told, take_on
from engine.gateway.log import LOGGER
from engine.model.errors import reason
from engine.presentation.alerts import Alert

_READ_S: Final = 10.0
_FOLLOW_S: Final = 1.0  # while it is yet to be told: a service that is killed in between tells it twice
_BY: Final = "serve"


class Validated:
    """Reads what `validate` has left in `folder`, and has told what nobody else has told or is about to.

    `told_ns` gives the channels there are, each with the time (of `clock_ns`) up to which all that stood was told.
    """

    def __init__(
        self,
        folder: Path,
        told_ns: Callable[[], Mapping[str, int]],
        clock_ns: Callable[[], int] = time.perf_counter_ns,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._folder = folder
        self._told_ns = told_ns
        self._clock_ns = clock_ns
        self._now = now
        self.newest: Validation | None = None  # None where there was none
        self._taken: Validation | None = None  # what this service is to tell, or has told
        self._channels: tuple[str, ...] = ()  # by which
        self._since_ns = 0
        self._untold: frozenset[str] = frozenset()

    async def run(self) -> None:
        """Read again and again until it is cancelled; a disk that hangs keeps nobody waiting."""
        while True:
            await asyncio.to_thread(self.read)
            await asyncio.sleep(_FOLLOW_S if self._untold else _READ_S)

    def read(self) -> None:
        """Read what lies there now; one that did not come out well is taken on, where nobody else tells it, and then followed."""
        found = self.newest = newest(self._folder)
        if found is None or found.outcome in WELL:
            self._taken, self._untold = None, frozenset()
            return
        try:
            if found == self._taken:
                self._follow(found)
            else:
                self._take(found)
        except BlockingIOError:  # somebody is writing down what he told: he is seen at the next look
            return
        except OSError as error:  # then it is told as well as can be
            LOGGER.warning("who told the validation cannot be written down: %s", reason(error))
            if found != self._taken:
                self._begin(found, tuple(self._told_ns()))

    def alerts(self, channel: str) -> tuple[Alert, ...]:
        """That it did not come out well, for as long as it is the newest, where `channel` is to tell it."""
        found = self._taken
        return (_alert(found),) if found is not None and channel in self._channels else ()

    def _take(self, found: Validation) -> None:
        channels = take_on(self._folder, found, _BY, self._told_ns(), self._now())
        if channels is not None:
            self._begin(found, channels)

    def _begin(self, found: Validation, channels: tuple[str, ...]) -> None:
        self._taken = None
        self._channels = channels
        self._untold = frozenset(channels)
        self._taken = found
        self._since_ns = self._clock_ns()

    def _follow(self, found: Validation) -> None:
        """Write down by which channels it has been told since the last time."""
        told = {name for name, ns in self._told_ns().items() if ns > self._since_ns and name in self._untold}
        if told:
            has_told(self._folder, found, told, ends=told == self._untold)
            self._untold -= told


def _alert(found: Validation) -> Alert:
    sizes = (
        ""
        if found.sizes is None
        else f"; trades {found.sizes.trades_recorded} → {found.sizes.trades_now}, net {found.sizes.net_difference:+.2f}"
    )
    text = f"validation of {found.date}: {found.outcome}: {found.reason:.300}{sizes}"
    return Alert("validation", "warning", text, of=f"{found.date} {found.at}")
