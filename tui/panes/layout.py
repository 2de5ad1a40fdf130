"""Where each pane stands and how high it is, in every size of screen. Knows no key, no terminal and no trading.

From 110 columns there are two columns of panes; below that the right panes collapse into a line each. What matters
least goes first where there is little room; the chart has what the table leaves, from eight rows on. Heights depend on
the size alone, so that nothing moves without a reason.
"""

from collections.abc import Callable, Iterable

from rich.cells import cell_len

from engine import Snapshot
from engine.presentation.stillness import stands_still
from tui.panes import chart, heartbeat, latency, log, positions, ticks
from tui.panes.pane import Pane
from tui.text.rows import Line, Span, clip, deepened, fill, fit, width_of
from tui.view.model import OLD_S, Ui, View

# A pane is a file in this folder and a line here. The number of a pane, and so its key, is its place among `PANES`.
_LEFT = ticks.PANE  # with the chart of the selected instrument below it
_RIGHT: tuple[Pane, ...] = (  # one above the other
    positions.PANE,
    latency.PANE,
    heartbeat.PANE,
)
_BELOW = log.PANE  # over the whole width
PANES: tuple[Pane, ...] = (_LEFT, *_RIGHT, _BELOW)

_WIDE = 110  # columns from which the right panes have a column of their own
_WIDE_ROWS = 24  # and the rows that they need
_CHART = "chart"
_CHART_LEAST = 8  # rule and rows of the smallest chart
_SHARED_FROM = 21  # lines of which a long table leaves it some
_LOG_LEAST = 3  # lines of the log where prices need the room, its rule among them
_BLANK: Span = (" ", "")


def focused(ui: Ui) -> Pane:
    """The pane that has the keys; the first where the choice is none of them."""
    return next((pane for pane in PANES if pane.name == ui.focus), PANES[0])


def body(view: View, width: int, room: int, height: int) -> list[Line]:
    """The panes in `room` lines of a screen that is `height` lines high."""
    if view.ui.zoom:
        return _zoomed(view, width, room)
    if width >= _WIDE and height >= _WIDE_ROWS:
        return _wide(view, width, room)
    if room >= 12:
        return _narrow(view, width, room)
    return _tiny(view, width, room)


# ── Rules ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _edge(view: View) -> str:
    """The style of rules and walls: the screen is framed in the colour of its mode."""
    return f"edge_{view.snapshot.trade_mode}"


def _number(pane: Pane) -> int:
    return PANES.index(pane) + 1


def _style(view: View, pane: Pane) -> str:
    return "focus" if focused(view.ui) is pane else "title"


def _alarm_style(view: View) -> str:
    """That of a title in alarm: where all else is old and grey it stays as it is."""
    return "alert!" if view.age_s > OLD_S else "alert"


def _rule(view: View, words: str, width: int, style: str, end: Line = ()) -> Line:
    """`─ 1 TICKS ──────`, with `end` near its right end where there is room."""
    bar, edge = view.glyphs.rule, _edge(view)
    title = clip(f" {words} ", max(0, width - 2))
    room = width - 1 - cell_len(title)
    if end and width_of(end) + 4 <= room:
        rest = room - width_of(end) - 3
        return ((bar, edge), (title, style), (bar * rest, edge), (" ", ""), *end, (" ", ""), (bar, edge))
    return ((bar, edge), (title, style), (bar * max(0, room), edge))


def _collapsed_rule(view: View, panes: Iterable[Pane], width: int) -> Line:
    """One rule for several panes; an alarm in place of a title."""
    spans: list[Span] = [(view.glyphs.rule, _edge(view))]
    for pane in panes:
        if len(spans) > 1:
            spans.append((view.glyphs.off, _edge(view)))
        alarm = pane.alarm(view)
        words = pane.title(view) if pane.title and pane.lines else pane.label
        spans.append((f" {_number(pane)} {alarm or words} ", _alarm_style(view) if alarm else _style(view, pane)))
    rest = width - width_of(tuple(spans))
    return fit((*spans, (view.glyphs.rule * max(0, rest), _edge(view))), width)


# ── One pane ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _inner(pane: Pane, width: int) -> int:
    """Width of a pane's rows."""
    return max(0, width - bool(pane.margin))


