"""Which column is what: said by options, by the header's names, by a published layout, or by what the cells look like."""

from collections.abc import Callable, Iterable
from typing import Final

from msgspec import Struct

from engine.model.errors import InputError
from engine.recording.csv_layout import CsvLayout
from engine.recording.foreign.headless import recognised
from engine.recording.foreign.numbers import looks_numeric, missing
from engine.recording.foreign.profiles import Profile
from engine.recording.foreign.sample import LONGEST_NAME
from engine.recording.foreign.stamp_column import quarters_apart
from engine.recording.foreign.stamps import forms_of, is_date, is_time_of_day, midnight
from engine.recording.foreign.vocabulary import (
    LOOSE_RIGHTS,
    NO_RIGHTS,
    NUMBERS,
    PARTS_OF_A_SYMBOL,
    PRICES,
    RIGHTS,
    ROLES,
    TIMES,
    WITHOUT_A_SYMBOL,
    Role,
    plain_name,
    role_of,
    zone_in,
)

_NO_NAMES: Final = frozenset({"", "index", "unnamed0", "x1"})
_SAID: Final = -2  # the rank of a column that the options name
_OHLC: Final[tuple[Role, ...]] = ("open", "high", "low", "close")


class ColumnClaim(Struct, frozen=True):
    """A column that by its name may have a role; a lower rank goes first."""

    role: Role
    rank: int
    place: int
    name: str


def find_places(
    names: list[list[str]], data: list[list[bytes]], layout: CsvLayout, profile: Profile | None, begin: int
) -> dict[Role, int]:
    """Where each role stands; raises InputError where that is not clear."""
    columns = [[cells[place] for cells in data] for place in range(len(names))]
    where = f"row {begin or 1}"
    claims = _claims(names, layout, profile, data, begin)
    claims = [claim for claim in claims if not _is_left_empty(claim, claims, columns)]
    times = [claim for claim in claims if claim.role in {"time", "date"}]
    if not times:
        times = _unnamed_times(names, columns)
    if not times:
        found = ",".join(each[0] if each else "" for each in names)
        raise InputError(f"{where}: no column is the time in '{found:.120}'; allowed: {TIMES}; or say --columns time=…")
    places = _time_places(times, columns, layout, profile, where)
    taken = set(places.values())
    for role in ROLES:
        if role in {"time", "date"}:
            continue
        some = [claim for claim in claims if claim.role == role and claim.place not in taken]
        some = [claim for claim in some if claim.rank < 0 or _holds(claim, columns[claim.place])]
        if role in NUMBERS and len(some) > 1:
            some = [claim for claim in some if mostly(columns[claim.place], _is_number)] or some
        if role == "price":
            some = [claim for claim in some if not mostly(columns[claim.place], _is_calendar_moment)]
        if some:
            asks = role not in WITHOUT_A_SYMBOL or role in PARTS_OF_A_SYMBOL
            best = _first(some, where) if asks else min(some, key=lambda claim: claim.rank)
            places[role] = best.place
    return _with_price(places, layout, names, where)


def _unnamed_times(names: list[list[str]], columns: list[list[bytes]]) -> list[ColumnClaim]:
    """The index that a program wrote without a name, where it holds moments that nothing else looks like."""
    return [
        ColumnClaim("time", 0, place, "index")
        for place, spellings in enumerate(names)
        if all(plain_name(each) in _NO_NAMES for each in spellings) and mostly(columns[place], _is_calendar_moment)
    ][:1]


def _claims(
    names: list[list[str]], layout: CsvLayout, profile: Profile | None, data: list[list[bytes]], begin: int
) -> list[ColumnClaim]:
    """Who may be what: the options' word, the profile's, the header's, or what the cells look like."""
    said = [each.strip()[:LONGEST_NAME] for each in layout.columns]
    if said and not any("=" in each for each in said):
        if len(said) != len(names):
            raise InputError(f"row 1 has {len(names)} columns; the options name {len(said)}")
        claims = _by_names([[each] for each in said], profile=None)
        _refuse_twice(claims)
        return [ColumnClaim(each.role, 0, each.place, _called(names, each)) for each in claims]
    if begin:
        claims = _by_names(names, profile)
    else:
        found = recognised(data, profile) if data else None
        if found is None and not said:
            raise InputError(
                f"row 1 has {len(names)} columns and no header; allowed: stamp,price[,volume], or columns named by the "
                "options, such as --columns -,time,price,volume (each in order), or --as"
            )
        claims = _by_names([[each] for each in found or ()], profile=None)
    meant = [_meant(each, names) for each in said if not each.startswith("-=")]
    spoken_for = {claim.role for claim in meant}
    places = {claim.place for claim in meant} | set(said_away(names, layout))
    return [*meant, *(claim for claim in claims if claim.role not in spoken_for and claim.place not in places)]


