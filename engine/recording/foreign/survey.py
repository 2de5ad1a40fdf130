"""Looks a foreign file through before anything is decided by it: what cannot be read, which times contradict their neighbours, in what order it is.

What is left out is counted, with its first and last place. Memory does not grow with the file.
"""

from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.model.errors import InputError
from engine.model.sources import PassedOver
from engine.model.types import Tick
from engine.recording.foreign.clocks import Clock, Midnights, OverMidnight
from engine.recording.foreign.neighbours import MOST_KEPT, Neighbours, StepBack, StrayRow
from engine.recording.foreign.rows import BadRow, RowReader
from engine.text.sanitize import clean

TOLERANCE_MS: Final = 1000  # rows this little out of order are in order
_LOOSE_SHARE: Final = 20  # more than every so many-th row a stray: the file is in no order at all
_LOOSE_FEW: Final = 3
_LONG_BLOCK: Final = 200  # rows between two places where a file goes back, on average, that make it one of whole blocks
_BLOCK: Final = 4  # rows in order behind each that goes back, on average, that make a file one of blocks at all


class Survey(Struct, frozen=True):
    """What is to be made of a file: rows to pass over (`strays`), and whether it must be sorted.

    `unordered`: in no order at all. `backwards`: its newest row comes first. `passed_over` counts what is left out, `notes` say how it is read.
    """

    strays: frozenset[int]
    sort: bool
    backwards: bool
    passed_over: tuple[PassedOver, ...]
    notes: tuple[str, ...]
    unordered: bool = False
    steps_back: tuple[StepBack, ...] = ()
    midnights: Midnights = ()  # where a file without dates goes on into the next day


def survey(
    reader: RowReader,
    *,
    skip_bad: bool,
    says_bad: Callable[[BadRow], InputError],
    stamp: Callable[[int], str],
    tolerance_ms: int = TOLERANCE_MS,
    clock: Clock | None = None,
) -> Survey:
    """Read all of `reader`, twice where it runs backwards; raises the error of its first bad row unless told to pass over them.

    A header once more and a last line that is torn are passed over in any case. `stamp` writes a time in ms. `clock` is
    asked what it did where the time goes back; without it the file does.
    """
    found = _Pass(reader, 1, skip_bad, says_bad, tolerance_ms)
    found.read()
    if found.falls > max(2 * found.rises, 1):  # one step back is no direction, and a shuffled file has none
        found = _Pass(reader, -1, skip_bad, says_bad, tolerance_ms)
        found.read()
    midnights = found.midnights(clock) if clock else ()
    if clock is None or not any(midnights):
        return found.outcome(stamp)
    found = _Pass(OverMidnight(reader, midnights, clock.zone), 1, skip_bad, says_bad, tolerance_ms)
    found.read()
    outcome = found.outcome(stamp)
    first = min(row for rows in midnights for row in rows)
    told = f"its clock passes midnight, first at row {first}: from there on the next day"
    return replace(outcome, midnights=midnights, notes=(told, *outcome.notes))


