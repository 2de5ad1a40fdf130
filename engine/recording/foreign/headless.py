"""What the columns of a file without a header are, where their cells leave no doubt. Knows no names."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from engine.recording.foreign.numbers import looks_numeric, missing
from engine.recording.foreign.profiles import PROFILES, Profile
from engine.recording.foreign.stamps import forms_of, is_clock, is_date

_NEAR = Decimal("0.05")  # a quantity that is always so near to the price may be a second price


def published(data: list[list[bytes]]) -> Profile | None:
    """The layout with a name that these rows can only be of; None where they may be anything."""
    width = len(data[0])
    wide = (each for each in PROFILES.values() if any(len(columns) == width for columns in each.columns))
    return next((each for each in wide if each.fits and all(map(each.fits, data))), None)


def recognised(data: list[list[bytes]], profile: Profile | None) -> tuple[str, ...] | None:
    """The name of each column, `-` for one that is ignored; None where they cannot be told."""
    width = len(data[0])
    meant = profile or published(data)
    wide = [columns for columns in meant.columns if len(columns) == width] if meant else []
    if wide:
        return next((columns for columns in wide if len(wide) > 1 and _is_timed(data, columns)), wide[0])
    stamps = [place for place in range(width) if _all(data, place, lambda cell: bool(forms_of(cell)))]
    dates = [place for place in range(width) if _all(data, place, is_date) and not _all(data, place, _is_epoch)]
    clocks = [place for place in range(width) if _all(data, place, is_clock)]
    names = ["-"] * width
    if not stamps and len(dates) == 1 and len(clocks) == 1:
        names[dates[0]], names[clocks[0]] = "date", "time"
    elif stamps and stamps[0] == 0 and (len(stamps) == 1 or not _is_epoch(data[0][0])):
        names[0] = "time"
    elif len(stamps) == 1:
        names[stamps[0]] = "time"
    elif width in {2, 3} and not dates:
        names[0] = "time"  # as this program always read it; the row says what is wrong with its stamp
    else:
        return None
    rest = [place for place in range(width) if names[place] == "-"]
    if len(rest) > 1 and not _all(data, rest[0], looks_numeric) and _all(data, rest[0], _is_word):
        names[rest.pop(0)] = "symbol"
    roles = _roles_of(data, rest)
    if roles is None:
        return None
    for place, role in zip(rest, roles, strict=True):
        names[place] = role
    return tuple(names)


def _is_timed(data: list[list[bytes]], columns: tuple[str, ...]) -> bool:
    """Whether what a layout calls the time are moments."""
    return "time" in columns and _all(data, columns.index("time"), lambda cell: bool(forms_of(cell)))


def _roles_of(data: list[list[bytes]], places: list[int]) -> tuple[str, ...] | None:
    """What the numbers behind the stamp are: a price, a price and a quantity, or a candle."""
    if len(places) == 1:
        return ("price",)
    rows = [row for row in (_decimals(cells, places) for cells in data) if row is not None]
    if len(places) == 2:
        if rows and all(price > 0 and abs(volume / price - 1) < _NEAR for price, volume in rows):
            return None  # as likely a bid and an ask
        return ("price", "volume")
    if (
        len(places) in {4, 5, 6}
        and rows
        and 10 * sum(map(_is_candle, rows)) >= 9 * len(rows)
        and any(len(set(row[:4])) > 1 for row in rows)
    ):
        return ("open", "high", "low", "close", "volume", "oi")[: len(places)]
    return None


def _is_candle(row: list[Decimal]) -> bool:
    opened, high, low, close = row[:4]
    return low <= min(opened, close) and high >= max(opened, close)


def _decimals(cells: list[bytes], places: list[int]) -> list[Decimal] | None:
    try:
        return [Decimal(cells[place].replace(b",", b".").decode("ascii")) for place in places]
    except (InvalidOperation, UnicodeDecodeError):
        return None


def _all(data: list[list[bytes]], place: int, is_one: Callable[[bytes], bool]) -> bool:
    """Whether nine of ten cells are what is asked, blanks apart."""
    some = [cells[place] for cells in data if not missing(cells[place])]
    return bool(some) and 10 * sum(map(is_one, some)) >= 9 * len(some)


def _is_epoch(cell: bytes) -> bool:
    return any(form.startswith("epoch") for form in forms_of(cell))


def _is_word(cell: bytes) -> bool:
    return not looks_numeric(cell) and not forms_of(cell)
