"""The positions pane: open positions with result, stop and target, and the result of the day. Pure."""

from decimal import Decimal

from rich.cells import cell_len

from engine import DayStatistics, Instrument, OpenPosition, PositionState, Snapshot
from engine.presentation import change, charges, feeds
from engine.presentation import format as text
from tui.panes import trades
from tui.panes.pane import Pane, filter_words, scrolled, select_instrument
from tui.text.glyphs import spark
from tui.text.rows import Line, Span, ends, left, result_style, right, width_of
from tui.text.segments import Segment, assemble, segment, within, word
from tui.text.spelling import middled, shortened, spelled
from tui.view import one_position
from tui.view.listing import matches, symbol_of
from tui.view.model import View

_WIDEST = 56  # cells; further apart, a number is hard to follow from its name
_TRADES_FROM = 4  # rows that must be free for the newest trades to be shown below
_FEW = 9  # lines: six of a position, three of the account
_MONEY = 12  # cells of a sum of money where none is longer
_SYMBOL = "SYMBOL"
_SHORT = 14  # cells of a symbol where a line has no room for the whole


def title(view: View) -> str:
    """Title of the pane; of several positions their number and what they would win together, whatever the filter leaves."""
    held = _every(view)
    unkept = f"  {text.not_kept(view.snapshot)}".rstrip() if held else ""
    wanted = filter_words(view, PANE.name)
    if len(held) < 2:
        return f"POSITION{wanted}{unkept}"
    together = text.money(_open_pnl(held), view.snapshot.session.zone, sign=True)
    return f"POSITIONS {len(held):,}  open {together}{wanted}{unkept}"


def note(view: View, _height: int) -> Line:
    """How many of the positions the filter leaves, where there is one; else what costs are by, and where orders are filled."""
    if not view.ui.filters.get(PANE.name):
        account = view.snapshot.account
        model = "%" if account.charged_by == "percent" else "note"
        filled = charges.fills_text(account.fill, account.fills_at_touch, account.fills_at_last)
        return word(f"costs {model}, fills {filled}", "dim") if account.charged_by else ()
    return word(f"{len(_held(view)):,} of {len(_every(view)):,}", "warn")


def _open_pnl(held: list[OpenPosition]) -> Decimal:
    """What the positions would win together."""
    return sum((position.open_pnl for position in held), Decimal(0))


def _every(view: View) -> list[OpenPosition]:
    """All open positions."""
    return [position for position in view.snapshot.positions if position.state.quantity]


def _held(view: View) -> list[OpenPosition]:
    """The open positions that the filter leaves, by the order of their instruments."""
    held, wanted = _every(view), view.ui.filters.get(PANE.name, "")
    if not wanted:
        return held
    return [each for each in held if matches(symbol_of(view.snapshot, each.state.instrument), wanted)]


def chosen(view: View) -> OpenPosition | None:
    """The position that the keys of the pane mean: that in the selected instrument, else the first; None where none is shown."""
    held, quote = _held(view), view.selected
    at = (each for each in held if quote is not None and each.state.instrument == quote.instrument)
    return next(at, held[0] if held else None)


def _move(view: View, by: int) -> None:
    """Select the position `by` lines further down, and with it its instrument; where none is held, as in the table."""
    held, position = _held(view), chosen(view)
    if position is None:
        select_instrument(view, by)
    else:
        place = max(0, min(len(held) - 1, held.index(position) + by))
        view.ui.selected = held[place].state.instrument


def wanted(view: View, _width: int, _room: int) -> int:
    """How many lines the pane needs: of several positions a line each under a head, beside the one that is shown in full."""
    count = len(_every(view))
    return _FEW + has_past(view.snapshot) + (count + 1 if count > 1 else 0)


