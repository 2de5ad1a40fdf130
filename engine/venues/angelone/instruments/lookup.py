"""Finds an instrument by what a person calls it: nearest expiry first, never an expired one; knows not where the list came from."""

from collections.abc import Sequence
from datetime import date
from typing import Self

from msgspec.structs import replace

from engine.model.errors import InputError
from engine.model.types import Instrument
from engine.text.sanitize import clean
from engine.venues.angelone.instruments.listed import EXCHANGES, KINDS, PAISE, Listed, date_text
from engine.venues.angelone.instruments.query import (
    Wanted,
    called,
    is_isin,
    read_dashed,
    read_words,
    readings,
    split_exchange,
)
from engine.venues.angelone.instruments.store import Store, Value

NEAR = 3
_MANY = 40  # of one name and strike: one for each expiry
_CASH = f"kind IN ({KINDS.index('IDX')}, {KINDS.index('EQ')})"
_IN_ORDER = "ORDER BY expiry, exchange, kind = 2 DESC, strike, kind, symbol LIMIT ?"
_ALIVE = "(expiry = 0 OR expiry >= ?)"
_ANY_DAY = date.min
_BSE = ("BSE", "BFO")


class Instruments(Store):
    """The exchange's list, open for looking up, in the thread that opened it; a context manager that closes it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def find(self, words: str | Sequence[str], today: date, limit: int = 20) -> list[Listed]:
        """At most `limit` instruments that `NIFTY 25000 CE`, `NIFTY25N1125000CE` or `RELIANCE` means, nearest expiry first.

        None has expired before `today`. Raises InputError for a word that means nothing.
        """
        whole = _typed(words)
        alive: list[Value] = [today.toordinal(), limit]
        exact = self.select(f"WHERE symbol = ? COLLATE NOCASE AND {_ALIVE} {_IN_ORDER}", [whole, *alive])
        if exact and (" " in whole or any(one.expiry for one in exact)):
            return exact
        bare, exchanges = split_exchange(whole)
        if exchanges and (named := self._named(bare, exchanges, today)):
            return [one for one in named if one.expiry is None or one.expiry >= today][:limit]
        cash = self._cash(bare, exchanges)
        if cash and " " in whole:
            return cash[:limit]
        wanted = Wanted("")
        for wanted in self._wanted(whole):
            found = self._select(wanted, today, limit, today)
            if found:
                return found
        if wanted == Wanted(wanted.name):
            start = "WHERE (name LIKE ? OR symbol LIKE ?)"
            found = self.select(f"{start} AND {_ALIVE} {_IN_ORDER}", [_prefix(whole), _prefix(whole), *alive])
            return found or exact or cash[:limit]
        return exact

    def why_not(self, words: str | Sequence[str], today: date) -> str:
        """Why `find` finds nothing: that it has expired, and what is near, in a line."""
        return self._refusal(_typed(words), self._named(_typed(words), (), today), today)

    def instrument(self, symbol: str, today: date) -> Instrument:
        """Return the one instrument that `symbol` names; `.BSE` or `.NSE` behind it, `NSE:` before it choose between exchanges.

        Raises InputError for an expired or unknown one, with up to three near names, and for what may mean several.
        """
        asked = clean(" ".join(symbol.upper().split()), 80)
        bare, exchanges = split_exchange(asked)
        name, dot, exchange = bare.rpartition(".")
        if dot and exchange in EXCHANGES:
            bare, exchanges = name, (exchange,)
        candidates = self._named(bare, exchanges, today)
        alive = [one for one in candidates if one.expiry is None or one.expiry >= today]
        if not alive:
            raise InputError(self._refusal(bare if dot and exchange in EXCHANGES else asked, candidates, today))
        best = min(alive, key=lambda one: (EXCHANGES.index(one.exchange), one.symbol.upper() != bare))
        others = [one.symbol for one in alive if one.expiry is not None and one.symbol != best.symbol]
        if others and best.expiry is not None and best.symbol.upper() != bare:
            several = ", ".join([best.symbol, *others][:NEAR])
            raise InputError(f"instrument {asked}: may mean {several}; say which one")
        if not exchanges:
            self._refuse_elsewhere(best, asked)
        self._refuse_ambiguous(best, asked)
        # "Nifty 50" goes by the name NIFTY: files and keys elsewhere take no spaces.
        plain = bare if bare.replace("&", "").replace("-", "").isalnum() else best.name.replace(" ", "")
        return best.instrument(clean(plain) if " " in best.symbol else None)

    def _refuse_elsewhere(self, one: Listed, asked: str) -> None:
        """Raise InputError where nobody said an exchange and `one` is of the BSE, whose names are the NSE's but for its indices'.

        Else a row that the NSE's part of the list has lost would turn an instrument into another one.
        """
        if one.exchange in _BSE and not self.select(
            "WHERE name = ? COLLATE NOCASE AND exchange = ? AND kind = 0", [one.name, EXCHANGES.index("BSE")]
        ):
            raise InputError(
                f"instrument {asked}: the NSE lists none, the {one.exchange} does; if that is meant say {one.symbol}.{one.exchange}"
            )

    def _refuse_ambiguous(self, one: Listed, asked: str) -> None:
        """Raise InputError where the list gives the token of `one` to another instrument too: its ticks could be either's."""
        same = "WHERE token = ? AND exchange = ? AND symbol != ? COLLATE NOCASE LIMIT 1"
        for other in self.select(same, [one.token, EXCHANGES.index(one.exchange), one.symbol]):
            raise InputError(f"instrument {asked}: the list gives its token {one.token} to {other.symbol} as well")

    def _named(self, name: str, exchanges: tuple[str, ...], today: date) -> list[Listed]:
        """Every instrument of exactly this name, however its symbol is spelled, expired ones too."""
        if exchanges and name.isdecimal():
            return self._select(Wanted("", exchanges=exchanges, token=name), _ANY_DAY, _MANY, today)
        found = [
            one
            for one in self.select("WHERE symbol = ? COLLATE NOCASE", [name]) + self._cash(name, ())
            if not exchanges or one.exchange in exchanges
        ]
        if found:
            return found
        try:
            offered = self._wanted(name, exchanges)
        except InputError:  # a word that means nothing
            return []
        for wanted in offered:
            found = self._select(wanted, _ANY_DAY, _MANY, today) if wanted != Wanted(wanted.name) else []
            if found:
                return found
        return []

    def _cash(self, name: str, exchanges: tuple[str, ...]) -> list[Listed]:
        """The index or share of exactly this name; blanks in an index's do not count."""
        share = f"{name}-EQ"
        query = (
            f"WHERE name = ? COLLATE NOCASE AND {_CASH} AND (kind = 0 OR exchange != 0 OR symbol = ? COLLATE NOCASE)"
        )
        found = self.select(query, [name, share])
        if not found:
            squeezed = name.replace(" ", "")
            query = "WHERE kind = 0 AND ? IN (replace(upper(symbol), ' ', ''), replace(upper(name), ' ', '')) LIMIT ?"
            found = self.select(query, [squeezed, NEAR])
            if not found and (known := called(name)):
                found = self.select("WHERE kind = 0 AND name = ? COLLATE NOCASE LIMIT ?", [known, NEAR])
        return [one for one in found if not exchanges or one.exchange in exchanges]

    def _wanted(self, text: str, exchanges: tuple[str, ...] = ()) -> list[Wanted]:
        """What `text` may mean, what it says in one word before what it says in several; raises InputError."""
        read = [] if " " in text else list(readings(text))
        if not read and " " not in text and (dashed := read_dashed(text)) is not None:
            read = [dashed]
        if not read:
            read = [read_words(text.split())]
        return [replace(one, exchanges=exchanges or one.exchanges) for one in read]

    def _select(self, wanted: Wanted, oldest: date, limit: int, today: date) -> list[Listed]:
        """What is `wanted` and has not expired before the day `oldest`."""
        conditions, values = [_ALIVE], list[Value]([oldest.toordinal()])
        if wanted.token:
            conditions.append("token = ?")
            values.append(wanted.token)
        else:
            conditions.append("name = ? COLLATE NOCASE")
            values.append(wanted.name)
        if wanted.kind is not None:
            conditions.append("kind = ?")
            values.append(KINDS.index(wanted.kind))
        if wanted.exchanges:
            conditions.append(f"exchange IN ({', '.join('?' * len(wanted.exchanges))})")
            values += [EXCHANGES.index(one) for one in wanted.exchanges]
        if wanted.when is not None:
            days = wanted.when.of(self.expiries(wanted.name, wanted.kind), today)
            conditions.append(f"expiry IN ({', '.join('?' * len(days))})")
            values += [one.toordinal() for one in days]
        if wanted.strike is not None:
            conditions.append("strike = CASE exchange WHEN ? THEN ? ELSE ? END")
            values += [EXCHANGES.index("CDS"), wanted.strike_on("CDS"), wanted.strike_on("NFO")]
        return self.select(f"WHERE {' AND '.join(conditions)} {_IN_ORDER}", [*values, limit])

    def _refusal(self, name: str, expired: Sequence[Listed], today: date) -> str:
        unclear = ""
        try:
            offered = self._wanted(name)
        except InputError as error:
            offered, unclear = [], str(error).removeprefix("instruments: ")
        # Of several readings the one whose name is listed was meant.
        wanted = next((one for one in offered if one.name and self.expiries(one.name, None)), next(iter(offered), None))
        what = (
            "is an ISIN, and the list has none: say its symbol" if is_isin(split_exchange(name)[0]) else "is not listed"
        )
        if unclear and " " in name:
            what = unclear
        if expired and expired[0].expiry is not None and expired[0].expiry < today:
            what = f"expired on {date_text(expired[0].expiry)}"
        elif wanted is not None and wanted.when is not None and wanted.when.is_over(today):
            what = f"expired {'on' if wanted.when.day else 'in'} {wanted.when.text(today)}"
        near = self._near(name, wanted, today)
        return f"instrument {name}: {what}; near: {', '.join(near)}" if near else f"instrument {name}: {what}"

    def _near(self, name: str, wanted: Wanted | None, today: date) -> list[str]:
        """Up to three symbols that may have been meant."""
        if wanted is not None and wanted != Wanted(wanted.name):
            expiry = wanted.when.exact(today) if wanted.when else None
            kinds = [wanted.kind] if wanted.kind else ["FUT", "CE", "PE"]
            near = self.select(
                f"WHERE name = ? COLLATE NOCASE AND kind IN ({', '.join('?' * len(kinds))}) AND expiry >= ?"
                " ORDER BY expiry != ?, expiry, abs(strike - ?), kind LIMIT ?",
                [
                    wanted.name,
                    *(KINDS.index(kind) for kind in kinds),
                    today.toordinal(),
                    expiry.toordinal() if expiry else 0,
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
        return [one for alike in names for one in self._select(Wanted(alike), today, 1, today)]


def _typed(words: str | Sequence[str]) -> str:
    """What was typed as one clean line of capitals with single blanks."""
    return " ".join(clean(word[:80]) for word in (words if isinstance(words, str) else " ".join(words)).upper().split())


def _prefix(text: str) -> str:
    """A LIKE pattern for what begins with `text`; its own wildcards match any character, which is near enough."""
    return text.replace("%", "_") + "%"
