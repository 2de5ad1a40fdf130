"""What reads the stamps of one file, by its form and by what was said of them."""

from collections.abc import Callable

from engine.recording.csv_layout import CsvLayout
from engine.recording.foreign.form import FileForm
from engine.recording.foreign.stamps import reader_for
from engine.recording.stamps import StampReader


def stamp_reader(form: FileForm, layout: CsvLayout) -> Callable[[bytes], int]:
    """Reads a stamp to UTC nanoseconds; what it gives raises ValueError, itself it raises InputError."""
    if layout.time_format != "auto":
        told = StampReader(layout.time_format, form.zone, layout.date).read
        if not layout.shift_ns:
            return told
        return lambda text: _positive(told(text) + layout.shift_ns)
    read = reader_for(form.stamp, form.zone, form.order, layout.shift_ns)
    if not form.before and not form.after:
        return read
    return lambda text: read(form.before + text + form.after)


def _positive(stamp_ns: int) -> int:
    if not 0 <= stamp_ns < 2**63:
        raise ValueError("allowed are the years 1970 to 2261")
    return stamp_ns
