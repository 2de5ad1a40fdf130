"""Finds instruments without asking anybody: what the engine follows, and the copy of an exchange's list that is here."""

import asyncio
from collections.abc import Iterator, Sequence

from msgspec import Struct

from engine.config import Config
from engine.gateway.watched_engine import WatchedEngine
from engine.model.errors import UserError
from engine.venues.registry import VENUES
from engine.venues.venue import Row


class InstrumentAnswer(Struct, frozen=True):
    """An instrument; texts are empty and numbers null where they do not apply. `watched`: the engine follows it."""

    symbol: str
    exchange: str
    token: str
    type: str
    expiry: str
    strike: str
    tick: str
    lot: int | None
    freeze: int | None
    watched: bool


class InstrumentsAnswer(Struct, frozen=True):
    """What was found, what the engine follows first, then the nearest expiry; `note` says why that may be less than there is."""

    instruments: tuple[InstrumentAnswer, ...]
    note: str


class InstrumentFinder:
    """Looks an instrument up by what a person calls it; lists are read by a thread, so that nobody else waits."""

    def __init__(self, config: Config, engine: WatchedEngine) -> None:
        self._config = config
        self._engine = engine

    async def find(self, words: str, limit: int) -> InstrumentsAnswer:
        """At most `limit` instruments that `words` mean; an empty text means all that the engine follows."""
        watched = list(self._watched(words.upper().split()))[:limit]
        known = {(each.symbol, each.exchange) for each in watched}
        listed, note = await asyncio.to_thread(self._listed, words.split(), limit) if words.strip() else ((), "")
        others = [each for each in listed if (each.symbol, each.exchange) not in known]
        return InstrumentsAnswer((*watched, *others)[:limit], note)

    def _watched(self, words: Sequence[str]) -> Iterator[InstrumentAnswer]:
        seen = self._engine.snapshot
        for each in seen.instruments if seen else ():
            name = each.symbol.upper()
            if each.removed is not True and all(word in name for word in words):
                yield InstrumentAnswer(
                    symbol=each.symbol,
                    exchange=each.exchange,
                    token=each.token,
                    type="",
                    expiry="",
                    strike="",
                    tick=each.price_text(each.tick_size),
                    lot=each.lot_size,
                    freeze=each.freeze_quantity,
                    watched=True,
                )

    def _listed(self, words: Sequence[str], limit: int) -> tuple[list[InstrumentAnswer], str]:
        """Of each exchange whose list is here; what is wrong with the words is told as well."""
        found: list[InstrumentAnswer] = []
        notes: list[str] = []
        for listing in [venue.listing() for venue in VENUES if venue.listing]:
            try:
                found += map(_of, listing.find_held(self._config, words, limit))
            except UserError as error:  # there is no list here, or a word means nothing to it
                notes.append(error.lines[0])
        return found, "; ".join(notes)


def _of(row: Row) -> InstrumentAnswer:
    numbers = {name: int(row[name]) if row[name] != "" else None for name in ("lot", "freeze")}
    texts = {name: str(row[name]) for name in ("symbol", "exchange", "token", "type", "expiry", "strike", "tick")}
    return InstrumentAnswer(**texts, **numbers, watched=False)  # type: ignore[arg-type]
