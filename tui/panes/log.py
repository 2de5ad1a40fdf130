"""The log pane: time, level, source and text of the newest lines, or of where the operator scrolled to. Pure."""

import re
from bisect import bisect_right
from functools import lru_cache

from engine import LogLine
from engine.presentation import format as text
from tui.panes.pane import Pane, PaneKey, instrument_line
from tui.text.rows import Line, Span, fit, left
from tui.text.spelling import shortened, spelled
from tui.view.model import LOG_LEVELS, View

_TIME, _LEVEL, _SOURCE = 12, 5, 9
_LEVEL_STYLES = {"FATAL": "alert", "ERROR": "alert", "WARN": "warn", "INFO": "good", "DEBUG": "dim"}
_TEXT_STYLES = {"FATAL": "alert", "ERROR": "alert", "WARN": "warn", "DEBUG": "dim"}


def title(view: View) -> str:
    """Title of the pane: level, what is hidden, what the search found, and where one is when it does not follow."""
    ui = view.ui
    words = [f"LOG {ui.log_level}"]
    if view.log_hidden:
        words.append(f"{view.log_hidden:,} hidden")
    if ui.search:
        words.append(f"/{spelled(ui.search, view.glyphs)} {len(found(view)):,} found")
    if not ui.log_follow:
        words.append(f"line {selected_place(view) + 1:,} of {len(view.log):,}, f follows")
    return "  ".join(words)


@lru_cache(maxsize=8)
def _pattern(search: str) -> re.Pattern[str]:
    return re.compile(re.escape(search), re.IGNORECASE)


def found(view: View) -> list[int]:
    """Numbers of the lines that have the search in them."""
    if not view.ui.search:
        return []
    pattern = _pattern(view.ui.search)
    return [line.number for line in view.log if pattern.search(line.text) or pattern.search(line.component)]


def selected_place(view: View) -> int:
    """Place in `view.log` of the line that stands lowest, which is the selected one; -1 where there is none."""
    if view.ui.log_follow:
        return len(view.log) - 1
    above = bisect_right(view.log, view.ui.log_top, key=lambda line: line.number)
    return max(0, above - 1) if view.log else -1


def rows(view: View, width: int, height: int) -> list[Line]:
    """The lines up to the newest, or up to the selected one; a log shorter than the pane stands at its top."""
    if width <= 0 or height <= 0:
        return []
    if not view.log:
        hidden = f", {view.log_hidden:,} below {view.ui.log_level}" if view.log_hidden else ""
        return [fit(((f"nothing logged{hidden}", "dim"),), width)]
    place = max(selected_place(view), min(height, len(view.log)) - 1)
    first = max(0, place - height + 1)
    marked = selected_place(view) if not view.ui.log_follow or view.ui.focus == "log" else -1
    return [fit(_row(view, view.log[i], width, marked=i == marked), width) for i in range(first, place + 1)]


def _row(view: View, line: LogLine, width: int, *, marked: bool) -> Line:
    """One line; the source goes first where the width is short, then the time."""
    spans: list[Span] = []
    if width >= 40:
        clock = text.clock(line.wall_ns // 1_000_000, view.snapshot.session.zone, millis=True)
        spans.append((f"{left(clock, _TIME)} ", "dim"))
    if width >= 20:
        level = left(shortened(line.level, _LEVEL, view.glyphs), _LEVEL)
        spans.append((f"{level} ", _LEVEL_STYLES.get(line.level, "")))
    if width >= 56:
        spans.append((f"{left(shortened(line.component, _SOURCE - 1, view.glyphs), _SOURCE)}", "accent"))
    room = width - sum(len(words) for words, _ in spans)
    words = shortened(line.text, room, view.glyphs)
    if marked:
        whole = "".join(part for part, _ in spans) + words
        return ((left(whole, width), "select"),)
    return (*spans, *_highlighted(words, view.ui.search, _TEXT_STYLES.get(line.level, "")))


def _highlighted(words: str, search: str, style: str) -> Line:
    """`words` with what was searched for standing out."""
    if not search:
        return ((words, style),)
    spans: list[Span] = []
    end = 0
    for match in _pattern(search).finditer(words):
        spans += [(words[end : match.start()], style), (match.group(), "select")]
        end = match.end()
    return tuple(span for span in (*spans, (words[end:], style)) if span[0])


def _move(view: View, by: int) -> None:
    """Scroll; past the newest line it is followed again."""
    numbers = [line.number for line in view.log]
    if not numbers:
        return
    place = selected_place(view) + by
    view.ui.log_follow = place >= len(numbers) - 1 and by > 0
    view.ui.log_top = numbers[max(0, min(len(numbers) - 1, place))]


def _copied(view: View) -> str:
    """The selected line as it is copied; of an empty log the instrument."""
    if not view.log:
        return instrument_line(view)
    line = view.log[selected_place(view)]
    return f"{line.level} {line.component} {line.text}"


def show_found(view: View) -> None:
    """Bring the newest line that matches the search into sight."""
    numbers = found(view)
    if numbers:
        view.ui.focus, view.ui.log_follow, view.ui.log_top = PANE.name, False, numbers[-1]


def _next_level(view: View) -> str:
    place = LOG_LEVELS.index(view.ui.log_level) + 1
    view.ui.log_level = LOG_LEVELS[place % len(LOG_LEVELS)]
    return ""


def _follow(view: View) -> str:
    view.ui.log_follow = not view.ui.log_follow
    if not view.ui.log_follow and view.log:
        view.ui.log_top = view.log[-1].number
    return ""


PANE = Pane(
    name="log",
    label="LOG",
    rows=rows,
    title=title,
    margin="",
    move=_move,
    copied=_copied,
    timeless=True,
    keys=(
        PaneKey("l", "level", "level of the log: DEBUG, INFO, WARNING, ERROR", _next_level, "level"),
        PaneKey("f", "follow", "follow the log's end, or stand still", _follow),
    ),
)
