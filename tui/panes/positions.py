"""The positions pane: open positions with result, stop and target, and the result of the day. Pure."""

from decimal import Decimal

from engine import DayStatistics, Instrument, OpenPosition, PositionState, Snapshot
from engine.presentation import feeds
from engine.presentation import format as text
from tui.panes import trades
from tui.panes.pane import Pane
from tui.text.glyphs import spark
from tui.text.rows import Line, Span, ends, result_style, right, width_of
from tui.text.segments import Segment, assemble, segment, within, word
from tui.view.model import View

_WIDEST = 56  # cells; further apart, a number is hard to follow from its name
_TRADES_FROM = 4  # rows that must be free for the newest trades to be shown below
_FEW = 9  # lines: six of a position, three of the account
_MONEY = 12  # cells of a sum of money where none is longer
_MOST_OTHERS = 3  # further positions that the pane grows by


def title(view: View) -> str:
    """Title of the pane; of several positions their number and what they would win together."""
    held = [position for position in view.snapshot.positions if position.state.quantity]
    unkept = f"  {text.not_kept(view.snapshot)}".rstrip() if held else ""
    if len(held) < 2:
        return f"POSITION{unkept}"
    return f"POSITIONS {len(held):,}  open {text.money(_open_pnl(held), view.snapshot.session.zone, sign=True)}{unkept}"


def _open_pnl(held: list[OpenPosition]) -> Decimal:
    """What the positions would win together."""
    return sum((position.open_pnl for position in held), Decimal(0))


def wanted(view: View, _width: int, _room: int) -> int:
    """How many lines the pane needs."""
    since = has_past(view.snapshot)
    return _FEW + since + max(0, min(_MOST_OTHERS, len(view.snapshot.positions) - 1))


