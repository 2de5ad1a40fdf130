"""The form of a file as it was understood: everything that reading its rows needs, and the line that says so."""

import re
from typing import Final

from msgspec import Struct

from engine.recording.csv_layout import PriceOf
from engine.recording.foreign.candles import period_text
from engine.recording.foreign.stamps import DateOrder
from engine.recording.foreign.text import Encoding
from engine.recording.foreign.unpack import Unpacked
from engine.recording.foreign.vocabulary import Role
from engine.text.sanitize import CleanText, clean

_PLAIN: Final = re.compile(r"[A-Za-z_][\w.-]*")  # what a shell takes as it is
_WORDS: Final = {b",": "comma", b";": "semicolon", b"\t": "tab", b"|": "pipe"}
_STAMPS: Final = {
    "iso": "ISO stamps",
    "ymd": "",
    "epoch-s": "epoch seconds",
    "epoch-ms": "epoch milliseconds",
    "epoch-us": "epoch microseconds",
    "epoch-ns": "epoch nanoseconds",
    "ms-of-day": "milliseconds of the day",
}
_ORDERS: Final = {"dmy": "day first", "mdy": "month first", "ymd": "year first"}


class FileForm(Struct, frozen=True, kw_only=True):
    """How the rows of one file are written.

    `places` says where each role stands, `names` what the file calls its columns; rows up to `begin` are none of data, and
    `headers` are the lines among them. `stamp` is a form of `foreign.stamps` or a `TimeFormat`; `mark` the decimal mark.
    """

    how: Unpacked
    encoding: Encoding
    delimiter: bytes
    quoted: bool
    width: int
    names: tuple[str, ...]
    places: dict[Role, int]
    said_away: tuple[int, ...] = ()  # columns that the options say are nothing
    begin: int
    headers: frozenset[bytes]
    stamp: str
    zone: str  # of stamps without an offset
    zone_stated: bool = False  # by the file, a layout that was named, or an option
    order: DateOrder = "dmy"
    offsets: bool = False  # the stamps say their own zone
    mark: bytes = b"."
    price: PriceOf = ""
    candles: bool = False
    period_ns: int = 0  # of candles, once their rows were looked at
    profile: str = ""
    market: str = ""  # whose hours all files of its layout keep
    before: bytes = b""  # what a stamp lacks: the date of a time of the day, …
    after: bytes = b""  # … or the time of a date

    def place(self, role: Role) -> int:
        """Where `role` stands; -1 where it does not."""
        return self.places.get(role, -1)

    def label(self, role: Role) -> str:
        """What the file calls the column of `role`; the role itself where it has no names."""
        place = self.places[role]
        return self.names[place] if place < len(self.names) and self.names[place] else role

    def column(self, role: Role) -> str:
        """The same for the line, with the column's number where it has no name."""
        name = self.label(role)
        return f"column {self.places[role] + 1}" if name == role and self.places[role] >= len(self.names) else name

    def said_as(self, place: int) -> str:
        """How `--columns` is told which column is meant: by its name where that needs no quotes, else by its number."""
        name = self.names[place] if place < len(self.names) else ""
        return name if _PLAIN.fullmatch(name) else str(place + 1)

    def price_places(self) -> tuple[int, int]:
        """Where the price stands, and where the other one that it is the middle of; -1 without."""
        if self.candles:
            return self.places["close"], -1
        if self.price == "mid":
            return self.places["bid"], self.places["ask"]
        return self.places[self.price or "price"], -1

    def line(self, rows: int = 0, symbols: int = 1, places: tuple[int, ...] = ()) -> CleanText:
        """`comma, quoted, IST, date and time apart, price=LTP, 34,652 rows`; `places` are what tells symbols apart."""
        parts = [self.how.kind, self.profile, "" if self.encoding.name == "utf-8" else self.encoding.name.upper()]
        parts += [_WORDS[self.delimiter], "quoted" if self.quoted else "", "decimal comma" if self.mark == b"," else ""]
        if self.stamp.startswith("epoch"):
            parts.append(_STAMPS[self.stamp])
        else:
            parts.append("with offsets" if self.offsets else "IST" if self.zone == "Asia/Kolkata" else self.zone)
            parts.append("date and time apart" if "date" in self.places else _STAMPS.get(self.stamp, ""))
            parts.append(_ORDERS[self.order] if self.stamp.startswith(("numbers", "short")) else "")
        if self.candles:
            parts.append(f"candles of {period_text(self.period_ns)} as open, low and high, close")
        else:
            parts.append(f"price={self.price or self.column('price')}")
            parts.append("candles by their close (--candles: all four prices)" if self._has_candles() else "")
        others: tuple[Role, ...] = ("volume", "day_volume", "symbol")
        for role in others:
            parts.append(f"{role}={self.column(role)}" if role in self.places else "")
        parts.append("" if {"volume", "day_volume"} & self.places.keys() else "no quantities")
        apart = [self.column(role) for role, place in self.places.items() if place in places and role != "symbol"]
        parts.append(f"{symbols:,} symbols{' by ' if apart else ''}{' and '.join(apart)}" if symbols > 1 else "")
        parts.append(f"{rows:,} rows" if rows else "")
        return clean(", ".join(part for part in parts if part))

    def _has_candles(self) -> bool:
        return all(role in self.places for role in ("open", "high", "low"))
