"""The price chart of the selected instrument: its path, entries, exits, and the levels that would end the trade. Pure."""

from collections.abc import Sequence

from msgspec import Struct

from engine import Instrument, OpenPosition, Quote
from engine.presentation import format as text
from engine.presentation.chart import Scale, columns, price_range, round_step, time_step
from tui.text.canvas import AsciiCanvas, Canvas, trace
from tui.text.rows import Line, Span, result_style, right
from tui.view.model import View

_SMALLEST = 16  # cells of chart; narrower says nothing
_TIMES_FROM = 7  # rows from which a line of times is worth its row
_LABEL_EVERY = 4  # rows between two price labels
_TIME_EVERY = 15  # cells between two time labels: 30 dots, so that most labels are round
_NO_LABEL = ("", "", False)


class Level(Struct, frozen=True):
    """A price at which something would happen."""

    price: int
    word: str
    style: str


def heading(view: View) -> tuple[str, Line]:
    """Title of the chart, and what stands at the right end of its rule: the last price and the day's change."""
    quote = view.selected
    if quote is None:
        return "CHART", ()
    instrument = text.instrument_at(view.snapshot, quote.instrument)
    if quote.last <= 0:
        return instrument.symbol, ()
    last = text.price(instrument, quote.last)
    if quote.day_open <= 0:
        return instrument.symbol, ((last, "bold"),)
    moved = quote.last - quote.day_open
    style = result_style(moved)
    return instrument.symbol, ((last, style), (f" {text.percent(moved, quote.day_open)} %", style))


def rows(view: View, width: int, height: int) -> list[Line]:
    """The chart in `width` × `height` cells, or a word why there is none."""
    quote = view.selected
    history = _history(view, quote)
    if height <= 0 or width <= 0:
        return []
    if quote is None or not history:
        return [((" no prices yet"[:width], "dim"),)]
    instrument = text.instrument_at(view.snapshot, quote.instrument)
    levels = _levels(view, quote)
    low, high = price_range([price for _, price in history], [level.price for level in levels])
    prices = (low, high, history[-1][1], *(level.price for level in levels))
    size = max(len(text.price(instrument, price)) for price in prices)
    wide = width - 2 - size - max((1 + len(level.word) for level in levels), default=0)
    if wide < _SMALLEST or height < 2:
        return [((f" {text.price(instrument, history[-1][1])}"[:width], ""),)]
    down = height - (height >= _TIMES_FROM)
    canvas = Canvas(wide, down) if view.glyphs.braille else AsciiCanvas(wide, down)
    step_ms = time_step(history[-1][0] - history[0][0], canvas.dots_wide)
    first_ms = history[0][0] // step_ms * step_ms
    scale = Scale(first_ms, step_ms, low, high, canvas.dots_wide, canvas.dots_high)
    trace(canvas, columns(history, scale))
    labels = _labels(view, instrument, [Level(history[-1][1], "", "bold"), *levels], scale, down, size)
    marks = _marks(view, quote, scale, wide, down)
    lines: list[Line] = []
    for number, cells in enumerate(canvas.rows()):
        label, style, dotted = labels.get(number, _NO_LABEL)
        path = _painted(cells, _style(quote), marks.get(number, {}), view.glyphs.off if dotted else "", style)
        lines.append((*path, (label, style)))
    return [*lines, _times(view, scale, wide)] if down < height else lines


def _history(view: View, quote: Quote | None) -> Sequence[tuple[int, int]]:
    """The samples of the day, and the last tick after them: it may be newer than the newest sample."""
    history = view.history
    if quote is None or not history or quote.last <= 0 or quote.exch_ms <= history[-1][0]:
        return history
    return (*history, (quote.exch_ms, quote.last))


def _style(quote: Quote) -> str:
    """Rising or falling since the day's open."""
    return (result_style(quote.last - quote.day_open) if quote.day_open > 0 else "") or "accent"


