"""With what a run at a broker begins. Plain data: who trades on paper loads nothing more."""

from typing import Final

from msgspec import Struct

from engine.text.sanitize import CleanText

STARTED: Final = CleanText("a live run starts locked: k begins entries")


class RealOrders(Struct, frozen=True):
    """Whose `account` it is (masked), and why the run buys nothing at all (`barred`, "" where it may)."""

    account: CleanText
    barred: CleanText = CleanText("")