def rows(view: View, width: int, height: int) -> list[Line]:
    """The chosen position, all of them in a line each where there are several, and the account.

    Where there is little room the account's lines go first, then what is said of the chosen one, then the head. Where
    not even a line each is left they are scrolled with the selection, and those out of sight are counted.
    """
    if height <= 0 or width <= 0:
        return []
    wide, width = width, min(width, _WIDEST)
    held, position = _held(view), chosen(view)
    account = _account(view, width)
    full = _position(view, position, width) if position else _nothing(view, width)
    several: list[Line] = []
    if position is not None and len(held) > 1:
        several = _table(view, held, position, width, min(height, len(held) + 1))
        full = full if len(full) + len(several) <= height else []
    room = height - len(full) - len(several)
    gap: list[Line] = [()] if room > len(account) else []
    lines = within([*full, *several, *gap, *account][:height], width)
    free = height - len(lines) - 1
    if free >= _TRADES_FROM and view.snapshot.trades:
        lines.extend([(), *trades.newest(view, wide, free)])
    return lines


def _nothing(view: View, width: int) -> list[Line]:
    """That nothing is held, and why the selected instrument is not entered; or that the filter leaves nothing."""
    if wanted := view.ui.filters.get(PANE.name) if _every(view) else "":
        return [word(f"no position has {spelled(wanted, view.glyphs)} in it: esc clears", "dim")]
    quote = view.selected
    lines: list[Line] = [word("no open position", "dim")]
    if quote and one_position.is_barred(view.snapshot, quote.instrument):
        lines.append(word("no new entries here: enter n lifts it", "warn"))
    elif quote and quote.objection:
        lines.append((("no entry: ", "dim"), (shortened(quote.objection, width - 10, view.glyphs), "")))
    return lines


def _position(view: View, position: OpenPosition, width: int) -> list[Line]:
    """One position in five lines: what, result, and its three levels."""
    shot = view.snapshot
    state = position.state
    instrument = text.instrument_at(shot, state.instrument)
    held_s = max(0, shot.market_ms - state.entry_ms) / 1000
    barred = ("no new entries", "barred") if one_position.is_barred(shot, state.instrument) else ()
    segments = [
        segment(1, word(instrument.symbol, "bold")),
        segment(0, word(text.side(instrument, state.quantity), "up" if state.quantity > 0 else "down")),
        segment(2, word(text.age(held_s), "dim"), at_end=True),
        segment(0, word(text.not_kept(shot), "warn")),
        segment(1, *(word(words, "warn") for words in barred)),
    ]
    last = text.price(instrument, position.last) if position.last > 0 else text.NOTHING
    share = one_position.percent(position, instrument)
    result: Line = ((text.money(position.open_pnl, shot.session.zone, sign=True), result_style(position.open_pnl)),)
    levels = (state.entry_price, max(0, state.stop), state.trail_stop or 0, position.next_target or 0)
    size = max(9, len(last), *(len(text.price(instrument, level)) for level in levels)) + 1
    priced = _last(view, position, last)
    entry: Line = (("entry  ", "dim"), (right(text.price(instrument, state.entry_price), size), ""))
    return [
        assemble(segments, width),
        ends(entry, priced, width),
        ends((("open P&L", "dim"), (f"  {share} %", result_style(position.open_pnl))), result, width),
        *_levels(view, position, width, size),
    ]


def _acting(state: PositionState, level: int, instrument: Instrument) -> int | None:
    """`level`, where a price can come to it: none is below one tick, where none is negative."""
    return (
        level
        if instrument.lowest_price <= 0 or level >= instrument.tick_size or (level and state.quantity < 0)
        else None
    )


def _last(view: View, position: OpenPosition, last: str) -> Line:
    """The last price; over a live link with its age and a word where no stop should be trusted to it."""
    seen = view.snapshot
    quote = next((each for each in seen.quotes if each.instrument == position.state.instrument), None)
    if seen.feed is not None and quote is not None and quote.recv_ns:
        fresh = feeds.fresh(quote, seen, view.now_ns)
        if fresh not in {"LIVE", "CLOSED"}:
            return ((f" {fresh} {text.age((view.now_ns - quote.recv_ns) / 1e9)} ", "warn"), (last, "bold"))
    return ((" last  ", "dim"), (last, "bold"))