def _levels(view: View, quote: Quote) -> list[Level]:
    """Stop, trail and next target of the open position in this instrument."""
    found = _position(view, quote)
    if found is None:
        return []
    state = found.state
    levels = (
        Level(state.stop, "stop", "stop"),
        Level(state.trail_stop or 0, "trail", "stop"),
        Level(found.next_target or 0, "target", "good"),
    )
    return [level for level in levels if level.price > 0]


def _position(view: View, quote: Quote) -> OpenPosition | None:
    """The open position in this instrument."""
    for position in view.snapshot.positions:
        if position.state.instrument == quote.instrument and position.state.quantity:
            return position
    return None


def _marks(view: View, quote: Quote, scale: Scale, wide: int, high: int) -> dict[int, dict[int, Span]]:
    """Entries and exits by row and column of cells."""
    entry: Span = (view.glyphs.entry, "entry")
    leave: Span = (view.glyphs.exit, "exit")
    found = [
        (ms, price, mark)
        for trade in view.snapshot.trades
        if trade.instrument == quote.instrument
        for ms, price, mark in ((trade.entry_ms, trade.entry_price, entry), (trade.exit_ms, trade.exit_price, leave))
    ]
    held = _position(view, quote)
    if held is not None:
        found.append((held.state.entry_ms, held.state.entry_price, entry))
    marks: dict[int, dict[int, Span]] = {}
    for ms, price, mark in found:
        column = scale.x(ms) * wide // scale.across
        row = scale.y(price) * high // scale.down
        if 0 <= column < wide and 0 <= row < high:
            marks.setdefault(row, {})[column] = mark
    return marks


def _labels(
    view: View, instrument: Instrument, levels: Sequence[Level], scale: Scale, high: int, size: int
) -> dict[int, tuple[str, str, bool]]:
    """Texts at the right by row, prices of `size` cells: (text, style, whether its level is dotted across the chart).

    A level beyond the chart stands at its edge behind a mark that says where it lies.
    """
    grid = round_step((scale.high - scale.low) // 100) if instrument.price_scale > 1000 else 1  # short, if not exact
    labels: dict[int, tuple[str, str, bool]] = {}
    for level in levels:
        row = max(0, min(scale.y(level.price) * high // scale.down, high - 1))
        inside = scale.low <= level.price <= scale.high
        side = " " if inside else view.glyphs.entry if level.price > scale.high else view.glyphs.exit
        words = f"{side}{right(text.price(instrument, level.price), size)} {level.word}".rstrip()
        labels[row] = (words, level.style, inside and bool(level.word))
    step = _LABEL_EVERY if high > _LABEL_EVERY else max(1, high - 1)
    for row in (high - 1, *range(0, high, step)):
        if labels.keys() & {row - 1, row, row + 1}:
            continue
        price = (scale.high - (scale.high - scale.low) * row // max(1, high - 1)) // grid * grid
        labels[row] = (f" {right(text.price(instrument, price), size)}", "dim", False)
    return labels


def _painted(cells: str, style: str, marks: dict[int, Span], dot: str, dot_style: str) -> list[Span]:
    """One row of cells with its marks over it and a dotted level behind it."""
    if not marks and not dot:
        return [(cells, style)]
    line: list[Span] = []
    run, run_style = "", style
    for column, cell in enumerate(cells):
        letter, letter_style = marks.get(column) or (cell, style)
        if letter == " " and dot:
            letter, letter_style = (dot if column % 2 else " "), dot_style
        if letter_style != run_style and run:
            line.append((run, run_style))
            run = ""
        run, run_style = run + letter, letter_style
    line.append((run, run_style))
    return line


def _times(view: View, scale: Scale, wide: int) -> Line:
    """Times of day under the chart, each below its own column."""
    session = view.snapshot.session
    zone, end_ms = session.zone, session.end_ms
    dots = scale.across // wide
    minutes = _TIME_EVERY * dots * scale.step_ms >= 60_000
    words = ""
    for column in range(0, wide, _TIME_EVERY):
        ms = scale.first_ms + column * dots * scale.step_ms
        if 0 < end_ms < ms:
            break
        words += f"{text.minute(ms, zone) if minutes else text.clock(ms, zone):<{_TIME_EVERY}}"
    return ((words[:wide].rstrip(), "dim"),)
