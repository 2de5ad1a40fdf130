"""The table of instruments: last price, change, book, volume, age, freshness and trend. Draws only the visible rows. Pure."""

from msgspec import Struct

from engine import Quote
from engine.presentation import feeds
from engine.presentation import format as text
from engine.presentation.feeds import Fresh
from engine.presentation.lamps import is_held
from tui.panes.pane import Pane
from tui.text.glyphs import spark
from tui.text.rows import Line, Span, left, result_style, right
from tui.text.segments import within, word
from tui.view.model import View

_LONG_S = 30.0  # a price this old is marked as bad, not as late
_FEED = 7  # cells of the feed column: the longest word and a blank
_TREND = 12  # cells of trend before any other column is added
_MOST_TREND = 40


class TickColumns(Struct, frozen=True):
    """Which columns fit, by width in cells; 0 = left out."""

    symbol: int
    price: int
    change: int
    book: int
    volume: int
    age: int
    feed: int
    trend: int
    why: int


def note(view: View, height: int) -> Line:
    """What stands at the right end of the rule: which of how many is selected, and how many are shown of all."""
    count = len(view.snapshot.quotes)
    watched = view.snapshot.watched
    looked_at = sum(bool(each.watch_only) for each in view.snapshot.instruments)
    if looked_at and watched <= count and count <= height - _headed(count, height):
        return word(f"{looked_at:,} watch only", "dim")
    chosen = max(0, min(view.ui.selected, count - 1)) + 1
    all_seen = count <= height - _headed(count, height)
    if watched > count:
        return word(f"{'' if all_seen else f'row {chosen:,}, '}{count:,} of {watched:,} shown", "dim")
    return () if all_seen else word(f"{chosen:,} of {count:,}", "dim")


def _headed(count: int, height: int) -> bool:
    """Whether the names of the columns are worth a line."""
    return height > 2 or (height == 2 and count == 1)


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
    quiet = feeds.all_quiet(view.snapshot, view.now_ns)
    for number, (quote, texts) in enumerate(zip(shown, prices, strict=True), first):
        lines.append(_row(view, quote, texts, columns, number == chosen, quote.instrument in held, quiet))
    return within(lines, width)


def _price_texts(view: View, quote: Quote) -> tuple[str, str, str]:
    """Last, bid and ask as texts; nothing where unknown."""
    instrument = text.instrument_at(view.snapshot, quote.instrument)
    prices = (quote.last, quote.bid, quote.ask)
    last, bid, ask = (text.price(instrument, price) if price > 0 else text.NOTHING for price in prices)
    return last, bid, ask


def _columns(view: View, width: int, price: int) -> TickColumns:
    """Share out the width: symbol, last, change and age first, then trend, volume, book, and why no entry."""
    symbol = max([len(instrument.symbol) for instrument in view.snapshot.instruments], default=8)
    symbol = max(8, min(symbol, 24, max(8, width - price - 13)))
    room = width - 2 - symbol - price - 2
    change = 8 if room >= 8 else 0
    age = 9 if room >= change + 9 else 0
    room -= change + age
    feed = _FEED if view.snapshot.feed is not None and room >= _FEED and age else 0
    room -= feed
    volume = 12 if room >= 12 + _TREND else 0
    room -= volume
    book = price + 1 if room >= 2 * (price + 1) + _TREND and any(q.bid or q.ask for q in view.snapshot.quotes) else 0
    room -= 2 * book
    why = room - _MOST_TREND if room >= _MOST_TREND + 24 else 0
    trend = max(0, min(room - why - 3, _MOST_TREND))
    return TickColumns(symbol, price, change, book, volume, age, feed, trend if trend >= 4 else 0, why)


