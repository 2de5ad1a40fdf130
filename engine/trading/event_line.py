"""What a line of the log is before anybody writes it. Plain data; knows no logger."""

from msgspec import Struct

DEBUG, INFO, WARNING, ERROR = 10, 20, 30, 40  # the numbers of `logging`, which nothing in this folder may import


class EventLine(Struct, frozen=True):
    """One line for the log; `keep` = never to be lost or limited (entries, exits, P&L)."""

    component: str
    level: int
    text: str
    keep: bool = False
