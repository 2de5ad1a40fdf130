"""What the day's prices were so far, as the recordings of earlier runs of the day tell: bars, for charts. Knows no run and no thread."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

from engine.model.bars import Bar
from engine.model.errors import UserError
from engine.model.types import Tick
from engine.recording.last_prices import Counts, newest_first
from engine.recording.reader import MqrSource

_MOST_FILES: Final = 20  # of one day
_MOST_BLOCKS: Final = 400  # read of each file; of a longer one those that are evenly apart
_PAUSE_S: Final = 0.0005  # behind each of them: ticks come meanwhile, and must not wait


class DayBars(Struct):
    """Bars of one instrument, oldest first, without a stop and lines; prices in 1/`price_scale`."""

    price_scale: int
    bars: list[Bar]


def day_bars(folder: Path, symbols: frozenset[str], counts: Counts, step_ms: int) -> dict[str, DayBars]:
    """By symbol the bars of `step_ms` of all ticks that `counts`, as far as recordings tell; what cannot be read is left out.

    Raises OSError where the folder cannot be listed.
    """
    found: list[dict[str, DayBars]] = []
    for path in newest_first(folder)[:_MOST_FILES]:
        try:
            source = MqrSource(path)
            if not source.generated:
                ticks, of_file = _bars_of(source, symbols, counts, step_ms)
                if ticks and not of_file:
                    break  # it is of an earlier day, and so are those before it
                found.append(of_file)
        except (UserError, OSError):
            continue
    joined: dict[str, DayBars] = {}
    for of_file in reversed(found):
        for symbol, more in of_file.items():
            known = joined.setdefault(symbol, DayBars(more.price_scale, []))
            if known.price_scale == more.price_scale:
                known.bars += more.bars
    return joined


def _bars_of(
    source: MqrSource, symbols: frozenset[str], counts: Counts, step_ms: int
) -> tuple[int, dict[str, DayBars]]:
    """How many ticks were looked at, and the bars of those that count."""
    wanted = {number: each for number, each in enumerate(source.instruments) if each.symbol in symbols}
    running: dict[int, list[int]] = {}
    bars: dict[int, list[Bar]] = {}
    ticks = 0
    for tick in _sampled(source) if wanted else ():
        ticks += 1
        instrument = wanted.get(tick.instrument)
        if instrument is None or tick.price <= 0 or not counts(instrument.symbol, tick.exch_ms):
            continue
        bar, price = running.get(tick.instrument), tick.price
        if bar is None or not bar[0] <= tick.exch_ms < bar[0] + step_ms:
            if bar is not None:
                bars[tick.instrument].append(tuple(bar))
            at_ms = tick.exch_ms - tick.exch_ms % step_ms
            running[tick.instrument] = [at_ms, price, price, price, price, tick.quantity]
            bars.setdefault(tick.instrument, [])
            continue
        bar[2], bar[3], bar[4], bar[5] = max(bar[2], price), min(bar[3], price), price, bar[5] + tick.quantity
    return ticks, {
        wanted[number].symbol: DayBars(wanted[number].price_scale, [*bars[number], tuple(bar)])
        for number, bar in running.items()
    }


def _sampled(source: MqrSource) -> Iterator[Tick]:
    for block in source.sampled_blocks(_MOST_BLOCKS):
        yield from block
        time.sleep(_PAUSE_S)