def said_away(names: list[list[str]], layout: CsvLayout) -> list[int]:
    """The places of columns that the options say are nothing: `-=mode`, or a dash in a list of all; raises InputError."""
    if any("=" in each for each in layout.columns):
        return [_place(each.strip()[2:], names) for each in layout.columns if each.strip().startswith("-=")]
    return list(range(len(layout.columns)))  # of a list of all each column was spoken of


def _by_names(names: list[list[str]], profile: Profile | None) -> list[ColumnClaim]:
    claims = []
    for place, spellings in enumerate(names):
        for name in spellings:
            plain = plain_name(name)
            meant = profile.names.get(plain) if profile else None
            if meant == "-":
                break
            if meant:
                claims.append(ColumnClaim(meant, -1, place, name))
                break
            if found := role_of(name):
                claims.append(ColumnClaim(*found, place, name))
                break
    return claims


def _called(names: list[list[str]], claim: ColumnClaim) -> str:
    return names[claim.place][0] if names[claim.place] else claim.name


def _meant(said: str, names: list[list[str]]) -> ColumnClaim:
    """What `price=LTP` or `price=4` means; raises InputError."""
    role, _, column = said.partition("=")
    if role not in ROLES:
        raise InputError(f"--columns: '{role}' is no kind of column; allowed: -, {', '.join(ROLES)}")
    return ColumnClaim(role, _SAID, _place(column, names), column)


def _place(column: str, names: list[list[str]]) -> int:
    """Where the column of this name or number stands; raises InputError."""
    if column.isdigit() and 1 <= int(column) <= len(names):
        return int(column) - 1
    wanted = plain_name(column)
    places = [place for place, each in enumerate(names) if any(plain_name(name) == wanted for name in each)]
    if len(places) != 1 or not wanted:
        have = ", ".join(each[0] for each in names if each)
        raise InputError(
            f"--columns: '{column}' is {'no' if not places else 'more than one'} column; allowed: 1 to {len(names)}, {have:.160}"
        )
    return places[0]


def _refuse_twice(claims: Iterable[ColumnClaim]) -> None:
    seen: dict[Role, ColumnClaim] = {}
    for claim in claims:
        if claim.role in seen:
            raise InputError(
                f"row 1: '{seen[claim.role].name}' and '{claim.name}' are both the {claim.role}; allowed: one of them"
            )
        seen[claim.role] = claim


def _first(claims: list[ColumnClaim], where: str) -> ColumnClaim:
    """The claim that goes first; raises InputError where two have the same right."""
    best = min(claims, key=lambda claim: claim.rank)
    rivals = [claim for claim in claims if claim.rank == best.rank]
    if len(rivals) > 1:
        raise InputError(
            f"{where}: '{rivals[0].name}' and '{rivals[1].name}' are both the {best.role}; allowed: one of them, "
            f"say --columns {best.role}=…"
        )
    return best


def _time_places(
    times: list[ColumnClaim], columns: list[list[bytes]], layout: CsvLayout, profile: Profile | None, where: str
) -> dict[Role, int]:
    """Where the time stands, and the date if that is apart."""
    if layout.time_format not in {"auto", "iso"}:
        return {"time": _first([claim for claim in times if claim.role == "time"] or times, where).place}
    moments = [claim for claim in times if mostly(columns[claim.place], _is_moment)]
    days = [claim for claim in moments if mostly(columns[claim.place], midnight)]
    clocks = [claim for claim in times if claim not in moments and mostly(columns[claim.place], is_time_of_day)]
    if days == moments and days and clocks:  # dates that a program has written as moments
        return {"date": _first_different(days, columns, where).place, "time": _first(clocks, where).place}
    if moments:
        moments = _without_other_clocks(moments, columns, layout)
        return {"time": _first_different(moments, columns, where).place}
    dates = [claim for claim in times if mostly(columns[claim.place], is_date)]
    clocks = [claim for claim in times if mostly(columns[claim.place], is_time_of_day) and claim not in dates]
    if dates and clocks:
        return {"date": _first_different(dates, columns, where).place, "time": _first(clocks, where).place}
    if clocks and not layout.date:
        raise InputError(f"column '{clocks[0].name}' gives times without a date; say --date YYYY-MM-DD")
    if dates and not (layout.at or (profile and profile.at)):
        raise InputError(
            f"column '{dates[0].name}' gives dates without a time; say at which time with --at, such as --at 15:30"
        )
    return {"time": _first(clocks or dates or [claim for claim in times if claim.role == "time"] or times, where).place}


