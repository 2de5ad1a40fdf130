"""The last price of each instrument in the newest of earlier recordings: only their ends are read. Knows no run and no thread."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from engine.model.errors import UserError
from engine.recording.reader import MqrSource

_MOST_FILES: Final = 60  # looked into
_MOST_BLOCKS: Final = 64  # read at the end of each: some 60,000 ticks
_STAMPED = re.compile(r"-(\d{8}-\d{6})(?:-\d+)?\.mqr$", re.ASCII)

# (symbol, its own time in UTC ms) → whether a tick of then counts
Counts = Callable[[str, int], bool]


def last_prices(folder: Path, symbols: frozenset[str], counts: Counts) -> dict[str, tuple[int, int, int]]:
    """By symbol the price, its scale and the time (UTC ms) of the newest tick that `counts`, as far as recordings tell.

    Recordings of generated sessions are passed over, since none goes on from another, and so is what cannot be read. Raises OSError where the folder cannot be listed.
    """
    found: dict[str, tuple[int, int, int]] = {}
    for path in newest_first(folder)[:_MOST_FILES]:
        if symbols <= found.keys():
            break
        try:
            source = MqrSource(path)
            if not source.generated:
                found |= _at_end(source, symbols - found.keys(), counts)
        except (UserError, OSError):
            continue
    return found


def newest_first(folder: Path) -> list[Path]:
    """The recordings in `folder` by when they began, as their names tell; those whose names do not come last."""
    paths = [path for path in folder.iterdir() if path.suffix == ".mqr" and path.is_file()]

    def begun(path: Path) -> tuple[str, str]:
        stamped = _STAMPED.search(path.name)
        return (stamped[1] if stamped else "", path.name)

    return sorted(paths, key=begun, reverse=True)


def _at_end(source: MqrSource, symbols: frozenset[str], counts: Counts) -> dict[str, tuple[int, int, int]]:
    wanted = {number: each for number, each in enumerate(source.instruments) if each.symbol in symbols}
    found: dict[str, tuple[int, int, int]] = {}
    for tick in source.last_ticks(_MOST_BLOCKS) if wanted else ():
        instrument = wanted.get(tick.instrument)
        if instrument is not None and tick.price > 0 and counts(instrument.symbol, tick.exch_ms):
            found[instrument.symbol] = (tick.price, instrument.price_scale, tick.exch_ms)
    return found
