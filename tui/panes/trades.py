"""The list of every exit with its entry: what the trade list dialog shows. Pure."""

from engine import Trade
from engine.presentation import format as text
from tui.text.rows import Line, left, result_style, right
from tui.text.segments import within
from tui.view.model import View

_FULL_FROM = 76  # cells from which prices and seconds fit beside the rest


def title(view: View) -> str:
    """Title of the list: how many exits (of how many, where earlier ones are left out), how many won, and the result."""
    shot = view.snapshot
    net = text.money(shot.account.realised, sign=True)
    listed, all_exits = len(shot.trades), max(len(shot.trades), shot.account.exits)
    count = f"{listed:,}" if listed == all_exits else f"{listed:,} of {all_exits:,}"
    return f"TRADES {count}  won {shot.account.won:,}  net {net}"


def rows(view: View, width: int, height: int) -> list[Line]:
    """A head and the exits around line `ui.choice`, newest last."""
    return _table(view, width, height, max(0, min(view.ui.choice, len(view.snapshot.trades) - 1)))


def newest(view: View, width: int, height: int) -> list[Line]:
    """A head and the newest exits, none of them selected."""
    return _table(view, width, height, None)


def _table(view: View, width: int, height: int, chosen: int | None) -> list[Line]:
    """A head and the exits around line `chosen`, or the newest."""
    trades = view.snapshot.trades
    if height <= 0 or width <= 0:
        return []
    if not trades:
        earlier = view.snapshot.account.exits
        none = f" {earlier:,} exits, none of which is kept one by one any more" if earlier else " no trade yet"
        return [((left(none, width), "dim"),)]
    headed = height > 1
    count = min(len(trades), height - headed)
    first = max(0, min((len(trades) if chosen is None else chosen) - count // 2, len(trades) - count))
    shown = trades[first : first + count]
    full = width >= _FULL_FROM
    cells = [_cells(view, trade, full) for trade in shown]
    head = ["#", "SYMBOL", "IN", "OUT", "QTY", *(["ENTRY", "EXIT"] if full else []), "NET P&L"]
    sizes = [max(len(name), *(len(row[number]) for row in cells)) for number, name in enumerate(head)]
    lines: list[Line] = [((f"  {_aligned(head, sizes)}  REASON", "dim"),)] if headed else []
    for number, (trade, row) in enumerate(zip(shown, cells, strict=True), first):
        mark, style = ((f"{view.glyphs.play} ", "accent"), "select") if number == chosen else (("  ", ""), "")
        result = (f"  {right(row[-1], sizes[-1])}", result_style(trade.net_pnl))
        unkept = text.not_kept(view.snapshot, trade.exit_ms)
        told: Line = ((f"  {unkept}  ", "warn"),) if unkept else ()  # ahead of what a narrow list cuts off
        texts, reason = (_aligned(row[:-1], sizes[:-1]), style), (f"  {trade.reason}", "")
        lines.append((mark, texts, result, *told, reason) if full else (mark, *told, texts, result, reason))
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
        left(instrument.symbol, min(20, len(instrument.symbol))),
        moment(trade.entry_ms, zone),
        moment(trade.exit_ms, zone),
        text.quantity(instrument, trade.quantity),
        *both,
        text.money(trade.net_pnl, sign=True),
    ]


def _aligned(cells: list[str], sizes: list[int]) -> str:
    """Cells flush right, but the symbol flush left."""
    return "  ".join(
        left(cell, size) if number == 1 else right(cell, size)
        for number, (cell, size) in enumerate(zip(cells, sizes, strict=True))
    )
