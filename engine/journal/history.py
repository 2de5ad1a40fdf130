"""The session days of a journal, and what came about on them, in the order in which it did. Opens no file itself.

A day is that of the newest `DayStarted`, over restarts as well: whatever comes behind that row belongs to it.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.journal.chain_reader import ChainReader, rows_of
from engine.journal.lost_exits import LostExits, scales_in
from engine.journal.rows import Continued, Entry, Rewound, RunStarted
from engine.model.events import AnyEvent, DayStarted, FillBooked, StateKept, TradeClosed
from engine.trading.portfolio import positions_in

_NO_DAY: Final = ("", "0001-01-01")  # what an account says that has seen none
_MARKS = rows_of("kind IN ('DayStarted', 'Rewound')")
_ROWS = rows_of("number > 0")
_STANDING = rows_of(
    "(kind <> 'FillBooked' OR number IN (SELECT event FROM fills))"
)  # what a replay went back over is gone


class DayMark(Struct, frozen=True):
    """Where a session day begins: behind row `after` of the journal's file number `file`, counted from the oldest.

    One that `goes_on` began in a file before, which may be gone.
    """

    file: int
    after: int
    date: str
    zone: str = ""
    goes_on: bool = False


class Happened(Struct, frozen=True):
    """An event of a run in `mode`."""

    mode: str
    event: AnyEvent


class History:
    """The days of a journal, and their rows."""

    def __init__(self, chain: ChainReader) -> None:
        self._chain = chain
        self._rewound: set[int] = set()  # files in which a replay went back
        self._undone: set[tuple[int, int]] = set()  # its days that are no more

    def days(self, last: int) -> list[DayMark]:
        """Where the newest `last` dates begin and the one before them, if there is one; the oldest first."""
        marks: list[DayMark] = []
        file = len(self._chain.files)
        while file and len({mark.date for mark in marks}) <= last:
            file -= 1
            marks[:0] = self._days_of(file)
        self._chain.look_at_links(file)
        return marks

    def _days_of(self, file: int) -> list[DayMark]:
        marks: list[DayMark] = []
        kept = self._chain.kept_after(file, 0)
        if kept is not None and (today := str(kept.fields.get("today", ""))) not in _NO_DAY:
            marks.append(DayMark(file, 0, today, goes_on=True))
        for number, _, entry in self._chain.read(file, _MARKS, 0):
            if isinstance(entry, DayStarted):
                marks.append(DayMark(file, number - 1, entry.date, entry.zone))
            elif isinstance(entry, Rewound):
                self._rewound.add(file)
                marks = self._left(marks, self._chain.kept_after(file, number))
        return marks

    def _left(self, marks: list[DayMark], kept: StateKept | None) -> list[DayMark]:
        """Those of `marks` that a replay has not gone back over, by the account as it was `kept` behind."""
        if kept is None:
            return marks
        today = str(kept.fields.get("today", ""))
        left = [] if today in _NO_DAY else [mark for mark in marks if mark.date <= today]
        self._undone.update((mark.file, mark.after + 1) for mark in marks[len(left) :])
        return left

    def whole_from(self, marks: Sequence[DayMark], place: int) -> int:
        """The place of the newest of `marks`, up to `place`, at which nothing is held: every position of later is seen whole."""
        while place > 0 and self._holds(marks[place]):
            place -= 1
        return place

    def _holds(self, mark: DayMark) -> bool:
        """Whether something is held where a day begins, by the account before and the fills since."""
        if not mark.after or mark.file in self._rewound:
            return True
        kept, number = self._chain.kept_before(mark.file, mark.after)
        if kept is None:
            return True
        held = {each.instrument for each in positions_in(kept.fields)}
        for row, _, entry in self._chain.read(mark.file, _ROWS, number):
            if row > mark.after:
                break
            if isinstance(entry, FillBooked):
                (held.discard if entry.position is None else held.add)(entry.fill.instrument)
        return bool(held)

    def rows(self, first: DayMark) -> Iterator[Happened]:
        """What came about from `first` on: fills, exits, days, and of each run the account that it began with."""
        after = first.after
        for file in range(first.file, len(self._chain.files)):
            yield from self._rows_of(file, after)
            after = 0

    def _rows_of(self, file: int, after: int) -> Iterator[Happened]:
        kept, since = self._chain.kept_before(file, after) if after else (self._chain.kept_after(file, 0), 0)
        exits, mode, of_run = LostExits(), "", 0
        if kept is not None:
            exits.begin(kept)
            yield Happened("", replace(kept, fields=scales_in(kept)) if after else kept)
        for number, run, entry in self._chain.read(file, _STANDING if file in self._rewound else _ROWS, since):
            if run != of_run:
                mode, of_run = self._chain.mode_of(file, run), run
            events = () if (file, number) in self._undone else self._events(file, number, run, entry, exits)
            if number > after:
                yield from (Happened(mode, each) for each in events)
        yield from (Happened(mode, each) for each in exits.left())

    def _events(self, file: int, number: int, run: int, entry: Entry, exits: LostExits) -> list[AnyEvent]:
        """What a row tells; a run tells its account."""
        chain = self._chain
        if isinstance(entry, RunStarted | Continued | Rewound):
            kept, left = chain.kept_after(file, number), exits.left()
            if kept is None:
                return left
            exits.begin(kept)
            return [*left, kept]
        named: list[AnyEvent] = []
        if isinstance(entry, FillBooked) and not exits.knows(entry.fill.instrument):  # it came while the run went on
            kept = chain.kept_after(file, number)
            if kept is not None:
                exits.know(kept)
                named.append(replace(kept, fields=scales_in(kept)))
        if not isinstance(entry, DayStarted | FillBooked | TradeClosed):
            return named
        order = entry.fill.order if isinstance(entry, FillBooked) else 0
        return [*named, *exits.take(entry, partial(chain.reason_of, file, run, order))]
