"""The table of instruments: last price, what is held and wins, change, book, volume, age, freshness and trend. Draws only the visible rows. Pure."""

from decimal import Decimal

from msgspec import Struct
from rich.cells import cell_len

from engine import Instrument, Quote
from engine.presentation import change, feeds
from engine.presentation import format as text
from engine.presentation.feeds import Fresh
from engine.presentation.lamps import is_held
from tui.panes.pane import Pane, PaneKey, filter_words, scrolled
from tui.text.glyphs import spark
from tui.text.rows import Line, Span, left, result_style, right
from tui.text.segments import within, word
from tui.text.spelling import middled, spelled
from tui.view import listing, one_position
from tui.view.model import View

_LONG_S = 30.0  # a price this old is marked as bad, not as late
# Cells of columns, the blank before each among them but for symbol, price, result and position, which grow.
_HEAD = "SYMBOL"
_SYMBOL, _MOST_SYMBOL = 14, 24  # a symbol keeps the one as long as it can, and has the other where there is room
_PRICE, _RESULT, _POSITION = 9, 9, 4
_CHANGE, _AGE, _VOLUME = 8, 9, 12
_FEED = 7  # the longest word and a blank
_TREND = 12  # cells of trend before any other column is added
_MOST_TREND = 40


class TickColumns(Struct, frozen=True):
    """Which columns fit, by width in cells; 0 = left out."""

    symbol: int
    price: int
    result: int
    position: int
    change: int
    book: int
    volume: int
    age: int
    feed: int
    trend: int
    why: int


class TickRow(Struct, frozen=True):
    """What is written of one instrument, but for its age and trend."""

    quote: Quote
    instrument: Instrument
    last: str
    bid: str
    ask: str
    result: str = ""  # of what is held of it
    position: str = ""
    won: Decimal = Decimal(0)

    @property
    def held(self) -> bool:
        """Whether there is a position in it."""
        return bool(self.position)


def title(view: View) -> str:
    """Title of the pane, with the order and the filter where there are any."""
    order = listing.order_of(view.ui.order)
    by = f" by {order.column} {'falling' if order.falling else 'rising'}" if order.column else ""
    return f"TICKS{by}{filter_words(view, PANE.name)}{_since(view)}"


def _since(view: View) -> str:
    """From when the changes with a `*` are counted, where the close of the day before is not known."""
    zone = view.snapshot.session.zone
    words = {change.since(quote, zone) for quote in view.listed} - {""}
    return f"  * {words.pop() if len(words) == 1 else 'since its first price'}" if words else ""


def note(view: View, height: int) -> Line:
    """What stands at the right end of the rule: which of how many is selected, and how many are shown of all."""
    shown, count = view.listed, len(view.snapshot.quotes)
    watched = max(view.snapshot.watched, count)
    all_seen = len(shown) <= height - _headed(len(shown), height)
    chosen = next((n for n, quote in enumerate(shown, 1) if quote is view.selected), 0)
    row = "" if all_seen else f"row {chosen:,}, "
    if view.ui.filters.get(PANE.name):
        return word(f"{row}{len(shown):,} of {watched:,}", "warn")
    if watched > count:
        return word(f"{row}{count:,} of {watched:,} shown", "dim")
    if not all_seen:
        return word(f"{chosen:,} of {count:,}", "dim")
    looked_at = sum(bool(each.watch_only and not each.removed) for each in view.snapshot.instruments)
    return word(f"{looked_at:,} watch only", "dim") if looked_at else ()


def _headed(count: int, height: int) -> bool:
    """Whether the names of the columns are worth a line."""
    return height > 2 or (height == 2 and count == 1)


def rows(view: View, width: int, height: int) -> list[Line]:
    """The table from where it was scrolled to, the selected instrument in sight; without its head where only two lines are left."""
    quotes = view.listed
    if height <= 0 or width <= 0:
        return []
    if not quotes:
        wanted = view.ui.filters.get(PANE.name, "")
        told = f"  no instrument has {spelled(wanted, view.glyphs)} in it: esc clears" if wanted else "  no instrument"
        return within([word(told, "dim")], width)
    headed = _headed(len(quotes), height)
    count = min(len(quotes), height - headed)
    selected = view.selected
    place = next((n for n, quote in enumerate(quotes) if quote is selected), 0)
    first = scrolled(view, PANE.name, place, count, len(quotes))
    shown = [_row_of(view, quote) for quote in quotes[first : first + count]]
    names = middled(
        tuple(text.instrument_at(view.snapshot, quote.instrument).symbol for quote in quotes), 99, view.glyphs
    )
    columns = _columns(view, width, shown, max(len(_HEAD), *map(cell_len, names.values())))
    names = middled(tuple(names), columns.symbol, view.glyphs)
    quiet = feeds.all_quiet(view.snapshot, view.now_ns)
    lines = [_head(columns)] if headed else []
    lines += [_line(view, row, names[row.instrument.symbol], columns, row.quote is selected, quiet) for row in shown]
    return within(lines, width)


def _row_of(view: View, quote: Quote) -> TickRow:
    """The texts of one instrument; a dash where a price is unknown, nothing where none is held."""
    seen = view.snapshot
    instrument = text.instrument_at(seen, quote.instrument)
    last, bid, ask = (
        text.price(instrument, price) if price > 0 else text.NOTHING for price in (quote.last, quote.bid, quote.ask)
    )
    held = next((each for each in seen.positions if each.state.instrument == quote.instrument), None)
    if held is None or not held.state.quantity:
        return TickRow(quote, instrument, last, bid, ask)
    result = text.money(held.open_pnl, seen.session.zone, sign=True)
    return TickRow(
        quote, instrument, last, bid, ask, result, text.quantity(instrument, held.state.quantity), held.open_pnl
    )


