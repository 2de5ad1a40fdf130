"""The strips below a chart: the day's result, the volume and the times, each column below its own. Pure."""

from collections.abc import Callable

from engine.presentation import chart as geometry
from engine.presentation import format as text
from tui.panes.chart_drawing import Drawing
from tui.panes.plot import Place, joined
from tui.text.rows import Line, clip, result_style

_TIMES_FROM = 5  # rows from which a line of times is worth its row
_VOLUME_FROM = 10  # … and one of volume
_RESULT_FROM = 13  # … and one of the day's result
_TIME_EVERY, _CLOCK_EVERY = 9, 12  # cells between two times, and between two with seconds
_MINUTE_MS, _DAY_MS = 60_000, 86_400_000

Strip = Callable[[Drawing, Place, int], Line]


def strips_of(drawing: Drawing, height: int) -> list[Strip]:
    """The strips below the picture, as far as rows allow."""
    strips: list[Strip] = []
    if height >= _RESULT_FROM and drawing.view.pnl_curve:
        strips.append(_result)
    if height >= _VOLUME_FROM and geometry.has_volume(drawing.bars):
        strips.append(_volume)
    if height >= _TIMES_FROM:
        strips.append(_times)
    return strips


def _volume(drawing: Drawing, place: Place, room: int) -> Line:
    """What was traded in each column."""
    found = geometry.volumes(drawing.bars, place.scale, place.dots)
    bars = drawing.view.glyphs.bars
    most = geometry.axis_step(max(1, *found), 1)  # a round one: it seldom changes, and all cells with it
    cells = "".join(bars[volume * (len(bars) - 1) // most] if volume else " " for volume in found)
    return ((cells, "accent"), (clip(" volume", room), "dim"))


def _result(drawing: Drawing, place: Place, room: int) -> Line:
    """The day's result over the time of the chart, realised and open."""
    found: list[float | None] = [None] * place.wide
    for ms, result in drawing.view.pnl_curve:
        column = place.column(ms)
        if 0 <= column < place.wide:
            found[column] = result
    newest = max((column for column, value in enumerate(found) if value is not None), default=-1)
    known: list[float] = []
    for value in found[: newest + 1]:
        known.append(value if value is not None else known[-1] if known else 0.0)
    low, high = geometry.price_range(int(min(known, default=0)), int(max(known, default=0)), ())
    bars = drawing.view.glyphs.bars
    cells = [
        (bars[max(0, min(int((value - low) * len(bars) / (high - low)), len(bars) - 1))], result_style(value))
        for value in known
    ]
    return (*joined(cells), (" " * (place.wide - len(known)), ""), (clip(" P&L", room), "dim"))


def _times(drawing: Drawing, place: Place, room: int) -> Line:
    """Round times, each below its own column; at the right how long a candle is."""
    zone, end_ms = drawing.session.zone, drawing.session.end_ms
    scale = place.scale
    cell_ms = scale.step_ms * place.dots
    until_ms = scale.first_ms + place.wide * cell_ms
    if end_ms > 0 and scale.first_ms < end_ms:
        until_ms = min(until_ms, end_ms + 1)
    seconds = _TIME_EVERY * cell_ms < _MINUTE_MS
    marks = geometry.time_marks(
        scale.first_ms, until_ms - 1, (_CLOCK_EVERY if seconds else _TIME_EVERY) * cell_ms, zone
    )
    days = len(marks) > 1 and marks[1] - marks[0] >= _DAY_MS
    words = ""
    for ms in marks:
        label = text.day(ms, zone)[5:] if days else text.clock(ms, zone) if seconds else text.minute(ms, zone)
        column = place.column(ms)
        if len(words) + bool(words) <= column <= place.wide - len(label):
            words += " " * (column - len(words)) + label
    candle = f" {geometry.step_word(drawing.candle_ms)}" if drawing.candle_ms else ""
    return ((words.ljust(place.wide), "dim"), (clip(candle, room), "dim"))
