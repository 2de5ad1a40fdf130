"""A page of a run's exits, as screens ask for those that are no longer in the snapshot. Plain data."""

from typing import Final, Literal

from msgspec import Struct

from engine.model.types import Trade

EXITS_A_PAGE: Final = 100
NEWEST_EXITS: Final = 200  # kept one by one; the journal, which screens page through, has them all


class ExitPage(Struct, frozen=True, tag=True):
    """The account's exits number `first` to `last`, as they stood after a replay had gone back `rewinds` times.

    `trades` is whole when it is HERE, oldest first; LATER = ask again; UNREADABLE = not now, for this `reason`.
    """

    first: int
    last: int
    rewinds: int
    state: Literal["HERE", "LATER", "UNREADABLE"]
    trades: tuple[Trade, ...] = ()
    reason: str = ""
