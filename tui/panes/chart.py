"""The price chart of an instrument: its path or candles, lines, stops, trades, levels; volume and the day's result below. Pure."""

from collections.abc import Sequence
from functools import partial

from engine.presentation import change
from engine.presentation import chart as geometry
from engine.presentation import format as text
from tui.panes.chart_drawing import Drawing, drawing_of, laid_out
from tui.panes.chart_labels import Label, levels_of, line_names, placed
from tui.panes.chart_strips import strips_of
from tui.panes.plot import Ground, Picture, Place
from tui.text.rows import Line, result_style
from tui.view.model import View

_SMALLEST = 16  # cells of chart; narrower says nothing
_LEAST_SIZE = 6  # cells of a price: `volume` and `15 min` stand there too


def heading(view: View) -> tuple[str, Line]:
    """Title of the chart, and what stands at the right end of its rule: the last price and the day's change."""
    quote = view.selected
    if quote is None:
        return "CHART", ()
    instrument = text.instrument_at(view.snapshot, quote.instrument)
    if quote.last <= 0:
        return instrument.symbol, ()
    last = text.price(instrument, quote.last)
    before = change.base(quote)
    if before <= 0:
        return instrument.symbol, ((last, "bold"),)
    moved = quote.last - before
    style = result_style(moved)
    since = change.since(quote, view.snapshot.session.zone)
    told: Line = ((last, style), (f" {text.percent(moved, before)} %", style))
    return instrument.symbol, (*told, (f" {since}", "dim")) if since else told


def rows(view: View, width: int, height: int, instrument: int | None = None) -> list[Line]:
    """The chart in `width` × `height` cells, or a word why there is none; of the selected instrument, or of that number."""
    if height <= 0 or width <= 0:
        return []
    drawing = drawing_of(view, instrument)
    if drawing is None:
        return [((" no prices yet"[:width], "dim"),)]
    levels = levels_of(drawing)
    low, high = _range(drawing, levels)
    last = geometry.newest(drawing.bars)[1]
    size = max(len(drawing.price(price)) for price in (low, high, last, *(level.price for level in levels)))
    size = max(size, _LEAST_SIZE, *(len(line.words) for line in line_names(drawing)))
    wide = width - _labelled(drawing, levels, size, width)
    if wide < _SMALLEST or height < 2:
        return [((f" {drawing.price(last)}"[:width], ""),)]
    under = strips_of(drawing, height)
    drawing, place = laid_out(drawing, wide, height - len(under), low, high)
    shown = _picture(drawing, place, levels, size)
    past, session = geometry.past(drawing.bars), drawing.session
    of = (past, place, width, drawing.candle_ms, view.glyphs, view.pnl_curve, session, len(under))
    strips = [partial(strip, drawing, place, width - wide) for strip in under]
    return shown + view.made.get(f"below {drawing.name}", of, lambda: [strip() for strip in strips])


def _range(drawing: Drawing, levels: Sequence[Label]) -> tuple[int, int]:
    """Lowest and highest price shown; of the frame before where that will do."""
    wanted = geometry.price_range(*geometry.extremes(drawing.bars), [level.price for level in levels])

    def follow(before: tuple[int, int] | None) -> tuple[int, int]:
        return geometry.steady(wanted, None if drawing.stands else before)

    return drawing.view.made.follow(f"range of {drawing.name}", drawing.day, follow)


def _labelled(drawing: Drawing, levels: Sequence[Label], size: int, width: int) -> int:
    """Cells of the labels; what they once took they keep, so that the picture does not move when a position comes and goes."""
    wanted = 1 + size + max((1 + len(level.words) for level in levels), default=0)

    def follow(before: int | None) -> int:
        return wanted if drawing.stands else max(wanted, before or 0)

    return drawing.view.made.follow(f"labels of {drawing.name}", (*drawing.day, width), follow)


def _picture(drawing: Drawing, place: Place, levels: Sequence[Label], size: int) -> list[Line]:
    """The rows of the plot, each with its label: what no price of now can change is drawn once, the rest over it."""
    view, quote, bars, held = drawing.view, drawing.quote, drawing.bars, drawing.held
    signs = view.ui.theme == "mono" or not view.glyphs.braille
    entry = (held.state.entry_ms, held.state.entry_price) if held is not None else None
    past = geometry.past(bars)
    of = (past, place, view.glyphs, signs, drawing.candle_ms, tuple(quote.lines), drawing.trades, entry)
    ground = view.made.get(drawing.name, of, lambda: _ground(drawing, place, entry, signs=signs))
    picture = Picture(place, view.glyphs, signs=signs, ground=ground)
    # A path goes on from the last bar that is drawn.
    fresh = bars[max(0, geometry.settled(bars, place.scale) - 1) :]
    if drawing.candle_ms:
        picture.candles(drawing.candles[-1:])
    else:
        picture.lay_path(*picture.path(fresh))
    # A mark may stand where that was laid, and so may the sign of one that is a cell before it.
    from_column = place.column(fresh[0][0]) - 1
    picture.marks([trade for trade in drawing.trades if place.column(trade.exit_ms) >= from_column], entry)
    newest = place.column(max(geometry.newest(bars)[0], quote.exch_ms))
    for level in levels:
        if level.dotted and 0 <= place.row(level.price) < place.high:
            picture.level(place.row(level.price), newest + 1, level.style)
    labels = placed(drawing, place, levels, size)
    return [(*line, *labels.get(number, ())) for number, line in enumerate(picture.rows())]


def _ground(drawing: Drawing, place: Place, entry: tuple[int, int] | None, *, signs: bool) -> Ground:
    """The picture without the newest column of its path, or its newest candle."""
    view, bars, trades, name = drawing.view, drawing.bars, drawing.trades, drawing.name
    made, past = view.made, (geometry.past(bars), place)
    picture = Picture(place, view.glyphs, signs=signs)
    names = tuple(drawing.quote.lines)
    picture.lay(made.get(f"lines of {name}", (*past, names), lambda: picture.lines(bars, names)))
    picture.lay(made.get(f"ways of {name}", (place, trades), lambda: picture.ways(trades)))
    entries_ms = {trade.entry_ms for trade in trades} | ({entry[0]} if entry else set())
    picture.lay(made.get(f"stops of {name}", (*past, entries_ms), lambda: picture.stops(bars, entries_ms)))
    if drawing.candle_ms:
        picture.candles(drawing.candles[:-1])
    else:
        settled = bars[: geometry.settled(bars, place.scale)]
        picture.lay_path(*made.get(f"path of {name}", past, lambda: picture.path(settled)))
    picture.marks(drawing.trades, entry)
    return picture.ground()