def _head(columns: TickColumns) -> Line:
    """Names of the columns."""
    words = f"  {'SYMBOL':<{columns.symbol}}  {'LAST':>{columns.price}}{right('CHG %', columns.change)}"
    words += right("BID", columns.book) + right("ASK", columns.book) + right("VOLUME", columns.volume)
    words += right("AGE  ", columns.age) + left(" FEED", columns.feed)
    if columns.trend:
        words += f"   {'TREND':<{columns.trend}}"
    return ((f"{words}  NO ENTRY BECAUSE" if columns.why else words, "dim"),)


def _row(
    view: View, quote: Quote, prices: tuple[str, str, str], columns: TickColumns, chosen: bool, held: bool, quiet: bool
) -> Line:
    """One instrument."""
    instrument = text.instrument_at(view.snapshot, quote.instrument)
    moved = quote.last - quote.day_open if quote.day_open > 0 and quote.last > 0 else 0
    style = result_style(moved)
    mark: Span = (f"{view.glyphs.play} ", "accent") if chosen else ("  ", "")
    name = left(instrument.symbol, columns.symbol)
    plain = "dim" if instrument.watch_only else ""
    line: list[Span] = [mark, (name, "select" if chosen else "bold" if held else plain)]
    change = text.percent(moved, quote.day_open if quote.last > 0 else 0)
    line.append((f"  {right(prices[0], columns.price)}{right(change, columns.change)}", style))
    volume = text.scaled(quote.day_volume // instrument.quantity_scale) if quote.day_volume else text.NOTHING
    words = right(prices[1], columns.book) + right(prices[2], columns.book) + right(volume, columns.volume)
    if words:
        line.append((words, ""))
    if columns.age:
        line.extend(_age(view, quote, columns, quiet))
    if columns.trend:
        bars = spark(view.trends.get(quote.instrument, ()), columns.trend, view.glyphs)
        line.append((f"   {bars:<{columns.trend}}", style))
    if columns.why:
        objection = "(holding)" if held else "watch only" if instrument.watch_only else quote.objection
        line.append((f"  {left(objection, columns.why - 2)}", "dim"))
    return tuple(line)


def _age(view: View, quote: Quote, columns: TickColumns, quiet: bool) -> tuple[Span, ...]:
    """How long ago the last tick came, its mark, and over a live link the word for what that means."""
    age_s = (view.now_ns - quote.recv_ns) / 1e9
    words = right(text.age(age_s) if quote.recv_ns else "never", columns.age - 2)
    fresh = _fresh(view, quote, age_s, quiet)
    mark, style = _mark(view, fresh, age_s)
    if view.snapshot.feed is not None:
        spelt: tuple[Span, ...] = ((f" {fresh:<{columns.feed - 1}}", style),) if columns.feed else ()
        return ((f"{words} ", "dim" if style in {"good", "dim"} else style), (mark, style), *spelt)
    return ((f"{words} ", "dim"), (mark, style)) if style == "good" else ((f"{words} {mark}", style),)


def _fresh(view: View, quote: Quote, age_s: float, quiet: bool) -> Fresh:
    """How far the price can be trusted; where ticks are played or generated: well, quiet like all others, or alone in it."""
    seen = view.snapshot
    if seen.feed is not None:
        return feeds.fresh(quote, seen, view.now_ns)
    if not quote.recv_ns or is_held(seen):
        return "CLOSED"
    if age_s <= feeds.allowed_s(quote, seen):
        return "LIVE"
    return "QUIET" if quiet else "STALE"


def _mark(view: View, fresh: Fresh, age_s: float) -> Span:
    """The mark for how far a price can be trusted."""
    glyphs = view.glyphs
    if fresh == "LIVE":
        return glyphs.ok, "good"
    if fresh in {"QUIET", "CLOSED"}:
        return glyphs.off, "dim"
    return (glyphs.bad if fresh == "STALE" and age_s > _LONG_S else glyphs.warn), "warn"


PANE = Pane(
    name="ticks",
    label="TICKS",
    rows=rows,
    note=note,
    wanted=lambda view, _width, _room: 1 + max(1, len(view.snapshot.quotes)),
    margin="right",  # a mark of its own stands before each row
    live=True,
)
