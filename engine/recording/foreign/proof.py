"""What the first rows of a file may leave open, the order of its dates and its decimal mark, decided by as many rows as it takes.

Where no row decides it, it is asked for.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from engine.model.errors import InputError
from engine.recording.csv_layout import CsvLayout
from engine.recording.foreign.cells import UnclosedError, split
from engine.recording.foreign.form import FileForm
from engine.recording.foreign.lines import Lines
from engine.recording.foreign.numbers import BLANKS, MarkEvidence
from engine.recording.foreign.profiles import profile_named
from engine.recording.foreign.stamps import EPOCHS, DateOrder, needs_order, orders_of
from engine.recording.foreign.vocabulary import NUMBERS
from engine.recording.foreign.zones import zone_called

SAMPLE_LINES: Final = 500


def settled(form: FileForm, layout: CsvLayout, first: list[tuple[int, bytes]], lines: Lines) -> FileForm:
    """The form with its order of dates and its decimal mark decided, by all rows where the first do not."""
    proof = _Proof(form, layout)
    proof.add(_cells(line, form.delimiter) for row, line in first if row > form.begin)
    if not proof.decided:
        proof.add(_all_cells(lines, form))
    return replace(form, order=proof.order(), mark=proof.mark(), zone=proof.zone())


class _Proof:
    """What rows say about the order of dates and the decimal mark."""

    def __init__(self, form: FileForm, layout: CsvLayout) -> None:
        self._form = form
        self._layout = layout
        self._numbers = [form.places[role] for role in NUMBERS if role in form.places]
        self._stamp = form.places["date" if "date" in form.places else "time"]
        self._marks = MarkEvidence()
        self._orders: Counter[DateOrder] = Counter()  # how many rows can be read in one order only
        self._possible: set[DateOrder] = {"dmy", "mdy", "ymd"}
        self._example = ""
        self._dotted = False
        profile = profile_named(form.profile)
        self._asks_order = needs_order(form.stamp) and not (layout.dates or (profile and profile.dates))
        self._asks_mark = not layout.decimal
        self._zones: dict[bytes, None] = {}  # what a column of zones says, up to two of them
        self._asks_zone = "zone" in form.places and not (layout.zone_said or form.offsets or form.stamp in EPOCHS)

    @property
    def decided(self) -> bool:
        """Whether more rows would change nothing."""
        unclear = not self._marks.mark() and self._ambiguous_mark()
        return not (
            (self._asks_mark and unclear)
            or (self._asks_order and not self._proven())
            or (self._asks_zone and len(self._zones) < 2)
        )

    def add(self, rows: Iterator[list[bytes] | None]) -> None:
        """Look at rows until what is asked for is decided, at least at these first ones."""
        for number, cells in enumerate(rows):
            if cells is None or len(cells) != self._form.width:
                continue
            if self._asks_mark:
                self._marks.add([cells[place] for place in self._numbers])
            if self._asks_order:
                self._add_date(cells[self._stamp].strip(BLANKS))
            if self._asks_zone and len(self._zones) < 2:
                self._add_zone(cells[self._form.places["zone"]].strip(BLANKS))
            if number >= SAMPLE_LINES and self.decided:
                return

    def order(self) -> DateOrder:
        """Which number of a date is what; raises InputError where no row decides it."""
        if self._layout.dates:
            return self._layout.dates
        if not self._asks_order:
            return self._form.order
        if found := self._proven():
            return found
        name = self._form.label("date" if "date" in self._form.places else "time")
        if len(self._orders) > 1:
            raise InputError(
                f"column '{name}': some dates have the day first, others the month; say --dates dmy or --dates mdy"
            )
        choices = " or ".join(f"--dates {order}" for order in ("dmy", "mdy", "ymd") if order in self._possible)
        raise InputError(
            f"column '{name}': which number of '{self._example}' is the day no row decides; say {choices or '--dates dmy'}"
        )

    def mark(self) -> bytes:
        """The decimal mark; raises InputError where cells such as 1,234 are all there is."""
        if self._layout.decimal:
            return b"," if self._layout.decimal == "comma" else b"."
        found = self._marks.mark()
        if found is None and (cell := self._ambiguous_mark()):
            text = cell.decode(errors="replace")
            raise InputError(
                f"whether '{text}' has thousands or decimals no row decides; say --decimal point or --decimal comma"
            )
        return found or b"."

    def zone(self) -> str:
        """The zone of stamps without an offset; raises InputError where a column of zones names two, or one that is not clear."""
        said = [text.decode(errors="replace")[:40] for text in self._zones]
        if not said:
            return self._form.zone
        where = f"column '{self._form.label('zone')}'"
        if len(said) > 1:
            both = f"'{said[0]}' and '{said[1]}'"
            raise InputError(f"{where} names more than one zone, {both}; say --zone, such as --zone America/New_York")
        zone = zone_called(said[0])
        if not zone:
            raise InputError(f"{where}: which zone is '{said[0]}'? say --zone, such as --zone America/New_York")
        if self._form.zone_stated and self._form.zone != zone:
            raise InputError(f"{where} says {zone}, the file elsewhere {self._form.zone}; say --zone {zone}")
        return zone

    def _ambiguous_mark(self) -> bytes:
        """The first cell that may have thousands or decimals; a layout that is named has points, until a spreadsheet puts semicolons in."""
        unclear, delimiter = self._marks.unclear, self._form.delimiter
        point_is_one = delimiter == b"," or (self._form.profile and delimiter != b";")
        return unclear.get(b",") or (b"" if point_is_one else unclear.get(b".", b""))

    def _proven(self) -> DateOrder | None:
        if len(self._orders) == 1:
            return next(iter(self._orders))
        if not self._orders and self._dotted:
            return "dmy"  # nobody writes 11.18.2025
        return None

    def _add_zone(self, text: bytes) -> None:
        if text and text != self._form.label("zone").encode():  # nor the header once more
            self._zones[text] = None

    def _add_date(self, text: bytes) -> None:
        found = orders_of(text)
        if not found:
            return
        self._example = self._example or text[:10].decode(errors="replace")
        self._dotted = text[:3].count(b".") > 0 and not self._form.stamp.startswith("short")
        if len(found) == 1:
            self._orders.update(found)
        self._possible &= found


def _cells(line: bytes, delimiter: bytes) -> list[bytes] | None:
    """The cells of a line, None where its quotes are not closed."""
    try:
        return split(line, delimiter)
    except UnclosedError:
        return None


def _all_cells(lines: Lines, form: FileForm) -> Iterator[list[bytes] | None]:
    for batch in lines.batches(form.begin):
        for line in batch.lines:
            yield _cells(line, form.delimiter)
