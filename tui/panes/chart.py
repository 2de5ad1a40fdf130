"""The price chart of an instrument: its path or candles, lines, stops, trades, levels; volume and the day's result below. Pure."""

from collections.abc import Callable, Sequence
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from engine import Bar, Instrument, OpenPosition, Quote, SessionView, Trade
from engine.presentation import change
from engine.presentation import chart as geometry
from engine.presentation import format as text
from engine.presentation.chart import Candle, Scale
from tui.panes.plot import LINE_STYLES, Ground, Picture, Place, joined
from tui.text.rows import Line, clip, result_style, right
from tui.view.model import View

_SMALLEST = 16  # cells of chart; narrower says nothing
_TIMES_FROM = 5  # rows from which a line of times is worth its row
_VOLUME_FROM = 10  # … and one of volume
_RESULT_FROM = 13  # … and one of the day's result
_LEAST_SIZE = 6  # cells of a price: `volume` and `15 min` stand there too
_LABEL_EVERY = 3  # rows between two round prices, at least
_TIME_EVERY, _CLOCK_EVERY = 9, 12  # cells between two times, and between two with seconds
_MOVES = 2  # rows that the name of a line may stand beside its place, where that one is taken
_MINUTE_MS, _DAY_MS = 60_000, 86_400_000


class Label(Struct, frozen=True):
    """What stands at the right, at the height of `price`; with `dotted` its level is drawn on to the right end."""

    price: int
    words: str
    style: str
    dotted: bool = False


class Drawing(Struct, frozen=True):
    """What a chart is drawn from; `name` is that of what is kept of it, `candle_ms` 0 for a path."""

    name: str
    view: View
    quote: Quote
    instrument: Instrument
    bars: tuple[Bar, ...]
    held: OpenPosition | None
    trades: tuple[Trade, ...]
    session: SessionView
    candle_ms: int = 0
    candles: Sequence[Candle] = ()

    @property
    def day(self) -> tuple[object, ...]:
        """Of which instrument and day it is."""
        return self.quote.instrument, self.session.date

    @property
    def stands(self) -> bool:
        """Whether a replay is held: its picture is that of its moment, by whatever way one came there."""
        replay = self.view.snapshot.replay
        return replay is not None and not replay.playing

    @property
    def lines(self) -> list[Label]:
        """The names of the strategy's lines at the values that they have now."""
        named = zip(self.quote.lines.items(), LINE_STYLES, strict=False)
        return [Label(int(value), name, style) for (name, value), style in named if value is not None]


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
    drawing = _drawing(view, instrument)
    if drawing is None:
        return [((" no prices yet"[:width], "dim"),)]
    levels = _levels(drawing)
    low, high = _range(drawing, levels)
    last = geometry.newest(drawing.bars)[1]
    size = max(len(_price(drawing, price)) for price in (low, high, last, *(level.price for level in levels)))
    size = max(size, _LEAST_SIZE, *(len(line.words) for line in drawing.lines))
    wide = width - _labelled(drawing, levels, size, width)
    if wide < _SMALLEST or height < 2:
        return [((f" {_price(drawing, last)}"[:width], ""),)]
    under = _under(drawing, height)
    drawing, place = _laid_out(drawing, wide, height - len(under), low, high)
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


def _drawing(view: View, number: int | None) -> Drawing | None:
    """What there is to draw of an instrument; None before its first price."""
    quote = view.selected
    if number is not None and (quote is None or quote.instrument != number):
        quote = next((each for each in view.snapshot.quotes if each.instrument == number), None)
    history = _history(view, quote)
    if quote is None or not history:
        return None
    bars = geometry.up_to_now(history, quote.exch_ms, quote.last) if quote.last > 0 else history
    instrument = text.instrument_at(view.snapshot, quote.instrument)
    positions = (each for each in view.snapshot.positions if each.state.instrument == quote.instrument)
    return Drawing(
        name="chart" if number is None else "its chart",
        view=view,
        quote=quote,
        instrument=instrument,
        bars=bars,
        held=next((each for each in positions if each.state.quantity), None),
        trades=tuple(trade for trade in view.snapshot.trades if trade.instrument == quote.instrument),
        session=view.snapshot.markets.get(instrument.market, view.snapshot.session),
    )


