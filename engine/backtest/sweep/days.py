"""The sessions of a sweep: each session day of each file, its ticks as they came. Admits nothing; that is stage 1's."""

from collections.abc import Iterator, Sequence
from datetime import date
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.assembly.market_hours import MarketHours
from engine.assembly.open_source import open_file
from engine.assembly.recording_config import fit_to_recording
from engine.config import Config
from engine.model.errors import InputError
from engine.model.sources import FileSource
from engine.model.types import FLAG_AHEAD, Instrument, Tick
from engine.recording import Header, MqrSource
from engine.recording.arrays import BOOK_DTYPE, arrays
from engine.trading.session import TradingHours

Raw = NDArray[np.void]
NO_TIME_MS: Final = -(1 << 61)
AHEAD_MS: Final = 3_600_000  # more than this ahead of its receipt no time can be
_AT_ONCE: Final = 65_536
_ENDINGS: Final = (".mqr", ".csv")


class Session(Struct, frozen=True):
    """One session day of a file: its ticks in their order, those that will be refused among them.

    `until_ms` is the time of the tick behind it, where the file has one: so far its clock comes. `config` is that of the
    sweep with what the file states of its market, `losses` what of the file could not be read or is left out.
    """

    path: Path
    day: date
    raw: Raw
    until_ms: int
    config: Config
    instruments: tuple[Instrument, ...]
    header: Header | None
    losses: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is called to a person."""
        return f"{self.path.name} {self.day}"

    def hours(self, config: Config) -> MarketHours:
        """The hours of its markets under `config`."""
        return MarketHours(config, "replay", self.header)

    @property
    def stated(self) -> str:
        """What the file states beside its ticks, where that decides anything."""
        return repr((self.config.session, self.config.charges, self.config.paper))

    def fingerprint(self) -> str:
        """What tells it from every other: its ticks as far as they decide anything, its day and what is traded."""
        found = blake2b(digest_size=16)
        for name in ("instrument", "flags", "exch_ms", "exch_seq", "price", "quantity", "bid", "ask"):
            found.update(np.ascontiguousarray(self.raw[name]).tobytes())
        kept = [str(each) for each in self.instruments]
        found.update(repr((self.day.isoformat(), self.until_ms, kept)).encode())
        return found.hexdigest()


def files_in(places: Sequence[Path]) -> list[Path]:
    """The files of ticks that `places` name: of a folder all that it holds. Raises InputError where one has none."""
    found: dict[Path, None] = {}
    for place in places:
        if not place.is_dir():
            found[place] = None
            continue
        inside = sorted(path for path in place.iterdir() if path.suffix.lower() in _ENDINGS and path.is_file())
        if not inside:
            raise InputError(f"{place}: no recordings in it; allowed: files that end in {' or '.join(_ENDINGS)}")
        found.update(dict.fromkeys(inside))
    return list(found)


def sessions_of(path: Path, config: Config) -> Iterator[Session]:
    """The sessions of a file, one after the other; raises InputError, ConfigError."""
    source = open_file(path, config)
    fitted, instruments = fit_to_recording(config, source)
    header = getattr(source, "header", None)
    raw = _read(source)
    for session in split(path, raw, fitted, instruments, header):
        yield msgspec.structs.replace(session, losses=source.losses())


def split(
    path: Path, raw: Raw, config: Config, instruments: tuple[Instrument, ...], header: Header | None
) -> Iterator[Session]:
    """The sessions that the ticks `raw` of a file have, of the first instrument's market."""
    hours = MarketHours(config, "replay", header)(instruments[0].market)
    begins = [*_beginnings(raw, hours, instruments[0].lowest_price), (len(raw), date.max)]
    for (first, day), (end, _) in pairwise(begins):
        until_ms = int(raw["exch_ms"][end]) if end < len(raw) else NO_TIME_MS
        yield Session(path, day, raw[first:end], until_ms, config, instruments, header)


def _read(source: FileSource) -> Raw:
    """All ticks of `source`."""
    if isinstance(source, MqrSource):
        parts = [_with_book(part) for part in arrays(source)]
        return np.concatenate(parts) if parts else np.empty(0, BOOK_DTYPE)
    parts, rows = [], []
    for tick in source.ticks():
        rows.append(row_of(tick))
        if len(rows) == _AT_ONCE:
            parts.append(np.array(rows, BOOK_DTYPE))
            rows = []
    return np.concatenate([*parts, np.array(rows, BOOK_DTYPE)])


def row_of(tick: Tick) -> tuple[int, ...]:
    """A tick as a row of an array."""
    return (
        tick.seq, tick.instrument, tick.flags, tick.recv_wall_ns, tick.recv_ns, tick.exch_ms, tick.exch_seq, tick.price,
        tick.quantity, tick.day_volume, tick.bid, tick.ask,
    )  # fmt: skip


def _with_book(part: NDArray[Any]) -> Raw:
    """The same ticks with a bid and an ask, nought where they have none."""
    if part.dtype == BOOK_DTYPE:
        return part
    whole = np.zeros(len(part), BOOK_DTYPE)
    for name in part.dtype.names or ():
        whole[name] = part[name]
    return whole


def _beginnings(raw: Raw, hours: TradingHours, lowest_price: int) -> Iterator[tuple[int, date]]:
    """Where each session begins: with its first tick in trading time of a later date than before; the first with the file.

    A tick that will be refused begins none.
    """
    places = np.flatnonzero(~may_be_wild(raw) & (raw["price"] >= lowest_price))
    stamps = raw["exch_ms"][places]
    at, newest, begun = 0, date.min, False
    while at < len(stamps):
        day = hours.day_of(int(stamps[at]))
        if day.start_ms <= stamps[at] <= day.end_ms and day.date > newest:
            yield (int(places[at]) if begun else 0), day.date
            newest, begun = day.date, True
        rest = stamps[at + 1 :]
        inside = (rest >= day.start_ms) & (rest <= day.end_ms) & (day.date > newest)
        following = np.flatnonzero(inside | (rest < day.day_from_ms) | (rest >= day.day_until_ms))
        at = at + 1 + int(following[0]) if len(following) else len(stamps)


def may_be_wild(raw: Raw) -> NDArray[np.bool_]:
    """Which ticks have a time that cannot be, as far as a tick tells by itself (see `TickFilter.is_wild`)."""
    received_ms = raw["recv_wall_ns"] // 1_000_000
    wild: NDArray[np.bool_] = (raw["flags"] & FLAG_AHEAD != 0) | (
        (received_ms > 0) & (received_ms < raw["exch_ms"] - AHEAD_MS)
    )
    return wild


def ticks_of(raw: Raw) -> Iterator[Tick]:
    """The ticks of a session, numbered from 1."""
    columns = (raw[name].tolist() for name in BOOK_DTYPE.names or ())
    next(columns)  # a tick's own number
    return map(Tick, range(1, len(raw) + 1), *columns)
