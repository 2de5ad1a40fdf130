"""Cleans text from outside on its way to the terminal: nothing but printable characters gets there.

The engine cleans where text enters it, too; this makes sure of it for an engine in another process.
"""

from collections.abc import Iterable
from typing import TypeVar, cast

from msgspec.structs import replace

from engine import LogLine, Snapshot, cleaned

_LONGEST = 300
_LONGEST_LINE = 1_000
_BAD_REASONS = 40  # more than a pane could ever show
_FOUND_LINES = 200

_T = TypeVar("_T")


class Sanitizer:
    """Cleans snapshots and log lines; what was cleaned once is remembered by its field, for most hardly ever change."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[object, object]] = {}

    def snapshot(self, seen: Snapshot) -> Snapshot:
        """`seen` with every text in it cleaned."""
        feed = seen.feed
        if feed is not None and len(feed.bad) > _BAD_REASONS:
            feed = replace(feed, bad=dict(list(feed.bad.items())[:_BAD_REASONS]))
        seen = replace(seen, feed=feed, found=seen.found[:_FOUND_LINES])
        return replace(seen, **{name: self._remembered(name, getattr(seen, name)) for name in seen.__struct_fields__})

    def part(self, name: str, seen: _T) -> _T:
        """`seen`, which does not come with a snapshot, with every text in it cleaned."""
        return cast(_T, self._remembered(name, seen))

    @staticmethod
    def log(lines: Iterable[LogLine]) -> list[LogLine]:
        """`lines` with every text cleaned."""
        return cleaned(list(lines), _LONGEST_LINE)

    def _remembered(self, name: str, part: object) -> object:
        before, clean = self._known.get(name, (None, None))
        if part != before:
            clean = cleaned(part, _LONGEST)
            self._known[name] = (part, clean)
        return clean
