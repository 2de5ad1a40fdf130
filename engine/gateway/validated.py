"""The newest validation as the service shows and tells it: read again every few seconds, in a thread, whoever asks."""

import asyncio
from pathlib import Path
from typing import Final

from engine.backtest.validation_record import Validation, newest
from engine.presentation.alerts import Alert

_READ_S: Final = 10.0
_WELL: Final = ("same", "no session")


class Validated:
    """Reads what `validate` has left in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.newest: Validation | None = None  # None where there was none

    async def run(self) -> None:
        """Read again and again until it is cancelled; a disk that hangs keeps nobody waiting."""
        while True:
            await asyncio.to_thread(self.read)
            await asyncio.sleep(_READ_S)

    def read(self) -> None:
        """Read what lies there now."""
        self.newest = newest(self._folder)

    def alerts(self) -> tuple[Alert, ...]:
        """That it did not come out well, for as long as it is the newest."""
        found = self.newest
        if found is None or found.outcome in _WELL:
            return ()
        sizes = (
            ""
            if found.sizes is None
            else (
                f"; trades {found.sizes.trades_recorded} → {found.sizes.trades_now}, net {found.sizes.net_difference:+.2f}"
            )
        )
        return (
            Alert("validation", "warning", f"validation of {found.date}: {found.outcome}: {found.reason:.300}{sizes}"),
        )
