"""The list of every exit with its entry: what the trade list dialog shows. Pure."""

from engine import Trade
from engine.presentation import format as text
from tui.text.rows import Line, Span, bar_of, left, result_style, right, width_of
from tui.text.segments import within
from tui.text.spelling import middled, spelled
from tui.view.model import View
from tui.view.older import bounds, chosen, oldest_here

_FULL_FROM = 80  # cells from which prices and seconds fit beside the rest, whole reasons with them
_SYMBOL_LEAST = 9  # cells of a symbol that is shortened so that the reason is seen
_STATUS_FROM = 3  # lines above which one is spared for what is said of older exits


def title(view: View) -> str:
    """Title of the list: how many exits, or which of how many, on what day if on an earlier one; how many won, the result."""
    shot = view.snapshot
    total = shot.account.total
    net = text.money(total.net, shot.session.zone, sign=True)
    return f"TRADES {_place(view)}  won {total.won:,} of {total.positions:,}  net {net}"


def _place(view: View) -> str:
    """How many exits there are; where not all are in the snapshot the number of the chosen one, and its day."""
    shot = view.snapshot
    first, newest = bounds(shot)
    if oldest_here(shot) <= first or newest < first:
        listed = max(0, newest - first + 1)
        return f"{listed:,}" if listed >= newest else f"{listed:,} of {newest:,}"
    number = chosen(shot, view.ui.choice)
    trade = _known(view).get(number)
    day = text.day(trade.exit_ms, shot.session.zone) if trade else ""
    return f"{number:,} of {newest:,}" + (f", {day}" if day and day != shot.session.date else "")


def rows(view: View, width: int, height: int) -> list[Line]:
    """A head and the exits around number `ui.choice`, newest last; the last line says what of older ones is to be had."""
    shot = view.snapshot
    first, newest = bounds(shot)
    if height <= 0 or width <= 0:
        return []
    if newest < first:
        earlier = shot.account.exits
        says = f" {earlier:,} exits, all of them in an earlier journal" if earlier else " no trade yet"
        return [((left(says, width), "dim"),)]
    pages = oldest_here(shot) > first and height > _STATUS_FROM
    headed = height > 1
    count = min(newest - first + 1, height - headed - pages)
    number = chosen(shot, view.ui.choice)
    top = max(first, min(number - count // 2, newest - count + 1))
    numbers = range(top, top + count)
    lines = _table(view, width, [*map(_known(view).get, numbers)], top, number, headed=headed)
    return [*lines, ((left(_status(view, top), width), "dim"),)] if pages else lines


def newest(view: View, width: int, height: int) -> list[Line]:
    """A head and the newest exits, none of them selected."""
    headed = height > 1
    shown = view.snapshot.trades[-max(1, height - headed) :]
    if height <= 0 or width <= 0 or not shown:
        return []
    return _table(view, width, [*shown], shown[0].number, None, headed=headed)


def _known(view: View) -> dict[int, Trade]:
    """The exits that are here, by number."""
    return view.older.trades | {trade.number: trade for trade in view.snapshot.trades}


def _status(view: View, top: int) -> str:
    """What of the exits from number `top` on, and of those before them, is to be had."""
    if view.older.problem:
        return f" not readable now: {view.older.problem}"
    if view.older.wait:
        return spelled(" older … loading", view.glyphs)
    if top <= bounds(view.snapshot)[0]:
        return " that is all"
    return f" {top - bounds(view.snapshot)[0]:,} older ones above"


def _table(
    view: View, width: int, shown: list[Trade | None], top: int, number: int | None, *, headed: bool
) -> list[Line]:
    """A head and a line for each of `shown`, exits from number `top` on; None has not been read yet."""
    full = width >= _FULL_FROM
    cells = [_cells(view, trade, full) if trade else None for trade in shown]
    head = ["#", "SYMBOL", *(["IN"] if full else []), "OUT", "QTY", *(["ENTRY", "EXIT"] if full else []), "NET P&L"]
    known = [row for row in cells if row is not None]
    sizes = [max(len(name), *(len(row[place]) for row in known), 0) for place, name in enumerate(head)]
    sizes[0] = max(sizes[0], len(str(top + len(shown) - 1)))
    reasons = max((len(trade.reason) for trade in shown if trade), default=0)
    others = (
        2 + sum(sizes) - sizes[1] + 2 * len(sizes)
    )  # the mark, the columns but the symbol, blanks before each and the reason
    sizes[1] = min(sizes[1], max(_SYMBOL_LEAST, width - others - reasons))
    names = middled(tuple(dict.fromkeys(row[1] for row in known)), sizes[1], view.glyphs)
    room = max(0, width - others - sizes[1])
    lines: list[Line] = [((f"  {_aligned(head, sizes)}  REASON", "dim"),)] if headed else []
    for counted, (trade, row) in enumerate(zip(shown, cells, strict=True), top):
        mark: Span = (f"{view.glyphs.play} " if counted == number else "  ", "")
        if trade is None or row is None:
            unread: Line = (mark, (spelled(f"{right(str(counted), sizes[0])}  …", view.glyphs), "dim"))
            lines.append(bar_of(unread, width) if counted == number else unread)
            continue
        result = (f"  {right(row[-1], sizes[-1])}", result_style(trade.net_pnl))
        unkept = text.not_kept(view.snapshot, trade.exit_ms)
        told: Line = ((f"  {unkept}  ", "warn"),) if unkept else ()  # ahead of what a narrow list cuts off
        texts = (_aligned([row[0], names[row[1]], *row[2:-1]], sizes[:-1]), "")
        left_over = max(0, room - width_of(told))
        reason = (f"  {middled((trade.reason,), left_over, view.glyphs)[trade.reason]}", "")
        line: Line = (mark, texts, result, *told, reason) if full else (mark, *told, texts, result, reason)
        lines.append(bar_of(line, width) if counted == number else line)
    return within(lines, width)


def _cells(view: View, trade: Trade, full: bool) -> list[str]:
    """The texts of one exit but its reason."""
    shot = view.snapshot
    instrument = text.instrument_at(shot, trade.instrument)
    zone = shot.session.zone
    moment = text.clock if full else text.minute
    both = [text.price(instrument, trade.entry_price), text.price(instrument, trade.exit_price)] if full else []
    return [
        str(trade.number),
        instrument.symbol,
        *([moment(trade.entry_ms, zone)] if full else []),
        moment(trade.exit_ms, zone),
        text.quantity(instrument, trade.quantity),
        *both,
        text.money(trade.net_pnl, zone, sign=True),
    ]


def _aligned(cells: list[str], sizes: list[int]) -> str:
    """Cells flush right, but the symbol flush left."""
    return "  ".join(
        left(cell, size) if number == 1 else right(cell, size)
        for number, (cell, size) in enumerate(zip(cells, sizes, strict=True))
    )