def _columns(view: View, width: int, shown: list[TickRow], longest: int) -> TickColumns:
    """Share out the width: symbol, last, result and position first, then change, age, feed, trend, volume, book, and why no entry.

    A symbol gives way before any of the first does, and then has what they leave.
    """
    price = max(_PRICE, *(len(each) for row in shown for each in (row.last, row.bid, row.ask)))
    least = max(1, min(longest, _SYMBOL, width - price - 4))
    room = width - 2 - least - price - 2

    def take(cells: int, spare: int = 0) -> int:
        nonlocal room
        taken = cells if room >= cells + spare else 0
        room -= taken
        return taken

    traded = bool(view.snapshot.positions or view.snapshot.entries.today)
    result = take(1 + max(_RESULT, *(len(row.result) for row in shown))) if traded else 0
    age = take(_AGE)  # a price that is old must not look like one that is not
    position = take(1 + max(_POSITION, *(len(row.position) for row in shown))) if traded else 0
    change = take(_CHANGE)
    symbol = least + take(max(0, min(longest, _MOST_SYMBOL) - least))
    if symbol == least:
        symbol += take(max(0, min(room, min(longest, _MOST_SYMBOL) - least)))
    feed = take(_FEED) if view.snapshot.feed is not None and age else 0
    volume = take(_VOLUME)
    books = any(quote.bid or quote.ask for quote in view.snapshot.quotes)
    book = take(2 * (price + 1), _TREND) // 2 if books else 0
    why = take(room - _MOST_TREND) if room >= _MOST_TREND + 24 else 0
    trend = max(0, min(room - 3, _MOST_TREND))
    return TickColumns(
        symbol, price, result, position, change, book, volume, age, feed, trend if trend >= 4 else 0, why
    )


def _head(columns: TickColumns) -> Line:
    """Names of the columns."""
    words = f"  {left(_HEAD, columns.symbol)}  {right('LAST', columns.price)}"
    words += right("P&L", columns.result) + right("QTY", columns.position) + right("CHG %", columns.change)
    words += right("BID", columns.book) + right("ASK", columns.book) + right("VOLUME", columns.volume)
    words += right("AGE  ", columns.age) + left(" FEED", columns.feed)
    if columns.trend:
        words += f"   {'TREND':<{columns.trend}}"
    return ((f"{words}  NO ENTRY BECAUSE" if columns.why else words, "dim"),)


def _line(view: View, row: TickRow, name: str, columns: TickColumns, chosen: bool, quiet: bool) -> Line:
    """One instrument."""
    quote, instrument, glyphs = row.quote, row.instrument, view.glyphs
    moved = change.change(quote)
    style = result_style(moved or 0.0)
    barred = one_position.is_barred(view.snapshot, quote.instrument)
    mark: Span = (glyphs.held, "warn" if barred else "good") if row.held else (glyphs.pause if barred else " ", "warn")
    marks: list[Span] = [(glyphs.play if chosen else " ", "accent"), mark]
    plain = "dim" if instrument.watch_only else ""
    line: list[Span] = [*marks, (left(name, columns.symbol), "select" if chosen else "bold" if row.held else plain)]
    line.append((f"  {right(row.last, columns.price)}", style))
    if columns.result:
        line.append((right(row.result, columns.result), result_style(row.won)))
        line.append((right(row.position, columns.position), "bold"))
    told = text.NOTHING if moved is None else text.percent(moved, 1.0) + ("" if quote.close else "*")
    line.append((right(told, columns.change), style))
    volume = text.scaled(quote.day_volume // instrument.quantity_scale) if quote.day_volume else text.NOTHING
    words = right(row.bid, columns.book) + right(row.ask, columns.book) + right(volume, columns.volume)
    if words:
        line.append((words, ""))
    if columns.age:
        line.extend(_age(view, quote, columns, quiet))
    if columns.trend:
        bars = spark(view.trends.get(quote.instrument, ()), columns.trend, glyphs)
        line.append((f"   {bars:<{columns.trend}}", style))
    if columns.why:
        why = "barred: enter n lifts it" if barred else _why(row)
        line.append((f"  {left(why, columns.why - 2)}", "dim"))
    return tuple(line)


def _why(row: TickRow) -> str:
    """Why nothing is entered there."""
    if row.held:
        return "(holding)"
    if not row.quote.recv_ns:
        return "waiting for first tick"
    return "watch only" if row.instrument.watch_only else row.quote.objection


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


def _sort(view: View) -> str:
    view.ui.order = (view.ui.order + 1) % len(listing.ORDERS)
    order = listing.order_of(view.ui.order)
    if not order.column:
        return "sorted as they come, held ones first"
    return f"sorted by {order.column}, {'falling' if order.falling else 'rising'}; held ones first"


PANE = Pane(
    name="ticks",
    label="TICKS",
    rows=rows,
    title=title,
    filtered=True,
    keys=(PaneKey("S", "sort", "sort the table: symbol, change, P&L, volume, age; rising or falling", _sort),),
    note=note,
    wanted=lambda view, _width, _room: 1 + max(1, len(view.snapshot.quotes)),
    margin="right",  # a mark of its own stands before each row
    live=True,
)
