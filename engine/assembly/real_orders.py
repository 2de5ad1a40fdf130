"""With what a run at a broker begins. Plain data: who trades on paper loads nothing more."""

from typing import Final

from msgspec import Struct

from engine.model.preflight import Check
from engine.text.sanitize import CleanText

STARTED: Final = CleanText("a live run starts locked: k begins entries")


class RealOrders(Struct, frozen=True):
    """Whose `account` it is (masked), why the run buys nothing at all (`barred`, "" where it may), and until when it may (UTC ms; 0: no end).

    `armed_with` is what was found when the day was armed.
    """

    account: CleanText
    barred: CleanText = CleanText("")
    until_ms: int = 0
    armed_with: tuple[Check, ...] = ()
