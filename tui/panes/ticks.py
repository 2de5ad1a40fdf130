"""The table of instruments: last price, change, book, volume, age and trend. Draws only the visible rows. Pure."""

from msgspec import Struct

from engine import Quote
from tui import format as text
from tui.model import View
from tui.parts import within, word
from tui.rows import Line, Span, left, right

_QUIET_S = 3.0  # a gap shorter than this is no sign of anything
_QUIET_GAPS = 5  # neither is one of fewer than so many of the instrument's own usual gaps
_TREND = 12  # cells of trend before any other column is added
_MOST_TREND = 40


class Columns(Struct, frozen=True):
    """Which columns fit, by width in cells; 0 = left out."""

    symbol: int
    price: int
    change: int
    book: int
    volume: int
    age: int
    trend: int
    why: int


def title(view: View) -> str:  # noqa: ARG001 - every pane is asked with its view
    """Title of the pane."""
    return "1 TICKS"


def note(view: View, height: int) -> Line:
    """What stands at the right end of the rule: which of how many is selected, where not all are seen."""
    count = len(view.snapshot.quotes)
    if count <= height - _headed(count, height):
        return ()
    return word(f"{max(0, min(view.ui.selected, count - 1)) + 1:,} of {count:,}", "dim")


def _headed(count: int, height: int) -> bool:
    """Whether the names of the columns are worth a line."""
    return height > 2 or (height == 2 and count == 1)


def wanted(view: View) -> int:
    """How many lines the whole table needs."""
    return 1 + max(1, len(view.snapshot.quotes))


