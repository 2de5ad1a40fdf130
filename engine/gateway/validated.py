"""The newest validation as the service shows and tells it: read again at most once in a while, whoever asks."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from engine.backtest.validation_record import Validation, newest
from engine.presentation.alerts import Alert

_READ_NS: Final = 10_000_000_000
_WELL: Final = ("same", "no session")


class Validated:
    """Reads what `validate` has left in `folder`."""

    def __init__(self, folder: Path, clock_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._folder = folder
        self._clock_ns = clock_ns
        self._due_ns = 0
        self._found: Validation | None = None

    @property
    def newest(self) -> Validation | None:
        """The newest validation; None where there was none."""
        now_ns = self._clock_ns()
        if now_ns >= self._due_ns:
            self._due_ns = now_ns + _READ_NS
            self._found = newest(self._folder)
        return self._found

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
