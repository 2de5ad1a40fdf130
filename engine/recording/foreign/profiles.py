"""Layouts that brokers and vendors publish, by name: what their columns are where the header does not tell, and in which zone they count."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

from msgspec import Struct

from engine.model.errors import InputError
from engine.recording.foreign.vocabulary import Role


class Profile(Struct, frozen=True):
    """A published layout: `columns` are those of a file without a header, by number of columns; `names` are of one with."""

    name: str
    what: str
    columns: tuple[tuple[str, ...], ...] = ()
    names: dict[str, Role] = {}  # a column's plain name → what it is, over the vocabulary
    zone: str = ""
    dates: Literal["", "dmy", "mdy", "ymd"] = ""
    fits: Callable[[list[bytes]], bool] | None = None  # whether a row without a header can be nothing else


def _product(row: list[bytes]) -> bool:
    """Whether a row is a trade of Binance: number, price, quantity, their product, …, two truth values."""
    try:
        price, quantity, product = (Decimal(row[place].decode("ascii")) for place in (1, 2, 3))
    except (InvalidOperation, UnicodeDecodeError):
        return False
    truths = all(cell.strip().lower() in {b"true", b"false"} for cell in row[5:])
    close = abs(price * quantity - product) <= max(Decimal("0.00000002"), abs(product) * Decimal("0.0001"))
    return truths and row[0].isdigit() and row[4].isdigit() and close


PROFILES: Final[dict[str, Profile]] = {
    profile.name: profile
    for profile in (
        Profile(
            "binance-vision",
            "trades and candles of data.binance.vision, with and without a header",
            columns=(
                ("-", "price", "volume", "-", "time", "-", "-"),
                ("-", "price", "volume", "-", "time", "-"),
                ("-", "price", "volume", "-", "-", "time", "-", "-"),
                ("-", "price", "volume", "-", "-", "time", "-"),
                ("time", "open", "high", "low", "close", "volume", "-", "-", "-", "-", "-", "-"),
            ),
            fits=_product,
            zone="UTC",
        ),
    )
}


def profile_named(name: str) -> Profile | None:
    """The profile of this name, None for none; raises InputError."""
    if not name:
        return None
    if name not in PROFILES:
        raise InputError(f"--as: '{name:.40}' is no layout that is known; allowed: {', '.join(PROFILES)}")
    return PROFILES[name]
