"""A page of session days, or of one day's exits, as screens ask for those of before. Plain data."""

from typing import Final, Literal

from msgspec import Struct

from engine.model.history import DayResult, DayTrade

DAYS_A_PAGE: Final = 60  # the newest
TRADES_A_PAGE: Final = 200  # the newest of their day


class DayPage(Struct, frozen=True, tag=True):
    """The newest session days, oldest first, or where a `date` was asked for its newest exits, of `total`.

    As they stood on the day `today`, after a replay had gone back `rewinds` times. What they hold is whole when it is HERE, but for what the
    journal does not tell (`problems`); LATER = ask again; UNREADABLE = not now, for this `reason`.
    """

    date: str
    today: str
    rewinds: int
    state: Literal["HERE", "LATER", "UNREADABLE"]
    days: tuple[DayResult, ...] = ()
    trades: tuple[DayTrade, ...] = ()
    total: int = 0
    problems: tuple[str, ...] = ()
    reason: str = ""
