"""The log pane: time, level, source and text of the newest lines, or of where the operator scrolled to. Pure."""

import re
from bisect import bisect_left, bisect_right
from functools import lru_cache

from rich.cells import cell_len, chop_cells

from engine import LogLine
from engine.presentation import format as text
from tui.panes.pane import Pane, PaneKey, instrument_line
from tui.text.rows import Line, Span, fit, left
from tui.text.spelling import shortened, spelled, wrapped
from tui.view.model import LOG_LEVELS, View

_LEVEL, _SOURCE = 5, 9
_WIDE = 100  # cells from which there is room for milliseconds, and for the source before the text
_SOURCED = 56  # and for the source behind it, where the text leaves room
_LEVEL_STYLES = {"FATAL": "alert", "ERROR": "alert", "WARN": "warn", "INFO": "good", "DEBUG": "dim"}
_TEXT_STYLES = {"FATAL": "alert", "ERROR": "alert", "WARN": "warn", "DEBUG": "dim"}


def title(view: View) -> str:
    """Title of the pane: level, what is hidden, which match of the search one is at, whether the file has it, and where one is when it does not follow."""
    ui = view.ui
    words = [f"LOG {ui.log_level}"]
    if view.log_hidden:
        words.append(f"{view.log_hidden:,} hidden")
    if ui.search:
        words.append(f"/{spelled(ui.search, view.glyphs)} {_place_among(view)}")
    words += [
        f"the file lags, {each.waiting:,} wait" for each in view.snapshot.edges if each.name == "log" and each.problem
    ]
    if not ui.log_follow:
        words.append(f"line {selected_place(view) + 1:,} of {len(view.log):,}, f follows")
    return "  ".join(words)


def _place_among(view: View) -> str:
    """`3/17` on a match, `17 found` elsewhere."""
    numbers, place = found(view), selected_place(view)
    selected = view.log[place].number if not view.ui.log_follow and place >= 0 else 0
    nth = bisect_right(numbers, selected)
    return f"{nth:,}/{len(numbers):,}" if nth and numbers[nth - 1] == selected else f"{len(numbers):,} found"


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
    """The lines up to the newest, or up to the selected one; a log shorter than the pane stands at its top.

    Over the whole screen a line that is longer than it goes on below.
    """
    if width <= 0 or height <= 0:
        return []
    if not view.log:
        hidden = f", {view.log_hidden:,} others: l shows them" if view.log_hidden else ""
        return [fit(((f"nothing logged{hidden}", "dim"),), width)]
    place = selected_place(view)
    marked = place if not view.ui.log_follow or view.ui.focus == PANE.name else -1
    above: list[Line] = []
    for i in range(place, -1, -1):
        above[:0] = _row(view, view.log[i], width, marked=i == marked)
        if len(above) >= height:
            return [fit(line, width) for line in above[-height:]]
    for i in range(place + 1, len(view.log)):
        if len(above) >= height:
            break
        above += _row(view, view.log[i], width, marked=i == marked)
    return [fit(line, width) for line in above[:height]]


def _row(view: View, line: LogLine, width: int, *, marked: bool) -> list[Line]:
    """One line, in several where it may go on; of its columns the source gives way first, then the time."""
    start = _columns(view, line, width)
    indent = sum(len(words) for words, _ in start)
    room = max(0, width - indent)
    whole = spelled(line.text, view.glyphs)
    parts = _broken(whole, room) if view.ui.zoom and room else [shortened(whole, room, view.glyphs)]
    plain, match = ("select", "focus") if marked else (_TEXT_STYLES.get(line.level, ""), "select")
    if marked:
        start = tuple((words, "select") for words, _ in start)
    drawn: list[Line] = []
    for part in parts:
        head: Line = start if not drawn else ((" " * indent, plain if marked else ""),)
        drawn.append((*head, *_highlighted(part, view.ui.search, plain, match)))
        if marked and len(drawn) < len(parts):
            drawn[-1] = (*drawn[-1], (" " * (room - cell_len(part)), "select"))
    source = f" {shortened(line.component, _SOURCE, view.glyphs)}"
    left_over = room - cell_len(parts[-1])
    if _SOURCED <= width < _WIDE and left_over >= len(source) + 1:
        end = ((" " * (left_over - len(source)), plain if marked else ""), (source, "select" if marked else "dim"))
        drawn[-1] = (*drawn[-1], *end)
    elif marked:
        drawn[-1] = (*drawn[-1], (" " * left_over, "select"))
    return drawn


def _columns(view: View, line: LogLine, width: int) -> Line:
    """What stands before the text: the time, the level, and on a wide screen the source."""
    spans: list[Span] = []
    if width >= 40:
        clock = text.clock(line.wall_ns // 1_000_000, view.snapshot.session.zone, millis=width >= _WIDE)
        spans.append((f"{left(clock, 12 if width >= _WIDE else 8)} ", "dim"))
    if width >= 20:
        level = left(shortened(line.level, _LEVEL, view.glyphs), _LEVEL)
        spans.append((f"{level} ", _LEVEL_STYLES.get(line.level, "")))
    if width >= _WIDE:
        spans.append((f"{left(shortened(line.component, _SOURCE - 1, view.glyphs), _SOURCE)}", "accent"))
    return tuple(spans)


def _broken(words: str, width: int) -> list[str]:
    """All of `words` in lines of `width` cells, broken between words where that is possible."""
    return [part for line in wrapped(words, width) for part in chop_cells(line, width)] or [""]


def _highlighted(words: str, search: str, style: str, match_style: str) -> Line:
    """`words` with what was searched for standing out."""
    if not search:
        return ((words, style),)
    spans: list[Span] = []
    end = 0
    for match in _pattern(search).finditer(words):
        spans += [(words[end : match.start()], style), (match.group(), match_style)]
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


def show_found(view: View) -> str:
    """Bring the newest line that matches the search into sight; what to say where there is none."""
    numbers = found(view)
    if numbers:
        view.ui.focus, view.ui.log_follow, view.ui.log_top = PANE.name, False, numbers[-1]
        return ""
    return f"'{view.ui.search}' is nowhere in the log" if view.ui.search else ""


def _to_match(view: View, *, newer: bool) -> str:
    """Select the next match, newer or older; behind the last one it begins at the other end, and says so."""
    numbers = found(view)
    if not numbers:
        return show_found(view)
    place = selected_place(view)
    at = view.log[place].number if place >= 0 else 0
    if newer:
        next_place, wraps = bisect_right(numbers, at), "on from the oldest match"
    else:
        next_place, wraps = bisect_left(numbers, at) - 1, "on from the newest match"
    view.ui.log_follow, view.ui.log_top = False, numbers[next_place % len(numbers)]
    return "" if 0 <= next_place < len(numbers) else wraps


def _clear_search(view: View) -> str:
    view.ui.search = ""
    return "search cleared"


def _searches(view: View) -> bool:
    return bool(view.ui.search)


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
        PaneKey("l", "level", "level of the log: DEBUG, INFO, WARNING, ERROR, TRADES alone", _next_level, "level"),
        PaneKey("f", "follow", "follow the log's end, or stand still", _follow),
        PaneKey(
            "n",
            "next_match",
            "next match of the search",
            lambda view: _to_match(view, newer=True),
            "next match",
            _searches,
        ),
        PaneKey("N", "previous_match", "match before", lambda view: _to_match(view, newer=False), "before", _searches),
        PaneKey("escape", "clear_search", "clear the search", _clear_search, "clear search", _searches),
    ),
)