def _history(view: View, quote: Quote | None) -> tuple[Bar, ...]:
    if quote is None:
        return ()
    return view.history if quote is view.selected else view.further.get(quote.instrument, ())


def _laid_out(drawing: Drawing, wide: int, high: int, low_price: int, high_price: int) -> tuple[Drawing, Place]:
    """Times and prices in their places: as fine as the whole day has room, and candles in one or two columns each."""
    canvas_dots = 2 if drawing.view.glyphs.braille else 1
    across, down = wide * canvas_dots, high * (4 if drawing.view.glyphs.braille else 1)
    first_ms, last_ms = drawing.bars[0][0], max(geometry.newest(drawing.bars)[0], drawing.quote.exch_ms)
    if not drawing.view.ui.candles:
        step_ms = geometry.time_step(last_ms - first_ms, across)
        scale = Scale(first_ms // step_ms * step_ms, step_ms, low_price, high_price, across, down)
        return drawing, Place(scale, wide, high)
    session = drawing.session
    origin_ms = session.start_ms if session.daily and session.start_ms else geometry.midnight(first_ms, session.zone)
    candle_ms, candles = geometry.candles(drawing.bars, wide, origin_ms)
    begin_ms = candles[0].at_ms
    count = (candles[-1].at_ms - begin_ms) // candle_ms + 1
    step_ms = candle_ms // (canvas_dots * (2 if 2 * count <= wide else 1))
    scale = Scale(begin_ms, step_ms, low_price, high_price, across, down)
    place = Place(scale, wide, high)
    return replace(drawing, candle_ms=candle_ms, candles=candles), place


# ── The picture and its labels ──────────────────────────────────────────────────────────────────────────────────────


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
    labels = _placed(drawing, place, levels, size)
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


def _placed(drawing: Drawing, place: Place, levels: Sequence[Label], size: int) -> dict[int, Line]:
    """The labels by row: last price and levels in the order of their prices, moved apart where they would stand in one row.

    Names of lines have the nearest row that is free then, round prices their own if it is.
    """
    scale, room = place.scale, range(place.high)
    wanted = [Label(geometry.newest(drawing.bars)[1], "", "bold"), *levels][: place.high]
    wanted.sort(key=lambda label: -label.price)
    own = [max(0, min(place.row(label.price), place.high - 1)) for label in wanted]
    places = geometry.spread(own, place.high)
    shown = {at: _label(drawing, scale, label, size) for at, label in zip(places, wanted, strict=True)}
    for line in drawing.lines:
        row = place.row(line.price)
        free = [each for each in room if abs(each - row) <= _MOVES and each not in shown]
        if free and scale.low <= line.price <= scale.high:
            at = min((abs(each - row), each) for each in free)[1]
            shown[at] = ((f" {right(line.words, size)}", line.style),)
    most = max(2, place.high // _LABEL_EVERY + 1)
    for price in geometry.price_marks(scale.low, scale.high, most, max(1, drawing.instrument.tick_size)):
        shown.setdefault(place.row(price), ((f" {right(_price(drawing, price), size)}", "dim"),))
    return shown


def _label(drawing: Drawing, scale: Scale, label: Label, size: int) -> Line:
    """A label's text, with a mark before a level that lies beyond the chart."""
    glyphs = drawing.view.glyphs
    side = glyphs.entry if label.price > scale.high else glyphs.exit if label.price < scale.low else " "
    return ((f"{side}{right(_price(drawing, label.price), size)} {label.words}".rstrip(), label.style),)


def _levels(drawing: Drawing) -> list[Label]:
    """Stop, trail and next target of the open position."""
    held = drawing.held
    if held is None:
        return []
    levels = (
        Label(held.state.stop, "stop", "stop", dotted=True),
        Label(held.state.trail_stop or 0, "trail", "stop", dotted=True),
        Label(held.next_target or 0, "target", "good", dotted=True),
    )
    return [level for level in levels if level.price > 0]


def _price(drawing: Drawing, price: int) -> str:
    return text.price(drawing.instrument, price)


Strip = Callable[[Drawing, Place, int], Line]


# ── Below it ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _under(drawing: Drawing, height: int) -> list[Strip]:
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
