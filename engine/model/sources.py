"""What a session that can be read again and again says of itself, whatever file or generator it comes from."""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from msgspec import Struct

from engine.model.marks import Mark
from engine.model.types import Instrument, Tick
from engine.text.sanitize import CleanText


class TickSource(Protocol):
    """A recorded or generated session that can be read from any tick on, as often as wanted."""

    @property
    def name(self) -> CleanText:
        """What a person calls this source."""

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """The instruments; a tick's `instrument` is an index into them."""

    def ticks(self, first: int = 1) -> Iterator[Tick]:
        """The ticks from number `first` on, numbered without holes from there (`seq`); raises InputError."""

    def count(self) -> int:
        """How many ticks there are (may read through the file the first time)."""

    def number_at(self, at_ms: int) -> int:
        """Number of the last tick whose own time is ≤ `at_ms`; 0 if there is none."""

    def marks(self) -> Iterator[Mark]:
        """The marks kept beside the ticks, in order; none for a CSV file."""

    def losses(self) -> tuple[str, ...]:
        """One line for each part that could not be read so far (torn tail, damaged block); empty when all is well."""

    def row_of(self, seq: int) -> str:
        """Where tick number `seq` stands in the file, for a person: `row 17`, or `tick 16` where there are no rows."""


@runtime_checkable
class FileSource(TickSource, Protocol):
    """A TickSource over a file: it also knows the zone its days are counted in, and how far it was read."""

    @property
    def zone(self) -> str:
        """Name of the session's zone."""

    def fraction_read(self) -> float:
        """Which part of the file the latest reading has passed, 0 to 1."""


class PassedOver(Struct, frozen=True):
    """Rows of a file that are no ticks: why in a word or two, how many, the places of the first and the last, and a line for a person."""

    reason: str
    count: int
    first: str
    last: str
    text: str


@runtime_checkable
class Selective(Protocol):
    """A source that may pass rows of its file over, and read the others in another order than they stand in."""

    def passed_over(self) -> tuple[PassedOver, ...]:
        """What is left out, by reason."""

    def notes(self) -> tuple[str, ...]:
        """How the file is read where that is not as it stands, a line each."""

    def understood(self) -> str:
        """How its rows are written, in one line."""


class Undamaged:
    """What a source says that has no marks, no rows and nothing that could be damaged."""

    def marks(self) -> Iterator[Mark]:
        """None."""
        return iter(())

    def losses(self) -> tuple[str, ...]:
        """None."""
        return ()

    def row_of(self, seq: int) -> str:
        """`tick 16`."""
        return f"tick {seq}"


def is_generated(source: object) -> bool:
    """Whether the ticks of `source` were drawn by the program itself, so that test tools may touch them."""
    return bool(getattr(source, "generated", False))


def of_candles(source: object) -> bool:
    """Whether the ticks of `source` were made of candles, by its own word."""
    return getattr(source, "candles", False) is True
