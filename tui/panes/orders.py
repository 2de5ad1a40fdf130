"""The orders of the day in a line each: what the dialog of orders shows. Pure."""

from collections.abc import Sequence

from engine import OrderView
from engine.presentation import format as text
from engine.presentation import live
from tui.panes.pane import scrolled
from tui.text.rows import Line, Span, bar_of, left, right
from tui.text.segments import within
from tui.text.spelling import middled, shortened, spelled
from tui.view import orders
from tui.view.listing import symbol_of
from tui.view.model import View

# Columns from left to right; those of `_SPARED` go where all do not fit, the first one first.
_COLUMNS = ("TIME", "#", "TAG", "SIDE", "SYMBOL", "F/Q", "LIMIT", "GOT", "STATE", "RUNG", "AGE", "REASON")
_SPARED = ("REASON", "RUNG", "TAG", "GOT", "AGE", "LIMIT", "TIME", "#")
_FLUSH_LEFT = frozenset({"TAG", "SIDE", "SYMBOL", "STATE", "REASON"})
_SYMBOL_LEAST, _REASON_LEAST = 9, 8
_TROUBLES = 3  # lines above the list
_STATE_STYLES = {
    "UNKNOWN": "alert",
    "FILLED": "good",
    "CANCELLED": "dim",
    "NOT_PLACED": "dim",
    "REJECTED": "warn",
    "REFUSED": "warn",
}


def title(view: View) -> str:
    """How many orders, how many of them work or are unknown, and the filter."""
    seen = view.snapshot
    standing = seen.live
    count = len(seen.orders) + (standing.left_out if standing is not None else 0)
    wanted = view.ui.filters.get(orders.NAME, "")
    typed = view.ui.dialog == "orders_filter"
    words = f"  /{spelled(wanted, view.glyphs)}{'_' if typed else ''}" if wanted or typed else ""
    shown = f"{len(orders.listed(seen, wanted)):,} of " if wanted else ""
    works = f"  {standing.working:,} not over" if standing is not None and standing.working else ""
    unknown = f", {standing.unknown:,} UNKNOWN" if standing is not None and standing.unknown else ""
    return f"ORDERS {shown}{count:,}{works}{unknown}{words}"


def rows(view: View, width: int, height: int) -> list[Line]:
    """What is amiss, a head, and the orders around the chosen one: what nobody knows of first, then what works, then the newest."""
    seen = view.snapshot
    if height <= 0 or width <= 0:
        return []
    told = _troubles(view, width)[: max(0, height - 3)]
    shown = orders.listed(seen, view.ui.filters.get(orders.NAME, ""))
    if not shown:
        none = "no order has all of these words" if seen.orders else "no order today"
        return within([*told, ((f" {none}", "dim"),)], width)[:height]
    room = height - len(told)
    left_out = seen.live.left_out if seen.live is not None else 0
    more: list[Line] = [((f"  {left_out:,} older ones are in the journal", "dim"),)] if left_out and room > 3 else []
    headed = room - len(more) > 1
    count = min(len(shown), room - headed - len(more))
    chosen = orders.chosen(shown, view.ui.order_number)
    assert chosen is not None  # there are some
    top = scrolled(view, orders.NAME, shown.index(chosen), count, len(shown))
    return within([*told, *_table(view, shown[top : top + count], chosen, width, headed=headed), *more], width)


def _troubles(view: View, width: int) -> list[Line]:
    """What a person has to know before the orders themselves."""
    told = (*live.troubles(view.snapshot), *live.waits(view.snapshot))
    lines: list[Line] = [((shortened(words, width, view.glyphs), "alert"),) for words in told[:_TROUBLES]]
    if len(told) > _TROUBLES:
        lines[-1] = ((f"+{len(told) - _TROUBLES + 1} more like it: see positions and the log", "alert"),)
    return lines


def _table(view: View, shown: Sequence[OrderView], chosen: OrderView, width: int, *, headed: bool) -> list[Line]:
    """A head and a line for each of `shown`."""
    cells = [_cells(view, each) for each in shown]
    sizes = {name: max(len(name), *(len(row[name]) for row in cells)) for name in _COLUMNS}
    _shorten(sizes, width - 2)
    names = middled(tuple(dict.fromkeys(row["SYMBOL"] for row in cells)), sizes["SYMBOL"], view.glyphs)
    lines: list[Line] = []
    if headed:
        lines.append(((f"  {'  '.join(_cell(name, name, size) for name, size in sizes.items())}", "dim"),))
    for order, row in zip(shown, cells, strict=True):
        row["SYMBOL"] = names[row["SYMBOL"]]
        at = order.number == chosen.number
        line: list[Span] = [(f"{view.glyphs.play} " if at else "  ", "")]
        for place, (name, size) in enumerate(sizes.items()):
            words = _cell(name, shortened(row[name], size, view.glyphs), size)
            line += [("  " if place else "", ""), (words, _style(order, name))]
        lines.append(bar_of(tuple(line), width) if at else tuple(line))
    return lines


def _shorten(sizes: dict[str, int], width: int) -> None:
    """Have the columns fit into `width`: symbols and reasons give way as far as they can, then whole columns go."""
    whole = dict(sizes)
    for name, least in (("REASON", _REASON_LEAST), ("SYMBOL", _SYMBOL_LEAST)):
        sizes[name] = min(sizes[name], least)
    for name in _SPARED:
        if _taken(sizes) > width:
            del sizes[name]
    for name in ("SYMBOL", "REASON"):
        if name in sizes:
            sizes[name] += max(0, min(whole[name] - sizes[name], width - _taken(sizes)))


def _taken(sizes: dict[str, int]) -> int:
    return sum(sizes.values()) + 2 * (len(sizes) - 1)


def _cell(name: str, words: str, size: int) -> str:
    return left(words, size) if name in _FLUSH_LEFT else right(words, size)


def _style(order: OrderView, name: str) -> str:
    if name == "STATE":
        return _STATE_STYLES.get(order.state, "accent")
    if name == "SIDE":
        return "up" if order.side == "BUY" else "down"
    return "" if live.is_open(order) else "dim"


def _cells(view: View, order: OrderView) -> dict[str, str]:
    """The texts of one order by column."""
    seen = view.snapshot
    instrument = text.instrument_at(seen, order.instrument)
    filled = text.quantity(instrument, order.filled)
    return {
        "TIME": text.clock(order.at_ms, seen.session.zone),
        "#": str(order.number),
        "TAG": order.tag,
        "SIDE": order.side,
        "SYMBOL": symbol_of(seen, order.instrument),
        "F/Q": f"{filled}/{text.quantity(instrument, order.quantity)}",
        "LIMIT": text.price(instrument, order.limit),
        "GOT": text.price(instrument, order.average) if order.average else text.NOTHING,
        "STATE": live.state(order, seen.live.rounds_until_gone if seen.live is not None else 0),
        "RUNG": str(order.rung + 1),
        "AGE": text.age(max(0, seen.at_ms - order.at_ms) / 1000) if live.is_open(order) else "",
        "REASON": reason(order),
    }


def reason(order: OrderView) -> str:
    """Why it is there, and what is unusual about it; of one that was refused the broker's words."""
    words = order.said if order.state in {"REJECTED", "REFUSED"} and order.said else order.reason
    marks = [mark for mark, is_so in (("BLIND", order.blind), ("being withdrawn", _leaves(order))) if is_so]
    return " · ".join([*marks, words])


def _leaves(order: OrderView) -> bool:
    return order.unwanted and live.is_open(order)
