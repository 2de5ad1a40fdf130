"""Open positions in a line each: under a head where all of them stand, or each by itself where the pane is collapsed. Pure."""

from decimal import Decimal

from rich.cells import cell_len

from engine import OpenPosition
from engine.presentation import format as text
from tui.panes.pane import scrolled
from tui.panes.whole_position import at_broker
from tui.text.rows import Line, Span, left, result_style, right
from tui.text.segments import Segment, assemble, segment, word
from tui.text.spelling import middled
from tui.view import one_position
from tui.view.model import View

_LIST = "positions"  # among all that are scrolled
_SYMBOL = "SYMBOL"
_SHORT = 14  # cells of a symbol where a line has no room for the whole


def open_pnl(held: list[OpenPosition]) -> Decimal:
    """What the positions would win together."""
    return sum((position.open_pnl for position in held), Decimal(0))


def table(view: View, held: list[OpenPosition], selected: OpenPosition, width: int, height: int) -> list[Line]:
    """A line for each position in at most `height`, with a head where there is room for it; those out of sight are counted."""
    headed, whole = height > len(held), height >= len(held)
    count = len(held) if whole else max(1, height - 1)
    first = scrolled(view, _LIST, held.index(selected), count, len(held))
    shown = held[first : first + count]
    zone = view.snapshot.session.zone
    cells = [_cells(view, position) for position in shown]
    names = ["QTY", "ENTRY", "STOP", "P&L"]
    sizes = [1 + max(len(name), *(len(row[place]) for row in cells)) for place, name in enumerate(names)]
    symbols = tuple(text.instrument_at(view.snapshot, each.state.instrument).symbol for each in held)
    size = max(1, min(max(len(_SYMBOL), *map(cell_len, symbols)), width - 2 - sum(sizes)))
    short = middled(symbols, size, view.glyphs)
    head = "".join([right(name, size) for name, size in zip(names, sizes, strict=True)])
    lines: list[Line] = [((f"  {left(_SYMBOL, size)}{head}", "dim"),)] if headed else []
    unkept = text.not_kept(view.snapshot)
    for position, row, symbol in zip(shown, cells, symbols[first:], strict=False):
        at = position is selected
        quantity, entry, stop, result = (right(cell, size) for cell, size in zip(row, sizes, strict=True))
        levels: Line = ((entry, "dim"), (stop, "stop" if position.state.stop else "dim"))
        if unkept:
            levels = ((right(unkept, max(len(unkept) + 1, sizes[1] + sizes[2])), "warn"),)
        mark: Span = (f"{view.glyphs.play} " if at else "  ", "accent")
        name: Span = (left(short[symbol], size), "select" if at else "")
        lines.append((mark, name, (quantity, "bold"), *levels, (result, result_style(position.open_pnl))))
    if not whole and height > 1:
        hidden, together = len(held) - count, text.money(open_pnl(held), zone, sign=True)
        lines.append(word(f"  +{hidden:,} more, all {together}", "warn"))
    return lines


def _cells(view: View, position: OpenPosition) -> tuple[str, str, str, str]:
    """Quantity, entry, nearest stop and result of a position in a line."""
    state = position.state
    instrument = text.instrument_at(view.snapshot, state.instrument)
    stop = one_position.nearest_stop(state, instrument)
    return (
        text.quantity(instrument, state.quantity),
        text.price(instrument, state.entry_price),
        text.price(instrument, stop) if stop else text.NOTHING,
        text.money(position.open_pnl, view.snapshot.session.zone, sign=True),
    )


def single_line(view: View, position: OpenPosition, width: int, together: Segment, *, several: bool) -> Line:
    """One position in a line; among several its name is worth more than its levels."""
    state, zone = position.state, view.snapshot.session.zone
    instrument = text.instrument_at(view.snapshot, state.instrument)
    stop = one_position.nearest_stop(state, instrument)
    won: Span = (text.money(position.open_pnl, zone, sign=True), result_style(position.open_pnl))
    symbols = (instrument.symbol, *middled((instrument.symbol,), _SHORT, view.glyphs).values())
    segments = [
        segment(0 if several else 3, *(word(symbol, "bold") for symbol in dict.fromkeys(symbols))),
        segment(0, word(text.side(instrument, state.quantity), "bold")),
        segment(0, word(text.not_kept(view.snapshot), "warn")),
        segment(5, word(f"@{text.price(instrument, state.entry_price)}", "dim")),
        segment(1, (("open ", "dim"), won), (won,)),
        segment(2, (("stop ", "dim"), (text.price(instrument, stop), "stop")) if stop else (("no stop", "warn"),)),
    ]
    if position.next_target is not None:
        segments.append(segment(4, (("target ", "dim"), (text.price(instrument, position.next_target), "good"))))
    return assemble([*segments, *at_broker(view, position)[:2], together], width)
