"""Finds an instrument by what a person calls it: nearest expiry first, never an expired one; knows not where the list came from."""

from collections.abc import Sequence
from datetime import date
from typing import Self

from engine.model.errors import InputError
from engine.model.types import Instrument
from engine.text.sanitize import clean
from engine.venues.angelone.instruments.listed import EXCHANGES, KINDS, PAISE, Listed, date_text
from engine.venues.angelone.instruments.query import Wanted, read_symbol, read_words
from engine.venues.angelone.instruments.store import Store, Value

NEAR = 3
_CASH = f"kind IN ({KINDS.index('IDX')}, {KINDS.index('EQ')})"
_IN_ORDER = "ORDER BY expiry, exchange, kind = 2 DESC, strike, kind, symbol LIMIT ?"
_ALIVE = "(expiry = 0 OR expiry >= ?)"


class Instruments(Store):
    """The exchange's list, open for looking up, in the thread that opened it; a context manager that closes it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def find(self, words: str | Sequence[str], today: date, limit: int = 20) -> list[Listed]:
        """At most `limit` instruments that `NIFTY 25000 CE`, `NIFTY25NOV2525000CE` or `RELIANCE` means, nearest expiry first.

        None has expired before `today`. Raises InputError for a word that means nothing.
        """
        typed = [clean(word[:80]) for word in (words if isinstance(words, str) else " ".join(words)).upper().split()]
        whole = " ".join(typed)
        alive: list[Value] = [today.toordinal(), limit]
        exact = self.select(f"WHERE symbol = ? COLLATE NOCASE AND {_ALIVE} {_IN_ORDER}", [whole, *alive])
        if exact and (len(typed) > 1 or any(one.expiry for one in exact)):
            return exact
        wanted = (read_symbol(whole) if len(typed) == 1 else None) or read_words(typed)
        found = self._select(wanted, today, limit)
        if not found and wanted == Wanted(wanted.name):
            start = "WHERE (name LIKE ? OR symbol LIKE ?)"
            found = self.select(f"{start} AND {_ALIVE} {_IN_ORDER}", [_prefix(whole), _prefix(whole), *alive])
        return found or exact

    def instrument(self, symbol: str, today: date) -> Instrument:
        """Return the one instrument that `symbol` names; `.BSE` or `.NSE` behind it chooses between exchanges.

        Raises InputError for an expired or unknown one, with up to three near names.
        """
        asked = clean(symbol.strip().upper(), 80)
        bare, dot, exchange = asked.rpartition(".")
        if not (dot and exchange in EXCHANGES):
            bare, exchange = asked, ""
        candidates = self._named(bare)
        if exchange:
            candidates = [one for one in candidates if one.exchange == exchange]
        alive = [one for one in candidates if one.expiry is None or one.expiry >= today]
        if not alive:
            raise InputError(self._refusal(bare, candidates, today))
        best = min(alive, key=lambda one: (EXCHANGES.index(one.exchange), one.symbol.upper() != bare))
        self._refuse_ambiguous(best, asked)
        # "Nifty 50" was asked for as NIFTY: files and keys elsewhere take no spaces.
        return best.instrument(asked if " " in best.symbol else None)

    def _refuse_ambiguous(self, one: Listed, asked: str) -> None:
        """Raise InputError where the list gives the token of `one` to another instrument too: its ticks could be either's."""
        same = "WHERE token = ? AND exchange = ? AND symbol != ? COLLATE NOCASE LIMIT 1"
        for other in self.select(same, [one.token, EXCHANGES.index(one.exchange), one.symbol]):
            raise InputError(f"instrument {asked}: the list gives its token {one.token} to {other.symbol} as well")

    def _named(self, name: str) -> list[Listed]:
        """Every instrument of exactly this name, however its symbol is spelled."""
        found = self.select("WHERE symbol = ? COLLATE NOCASE", [name])
        found += self.select(
            f"WHERE name = ? COLLATE NOCASE AND {_CASH} AND (kind = 0 OR exchange != 0 OR symbol = ? COLLATE NOCASE)",
            [name, f"{name}-EQ"],
        )
        wanted = read_symbol(name)
        return found or (self._select(wanted, date.min, 10) if wanted else [])

    def _select(self, wanted: Wanted, today: date, limit: int) -> list[Listed]:
        conditions = ["name = ? COLLATE NOCASE", _ALIVE]
        values: list[Value] = [wanted.name, today.toordinal()]
        if wanted.kind is not None:
            conditions.append("kind = ?")
            values.append(KINDS.index(wanted.kind))
        if wanted.exchange:
            conditions.append("exchange = ?")
            values.append(EXCHANGES.index(wanted.exchange))
        if wanted.expiry is not None:
            conditions.append("expiry = ?")
            values.append(wanted.expiry.toordinal())
        if wanted.strike is not None:
            conditions.append("strike = CASE exchange WHEN ? THEN ? ELSE ? END")
            values += [EXCHANGES.index("CDS"), wanted.strike_on("CDS"), wanted.strike_on("NFO")]
        return self.select(f"WHERE {' AND '.join(conditions)} {_IN_ORDER}", [*values, limit])

    def _refusal(self, name: str, expired: Sequence[Listed], today: date) -> str:
        wanted = read_symbol(name)
        ended = expired[0].expiry if expired else wanted.expiry if wanted else None
        what = f"expired on {date_text(ended)}" if ended is not None and ended < today else "is not listed"
        near = self._near(name, wanted, today)
        return f"instrument {name}: {what}; near: {', '.join(near)}" if near else f"instrument {name}: {what}"

    def _near(self, name: str, wanted: Wanted | None, today: date) -> list[str]:
        """Up to three symbols that may have been meant."""
        if wanted is not None and wanted.kind is not None:
            near = self.select(
                "WHERE name = ? COLLATE NOCASE AND kind = ? AND expiry >= ? ORDER BY expiry != ?, expiry, abs(strike - ?) LIMIT ?",
                [
                    wanted.name,
                    KINDS.index(wanted.kind),
                    today.toordinal(),
                    wanted.expiry.toordinal() if wanted.expiry else 0,
                    int((wanted.strike or 0) * PAISE),
                    NEAR,
                ],
            )
            if near:
                return [one.symbol for one in near]
        begins = f"WHERE symbol LIKE ? AND {_ALIVE} {_IN_ORDER}"
        near = self.select(begins, [_prefix(name), today.toordinal(), NEAR])
        return [one.symbol for one in near or self._alike(wanted.name if wanted else name, today)]

    def _alike(self, name: str, today: date) -> list[Listed]:
        from difflib import get_close_matches  # noqa: PLC0415 - only who mistyped needs it

        names = get_close_matches(name, self.names(), NEAR, 0.6)
        return [one for alike in names for one in self._select(Wanted(alike), today, 1)]


def _prefix(text: str) -> str:
    """A LIKE pattern for what begins with `text`; its own wildcards match any character, which is near enough."""
    return text.replace("%", "_") + "%"
