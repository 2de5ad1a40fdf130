"""Finds out how a file of others is written, from its first rows, or from all of them where those do not decide it.

What cannot be decided is asked for: a wrong guess would be worse.
"""

import re
from collections import Counter
from pathlib import Path
from typing import Final

from engine.model.errors import InputError
from engine.outside.files import regular_size
from engine.recording.csv_layout import CsvLayout
from engine.recording.foreign.cells import DELIMITERS
from engine.recording.foreign.columns import find_places, mostly, said_away
from engine.recording.foreign.form import FileForm
from engine.recording.foreign.headless import published
from engine.recording.foreign.lines import MAX_LINE_BYTES, Lines
from engine.recording.foreign.numbers import BLANKS
from engine.recording.foreign.profiles import profile_named
from engine.recording.foreign.proof import SAMPLE_LINES, settled
from engine.recording.foreign.sample import Sample, names_of
from engine.recording.foreign.stamps import EPOCHS, forms_of, is_date, is_time_of_day, midnight
from engine.recording.foreign.text import Encoding, encoding_of
from engine.recording.foreign.unpack import BrokenError, Unpacked, how_packed, opened, refuse_other
from engine.recording.foreign.vocabulary import Role, role_of, zone_in
from engine.recording.foreign.zones import unclear_zone, zones_above
from engine.recording.stamps import zone_named

_BEGIN_BYTES = 4096
_OFFSET: Final = re.compile(rb"(?:Z|UTC|GMT|IST|:[0-9.]+ ?[+-][0-9]{2}|[+-][0-9]{2}:?[0-9]{2})(?: \([A-Za-z ]+\))?$")
_TIMES: Final[tuple[Role, ...]] = ("time", "date")
_NO_COLUMNS: Final = (
    (re.compile(rb"\s*(?:\{\s*(?:\"|$)|\[\s*(?:[{[\"]|$))"), "JSON"),
    (re.compile(rb"\s*<(?:!doctype|html|\?xml)", re.IGNORECASE), "a page or XML"),
)
_CONTROLS: Final = bytes(range(9)) + bytes(range(14, 32))


def understand(path: Path, layout: CsvLayout) -> tuple[FileForm, Lines]:
    """The form of `path`, and its lines; raises InputError for what is no file of ticks, and for what only a person can say."""
    if not 1 <= layout.price_divisor <= 10**9:
        raise InputError(f"{path}: the price divisor is {layout.price_divisor}; allowed: 1 to 1000000000")
    regular_size(path)
    zone_named(layout.zone)
    how = how_packed(path, layout.member)
    encoding = _encoding(path, how)
    lines = Lines(path, how, encoding)
    sample = _first_lines(path, lines, how)
    try:
        form = _best(sample, layout, how, encoding)
        return settled(form, layout, sample, lines), lines
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _encoding(path: Path, how: Unpacked) -> Encoding:
    with opened(path, how) as stream:
        try:
            begin = stream.read(_BEGIN_BYTES)
        except BrokenError as error:
            raise InputError(f"{path}: is {how.kind} that cannot be unpacked: {error}") from None
    if not begin:
        raise InputError(f"{path}: the file is empty")
    refuse_other(path, begin, within=how.kind)
    return encoding_of(begin)


def _first_lines(path: Path, lines: Lines, how: Unpacked) -> list[tuple[int, bytes]]:
    """(Its number, the line) of the first lines that are not blank; raises InputError for what is no text."""
    found: list[tuple[int, bytes]] = []
    for batch in lines.batches():
        for row, line in enumerate(batch.lines, batch.row + 1):
            if not line.strip(BLANKS):
                continue
            if not found:
                _refuse_binary(path, row, line)
            if len(line) <= MAX_LINE_BYTES:
                found.append((row, line))
            if len(found) >= SAMPLE_LINES:
                return found
    if not found and lines.broken:
        raise InputError(f"{path}: is {how.kind} that cannot be unpacked: {lines.broken}")
    if not found:
        raise InputError(f"{path}: row 1: is blank; allowed: a header or a row")
    return found


def _refuse_binary(path: Path, row: int, line: bytes) -> None:
    if len(line) > MAX_LINE_BYTES:
        raise InputError(f"{path}: row {row}: is longer than {MAX_LINE_BYTES} bytes; is this a CSV file?")
    for begins, what in _NO_COLUMNS:
        if begins.match(line):
            raise InputError(f"{path}: row {row}: is {what}; allowed: rows of columns")
    if line.translate(None, _CONTROLS) != line:
        raise InputError(f"{path}: row {row}: holds control characters; allowed: text")


def _best(lines: list[tuple[int, bytes]], layout: CsvLayout, how: Unpacked, encoding: Encoding) -> FileForm:
    """The form under the delimiter that explains most rows; raises InputError, the most to the point, where none does."""
    if lines[0][1].lower().startswith(b"sep=") and len(lines) > 1:  # a spreadsheet's note to itself
        said = lines[0][1].strip()[4:5]
        wanted = [said] if said in DELIMITERS.values() else list(DELIMITERS.values())
        lines = lines[1:]
    else:
        wanted = [DELIMITERS[layout.delimiter]] if layout.delimiter else list(DELIMITERS.values())
    judged: list[tuple[tuple[int, int], FileForm]] = []
    refusals: list[tuple[int, InputError]] = []
    for delimiter in wanted:
        width = lines[0][1].count(delimiter) + 1
        try:
            sample = Sample(lines, delimiter)
            width = max(sample.width, len(sample.rows[0][1]))
            form, readable = _form(sample, layout, how, encoding)
            judged.append(((readable, form.width), form))
        except InputError as error:
            refusals.append((width, error))
    if not judged:
        raise max(refusals, key=lambda each: each[0])[1]
    best = max(judged, key=lambda each: each[0])
    wider = [each for each in refusals if each[0] > best[1].width]
    if (
        not best[0][0] and not best[1].begin and wider
    ):  # nothing speaks for it, so what speaks against the other is to the point
        raise max(wider, key=lambda each: each[0])[1]
    if sum(score == best[0] for score, _ in judged) > 1:
        raise InputError(
            "the rows can be read with more than one delimiter; say --delimiter comma, semicolon, tab or pipe"
        )
    return best[1]


