"""Reads the numbers of one instrument's rows. Texts repeat, so what was read before is remembered, within bounds."""

import re
from typing import Final, Literal

from engine.model.types import Instrument
from engine.recording.decimals import to_minor
from engine.recording.foreign.numbers import missing, plain

Remark = Literal["rounded", "no quantity"]

_NOISE: Final = 23  # bits: how near to a tick a price is that somebody kept in 32 bits
_TINY: Final = re.compile(rb"([0-9])(?:[.]([0-9]{1,20}))?[eE]-([0-9]{1,2})")  # how small quantities are written by some


class Remarks:
    """Counts what was read other than it is written, by kind, with the first row; a row that is read again counts once."""

    def __init__(self) -> None:
        self.counts: dict[Remark, int] = {}
        self.first: dict[Remark, int] = {}
        self._last: dict[Remark, int] = {}

    def add(self, remark: Remark, row: int) -> None:
        """Row `row` gave cause for it."""
        if row > self._last.get(remark, 0):
            self._last[remark] = row
            self.counts[remark] = self.counts.get(remark, 0) + 1
            self.first.setdefault(remark, row)


class CellReader:
    """The prices and quantities of one instrument. `prices` and `volumes` are what is known: ask them first."""

    def __init__(self, instrument: Instrument, divisor: int, mark: bytes, kept: int, remarks: Remarks) -> None:
        self.prices: dict[bytes, int] = {}
        self.volumes: dict[bytes, int] = {}
        self._instrument = instrument
        self._divisor = divisor
        self._mark = mark
        self._kept = kept
        self._remarks = remarks

    def price(self, text: bytes, row: int) -> int:
        """In minor units, or the number that stands for none; raises ValueError."""
        none = missing(text)
        if none:
            return none
        number, instrument = plain(text, self._mark), self._instrument
        price = to_minor(number, instrument.price_scale, self._divisor, instrument.tick_size)
        if not _is_near(number, price, instrument.price_scale, self._divisor):
            if not price:
                tick = instrument.price_text(instrument.tick_size)
                raise ValueError(
                    f"nothing is left of it in ticks of {tick}; the instrument's price_scale and tick_size say how fine"
                )
            self._remarks.add("rounded", row)
        else:
            self._remember(self.prices, text, price)
        return price

    def volume(self, text: bytes, row: int) -> int:
        """In 1/`quantity_scale` of a unit, 0 for a cell without one; raises ValueError."""
        number = plain(text, self._mark)
        if missing(text) or number == b"-1":  # how some write that there is none
            self._remarks.add("no quantity", row)
            return 0
        if match := _TINY.fullmatch(number):
            number = b"0." + b"0" * (int(match[3]) - 1) + match[1] + (match[2] or b"") if int(match[3]) else number
        volume = to_minor(number, self._instrument.quantity_scale)
        if volume < 0:
            raise ValueError("negative")
        self._remember(self.volumes, text, volume)
        return volume

    def _remember(self, known: dict[bytes, int], text: bytes, value: int) -> None:
        if len(known) >= self._kept:
            known.clear()
        known[text] = value


def finer_prices(texts: list[bytes], instrument: Instrument, divisor: int, mark: bytes) -> int:
    """The decimals that prices of the instrument have, where most of many lie between its ticks; else -1."""
    numbers = [plain(text, mark) for text in texts if not missing(text)]
    between = 0
    decimals = 0
    for number in numbers:
        try:
            price = to_minor(number, instrument.price_scale, divisor, instrument.tick_size)
        except ValueError:
            continue
        between += not _is_near(number, price, instrument.price_scale, divisor)
        decimals = max(decimals, len(number.partition(b".")[2].rstrip(b"0")))
    return decimals if len(numbers) >= 20 and 2 * between > len(numbers) and divisor == 1 and decimals <= 8 else -1


def finer_quantities(texts: list[bytes], scale: int, mark: bytes) -> int:
    """The decimals that quantities have, where most of them are finer than 1/`scale`; else -1."""
    numbers = [plain(text, mark) for text in texts if not missing(text)]
    decimals = [len(number.partition(b".")[2].rstrip(b"0")) for number in numbers if number.strip(b"0.")]
    tiny = [b"e-" in number.lower() for number in numbers]
    finer = [each for each in decimals if 10**each > scale]
    if 2 * (len(finer) + sum(tiny)) <= len(decimals):
        return -1
    return 8 if any(tiny) or max(finer) > 2 else max(finer)


def _is_near(number: bytes, price: int, scale: int, divisor: int) -> bool:
    """Whether a price is what its text says, but for what 32 bits cannot hold."""
    whole, _, fraction = number.partition(b".")
    below = 10 ** len(fraction) * divisor
    exact = int(whole + fraction) * scale  # in 1/below of a minor unit
    off = abs(exact - price * below)
    return bool(off == 0 or off << _NOISE <= abs(exact))
