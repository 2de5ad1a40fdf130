"""One open position in full: what it is, its result, and stop, trail and target with their distances. Pure."""

from engine import OpenPosition
from engine.presentation import feeds, live
from engine.presentation import format as text
from tui.text.rows import Line, Span, ends, result_style, right, width_of
from tui.text.segments import Segment, assemble, segment, word
from tui.view import one_position
from tui.view.model import View


def position_rows(view: View, position: OpenPosition, width: int) -> list[Line]:
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
        *at_broker(view, position),
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


def at_broker(view: View, position: OpenPosition) -> list[Segment]:
    """`MISMATCH 75/150`, `EXTERNAL +75`, and who watches the stop; nothing where no order goes out."""
    seen, index = view.snapshot, position.state.instrument
    instrument = text.instrument_at(seen, index)
    apart, theirs, by = live.mismatch(seen, index), live.foreign(seen, instrument.symbol), live.stop_by(seen, index)
    figures = [text.quantity(instrument, each) for each in (apart.ours, apart.theirs)] if apart is not None else []
    return [
        segment(0, word(f"MISMATCH {'/'.join(figures)}" if figures else "", "alert")),
        segment(1, word(f"EXTERNAL {theirs:+,}" if theirs else "", "alert")),
        segment(3, word(f"stop by {by}" if by else "", "dim")),
    ]


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
        ("stop", one_position.in_reach(state, state.stop, instrument), "stop"),
        ("trail", one_position.in_reach(state, state.trail_stop or 0, instrument), "stop"),
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