def _form(sample: Sample, layout: CsvLayout, how: Unpacked, encoding: Encoding) -> tuple[FileForm, int]:
    """The form but for what only more rows can decide, and how many rows it explains; raises InputError."""
    profile = profile_named(layout.profile)
    begin = sample.begin(layout)
    names = names_of(sample.headers(begin), sample.width)
    data = sample.data(begin)
    places = find_places(names, data, layout, profile, begin)
    meant = profile or (published(data) if data and not begin else None)
    before, after = _completion(data, places, layout, layout.at or (profile.at if profile else ""))
    stamps = [stamp_text(cells, places, before, after) for cells in data]
    counts = Counter(form for stamp in stamps for form in forms_of(stamp))
    stamp, readable = counts.most_common(1)[0] if counts else ("ymd", 0)
    if layout.time_format not in {"auto", "iso"}:
        stamp, readable = layout.time_format, len(data)
    offsets = bool(stamps) and 2 * sum(_OFFSET.search(each) is not None for each in stamps) > len(stamps)
    zone = layout.zone if layout.zone_said else profile.zone if profile else ""
    if not zone and not offsets and stamp not in EPOCHS:
        zone = _stated_zone(
            [name for role in _TIMES if role in places for name in names[places[role]]], sample.above(begin)
        )
    return FileForm(
        how=how,
        encoding=encoding,
        delimiter=sample.delimiter,
        quoted=sample.quoted,
        width=sample.width,
        names=tuple(map(_name_of, names)) if begin else _said(layout),
        places=places,
        said_away=tuple(said_away(names, layout)),
        begin=begin,
        headers=frozenset(line for row, line in sample.lines.items() if row <= begin),
        stamp=stamp,
        zone=zone or layout.zone,
        zone_stated=bool(zone),
        order=profile.dates if profile and profile.dates else "dmy",
        offsets=offsets,
        price=layout.price,
        candles=layout.candles,
        profile=profile.name if profile else "",
        market=meant.market if meant else "",
        before=before,
        after=after,
    ), readable


def _stated_zone(names: list[str], above: list[str]) -> str:
    """The zone that columns of these names, or the lines above the header, give their stamps, or nothing; raises InputError where that is not clear."""
    for name in names:
        if unclear := unclear_zone(name):
            raise InputError(f"column '{name}': which zone is {unclear}? say --zone, such as --zone America/New_York")
    saying = {zone: name for name in names if (zone := zone_in(name))}
    found = sorted({*saying, *filter(None, zones_above(above))})
    if len(found) > 1:
        said_by = next((saying[zone] for zone in found if zone in saying), names[0])
        raise InputError(
            f"column '{said_by}': its zone is said to be {found[0]}, and {found[1]}; say --zone {found[0]}"
        )
    return found[0] if found else ""


def stamp_text(cells: list[bytes], places: dict[Role, int], before: bytes, after: bytes) -> bytes:
    """The stamp of a row as one text."""
    text = cells[places["time"]].strip(BLANKS)
    return before + (date_and_time(cells[places["date"]].strip(BLANKS), text) if "date" in places else text) + after


def date_and_time(day: bytes, time: bytes) -> bytes:
    """One stamp of a date and a time apart; a date that is written as a midnight gives its offset to the whole."""
    found = midnight(day) if b":" in day else None
    return day + b" " + time if found is None else found[0] + b" " + time + found[1]


def _completion(data: list[list[bytes]], places: dict[Role, int], layout: CsvLayout, at: str) -> tuple[bytes, bytes]:
    """What stands before and behind the stamps of a file that has a date or a time only, as the options say."""
    if "date" in places or layout.time_format not in {"auto", "iso"}:
        return b"", b""
    cells = [row[places["time"]] for row in data]
    if layout.date and mostly(cells, is_time_of_day) and not mostly(cells, forms_of):
        if not is_date(layout.date.encode()):
            raise InputError(f"'{layout.date:.40}' is not a date; allowed: such as 2013-10-08")
        return layout.date.encode() + b" ", b""
    if at and mostly(cells, is_date) and not mostly(cells, forms_of):
        if not is_time_of_day(at.encode()):
            raise InputError(f"'{at:.40}' is not a time of the day; allowed: such as 15:30")
        return b"", b" " + at.encode()
    return b"", b""


def _name_of(spellings: list[str]) -> str:
    """What a column is called: of several header rows the name that says what it is."""
    return next((each for each in spellings if role_of(each)), spellings[0] if spellings else "")


def _said(layout: CsvLayout) -> tuple[str, ...]:
    """The names of columns where the options give them all."""
    return () if any("=" in each for each in layout.columns) else layout.columns
