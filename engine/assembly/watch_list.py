"""The list of instruments of a live or generated run while it may change: where further ones are found, and what outlives a restart.

A note in the state directory says what was added to the list and taken off it. It counts for a start that follows a kill or
a fault of a run that was begun with the same list; a run that has ended well leaves none.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeGuard

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from engine.assembly.market_hours import MarketHours
from engine.config.schema import SYMBOL
from engine.model.errors import InputError, UserError
from engine.model.sources import TickSource
from engine.model.types import Instrument
from engine.outside.files import keep_note, read_note
from engine.runtime import LOGGERS
from engine.runtime.watching import Found
from engine.trading.session import TradingHours
from engine.venues.simulated.faults import FaultySource
from engine.venues.supply import LiveSupply, find_none

NOTE: Final = "watched"


class Watched(Struct, frozen=True):
    """What the list of a run was at its start, and what has come of it."""

    said: tuple[str, ...]
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    watch_only: tuple[str, ...] = ()  # of those added


def list_changes(source: TickSource | LiveSupply) -> TypeGuard[LiveSupply | FaultySource]:
    """Whether further instruments can be found for `source` while it runs."""
    return isinstance(source, FaultySource) or (isinstance(source, LiveSupply) and source.find is not find_none)


class WatchList:
    """A `runtime.watching.Listing` over the source of a run; `by_market` are the hours that its recordings state.

    `said` are the instruments of the start, without what an earlier run has added; `do` carries out what waits for the disk.
    """

    def __init__(
        self,
        source: LiveSupply | FaultySource,
        said: tuple[str, ...],
        hours: MarketHours,
        by_market: dict[str, TradingHours],
        folder: Path,
        do: Callable[[Callable[[], None]], None],
    ) -> None:
        self._source = source
        self._said = said
        self._hours = hours
        self._by_market = by_market
        self._folder = folder
        self._do = do
        self.give: Callable[[tuple[Instrument, ...]], None] = lambda _: None  # the feed, once there is one
        self.look_back: Callable[[int], None] = lambda _: None  # for instruments from this number on
        self._looked = len(source.instruments)  # so many have been looked back for
        if isinstance(source, FaultySource):
            self.give = source.follow

    def find(self, symbols: Sequence[str]) -> Found:
        """Look `symbols` up; raises UserError."""
        for symbol in symbols:
            try:
                SYMBOL.parse(symbol)
            except ValueError as error:
                raise InputError(f"'{symbol:.80}': {error}") from None
        if isinstance(self._source, LiveSupply):
            instruments, told = self._source.find(symbols)
        else:
            instruments, told = self._source.find(symbols), ()
        return Found(instruments, tuple(self._hours_of(each.market) for each in instruments), told)

    def _hours_of(self, market: str) -> TradingHours:
        if market not in self._by_market:
            self._by_market[market] = self._hours(market)
        return self._by_market[market]

    def objection(self, instruments: Sequence[Instrument]) -> str:
        """Why the source cannot give these together; empty when it can."""
        return self._source.objection(instruments) if isinstance(self._source, LiveSupply) else ""

    def follow(self, instruments: tuple[Instrument, ...]) -> None:
        """Have the feed go by them, and the note say so."""
        self.give(instruments)
        kept = watched(self._said, instruments)
        self._do(lambda: keep_watched(self._folder, kept))
        first, self._looked = self._looked, max(self._looked, len(instruments))
        if first < self._looked:
            self._do(lambda: self.look_back(first))


def watched(said: tuple[str, ...], instruments: Iterable[Instrument]) -> Watched:
    """What the note says of `instruments`, where the run was begun with `said`."""
    listed: dict[str, Instrument] = {each.symbol: each for each in instruments}
    added = tuple(symbol for symbol, each in listed.items() if symbol not in said and not each.removed)
    removed = tuple(symbol for symbol in said if symbol in listed and listed[symbol].removed)
    return Watched(said, added, removed, tuple(symbol for symbol in added if listed[symbol].watch_only))


def keep_watched(folder: Path, kept: Watched) -> None:
    """Write the note, whole or not at all; a disk that refuses is told."""
    try:
        keep_note(folder / NOTE, msgspec.json.encode(kept))
    except OSError as error:
        LOGGERS["engine"].error(
            "what is watched could not be kept as a file: %s; a restart will not know it", error.strerror
        )


def forget_watched(folder: Path) -> None:
    """Take the note away: the next start goes by what is said there."""
    with suppress(OSError):
        (folder / NOTE).unlink(missing_ok=True)


def read_watched(folder: Path) -> Watched | None:
    """The note of a run that was killed; None where there is none, or none that can be read."""
    try:
        return msgspec.json.decode(read_note(folder / NOTE), type=Watched)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        LOGGERS["engine"].warning(
            "what the last run watched cannot be read: %s; what was said for this one counts", error
        )
        return None


def as_watched(source: TickSource | LiveSupply, folder: Path, held: frozenset[str]) -> TickSource | LiveSupply:
    """Return `source` with the list that a run had come to when it was killed; `held` are the symbols that cannot be removed.

    What there is no more is told and left out.
    """
    note = read_watched(folder)
    if note is None or not list_changes(source):
        return source
    if note.said != tuple(each.symbol for each in source.instruments):
        LOGGERS["engine"].warning(
            "what was added to the list of the last run, or taken off it, is forgotten: another list was said"
        )
        forget_watched(folder)
        return source
    there = tuple(symbol for symbol in note.added if _is_there(source, symbol))
    if isinstance(source, LiveSupply):
        source = source.with_more(there) if there else source
        instruments = source.instruments
    else:
        instruments = (*source.instruments, *source.find(there))
    removed = frozenset(note.removed) - held
    listed = tuple(_marked(each, removed, note.watch_only) for each in instruments)
    parts = [f"with {', '.join(there)}" if there else "", f"without {', '.join(sorted(removed))}" if removed else ""]
    LOGGERS["engine"].warning("as the run that was killed: %s", ", ".join(filter(None, parts)))
    if isinstance(source, LiveSupply):
        return replace(source, instruments=listed)
    source.follow(listed)
    return source


def _is_there(source: LiveSupply | FaultySource, symbol: str) -> bool:
    try:
        source.find((symbol,))
    except UserError as error:
        LOGGERS["feed"].warning(
            "%s was added to the list of the last run, and is left out now: %s", symbol, "; ".join(error.lines)
        )
        return False
    return True


def _marked(instrument: Instrument, removed: frozenset[str], watch_only: tuple[str, ...]) -> Instrument:
    symbol = instrument.symbol
    only = True if symbol in watch_only else instrument.watch_only
    return replace(instrument, removed=True if symbol in removed else UNSET, watch_only=only)
