"""What reads the stamps of one file, by its form and by what was said of them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from engine.recording.csv_layout import CsvLayout
from engine.recording.foreign.form import FileForm
from engine.recording.foreign.stamps import reader_for
from engine.recording.stamps import StampReader, shifted, zone_named


def stamp_reader(form: FileForm, layout: CsvLayout) -> Callable[[bytes], int]:
    """Reads a stamp to UTC nanoseconds; what it gives raises ValueError, itself it raises InputError."""
    if layout.time_format != "auto":
        return shifted(StampReader(layout.time_format, form.zone, layout.date).read, layout.shift_ns)
    read = reader_for(form.stamp, form.zone, form.order, layout.shift_ns)
    if not form.before and not form.after:
        return read
    return lambda text: read(form.before + text + form.after)


class SetBack:
    """Reads stamps of a zone whose clocks are set back, and keeps the first that stands for two moments: the earlier is taken."""

    def __init__(self, read: Callable[[bytes], int], form: FileForm) -> None:
        self._read = read
        self._zone = zone_named(form.zone)
        self._first = b""
        local = not form.offsets and not form.stamp.startswith("epoch")
        self.may_be = local and len({_offset(self._zone, month) for month in range(12 * 60)}) > 1

    def read(self, text: bytes) -> int:
        """As the reader it was given."""
        stamp_ns = self._read(text)
        if not self._first:
            moment = datetime.fromtimestamp(stamp_ns // 10**9, self._zone)
            if moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset():
                self._first = text
        return stamp_ns

    def told(self) -> list[str]:
        """A line where there was one."""
        if not self._first:
            return []
        text = self._first.decode(errors="replace")[:40]
        what = f"'{text}' and others stand for two moments, clocks of {self._zone.key} having been set back"
        return [f"{what}: the earlier was taken; only stamps with an offset tell them apart"]


def _offset(zone: ZoneInfo, month: int) -> timedelta | None:
    return datetime(1980 + month // 12, month % 12 + 1, 1, tzinfo=zone).utcoffset()