class _Pass:
    """One reading in one direction."""

    def __init__(
        self,
        reader: RowReader,
        direction: int,
        skip_bad: bool,
        says_bad: Callable[[BadRow], InputError],
        tolerance_ms: int,
    ) -> None:
        self._reader = reader
        self._direction = direction
        self._skip_bad = skip_bad
        self._says_bad = says_bad
        self._tolerance_ms = tolerance_ms
        self._neighbours = [Neighbours(direction, tolerance_ms) for _ in reader.instruments]
        self._bad: dict[str, tuple[int, BadRow, int]] = {}  # kind → how many, the first, the last one's row
        self._rows = self._crossed = (
            0  # rows that are ticks or candles; the first row older than one of another instrument before it
        )

    @property
    def rises(self) -> int:
        """Steps on in time; the first row of an instrument is none."""
        return sum(max(0, each.rises - 1) for each in self._neighbours)

    @property
    def falls(self) -> int:
        """Steps back in time."""
        return sum(each.falls for each in self._neighbours)

    def read(self) -> None:
        """Read all rows."""
        add = [each.add for each in self._neighbours]
        several = len(add) > 1
        newest = -(1 << 62)
        row_seen = 0
        for row in self._reader.rows():
            if isinstance(row, BadRow):
                self._pass_over(row)
                continue
            if row.seq == row_seen:
                continue  # a candle is judged by its first tick
            self._rows += 1
            row_seen, at_ms = row.seq, row.exch_ms
            add[row.instrument](at_ms, row_seen)
            if several:
                at = at_ms * self._direction
                if at > newest:
                    newest = at
                elif at < newest - self._tolerance_ms and not self._crossed:
                    self._crossed = row_seen
        for each in self._neighbours:
            each.end()

    def midnights(self, clock: Clock) -> Midnights:
        """The rows where a clock begins another day; raises InputError where it did what only a person can say."""
        steps = [each.steps_back for each in self._neighbours]
        in_blocks = self.falls * _BLOCK <= self._rows
        return clock.midnights(steps, backwards=self._direction < 0, in_blocks=in_blocks)

    def _pass_over(self, bad: BadRow) -> None:
        kind = bad.kind
        if not bad.may_be_passed_over(asked=self._skip_bad):
            raise self._says_bad(bad)
        count, first, _ = self._bad.get(kind, (0, bad, 0))
        self._bad[kind] = (count + 1, first, bad.row)

    def outcome(self, stamp: Callable[[int], str]) -> Survey:
        """What is to be made of the file."""
        neighbours = self._neighbours
        breaks, loose = sum(each.breaks for each in neighbours), sum(each.loose for each in neighbours)
        too_loose = loose > max(_LOOSE_FEW, self._rows // _LOOSE_SHARE)
        unordered = too_loose or breaks * _LONG_BLOCK > max(self._rows, 2 * _LONG_BLOCK)
        sort = self._direction < 0 or breaks > 0 or unordered or self._crossed > 0
        all_strays = (stray for each in neighbours for stray in each.strays.values())
        strays = sorted(stray for stray in all_strays if _is_out(stray, sort=sort, unordered=unordered))
        if len(strays) > MOST_KEPT:
            raise self._says_bad(_too_many(strays[0], stamp))
        if strays and self._crossed and not (breaks or unordered or self._direction < 0):
            self._crossed = self._first_crossed(frozenset(stray.row for stray in strays))
            if not self._crossed:
                sort = False
                strays = [stray for stray in strays if stray.ahead]
        return Survey(
            strays=frozenset(stray.row for stray in strays),
            sort=sort,
            backwards=self._direction < 0,
            passed_over=(*self._unreadable(), *_contradicted(strays, stamp)),
            notes=(self._note(breaks, unordered=too_loose),) if sort else (),
            unordered=unordered,
            steps_back=tuple(step for each in neighbours for step in each.steps_back),
        )

    def _first_crossed(self, strays: frozenset[int]) -> int:
        """The first row older than one of another instrument before it, strays apart; 0: none."""
        newest = -(1 << 62)
        for row in self._reader.rows():
            if isinstance(row, Tick) and row.seq not in strays:
                if row.exch_ms < newest - self._tolerance_ms:
                    return row.seq
                newest = max(newest, row.exch_ms)
        return 0

    def _unreadable(self) -> Iterator[PassedOver]:
        for kind, (count, first, last) in self._bad.items():
            rows = "1 row" if count == 1 else f"{count:,} rows"
            what = _WORDS.get(kind, f"unreadable {kind}")
            yield PassedOver(
                kind, count, f"row {first.row}", f"row {last}", f"{rows} passed over, {what}: first {first.text}"
            )

    def _note(self, breaks: int, *, unordered: bool) -> str:
        if unordered:
            return "its rows are in no order of time: sorted by it"
        if self._direction < 0:
            return "it runs backwards in time: read from its end"
        if breaks:
            first = min(each.first_break for each in self._neighbours if each.breaks)
            places = "1 place" if breaks == 1 else f"{breaks:,} places"
            return f"it goes back in time at {places}, first at row {first}: sorted by it"
        return f"its symbols are not in one order of time, first at row {self._crossed}: merged by it"


_WORDS: Final = {"header": "the header once more", "torn": "the last line is torn", "not text": "no text"}


def _is_out(stray: StrayRow, *, sort: bool, unordered: bool) -> bool:
    """Whether a stray is passed over: where nothing is sorted, one behind is left to the engine, which refuses it and none else."""
    if not sort:
        return stray.ahead
    return stray.far or not unordered


def _contradicted(strays: list[StrayRow], stamp: Callable[[int], str]) -> Iterator[PassedOver]:
    if strays:
        first, last = strays[0], strays[-1]
        rows = (
            "1 row refused: its time contradicts"
            if len(strays) == 1
            else f"{len(strays):,} rows refused: their times contradict"
        )
        text = f"{rows} the rows around: first row {first.row} ({stamp(first.at_ms)})"
        yield PassedOver("contradicted", len(strays), f"row {first.row}", f"row {last.row}", text)


def _too_many(first: StrayRow, stamp: Callable[[int], str]) -> BadRow:
    what = (
        f"the time {stamp(first.at_ms)} contradicts the rows around it, as that of more than {MOST_KEPT:,} others does"
    )
    return BadRow(first.row, "stamp", clean(f"row {first.row}: {what}"))
