"""The loop that the engine's cost is compared with: fixed work of the same kinds. With another loop, baselines are not comparable."""

from decimal import Decimal
from pathlib import Path
from struct import Struct
from time import thread_time_ns
from typing import Final

from engine.model.digest import blake2b

_RECORD: Final = Struct("<HHqqqqqqq")
_RECORDS: Final = 512
_INSTRUMENTS: Final = 16
_DATA: Final = b"".join(
    _RECORD.pack(at % _INSTRUMENTS, 0, 1_790_000_000_000 + at, at, 25_000 + at * 37 % 101, 75, at * 75, 24_995, 25_005)
    for at in range(_RECORDS)
)


class _Average:
    """What an indicator and an account do with a price."""

    __slots__ = ("average", "cash", "last_ms", "price", "rising")

    def __init__(self) -> None:
        self.average = 25_000.0
        self.price = self.last_ms = self.rising = 0
        self.cash = Decimal(0)

    def take(self, at_ms: int, price: int, quantity: int) -> None:
        self.rising = self.rising + 1 if price > self.price else 0
        self.price = price
        self.last_ms = at_ms
        self.average += (price - self.average) * 0.2
        if self.rising > 1:
            self.cash += Decimal(price - 25_000) * quantity / 100


def work(items: int) -> int:
    """Do `items` pieces of the fixed work (unpack, dict, EMA, Decimal); CPU nanoseconds of this thread."""
    averages: dict[str, _Average] = {}
    begun_ns = thread_time_ns()
    for item in range(items):
        number, _, at_ms, _, price, quantity, *_ = _RECORD.unpack_from(_DATA, item % _RECORDS * _RECORD.size)
        name = f"I{number}"
        average = averages.get(name)
        if average is None:
            average = averages[name] = _Average()
        average.take(at_ms, price, quantity)
    return thread_time_ns() - begun_ns


def source_hash() -> str:
    """The fingerprint of this file."""
    return blake2b(Path(__file__).read_bytes(), digest_size=8).hexdigest()