def _levels(view: View, position: OpenPosition, width: int, size: int) -> list[Line]:
    """Stop, trail and next target, each with its distance from the last price in points and percent."""
    state = position.state
    instrument = text.instrument_at(view.snapshot, state.instrument)
    lines: list[Line] = []
    for name, level, style in (
        ("stop", _acting(state, state.stop, instrument), "stop"),
        ("trail", _acting(state, state.trail_stop or 0, instrument), "stop"),
        ("target", position.next_target, "good"),
    ):
        if level is None:
            off = "all taken" if name == "target" else "no stop" if name == "stop" else "not active"
            lines.append(((f"{name:<7}", "dim"), (right(off, max(size, len(off))), "dim")))
            continue
        head: tuple[Span, Span] = ((f"{name:<7}", "dim"), (right(text.price(instrument, level), size), style))
        distance = level - position.last
        if position.last <= 0:
            lines.append(head)
            continue
        away = word(f" {text.points(instrument, distance):>9}")
        share = word(f" {text.percent(distance, position.last)} %")
        fits = width_of((*head, *away, *share)) <= width
        lines.append(ends((*head, *away) if fits else head, share, width))
    return lines


def _table(view: View, held: list[OpenPosition], selected: OpenPosition, width: int, height: int) -> list[Line]:
    """A line for each position in at most `height`, with a head where there is room for it; those out of sight are counted."""
    headed, whole = height > len(held), height >= len(held)
    count = len(held) if whole else max(1, height - 1)
    first = scrolled(view, PANE.name, held.index(selected), count, len(held))
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
        hidden, together = len(held) - count, text.money(_open_pnl(held), zone, sign=True)
        lines.append(word(f"  +{hidden:,} more, all {together}", "warn"))
    return lines


def _cells(view: View, position: OpenPosition) -> tuple[str, str, str, str]:
    """Quantity, entry, nearest stop and result of a position in a line."""
    state = position.state
    instrument = text.instrument_at(view.snapshot, state.instrument)
    stop = _nearest_stop(state, instrument)
    return (
        text.quantity(instrument, state.quantity),
        text.price(instrument, state.entry_price),
        text.price(instrument, stop) if stop else text.NOTHING,
        text.money(position.open_pnl, view.snapshot.session.zone, sign=True),
    )


def _nearest_stop(state: PositionState, instrument: Instrument) -> int:
    """The stop that a price comes to first; 0 where there is none."""
    stop = max(state.stop, state.trail_stop or 0) if state.quantity > 0 else state.stop
    return _acting(state, stop, instrument) or 0


def has_past(seen: Snapshot) -> bool:
    """Whether the account has days before the one that is shown."""
    account = seen.account
    return bool(account.total.date) and account.total.date != account.day.date


def _profit_factor(of: DayStatistics) -> str:
    """What was won for each unit lost: `1.62`; nothing while nothing was lost."""
    return text.NOTHING if of.profit_factor is None else f"{of.profit_factor:.2f}"


def _won(of: DayStatistics) -> Segment:
    """How many of the positions that have ended were won; exits are others, and counted apart."""
    return segment(0, (("won ", "dim"), (f"{of.won:,} of {of.positions:,}", "")))


def _fell(of: DayStatistics, zone: str) -> Segment:
    fell = text.money(of.drawdown, zone)
    return segment(2, *(((name, "dim"), (fell, "")) for name in ("drawdown ", "DD ")))