def _pane(view: View, pane: Pane, width: int, height: int) -> list[Line]:
    """A pane with its rule in exactly `height` lines, an alarm in place of its title; nothing in less than two."""
    if height < 2:
        return fill((), width, max(0, height))
    seen, alarm = (view if pane.live else _seen(view, values=pane.values)), pane.alarm(view)
    title = pane.title(seen) if pane.title else pane.label
    style, end = (_alarm_style(view), ()) if alarm else (_style(view, pane), pane.note(view, height - 1))
    shown = (
        _rows(view, pane, width, height)
        if pane.live
        else _kept(seen, pane.name, width, height, lambda: _rows(seen, pane, width, height))
    )
    return [_rule(view, f"{_number(pane)} {alarm or title}", width, style, end), *shown]


def _seen(view: View, *, values: bool) -> View:
    """What a pane is drawn from: an earlier view while there is one, unless it shows `values` and one of them has moved."""
    calm = view.calm
    if calm is None or (values and not _same_values(calm.snapshot, view.snapshot)):
        return view
    return calm


def _same_values(before: Snapshot, now: Snapshot) -> bool:
    """Whether every price and all money are the same in both, so that what was drawn from either fits beside the other."""
    if before.account != now.account or before.positions != now.positions or len(before.quotes) != len(now.quotes):
        return False
    return all(old.last == new.last for old, new in zip(before.quotes, now.quotes, strict=True))


def _rows(view: View, pane: Pane, width: int, height: int) -> list[Line]:
    """The pane below its rule."""
    shown = pane.rows(view, _inner(pane, width), height - 1)
    if pane.margin == "left":
        shown = [(_BLANK, *line) for line in shown]
    return fill(shown, width, height - 1)


def _kept(view: View, name: str, width: int, height: int, draw: Callable[[], list[Line]]) -> list[Line]:
    """What `draw` makes, once for each view that stands for several frames."""
    if view.drawn is None:
        return draw()
    place = (name, width, height)
    if place not in view.drawn:
        view.drawn[place] = draw()
    return view.drawn[place]


def _wanted(view: View, pane: Pane, width: int, room: int) -> int:
    """How many rows the pane could use of `room`."""
    return room if pane.wanted is None else pane.wanted(view, _inner(pane, width), room)


def _chart(view: View, width: int, height: int) -> list[Line]:
    """The chart with its rule in exactly `height` lines."""
    if height < 2:
        return fill((), width, max(0, height))
    seen = _seen(view, values=True)
    name, end = chart.heading(seen)
    rule = _rule(view, name, width, "title", end)
    return [rule, *_kept(seen, _CHART, width, height, lambda: _chart_rows(seen, width, height - 1))]


def lasting(before: View | None, view: View) -> dict[tuple[str, int, int], list[Line]]:
    """Of what was drawn from `before`, what is the same in `view`, since nothing but time has passed."""
    if before is None or not before.drawn or not stands_still(before.snapshot, view.snapshot):
        return {}
    timeless = {pane.name for pane in PANES if pane.timeless and before.log == view.log}
    if before.history == view.history:
        timeless.add(_CHART)
    return {place: lines for place, lines in before.drawn.items() if place[0] in timeless}


def _chart_rows(view: View, width: int, height: int) -> list[Line]:
    """The chart below its rule."""
    return fill(chart.rows(view, max(0, width - 1), height), width, height)


# ── All of them ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _zoomed(view: View, width: int, room: int) -> list[Line]:
    """The focused pane alone; under a table of few instruments the chart."""
    pane = focused(view.ui)
    table = min(room, 1 + _wanted(view, pane, width, room))
    if pane is not _LEFT or room - table < _CHART_LEAST:
        return _pane(view, pane, width, room)
    return _pane(view, _LEFT, width, table) + _chart(view, width, room - table)


def _left(view: View, width: int, room: int) -> list[Line]:
    """The table of instruments and, where rows are free, the chart under it."""
    table = _table(view, width, room)
    return _pane(view, _LEFT, width, table) + (_chart(view, width, room - table) if table < room else [])