def _without_other_clocks(
    moments: list[ColumnClaim], columns: list[list[bytes]], layout: CsvLayout
) -> list[ColumnClaim]:
    """The columns of moments without those that, read in the zone that is supposed, are whole quarters of an hour off a count since 1970."""
    counts = [claim for claim in moments if mostly(columns[claim.place], _is_count)]
    if not counts or layout.zone_said:
        return moments
    zone = layout.zone
    off = [
        claim
        for claim in moments
        if claim not in counts
        and claim.rank != _SAID
        and any(
            quarters_apart(columns[claim.place], columns[each.place], zone_in(claim.name) or zone) for each in counts
        )
    ]
    return [claim for claim in moments if claim not in off]


def _first_different(claims: list[ColumnClaim], columns: list[list[bytes]], where: str) -> ColumnClaim:
    """As `_first`, but two columns that say the same are no question, and one whose name says its zone goes first."""
    rank = min(claim.rank for claim in claims)
    stated = [claim for claim in claims if claim.rank == rank and zone_in(claim.name)]
    best = stated[0] if stated else min(claims, key=lambda claim: claim.rank)
    rivals = stated or claims
    return _first([each for each in rivals if each is best or columns[each.place] != columns[best.place]], where)


def _with_price(places: dict[Role, int], layout: CsvLayout, names: list[list[str]], where: str) -> dict[Role, int]:
    """The places with the one that is the price; raises InputError where there is none."""
    if layout.candles:
        lacking = [role for role in _OHLC if role not in places]
        if lacking:
            raise InputError(f"{where}: no column is the {lacking[0]}; --candles needs open, high, low and close")
        return places
    if layout.price:
        needed: tuple[Role, ...] = ("bid", "ask") if layout.price == "mid" else (layout.price,)
        for role in needed:
            if role not in places:
                raise InputError(f"{where}: no column is the {role}, which --price {layout.price} needs")
        return {role: place for role, place in places.items() if role != "price"}
    if "price" not in places and "close" in places:
        places["price"] = places["close"]
    if "price" not in places:
        if "bid" in places and "ask" in places:
            raise InputError(f"{where}: there is a bid and an ask, and no price; say --price bid, ask or mid")
        found = ",".join(each[0] if each else "" for each in names)
        raise InputError(
            f"{where}: no column is the price in '{found:.120}'; allowed: {PRICES}; or say --columns price=…"
        )
    return places


def mostly(cells: list[bytes], is_one: Callable[[bytes], object]) -> bool:
    """Whether at least half of the cells that hold something are what is asked."""
    some = [cell for cell in cells if not missing(cell)]
    return bool(some) and 2 * sum(map(bool, map(is_one, some))) >= len(some)


def _is_left_empty(claim: ColumnClaim, claims: list[ColumnClaim], columns: list[list[bytes]]) -> bool:
    """Whether the column holds nothing and another may stand for it; a price that is always empty is none."""
    if not columns[claim.place] or any(columns[claim.place]):
        return False
    return claim.role == "price" or any(each.role == claim.role and any(columns[each.place]) for each in claims)


def _holds(claim: ColumnClaim, cells: list[bytes]) -> bool:
    """Whether a column whose name may mean other things holds what it should."""
    name = plain_name(claim.name)
    if claim.role == "right" and name in LOOSE_RIGHTS:
        some = {cell.lower() for cell in cells}
        return bool(some & RIGHTS) and mostly(cells, lambda cell: cell.lower() in RIGHTS | NO_RIGHTS)
    if claim.role == "exchange":  # one letter or number says where a single trade was made, on a tape of many places
        return mostly(cells, lambda cell: len(cell) > 1 and not looks_numeric(cell))
    return name != "underlying" or not mostly(cells, looks_numeric)  # else its price


def _is_moment(cell: bytes) -> bool:
    return bool(forms_of(cell))


def _is_calendar_moment(cell: bytes) -> bool:
    return any(not form.startswith("epoch") for form in forms_of(cell))


def _is_count(cell: bytes) -> bool:
    return any(form.startswith("epoch") for form in forms_of(cell))


def _is_number(cell: bytes) -> bool:
    return looks_numeric(cell)
