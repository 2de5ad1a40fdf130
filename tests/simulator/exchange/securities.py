"""What can be traded: lots, ticks, limits of quantity and price as the exchange sets them. Knows no order."""

import re
from functools import cached_property

from msgspec import Struct

_OPTION = re.compile(r"([A-Z]+)(\d\d[A-Z]{3})(\d\d)(\d+)(CE|PE)")
_WINDOW_MS = 30_000
_QUIET_MS = 15 * 60_000
_CHEAP = 5_000  # paise
_CHEAP_BAND = 2_000


class Security(Struct, frozen=True, dict=True):
    """An option as it is listed; prices in paise, `freeze` the largest quantity taken, `lower` and `upper` its circuit.

    `start` is the price it begins at.
    """

    symbol: str
    token: str
    exchange: str = "NFO"
    lot: int = 65
    tick: int = 5
    freeze: int = 1800
    lower: int = 5
    upper: int = 200_000
    start: int = 10_000

    @cached_property
    def parts(self) -> tuple[str, str, float, str]:
        """Underlying, expiry (`06OCT2026`), strike in rupees and `CE` or `PE`; that of a symbol which is no option is -1."""
        found = _OPTION.fullmatch(self.symbol)
        if not found:
            return self.symbol, "", -1.0, ""
        return found[1], f"{found[2]}20{found[3]}", float(found[4]), found[5]


class PriceProtection:
    """The range of limit prices that the exchange takes: around the mean trade price of the 30 s before, renewed each 30 s.

    After 15 minutes without a trade it is around a theoretical price, for which the caller's stands.
    """

    def __init__(self, price: int, now_ms: int) -> None:
        self._reference = price
        self._end_ms = now_ms + _WINDOW_MS
        self._traded_ms = now_ms
        self._sum = self._count = 0

    def trade(self, now_ms: int, price: int) -> None:
        """There was a trade."""
        if now_ms >= self._end_ms:
            self._renew(now_ms)
        self._sum += price
        self._count += 1
        self._traded_ms = now_ms

    def bounds(self, now_ms: int, theoretical: int) -> tuple[int, int]:
        """The lowest price of a sell and the highest of a buy."""
        if now_ms >= self._end_ms:
            self._renew(now_ms)
        reference = theoretical if now_ms - self._traded_ms >= _QUIET_MS else self._reference
        band = _CHEAP_BAND if reference <= _CHEAP else reference * 2 // 5
        return reference - band, reference + band

    def _renew(self, now_ms: int) -> None:
        if self._count:
            self._reference = self._sum // self._count
            self._sum = self._count = 0
        self._end_ms += (now_ms - self._end_ms) // _WINDOW_MS * _WINDOW_MS + _WINDOW_MS