def _table(view: View, width: int, room: int) -> int:
    """How many lines the table has of `room`: what it wants if a chart has room then, else all, or half of very many."""
    wanted = 1 + _wanted(view, _LEFT, width, room)
    if wanted + _CHART_LEAST <= room:
        return wanted
    return room if room < _SHARED_FROM else max(room - 2 * _CHART_LEAST, room // 2)


def _right(view: View, width: int, room: int) -> list[Line]:
    """The right panes one above the other, each with its rule; one that has no row is left out."""
    heights = zip(_RIGHT, _heights(view, width, room), strict=True)
    return deepened([line for pane, height in heights for line in _pane(view, pane, width, height)], width, room)


def _heights(view: View, width: int, room: int) -> list[int]:
    """How many lines each right pane has, its rule among them: what it must have, and what it wants as far as others are spared theirs.

    A pane that wants as many as there are has what the others leave.
    """
    wanted = {pane.name: _wanted(view, pane, width, room) for pane in _RIGHT}
    must = {pane.name: min(pane.must(view), room - 1) for pane in _RIGHT}
    spared = {pane.name: min(wanted[pane.name], pane.spared) for pane in _RIGHT}
    left = room - len(_RIGHT)  # without the rules
    heights: dict[str, int] = {}
    for pane in sorted(_RIGHT, key=lambda pane: pane.wanted is None):
        others = sum(rows for name, rows in spared.items() if name != pane.name and name not in heights)
        rows = max(0, min(wanted[pane.name], max(must[pane.name], min(left, max(pane.least, left - others)))))
        heights[pane.name] = 1 + rows if rows else 0
        left -= rows or -1  # without rows it needs no rule either
    return [heights[pane.name] for pane in _RIGHT]


def _wide(view: View, width: int, room: int) -> list[Line]:
    """Two columns with a wall between them, the log below."""
    under = max(5, room // 4 + 1)
    upper = room - under
    right_width = max(42, min(76, width * 37 // 100))
    left_width = width - right_width - 1
    start = _left(view, left_width, upper)
    end = _right(view, right_width, upper)
    walls = (view.glyphs.cross, *view.glyphs.wall * (upper - 1))
    lines = [(*one, (wall, _edge(view)), *other) for one, wall, other in zip(start, walls, end, strict=True)]
    return lines + _pane(view, _BELOW, width, under)


def _narrow(view: View, width: int, room: int) -> list[Line]:
    """The table, the right panes in a line each under one rule, the log."""
    middle = [_collapsed_rule(view, [pane for pane in _RIGHT if pane.line], width), *_collapsed(view, width, room)]
    rest = room - len(middle)
    under = next((rows for rows in range(room // 4 + 1, 4, -1) if _table(view, width, rest - rows) < rest - rows), 0)
    if under:
        upper = _left(view, width, rest - under)
    else:
        upper = _pane(
            view,
            _LEFT,
            width,
            max(2, min(1 + _wanted(view, _LEFT, width, room), rest - max(_LOG_LEAST, min(5, room // 4)))),
        )
        under = rest - len(upper)
    return upper + middle + _pane(view, _BELOW, width, under)


def _tiny(view: View, width: int, room: int) -> list[Line]:
    """What is left where rules would cost too much: position, lamps, table, and the log in what remains."""
    middle = _collapsed(view, width, room, 1 if room == 1 else 2 if room < 10 else 3)
    rest = room - len(middle)
    table = min(rest, max(1, min(len(view.snapshot.quotes), rest - 2)))
    upper = fill(_LEFT.rows(view, width, table), width, table)
    under = rest - table
    if under < 3:
        return upper + middle + fill(_BELOW.rows(view, width, under) if under else (), width, under)
    return upper + middle + _pane(view, _BELOW, width, under)


def _collapsed(view: View, width: int, room: int, most: int = len(_RIGHT)) -> list[Line]:
    """The right panes in a line each, `most` of them or a quarter of `room`: the first with a line for all it has, then those of the highest rank."""
    panes = [pane for pane in _RIGHT if pane.line]
    wanted = sum(pane.line_count(view) for pane in panes)
    room = min(wanted, max(most, room // 4))
    drawn: dict[str, list[Line]] = {}
    for pane in sorted(panes, key=lambda pane: (pane.lines is None, pane.line_rank)):
        count = min(pane.line_count(view), room)
        if count > 0 and pane.line:
            inner = max(0, width - 1)
            drawn[pane.name] = pane.lines(view, inner, count) if pane.lines else [pane.line(view, inner)]
            room -= len(drawn[pane.name])
    return [fit((_BLANK, *line), width) for pane in panes for line in drawn.get(pane.name, [])]
