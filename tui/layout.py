"""The whole screen as lines: which pane stands where and how high. Knows no key, no terminal and no trading.

From 110 columns there are two columns of panes; below that the right panes collapse into three lines. What matters
least goes first where there is little room. Heights depend on the size alone, so that nothing moves without a reason.
"""

from collections.abc import Callable, Sequence
from types import ModuleType

from rich.cells import cell_len, set_cell_size

from engine.presentation import format as text
from tui.panes import banner, chart, dialogs, footer, header, heartbeat, latency, log, positions, ticks
from tui.text.rows import Line, Span, beside, clip, fill, fit, width_of
from tui.view.model import PANES, Pane, View

_WIDE = 110  # columns from which the right panes have a column of their own
_WIDE_ROWS = 24  # and the rows that they need
_CHART_ROWS = 32
_CHART_LEAST = 8  # rule and rows of the smallest chart
_FEW_STAGES = 5  # rows of latency and of lamps that a position may not take
_FEW_LAMPS = 4
_MODULES: dict[Pane, ModuleType] = {
    "ticks": ticks,
    "positions": positions,
    "latency": latency,
    "heartbeat": heartbeat,
    "log": log,
}
_INDENTED = {"positions", "latency", "heartbeat"}
_ASCII = dict(zip("…·→←×≈≠≤≥–—−µ", "~.><x~#<>---u", strict=True))  # letters of texts; marks come from the glyphs
_BLANK: Span = (" ", "")
_KEPT = {"replay", "mock", "paper", "live", "alert"}  # styles of row 0 that stay when the values are old
_LOUD = {"alert", "banner"}  # and of the line across the screen that says why


def frame(view: View, width: int, height: int) -> list[Line]:
    """The screen: exactly `height` lines of exactly `width` cells."""
    if width <= 0 or height <= 0:
        return [()] * max(0, height)
    lines = [header.status(view, width)]
    if height > 2:
        lines.append(banner.line(view, width) or header.bar(view, width))
    if height > 3:
        lines.extend(fill(_body(view, width, height - 3, height), width, height - 3))
    if view.age_s > header.STALE_S:
        lines = [
            _greyed(line, _KEPT if number == 0 else _LOUD if number == 1 else {"alert!"})
            for number, line in enumerate(lines)
        ]
    if height > 1:
        lines.append(footer.line(view, width))
    lines = _laid_over([fit(line, width) for line in lines], dialogs.overlay(view, width, height), width)
    return lines if view.glyphs.braille else [_in_ascii(line) for line in lines]


def _in_ascii(line: Line) -> Line:
    """The line for a terminal that knows ASCII only, in the same width."""
    if all(words.isascii() for words, _ in line):
        return line
    return tuple(("".join([_ascii_of(letter) for letter in words]), style) for words, style in line)


def _ascii_of(letter: str) -> str:
    """What stands for a letter in ASCII, as wide as it was."""
    return letter if letter.isascii() else _ASCII.get(letter) or "?" * cell_len(letter)


def _greyed(line: Line, kept: set[str]) -> Line:
    """The line without its colours, but for spans in the styles `kept`; `alert!` marks the heartbeat's title."""
    if "alert!" in kept:
        return tuple((words, "alert" if style == "alert!" else "grey") for words, style in line)
    return tuple((words, style if style in kept else "grey") for words, style in line)


def _body(view: View, width: int, room: int, height: int) -> list[Line]:
    """Everything between row 1 and the footer."""
    if view.ui.zoom:
        return _zoomed(view, width, room)
    if width >= _WIDE and height >= _WIDE_ROWS:
        return _wide(view, width, room, charted=height >= _CHART_ROWS)
    if room >= 12:
        return _narrow(view, width, room, charted=height >= _CHART_ROWS)
    return _tiny(view, width, room)


def _edge(view: View) -> str:
    """The style of rules and walls: the screen is framed in the colour of its mode."""
    return f"edge_{view.snapshot.trade_mode}"