def _account(view: View, width: int) -> list[Line]:
    """The day: its result with its spark, realised and costs, and the counts; where there were others, all days together."""
    account, zone = view.snapshot.account, view.snapshot.session.zone
    today, total = account.day, account.total
    day_pnl, won = (text.money(value, zone, sign=True) for value in (account.day_pnl, today.net))
    size = max(_MONEY, len(day_pnl), len(won))
    day: Span = (right(day_pnl, size), result_style(account.day_pnl))
    name = f"{change.another_day(view.snapshot) or 'day'} P&L "
    room = width - len(name) - size - 2
    bars = spark(view.pnl_trend, room, view.glyphs) if room >= 4 else ""
    realised: Span = (right(won, size), result_style(today.net))
    counts = [
        _won(today),
        segment(1, (("exits ", "dim"), (f"{today.exits:,}", ""))),
        segment(3, (("PF ", "dim"), (_profit_factor(today), ""))),
        _fell(today, zone),
    ]
    lines: list[Line] = [
        ((name, "dim"), day, ("  ", ""), (bars, result_style(account.day_pnl))),
        ends((("realised", "dim"), realised), ((" costs  ", "dim"), (text.money(today.costs, zone), "")), width),
        assemble(counts, width),
    ]
    if has_past(view.snapshot):
        net: Span = (text.money(total.net, zone, sign=True), result_style(total.net))
        begun = segment(0, (("since ", "dim"), (text.date(total.date), "dim")))
        since = [
            begun,
            segment(0, (net,)),
            _won(total),
            segment(3, (("PF ", "dim"), (_profit_factor(total), ""))),
            _fell(total, zone),
        ]
        lines.append(assemble(since, width))
    return lines


def line(view: View, width: int) -> Line:
    """The collapsed form: one line."""
    return lines(view, width, 1)[0]


def lines(view: View, width: int, most: int) -> list[Line]:
    """The collapsed form: a line for each position, at most so many; the last one counts those out of sight; where it is the only one with the sum of all."""
    held, position = _held(view), chosen(view)
    if position is None:
        return [_idle(view, width)]
    count = min(len(held), most)
    first = scrolled(view, f"{PANE.name} in lines", held.index(position), count, len(held))
    hidden = len(held) - count
    together: Segment = segment(1)
    if hidden:
        total, more = _open_pnl(held), f"+{hidden:,} more"
        sum_of: Span = (text.money(total, view.snapshot.session.zone, sign=True), result_style(total))
        summed: Line = ((f"{more}, all ", "warn"), sum_of) if most == 1 else ()  # else the title has it
        together = segment(1, summed, word(more, "warn"))
    shown = held[first : first + count]
    last = shown[-1]
    return [_collapsed(view, each, width, together if each is last else segment(1), several=most > 1) for each in shown]


def _idle(view: View, width: int) -> Line:
    """That nothing is held, and what the day has brought."""
    today, zone = view.snapshot.account.day, view.snapshot.session.zone
    counts = f"won {today.won:,} of {today.positions:,}  exits {today.exits:,}  PF {_profit_factor(today)}"
    money = (("realised ", "dim"), (text.money(today.net, zone, sign=True), result_style(today.net)))
    none = segment(0, *([line[:1] for line in _nothing(view, width)[:1]]))
    return assemble([none, segment(1, money), segment(2, word(counts, "dim"))], width)


def _collapsed(view: View, position: OpenPosition, width: int, together: Segment, *, several: bool) -> Line:
    """One position in a line; among several its name is worth more than its levels."""
    state, zone = position.state, view.snapshot.session.zone
    instrument = text.instrument_at(view.snapshot, state.instrument)
    stop = _nearest_stop(state, instrument)
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
    return assemble([*segments, together], width)


PANE = Pane(
    "positions",
    "POSITION",
    rows,
    title=title,
    note=note,
    wanted=wanted,
    must=lambda view: wanted(view, 0, 0) if len(_every(view)) > 1 else 0,
    least=6,
    line=line,
    values=True,
    lines=lines,
    line_count=lambda view: max(1, len(_held(view))),
    move=_move,
    filtered=True,
)