def rows(view: View, width: int, height: int) -> list[Line]:
    """The table from the top, or around the selected instrument; without its head where only two lines are left."""
    quotes = view.snapshot.quotes
    if height <= 0 or width <= 0:
        return []
    if not quotes:
        return within([word("  no instrument", "dim")], width)
    headed = _headed(len(quotes), height)
    count = min(len(quotes), height - headed)
    chosen = max(0, min(view.ui.selected, len(quotes) - 1))
    first = max(0, min(chosen - count // 2, len(quotes) - count))
    shown = quotes[first : first + count]
    prices = [_price_texts(view, quote) for quote in shown]
    columns = _columns(view, width, max(9, *(len(one) for texts in prices for one in texts)))
    held = {position.state.instrument for position in view.snapshot.positions if position.state.quantity}
    lines = [_head(columns)] if headed else []
    quiet = _all_quiet(view)
    for number, (quote, texts) in enumerate(zip(shown, prices, strict=True), first):
        lines.append(_row(view, quote, texts, columns, number == chosen, quote.instrument in held, quiet))
    return within(lines, width)


def _price_texts(view: View, quote: Quote) -> tuple[str, str, str]:
    """Last, bid and ask as texts; nothing where unknown."""
    instrument = text.instrument_at(view.snapshot, quote.instrument)
    return (
        text.price(instrument, quote.last) if quote.last > 0 else text.NOTHING,
        text.price(instrument, quote.bid) if quote.bid > 0 else text.NOTHING,
        text.price(instrument, quote.ask) if quote.ask > 0 else text.NOTHING,
    )


def _columns(view: View, width: int, price: int) -> Columns:
    """Share out the width: symbol, last, change and age first, then trend, volume, book, and why no entry."""
    symbol = max([len(instrument.symbol) for instrument in view.snapshot.instruments], default=8)
    symbol = max(8, min(symbol, 24, max(8, width - price - 13)))
    room = width - 2 - symbol - price - 2
    change = 8 if room >= 8 else 0
    age = 9 if room >= change + 9 else 0
    room -= change + age
    volume = 12 if room >= 12 + _TREND else 0
    room -= volume
    book = price + 1 if room >= 2 * (price + 1) + _TREND and any(q.bid or q.ask for q in view.snapshot.quotes) else 0
    room -= 2 * book
    why = room - _MOST_TREND if room >= _MOST_TREND + 24 else 0
    trend = max(0, min(room - why - 3, _MOST_TREND))
    return Columns(symbol, price, change, book, volume, age, trend if trend >= 4 else 0, why)


def _head(columns: Columns) -> Line:
    """Names of the columns."""
    words = f"  {'SYMBOL':<{columns.symbol}}  {'LAST':>{columns.price}}"
    if columns.change:
        words += f"{'CHG %':>{columns.change}}"
    if columns.book:
        words += f"{'BID':>{columns.book}}{'ASK':>{columns.book}}"
    if columns.volume:
        words += f"{'VOLUME':>{columns.volume}}"
    if columns.age:
        words += f"{'AGE':>{columns.age - 2}}  "
    if columns.trend:
        words += f"   {'TREND':<{columns.trend}}"
    if columns.why:
        words += "  NO ENTRY BECAUSE"
    return ((words, "dim"),)


def _row(
    view: View, quote: Quote, prices: tuple[str, str, str], columns: Columns, chosen: bool, held: bool, quiet: bool
) -> Line:
    """One instrument."""
    symbol = text.instrument_at(view.snapshot, quote.instrument).symbol
    moved = quote.last - quote.day_open if quote.day_open > 0 and quote.last > 0 else 0
    style = "up" if moved > 0 else "down" if moved < 0 else ""
    mark: Span = (f"{view.glyphs.play} ", "accent") if chosen else ("  ", "")
    name = left(symbol, columns.symbol)
    line: list[Span] = [mark, (name, "select" if chosen else "bold" if held else "")]
    words = "  " + right(prices[0], columns.price)
    if columns.change:
        words += right(text.percent(moved, quote.day_open if quote.last > 0 else 0), columns.change)
    line.append((words, style))
    words = ""
    if columns.book:
        words = right(prices[1], columns.book) + right(prices[2], columns.book)
    if columns.volume:
        words += right(text.scaled(quote.day_volume) if quote.day_volume else text.NOTHING, columns.volume)
    if words:
        line.append((words, ""))
    if columns.age:
        line.extend(_age(view, quote, columns.age, quiet))
    if columns.trend:
        bars = text.spark(view.trends.get(quote.instrument, ()), columns.trend, view.glyphs)
        line.append((f"   {bars:<{columns.trend}}", style))
    if columns.why:
        objection = "(holding)" if held else quote.objection
        line.append((f"  {left(objection, columns.why - 2)}", "dim"))
    return tuple(line)


def limit_s(quote: Quote) -> float:
    """How long this instrument may say nothing before that means something, in seconds."""
    return max(_QUIET_S, _QUIET_GAPS * quote.median_gap_ms / 1000)


def _all_quiet(view: View) -> bool:
    """Whether the whole market is quiet: then one silent instrument is no sign of a broken feed."""
    came_ns = view.snapshot.pulse.came_ns
    return not came_ns or (view.now_ns - came_ns) / 1e9 > _QUIET_S


def _age(view: View, quote: Quote, width: int, quiet: bool) -> tuple[Span, ...]:
    """How long ago the last tick came, and the mark: well, quiet like all the others, or alone in its silence."""
    glyphs = view.glyphs
    if not quote.recv_ns:
        return ((right(f"never {glyphs.off}", width), "dim"),)
    age_s = (view.now_ns - quote.recv_ns) / 1e9
    replay = view.snapshot.replay
    words = right(text.age(age_s), width - 2)
    if replay and (replay.ended or not replay.playing):
        return ((f"{words} {glyphs.off}", "dim"),)
    if age_s <= limit_s(quote):
        return ((f"{words} ", "dim"), (glyphs.ok, "good"))
    if quiet:
        return ((f"{words} {glyphs.off}", "dim"),)
    return ((f"{words} {glyphs.bad}" if age_s > 10 * _QUIET_S else f"{words} {glyphs.warn}", "warn"),)
