"""Last prices of days before, as somebody has found them, by the number of the instrument. Written by one thread, read by any."""

from collections.abc import Mapping
from datetime import date


class PastPrices:
    """For each instrument its last price (minor units) of the newest day that is known of it, before this run's."""

    def __init__(self) -> None:
        self._found: Mapping[int, tuple[int, date]] = {}

    def take(self, found: Mapping[int, tuple[int, date]]) -> None:
        """What there is to be known; one attribute store."""
        self._found = found

    def close(self, instrument: int, day: date) -> tuple[int, str]:
        """The last price before `day`, and of which date (ISO text) it is; 0 and "" where none is known."""
        price, of = self._found.get(instrument, (0, day))
        return (price, of.isoformat()) if of < day else (0, "")