def rows(view: View, width: int, height: int) -> list[Line]:
    """The position in the selected instrument (else the first), the others in a line each, and the account.

    Where there is little room the account's lines go first, then the other positions but for their count; those that
    stay are the ones around the selected one, so that the selection scrolls them.
    """
    if height <= 0 or width <= 0:
        return []
    wide, width = width, min(width, _WIDEST)
    shown = _ordered(view)
    held = _position(view, shown[0], width) if shown else _no_position(view)
    others = [_other(view, position, width) for position in shown[1:]]
    account = _account(view, width)
    if others:
        held = held[: max(1, height - 1)]
    room = max(1 if others else 0, height - len(held) - len(account))
    if len(others) > room:
        kept = max(0, room - 1)
        chosen = shown[0].state.instrument
        place = sum(1 for position in view.snapshot.positions if position.state.instrument < chosen)
        first = max(0, min(place - kept // 2, len(others) - kept))
        others = [*others[first : first + kept], word(f"+{len(others) - kept} more", "warn")][:room]
    gap: list[Line] = [()] if len(others) < room else []
    lines = within([*held, *others, *gap, *account][:height], width)
    free = height - len(lines) - 1
    if free >= _TRADES_FROM and view.snapshot.trades:
        lines.extend([(), *trades.newest(view, wide, free)])
    return lines


def _ordered(view: View) -> list[OpenPosition]:
    """Open positions, that of the selected instrument first."""
    quote = view.selected
    chosen = quote.instrument if quote else -1
    held = [position for position in view.snapshot.positions if position.state.quantity]
    return sorted(held, key=lambda position: position.state.instrument != chosen)


def _no_position(view: View) -> list[Line]:
    """That nothing is held, and why the selected instrument is not entered."""
    quote = view.selected
    lines: list[Line] = [word("no open position", "dim")]
    if quote and quote.objection:
        lines.append((("no entry: ", "dim"), (quote.objection, "")))
    return lines


def _position(view: View, position: OpenPosition, width: int) -> list[Line]:
    """One position in five lines: what, result, and its three levels."""
    shot = view.snapshot
    state = position.state
    instrument = text.instrument_at(shot, state.instrument)
    held_s = max(0, shot.market_ms - state.entry_ms) / 1000
    segments = [
        segment(1, word(instrument.symbol, "bold")),
        segment(0, word(text.side(instrument, state.quantity), "up" if state.quantity > 0 else "down")),
        segment(2, word(text.age(held_s), "dim"), at_end=True),
        segment(0, word(text.not_kept(shot), "warn")),
    ]
    moved = position.last - state.entry_price
    if state.quantity < 0:
        moved = -moved
    last = text.price(instrument, position.last) if position.last > 0 else text.NOTHING
    share = text.percent(moved, state.entry_price if position.last > 0 else 0)
    result: Line = ((text.money(position.open_pnl, shot.session.zone, sign=True), result_style(position.open_pnl)),)
    levels = (state.entry_price, max(0, state.stop), state.trail_stop or 0, position.next_target or 0)
    size = max(9, len(last), *(len(text.price(instrument, level)) for level in levels)) + 1
    priced = _last(view, position, last)
    entry: Line = (("entry  ", "dim"), (right(text.price(instrument, state.entry_price), size), ""))
    return [
        assemble(segments, width),
        ends(entry, priced, width),
        ends((("open P&L", "dim"), (f"  {share} %", result_style(moved))), result, width),
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


def _other(view: View, position: OpenPosition, width: int) -> Line:
    """A further position in one line."""
    state = position.state
    instrument = text.instrument_at(view.snapshot, state.instrument)
    result = text.money(position.open_pnl, view.snapshot.session.zone, sign=True)
    unkept = text.not_kept(view.snapshot)
    named = (f"{instrument.symbol} ", "")
    start: Line = (*word(unkept and f"{unkept} ", "warn"), named, (text.side(instrument, state.quantity), "bold"))
    price = text.price(instrument, state.entry_price)
    return ends((*start, (f" @{price}", "dim")), ((f" {result}", result_style(position.open_pnl)),), width)


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
    room = width - 8 - size - 2
    bars = spark(view.pnl_trend, room, view.glyphs) if room >= 4 else ""
    realised: Span = (right(won, size), result_style(today.net))
    counts = [
        _won(today),
        segment(1, (("exits ", "dim"), (f"{today.exits:,}", ""))),
        segment(3, (("PF ", "dim"), (_profit_factor(today), ""))),
        _fell(today, zone),
    ]
    lines: list[Line] = [
        (("day P&L ", "dim"), day, ("  ", ""), (bars, result_style(account.day_pnl))),
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
    zone = view.snapshot.session.zone
    shown = _ordered(view)
    if not shown:
        today = view.snapshot.account.day
        counts = f"won {today.won:,} of {today.positions:,}  exits {today.exits:,}  PF {_profit_factor(today)}"
        money = (("realised ", "dim"), (text.money(today.net, zone, sign=True), result_style(today.net)))
        none = segment(0, word("no open position", "dim"))
        return assemble([none, segment(1, money), segment(2, word(counts, "dim"))], width)
    position = shown[0]
    state = position.state
    instrument = text.instrument_at(view.snapshot, state.instrument)
    result = word(text.money(position.open_pnl, zone, sign=True), result_style(position.open_pnl))
    stop = max(state.stop, state.trail_stop or 0) if state.quantity > 0 else state.stop
    stop = _acting(state, stop, instrument) or 0
    segments = [
        segment(3, word(instrument.symbol, "bold")),
        segment(0, word(text.side(instrument, state.quantity), "bold")),
        segment(0, word(text.not_kept(view.snapshot), "warn")),
        segment(5, word(f"@{text.price(instrument, state.entry_price)}", "dim")),
        segment(1, result),
        segment(2, (("stop ", "dim"), (text.price(instrument, stop), "stop")) if stop else (("no stop", "warn"),)),
    ]
    if position.next_target is not None:
        segments.append(segment(4, (("target ", "dim"), (text.price(instrument, position.next_target), "good"))))
    if len(shown) > 1:
        total, more = _open_pnl(shown), f"+{len(shown) - 1} more"
        together = (text.money(total, zone, sign=True), result_style(total))
        segments.append(segment(1, ((f"{more}, all ", "warn"), together), word(more, "warn")))
    return assemble(segments, width)


PANE = Pane("positions", "POSITION", rows, title=title, wanted=wanted, least=6, line=line)