def _rule(view: View, words: str, width: int, style: str, end: Line = ()) -> Line:
    """`─ 1 TICKS ──────`, with `end` near its right end where there is room."""
    bar, edge = view.glyphs.rule, _edge(view)
    title = clip(f" {words} ", max(0, width - 2))
    room = width - 1 - cell_len(title)
    if end and width_of(end) + 4 <= room:
        rest = room - width_of(end) - 3
        return ((bar, edge), (title, style), (bar * rest, edge), (" ", ""), *end, (" ", ""), (bar, edge))
    return ((bar, edge), (title, style), (bar * max(0, room), edge))


def _title_rule(view: View, pane: Pane, width: int, end: Line) -> Line:
    """The rule of a pane; that of the heartbeat says so when the values are old."""
    style = "focus" if view.ui.focus == pane else "title"
    if pane == "heartbeat" and view.age_s > header.STALE_S:
        return _rule(view, f"4 HEARTBEAT  values are {text.seconds(view.age_s)} old", width, "alert!")
    return _rule(view, _MODULES[pane].title(view if pane == "ticks" else view.calm or view), width, style, end)


def _pane(view: View, pane: Pane, width: int, height: int) -> list[Line]:
    """A pane with its rule in exactly `height` lines, its rows one cell off the wall; nothing in less than two."""
    if height < 2:
        return fill((), width, max(0, height))
    seen = view if pane == "ticks" else view.calm or view
    shown = _MODULES[pane].rows(seen, _inner(pane, width), height - 1)
    if pane in _INDENTED:
        shown = [(_BLANK, *line) for line in shown]
    end = ticks.note(view, height - 1) if pane == "ticks" else ()
    return [_title_rule(view, pane, width, end), *fill(shown, width, height - 1)]


def _inner(pane: Pane, width: int) -> int:
    """Width of a pane's rows; the log goes from edge to edge."""
    return max(0, width - (pane != "log"))


def _chart(view: View, width: int, height: int) -> list[Line]:
    """The chart with its rule in exactly `height` lines."""
    if height < 2:
        return fill((), width, max(0, height))
    seen = view.calm or view
    name, end = chart.heading(seen)
    rule = _rule(view, name, width, "title", end)
    return [rule, *fill(chart.rows(seen, max(0, width - 1), height - 1), width, height - 1)]


def _zoomed(view: View, width: int, room: int) -> list[Line]:
    """The focused pane alone; under a table of few instruments the chart."""
    if view.ui.focus != "ticks":
        return _pane(view, view.ui.focus, width, room)
    table = min(room, 1 + ticks.wanted(view))
    if room - table < _CHART_LEAST:
        return _pane(view, "ticks", width, room)
    return _pane(view, "ticks", width, table) + _chart(view, width, room - table)


