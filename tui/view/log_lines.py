"""The newest log lines as a screen shows them: one time each, and what is told again and again on one line with its count. Knows no pane."""

import re
from collections import deque
from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from engine import LogLine, Snapshot
from engine.presentation import format as text
from tui.view.model import LogLevel

KEPT = 2_000
_NEAR = 50  # lines between two of a kind that are shown as one: who reads further up is left in peace
_SAME_NS = 1_000_000_000  # times no further apart are one
_LEVEL = {"DEBUG": 0, "INFO": 1, "WARN": 2, "WARNING": 2, "ERROR": 3, "FATAL": 4}
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?[+-]\d\d:\d\d")
_AGAIN = re.compile(r"\bno entry: |\bno tick for |\bmore silences? since |\bmore changes? of reason|^heartbeat ")
_NUMBER = re.compile(r"(?<!\S)[\d.,:+-]+(?!\S)")


class LogLines:
    """Takes lines as the engine gives them, the newest last, and keeps the newest of them."""

    def __init__(self) -> None:
        self._lines: deque[LogLine] = deque(maxlen=KEPT)
        self._times: dict[str, tuple[int, int]] = {}  # what is told again → number of its newest line, how often
        self._shown: tuple[LogLevel, tuple[LogLine, ...]] | None = None

    def add(self, lines: Iterable[LogLine], seen: Snapshot) -> None:
        """Take `lines`, which are newer than all before; `seen` is the newest snapshot. Each is shown in the run's own time."""
        replayed = seen.replay is not None
        for each in lines:
            line = replace(each, wall_ns=each.run_ns or each.wall_ns)
            at = _at_its_own(line) if replayed else _at_one_time(line, seen.session.zone)
            self._lines.append(self._counted(replace(at, text=_short_stamps(at, seen.session.zone))))
            self._shown = None

    def shown(self, level: LogLevel) -> tuple[tuple[LogLine, ...], int]:
        """Those of `level`, and how many others there are."""
        if self._shown is None or self._shown[0] != level:
            if level == "TRADES":
                kept = tuple(line for line in self._lines if line.trade)
            else:
                least = _LEVEL[level]
                kept = tuple(line for line in self._lines if _LEVEL.get(line.level, 4) >= least)
            self._shown = level, kept
        return self._shown[1], len(self._lines) - len(self._shown[1])

    def _counted(self, line: LogLine) -> LogLine:
        """`line` in the place of one of its kind not far above, with how often that was told."""
        if line.trade or not _AGAIN.search(line.text):
            return line
        kind = f"{line.level} {line.component} {_NUMBER.sub('#', line.text)}"
        number, times = self._times.get(kind, (0, 0))
        before = next(
            (each for _, each in zip(range(_NEAR), reversed(self._lines), strict=False) if each.number == number), None
        )
        if len(self._times) >= KEPT:
            self._times.clear()
        self._times[kind] = line.number, 1 if before is None else times + 1
        if before is None:
            return line
        self._lines.remove(before)
        return replace(line, text=f"{line.text} (×{times + 1:,})")


def _stamp_ns(stamp: str) -> int | None:
    """An ISO stamp in UTC nanoseconds, to the millisecond; None where it only looks like one."""
    try:
        return int(datetime.fromisoformat(stamp).timestamp() * 1000) * 1_000_000
    except (ValueError, OverflowError):
        return None


def _at_one_time(line: LogLine, zone: str) -> LogLine:
    """`line` without the time that its text begins with, where that is the one at which it was written; else shortly, behind `at`."""
    found = _STAMP.match(line.text)
    stamp_ns = _stamp_ns(found[0]) if found else None
    if found is None or stamp_ns is None:
        return line
    rest = line.text[found.end() :].lstrip()
    if abs(line.wall_ns - stamp_ns) <= _SAME_NS:
        return replace(line, text=rest)
    day = text.day(stamp_ns // 1_000_000, zone)
    date = "" if day == text.day(line.wall_ns // 1_000_000, zone) else f"{day} "
    return replace(line, text=f"at {date}{text.clock(stamp_ns // 1_000_000, zone)}: {rest}")


def _at_its_own(line: LogLine) -> LogLine:
    """`line` of a replay at the time that its text begins with, where it does: that of the tick, however late it is written."""
    found = _STAMP.match(line.text)
    stamp_ns = _stamp_ns(found[0]) if found else None
    if found is None or stamp_ns is None:
        return line
    return replace(line, wall_ns=stamp_ns, text=line.text[found.end() :].lstrip())


def _short_stamps(line: LogLine, zone: str) -> str:
    """Its text with the times in it as `21:40:44`, the date before them where it is another than the line's."""
    if "T" not in line.text:
        return line.text
    today = text.day(line.wall_ns // 1_000_000, zone)

    def short(stamp: re.Match[str]) -> str:
        if _stamp_ns(stamp[0]) is None:
            return stamp[0]
        return stamp[2] if stamp[1] == today else f"{stamp[1]} {stamp[2]}"

    return _STAMP.sub(short, line.text)
