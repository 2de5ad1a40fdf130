"""What an account that was kept says, looked at before it is taken over: which instruments it is of, and whether it is sound. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, get_args

from engine.model.events import FlatState, StateKept
from engine.model.state import Plain, Stateful
from engine.text.sanitize import CleanText
from engine.trading.kept_orders import orders_in
from engine.trading.orders.open_orders import ordered_in
from engine.trading.portfolio import positions_in, strays_in

UNSOUND: Final = "the account of the last run cannot be taken over:"


def places_of(kept: StateKept, symbols: Sequence[str], scales: Mapping[str, Sequence[int]]) -> Mapping[int, int]:
    """The present number of each instrument that `kept` is concerned with: `symbols` and `scales` are the present ones. Raises ValueError."""
    concerned = symbols_of(kept)
    if kept.symbols == symbols:
        place = {number: number for number in concerned}
    else:
        present = {symbol: index for index, symbol in enumerate(symbols)}
        if missing := [symbol for symbol in concerned.values() if symbol not in present]:
            raise ValueError(f"held or on order, and not listed any more: {', '.join(missing)}")
        place = {number: present[symbol] for number, symbol in concerned.items()}
    for name, now in scales.items():
        before = kept.fields[name]
        if not isinstance(before, list) or len(before) != len(kept.symbols):
            raise ValueError(f"{UNSOUND} {name} is not one for each instrument")
        for number, index in place.items():
            if before[number] != now[index]:
                what = f"{name} of {kept.symbols[number]}"
                raise ValueError(f"{what} was {before[number]} in the last run and is {now[index]} now")
    return place


def barred_in(kept: StateKept, symbols: Sequence[str]) -> list[int]:
    """The present numbers of the instruments that the operator barred; of one that is not listed any more there is none. Raises ValueError."""
    barred = kept.fields.get("gate.barred", [])
    if not isinstance(barred, list) or any(
        type(each) is not int or not 0 <= each < len(kept.symbols) for each in barred
    ):
        raise ValueError(f"{UNSOUND} gate.barred is {barred!r}")
    names = {kept.symbols[number] for number in barred}
    return [index for index, symbol in enumerate(symbols) if symbol in names]


def symbols_of(kept: StateKept) -> dict[int, CleanText]:
    """The instruments that `kept` holds or has on order, by their numbers in it; raises ValueError when it is not sound."""
    fields = kept.fields
    numbers = {each.instrument for each in positions_in(fields)} | strays_in(fields).keys() | ordered_in(fields)
    numbers |= {each.instrument for each in orders_in(fields).values()}
    if any(not 0 <= number < len(kept.symbols) for number in numbers):
        raise ValueError(f"{UNSOUND} an instrument without a name")
    return {number: kept.symbols[number] for number in sorted(numbers)}


def require_sound(owner: Stateful, prefix: str, fields: Mapping[str, Plain]) -> None:
    """See that `owner` can take its state from `fields`; raises ValueError, KeyError, ArithmeticError."""
    for name in owner.STATE:
        value, now = fields[prefix + name], getattr(owner, name)
        if isinstance(now, Decimal):
            sound = isinstance(value, str) and Decimal(value).is_finite()
        else:
            sound = type(value) is type(now)
        if not sound or (prefix + name == "flat.state" and value not in get_args(FlatState)):
            raise ValueError(f"{UNSOUND} {prefix}{name} is {value!r}")
