"""What a reader of a foreign file hands on for each of its rows: a tick that bears the row's number, or a bad row with its reason.

Between the reader, which knows files and nothing of neighbours, and the stages behind it (order, bad rows, numbering),
which know no file. A stage is a function from one iterator of rows to another.
"""

from collections.abc import Iterator
from typing import Final, Literal, Protocol

from msgspec import Struct

from engine.model.types import Instrument, Tick
from engine.text.sanitize import CleanText

BadKind = Literal[
    "blank", "columns", "stamp", "price", "volume", "symbol", "header", "other header", "not text", "too long", "torn"
]
_UNASKED: Final[frozenset[BadKind]] = frozenset({"header", "torn"})  # what loses nothing, or cannot be had back


class BadRow(Struct, frozen=True, gc=False):
    """A row that could not be read: its number, why in one word, and the whole reason for a person (without the file's name).

    `header`: the file's header once more, `other header`: one of other columns. `torn`: the last line has no end, or its archive breaks off.
    """

    row: int
    kind: BadKind
    text: CleanText

    def may_be_passed_over(self, *, asked: bool) -> bool:
        """Whether those behind it can be read without it: in any case, or where it is `asked` to; never another header."""
        return self.kind in _UNASKED or (asked and self.kind != "other header")


Row = (
    Tick | BadRow
)  # a tick's `seq` is its row's number (the first line of the file is 1); four ticks of a candle share one


class RowReader(Protocol):
    """A foreign file as rows, in the file's order; it can be read again from any row on."""

    @property
    def name(self) -> CleanText:
        """The file's name."""

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """The instruments; a tick's `instrument` is an index into them."""

    def rows(self, after: int = 0) -> Iterator[Row]:
        """The rows whose number is greater than `after`; raises InputError where the file itself cannot be read on."""

    def fraction_read(self) -> float:
        """Which part of the file the latest reading has passed."""
