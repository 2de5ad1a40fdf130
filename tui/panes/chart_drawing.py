"""What a chart is drawn from, and where its times and prices lie. Pure."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from engine import Bar, Instrument, OpenPosition, Quote, SessionView, Trade
from engine.presentation import chart as geometry
from engine.presentation import format as text
from engine.presentation.chart import Candle, Scale
from tui.panes.plot import Place
from tui.view.model import View


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

    def price(self, price: int) -> str:
        """A price of its instrument in words."""
        return text.price(self.instrument, price)


def drawing_of(view: View, number: int | None) -> Drawing | None:
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


def laid_out(drawing: Drawing, wide: int, high: int, low_price: int, high_price: int) -> tuple[Drawing, Place]:
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
