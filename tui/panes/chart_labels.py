"""The labels at the right of a chart: last price, levels of what is held, names of lines, round prices, a row each. Pure."""

from collections.abc import Sequence

from msgspec import Struct

from engine.presentation import chart as geometry
from engine.presentation.chart import Scale
from tui.panes.chart_drawing import Drawing
from tui.panes.plot import LINE_STYLES, Place
from tui.text.rows import Line, right

_EVERY = 3  # rows between two round prices, at least
_MOVES = 2  # rows that the name of a line may stand beside its place, where that one is taken


class Label(Struct, frozen=True):
    """What stands at the right, at the height of `price`; with `dotted` its level is drawn on to the right end."""

    price: int
    words: str
    style: str
    dotted: bool = False


def levels_of(drawing: Drawing) -> list[Label]:
    """Stop, trail and next target of the open position."""
    held = drawing.held
    if held is None:
        return []
    found = (
        Label(held.state.stop, "stop", "stop", dotted=True),
        Label(held.state.trail_stop or 0, "trail", "stop", dotted=True),
        Label(held.next_target or 0, "target", "good", dotted=True),
    )
    return [level for level in found if level.price > 0]


def line_names(drawing: Drawing) -> list[Label]:
    """The names of the strategy's lines at the values that they have now."""
    named = zip(drawing.quote.lines.items(), LINE_STYLES, strict=False)
    return [Label(int(value), name, style) for (name, value), style in named if value is not None]


def placed(drawing: Drawing, place: Place, levels: Sequence[Label], size: int) -> dict[int, Line]:
    """The labels by row: last price and levels in the order of their prices, moved apart where they would stand in one row.

    Names of lines have the nearest row that is free then, round prices their own if it is.
    """
    scale, room = place.scale, range(place.high)
    wanted = [Label(geometry.newest(drawing.bars)[1], "", "bold"), *levels][: place.high]
    wanted.sort(key=lambda label: -label.price)
    own = [max(0, min(place.row(label.price), place.high - 1)) for label in wanted]
    places = geometry.spread(own, place.high)
    shown = {at: _label(drawing, scale, label, size) for at, label in zip(places, wanted, strict=True)}
    for line in line_names(drawing):
        row = place.row(line.price)
        free = [each for each in room if abs(each - row) <= _MOVES and each not in shown]
        if free and scale.low <= line.price <= scale.high:
            at = min((abs(each - row), each) for each in free)[1]
            shown[at] = ((f" {right(line.words, size)}", line.style),)
    most = max(2, place.high // _EVERY + 1)
    for price in geometry.price_marks(scale.low, scale.high, most, max(1, drawing.instrument.tick_size)):
        shown.setdefault(place.row(price), ((f" {right(drawing.price(price), size)}", "dim"),))
    return shown


def _label(drawing: Drawing, scale: Scale, label: Label, size: int) -> Line:
    """A label's text, with a mark before a level that lies beyond the chart."""
    glyphs = drawing.view.glyphs
    side = glyphs.entry if label.price > scale.high else glyphs.exit if label.price < scale.low else " "
    return ((f"{side}{right(drawing.price(label.price), size)} {label.words}".rstrip(), label.style),)
