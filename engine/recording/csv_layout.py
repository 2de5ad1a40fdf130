"""Which column of a CSV file is what: told by its options, its header line, or the number of its columns. Reads no rows."""

import re
from typing import Literal

from msgspec import Struct

from engine.model.errors import InputError
from engine.recording.decimals import to_minor
from engine.recording.stamps import StampReader, TimeFormat

Role = Literal["time", "price", "volume", "symbol"]

_ALIASES: dict[Role, tuple[str, ...]] = {
    "time": ("timestamp", "time", "stamp", "datetime", "date_time", "ts"),
    "price": ("price", "ltp", "last", "last_price", "last_traded_price"),
    "volume": ("volume", "vol", "quantity", "qty", "size", "ltq", "last_quantity", "last_traded_quantity"),
    "symbol": ("symbol", "ticker", "instrument", "tradingsymbol"),
}
_ROLES: dict[str, Role] = {alias: role for role, aliases in _ALIASES.items() for alias in aliases}
_HEADERLESS: tuple[Role, ...] = ("time", "price", "volume")
_MAX_COLUMNS = 200

SYMBOL = re.compile(rb"[A-Za-z0-9_.: &-]{1,80}")
SYMBOL_ALLOWED = "1 to 80 of A-Z a-z 0-9 _ . : & - and space"


class CsvLayout(Struct, frozen=True, kw_only=True):
    """How a CSV file is to be read; the defaults fit `timestamp,price,volume[,symbol]` and header-less `stamp,price[,volume]`.

    `columns` names each column in the file's order, any unknown name for one that is ignored; stamps without an offset are
    in `zone`; `date` belongs to stamps that count the milliseconds of a day; prices are divided by `price_divisor`.
    `has_header` None: by the look of the first row.
    """

    columns: tuple[str, ...] = ()
    time_format: TimeFormat = "iso"
    date: str = ""
    zone: str = "Asia/Kolkata"
    price_divisor: int = 1
    has_header: bool | None = None
    symbol: str = ""


class Columns(Struct, frozen=True):
    """Places of the columns that are read (-1: there is none), their names in the file, and whether row 1 is a header."""

    width: int
    time: int
    price: int
    volume: int
    symbol: int
    names: tuple[str, ...]
    header: bool


def find_columns(first_row: list[bytes], layout: CsvLayout, stamps: StampReader) -> Columns:
    """The columns of a file that begins with `first_row`; raises InputError without the file's name."""
    cells = [cell.decode(errors="replace")[:80] for cell in first_row]
    if len(cells) > _MAX_COLUMNS:
        raise InputError(f"row 1 has {len(cells)} columns; allowed: up to {_MAX_COLUMNS}")
    if layout.columns:
        names = tuple(name.strip()[:80] for name in layout.columns)
        if len(names) != len(cells):
            raise InputError(f"row 1 has {len(cells)} columns; the options name {len(names)}")
        header = layout.has_header if layout.has_header is not None else not _is_data(first_row, _placed(names), stamps)
        return _columns(names, header)
    named = tuple(cell.strip() for cell in cells)
    if layout.has_header or (layout.has_header is None and not cells[0][:1].isdigit()):
        return _columns(named, header=True)
    if len(cells) not in {2, 3}:
        raise InputError(
            f"row 1 has {len(cells)} columns and no header; allowed: stamp,price[,volume], or columns named by the options"
        )
    return _columns(_HEADERLESS[: len(cells)], header=False)


def _placed(names: tuple[str, ...]) -> dict[Role, int]:
    """Where each role stands; raises InputError when two columns claim one."""
    places: dict[Role, int] = {}
    for place, name in enumerate(names):
        role = _ROLES.get(name.lower())
        if role in places:
            raise InputError(f"row 1: '{names[places[role]]}' and '{name}' are both the {role}; allowed: one of them")
        if role:
            places[role] = place
    return places


def _columns(names: tuple[str, ...], header: bool) -> Columns:
    places = _placed(names)
    for role in ("time", "price"):
        if role not in places:
            found = ",".join(names)
            raise InputError(
                f"row 1: no column is the {role} in '{found:.120}'; allowed: one of {', '.join(_ALIASES[role])}"
            )
    return Columns(
        len(names), places["time"], places["price"], places.get("volume", -1), places.get("symbol", -1), names, header
    )


def _is_data(cells: list[bytes], places: dict[Role, int], stamps: StampReader) -> bool:
    """Whether the first row looks like data: its stamp or its price can be read."""
    for role, read in (("time", stamps.read), ("price", lambda cell: to_minor(cell, 10**9))):
        if role in places:
            try:
                read(cells[places[role]])
            except ValueError:
                continue
            return True
    return False
