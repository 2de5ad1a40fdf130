"""What can be used of a stored list, and what became of the copy before: counted within SQLite, in flat memory."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Final

from engine.model.errors import DiskError
from engine.outside.lists import Bounds, Group, Known
from engine.text.sanitize import clean
from engine.venues.angelone.instruments.listed import CURRENCY_SCALE, EXCHANGES, KINDS, PAISE

# The list has some 145,000 entries, 100,000 of them options. A contract keeps its token, strike and expiry for life, so
# that no share of them is an ordinary day's; lots and ticks are revised, of many contracts at once, but never of most.
BOUNDS: Final = Bounds(
    least={"options": 100, "indices": 1, "shares": 1},
    changed={"token": 0, "strike": 0, "expiry": 0, "lot": 0.5, "tick": 0.5, "freeze": 0.5, "symbol": 0.1},
)
_CHANGES = {
    "token": "now.token IS NULL AND listed_still",
    "strike": "now.strike != old.strike",
    "expiry": "now.expiry != old.expiry",
    "lot": "now.lot != old.lot",
    "tick": "now.tick != old.tick",
    "freeze": "old.freeze > 0 AND now.freeze = 0",
    "symbol": "times_listed",
}
_WORDS = {"options": ("CE", "PE"), "futures": ("FUT",), "indices": ("IDX",), "shares": ("EQ",)}
_LARGEST_LOT = 1_000_000
_LARGEST_TICK = {"NFO": 100, "BFO": 100, "NSE": 500, "BSE": 500, "MCX": 10_000, "CDS": CURRENCY_SCALE // 20}
_NAMED = 3  # of those that are gone
_YEARS = 20  # no contract runs longer


def counted(path: Path, today: date) -> dict[str, Group]:
    """What can be used of the list in the file `path`, by groups ("NFO options"); raises DiskError."""
    with _opened(path) as database:
        return _groups(database, "main", today)


def compared(path: Path, before: Path, today: date) -> tuple[dict[str, Group], dict[str, Known]]:
    """What could be used of the list `before`, and what became of its entries in the list `path`; raises DiskError."""
    with _opened(path) as database:
        database.execute("ATTACH ? AS before", (f"{before.absolute().as_uri()}?mode=ro",))
        old = _groups(database, "before", today)
        return old, {name: _known(database, name, today) for name, group in old.items() if group.alive}


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        ) as database:
            database.execute("PRAGMA cache_size = -1024")
            yield database
    except sqlite3.Error as error:
        raise DiskError(f"{path}: {error}") from None


def _groups(database: sqlite3.Connection, schema: str, today: date) -> dict[str, Group]:
    groups = {}
    for exchange in EXCHANGES:
        for word in ("indices", "shares") if exchange in {"NSE", "BSE"} else ("options", "futures"):
            group = _group(database, schema, exchange, word, today)
            if group.count:
                groups[f"{exchange} {word}"] = group
    return groups


def _group(database: sqlite3.Connection, schema: str, exchange: str, word: str, today: date) -> Group:
    day, last = today.toordinal(), today.toordinal() + _YEARS * 366
    tick = "tick < 1 OR tick > ?" if word != "indices" else "tick > ?"
    strike = _other_than_its_symbol(exchange) if word == "options" else "0"
    # The conditions are our own text; values go in by place.
    query = f"""SELECT count(*), total(expiry = 0 OR expiry >= ?), total(lot > ?), total({tick}), total(expiry > ?), total({strike}), count(DISTINCT token)
        FROM {schema}.listed WHERE {_members(exchange, word)}"""  # noqa: S608
    row = database.execute(query, (day, _LARGEST_LOT, _LARGEST_TICK[exchange], last)).fetchone()
    count, alive, *odd, tokens = map(int, row)
    return Group(count, alive, count - tokens, dict(zip(("lot", "tick", "expiry", "strike"), odd, strict=True)))


def _other_than_its_symbol(exchange: str) -> str:
    """SQL: the symbol does not end with the strike, but with the strike in another unit."""
    if exchange == "CDS":  # whose symbols leave the point out
        return "0"
    ends = "symbol LIKE '%' || printf('%.12g', strike / {:.1f}) || '_E'".format
    scaled = " OR ".join(ends(PAISE * factor) for factor in (100.0, 10.0, 0.1, 0.01, 100_000.0, 0.00001))
    return f"NOT ({ends(PAISE)}) AND ({scaled})"


def _known(database: sqlite3.Connection, group: str, today: date) -> Known:
    """What became of the entries of a group, summed up over its names: no name may lose most of its own.

    A share may leave its exchange on any day, but none that contracts run on.
    """
    exchange, word = group.split()
    still = "EXISTS (SELECT 1 FROM main.listed AS l WHERE l.symbol = old.symbol COLLATE NOCASE AND l.exchange = old.exchange)"
    of = "(SELECT count(*) FROM {}.listed AS l WHERE l.symbol = old.symbol COLLATE NOCASE AND l.exchange = old.exchange)".format
    more = f"now.token IS NOT NULL AND {of('main')} > {of('before')}"  # one symbol, now of several tokens
    changes = ", ".join(f"total({condition})" for condition in _CHANGES.values())
    changes = changes.replace("listed_still", still).replace("times_listed", more)
    missing = f"(now.token IS NULL AND NOT {still})"
    otherwise = f"{missing} OR now.kind != old.kind OR now.name != old.name COLLATE NOCASE"
    runs = "EXISTS (SELECT 1 FROM before.listed AS l WHERE l.name = old.name COLLATE NOCASE AND l.expiry >= :today)"
    query = f"""SELECT old.name, old.kind, count(*), total({missing}), min(CASE WHEN {missing} THEN old.symbol END),
        2 * total({otherwise}) > count(*) AND {runs if word == "shares" else "1"}, {changes}
        FROM before.listed AS old LEFT JOIN main.listed AS now
        ON now.symbol = old.symbol COLLATE NOCASE AND now.exchange = old.exchange AND now.token = old.token
        WHERE {_members(exchange, word, "old.")} AND (old.expiry = 0 OR old.expiry >= :today)
        GROUP BY old.name COLLATE NOCASE, old.kind"""  # noqa: S608
    totals, gone, lost = [0] * (2 + len(_CHANGES)), list[str](), list[str]()
    for name, kind, count, away, one, most, *changed in database.execute(query, {"today": today.toordinal()}):
        totals = [total + int(more) for total, more in zip(totals, (count, away, *changed), strict=True)]
        if one and len(gone) < _NAMED:
            gone.append(clean(one))
        if most:
            lost.append(clean(f"{name} {KINDS[kind]}" if word == "options" else name))
    return Known(totals[0], totals[1], dict(zip(_CHANGES, totals[2:], strict=True)), gone, lost)


def _members(exchange: str, word: str, of: str = "") -> str:
    kinds = ", ".join(str(KINDS.index(kind)) for kind in _WORDS[word])
    return f"{of}exchange = {EXCHANGES.index(exchange)} AND {of}kind IN ({kinds})"