def _left(view: View, width: int, room: int, charted: bool) -> list[Line]:
    """The table of instruments and, where there is room, the chart under it."""
    if not charted or room < _CHART_LEAST + 3:
        return _pane(view, "ticks", width, room)
    table = min(1 + ticks.wanted(view), max(room - 2 * _CHART_LEAST, room // 2))
    return _pane(view, "ticks", width, table) + _chart(view, width, room - table)


def _right(view: View, width: int, room: int) -> list[Line]:
    """Position, latency and heartbeat one above the other; the heartbeat takes what the others leave."""
    latency_wants = len(latency.rows(view, _inner("latency", width), room))
    rows = room - 3  # without the rules
    position = min(positions.wanted(view), max(6, rows - min(latency_wants, _FEW_STAGES) - _FEW_LAMPS))
    stages = min(latency_wants, max(2, rows - position - _FEW_LAMPS))
    return [
        *_pane(view, "positions", width, 1 + position),
        *_pane(view, "latency", width, 1 + stages),
        *_pane(view, "heartbeat", width, room - 2 - position - stages),
    ]


def _wide(view: View, width: int, room: int, charted: bool) -> list[Line]:
    """Two columns with a wall between them, the log below."""
    under = max(5, room // 4 + 1)
    upper = room - under
    right_width = max(42, min(76, width * 37 // 100))
    left_width = width - right_width - 1
    start = _left(view, left_width, upper, charted)
    end = _right(view, right_width, upper)
    lines = beside(start, (view.glyphs.wall, _edge(view)), end)
    lines[0] = (*start[0], (view.glyphs.cross, _edge(view)), *end[0])
    return lines + _pane(view, "log", width, under)


def _narrow(view: View, width: int, room: int, charted: bool) -> list[Line]:
    """The table, the right panes in three lines under one rule, the log."""
    rest = room - 4
    if charted:
        under = max(5, room // 4 + 1)
        upper = _left(view, width, rest - under, charted=True)
    else:
        upper = _pane(view, "ticks", width, max(2, min(1 + ticks.wanted(view), rest - 5)))
        under = rest - len(upper)
    middle = [_collapsed_rule(view, width), *_collapsed(view, width, 3)]
    return upper + middle + _pane(view, "log", width, under)


def _tiny(view: View, width: int, room: int) -> list[Line]:
    """What is left where rules would cost too much: position, lamps, table, and the log in what remains."""
    middle = _collapsed(view, width, 1 if room == 1 else 2 if room < 10 else 3)
    rest = room - len(middle)
    table = min(rest, max(1, min(len(view.snapshot.quotes), rest - 2)))
    upper = fill(ticks.rows(view, width, table), width, table)
    under = rest - table
    if under < 3:
        return upper + middle + fill(log.rows(view, width, under) if under else (), width, under)
    return upper + middle + _pane(view, "log", width, under)


def _collapsed(view: View, width: int, count: int) -> list[Line]:
    """Position, latency and lamps in a line each; the latency goes first, then the lamps."""
    makers: tuple[Callable[[View, int], Line], ...] = (positions.line, latency.line, heartbeat.line)
    chosen = makers if count >= 3 else (makers[0], makers[2]) if count == 2 else (makers[0],)
    return [fit((_BLANK, *make(view, max(0, width - 1))), width) for make in chosen]


def _collapsed_rule(view: View, width: int) -> Line:
    """One rule for three panes; it says so when the values are old."""
    spans: list[Span] = [(view.glyphs.rule, _edge(view))]
    names = {"positions": "2 POSITION", "latency": "3 LATENCY", "heartbeat": "4 HEARTBEAT"}
    for pane in PANES[1:4]:
        if len(spans) > 1:
            spans.append((view.glyphs.off, _edge(view)))
        spans.append((f" {names[pane]} ", "focus" if view.ui.focus == pane else "title"))
    if view.age_s > header.STALE_S:
        spans[-1] = (f" 4 HEARTBEAT  values are {text.seconds(view.age_s)} old ", "alert!")
    rest = width - width_of(tuple(spans))
    return fit((*spans, (view.glyphs.rule * max(0, rest), _edge(view))), width)


def _laid_over(lines: list[Line], box: Sequence[Line], width: int) -> list[Line]:
    """The frame with a box over its middle."""
    if not box:
        return lines
    wide = min(width, max(width_of(line) for line in box))
    top = max(0, (len(lines) - len(box)) // 2)
    start = (width - wide) // 2
    for number, line in enumerate(box[: len(lines) - top], top):
        under = lines[number]
        lines[number] = (*cut(under, 0, start), *fit(line, wide), *cut(under, start + wide, width))
    return lines


def cut(line: Line, start: int, stop: int) -> Line:
    """The cells `start`..`stop` of a line; half of a wide character becomes a blank."""
    spans: list[Span] = []
    at = 0
    for words, style in line:
        cells = cell_len(words)
        begin, end = max(start - at, 0), min(stop - at, cells)
        if begin < end:
            kept = set_cell_size(words, end)[len(set_cell_size(words, begin)) :]
            spans.append((" " * (end - begin - cell_len(kept)) + kept, style))
        at += cells
    return tuple(spans)
