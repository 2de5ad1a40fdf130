"""The traffic of `bench --delivery`: frames of SmartAPI quotes that carry their own send time. Knows no socket and no engine."""

from random import Random
from struct import Struct as Layout
from typing import Final

from engine.model.types import Instrument
from engine.text.sanitize import clean
from engine.venues.angelone import wire

INSTRUMENTS: Final = tuple(Instrument(clean(f"BENCH{number}"), clean(str(40_000 + number))) for number in range(1, 11))

# A server's frame of one quote: two bytes of WebSocket, the packet. The average price, which the engine does not read,
# is where the send time stands (monotonic ns; on Linux the same clock for every process).
_QUOTE: Final = Layout("<2s B B 25s q q q q q q 48x")
FRAME_BYTES: Final = _QUOTE.size
_HEAD: Final = bytes((0x82, FRAME_BYTES - 2))
_NFO: Final = wire.EXCHANGE_TYPES["NFO"]
_EXCH_MS: Final = Layout("<q")
_EXCH_MS_AT: Final = 2 + 35
SENT_AT: Final = 59  # in the packet; two bytes later in the frame
SENT: Final = Layout("<q")

# Prices in paise. They move as those of an index option at the money do: every third trade not at all, the others
# by 4 steps (of 5 paise) in the median.
_FIRST: Final = 24_000
_LEAST: Final = 10_000
_MOST: Final = 40_000
_STEP: Final = 5
_STILL: Final = 0.36
_STEPS: Final = 6.0


class Traffic:
    """Quotes of all instruments with prices that walk; every slice of a run goes on where the one before ended."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - the same traffic every time
        self._prices = [_FIRST] * len(INSTRUMENTS)
        self._numbers = [0] * len(INSTRUMENTS)
        self._volumes = [0] * len(INSTRUMENTS)

    def frames(self, count: int) -> bytearray:
        """`count` frames, one behind the other, without their times."""
        data = bytearray(count * FRAME_BYTES)
        draw, far = self._random.random, self._random.expovariate
        for at in range(0, len(data), FRAME_BYTES):
            index = int(draw() * len(INSTRUMENTS))
            price = self._prices[index]
            if draw() >= _STILL:
                move = _STEP * (1 + int(far(1 / _STEPS)))
                price += move if draw() < 0.5 else -move
            self._prices[index] = price = min(max(price, _LEAST), _MOST)
            self._numbers[index] += 1
            self._volumes[index] += 75
            token = INSTRUMENTS[index].token.encode()
            number, volume = self._numbers[index], self._volumes[index]
            _QUOTE.pack_into(data, at, _HEAD, wire.QUOTE, _NFO, token, number, 0, price, 75, 0, volume)
        return data

    @staticmethod
    def moments_ns(count: int, rate: float, seed: int) -> list[int]:
        """When each of `count` frames is due, from 0 on: at random, `rate` a second on average, as trades come."""
        draw = Random(seed).expovariate  # noqa: S311 - likewise
        moments, at_s = [], 0.0
        for _ in range(count):
            at_s += draw(rate)
            moments.append(round(at_s * 1e9))
        return moments


def stamp(frames: bytearray, first: int, last: int, sent_ns: int, exch_ms: int) -> None:
    """Write the times into frames `first` to before `last`."""
    for at in range(first * FRAME_BYTES, last * FRAME_BYTES, FRAME_BYTES):
        _EXCH_MS.pack_into(frames, at + _EXCH_MS_AT, exch_ms)
        SENT.pack_into(frames, at + 2 + SENT_AT, sent_ns)
