"""The dialog of one position: its levels, fills and chart, the keys that act on it, and what a stop's price may be. Pure."""

from engine import Instrument, OpenPosition, Trade, acting_stop
from engine.presentation import format as text
from tui.panes import chart
from tui.panes.whole_position import at_broker
from tui.text.rows import Line, fit, result_style, right, width_of
from tui.text.segments import assemble, within
from tui.text.spelling import fitting, sentence, shortened, spelled_lines
from tui.view import one_position
from tui.view.model import View

_SIDE_BY_SIDE = 84  # cells from which the fills stand beside the levels
_FILLS = 36  # cells that are left to them there, at least
_CHART_LEAST = 8  # rows from which a chart says something
_MOST_TARGETS = 3
_LOW = 16  # lines below which only the next target is shown


def title(view: View) -> str:
    """What the open dialog is called: the action and the symbol."""
    planned = view.ui.planned if view.ui.dialog == "action" else None
    words = one_position.title(view.snapshot, view.ui.instrument, planned)
    return f"STOP TO {words.partition(' ')[2]}" if view.ui.dialog == "stop_price" else words


# ── The position ────────────────────────────────────────────────────────────────────────────────────────────────────


def rows(view: View, width: int, height: int) -> list[Line]:
    """Levels with their distances, the fills so far, the chart where there is room; the keys stand last, always."""
    seen, index = view.snapshot, view.ui.instrument
    held = one_position.held_in(seen, index)
    foot = keys(view, held, width)
    if height < 3:
        return [foot][:height]
    said = sentence(view.ui.notice, view.ui.notice_style, width)[: height - 2] if view.ui.notice else []
    lines = [*_barred(view, width), *(_held(view, held, width, height) if held else _nothing(view, width))]
    room = height - 2 - len(said)
    free = room - len(lines) - 1
    if free >= _CHART_LEAST:
        lines += [(), *chart.rows(view, width, free, index)]
    return spelled_lines([*lines[:room], (), *said, foot], width, view.glyphs)


def _held(view: View, held: OpenPosition, width: int, height: int) -> list[Line]:
    """The position in words: what, levels, fills."""
    head = _head(view, held, width)
    levels, fills = _levels(view, held, _MOST_TARGETS if height >= _LOW else 1), _fills(view, held)
    if width >= _SIDE_BY_SIDE:
        beside = max(len(levels), min(len(fills), height - 4))
        fills = _newest(fills, beside)
        wide = min(max(width_of(line) for line in levels) + 3, width - _FILLS)
        both = [
            (*fit(levels[row] if row < len(levels) else (), wide), *(fills[row] if row < len(fills) else ()))
            for row in range(max(len(levels), len(fills)))
        ]
        return [*head, *within(both, width)]
    room = max(1, height - 2 - len(head) - len(levels))
    return within([*head, *levels, *_newest(fills, min(room, max(4, room - _CHART_LEAST - 2)))], width)


def _nothing(view: View, width: int) -> list[Line]:
    """That nothing is held, with the last price and why no entry came."""
    seen, quote = view.snapshot, view.selected
    lines: list[Line] = [(("nothing is held", "dim"),)]
    if quote is not None and quote.instrument == view.ui.instrument:
        last = text.price(text.instrument_at(seen, quote.instrument), quote.last) if quote.last else text.NOTHING
        lines.append((("last  ", "dim"), (last, "bold")))
        if quote.objection:
            lines.append((("no entry: ", "dim"), (shortened(quote.objection, width - 10, view.glyphs), "")))
    return lines


def _barred(view: View, width: int) -> list[Line]:
    if not one_position.is_barred(view.snapshot, view.ui.instrument):
        return []
    return sentence("no new entries here, by the operator: n ends that", "warn", width)


def _head(view: View, held: OpenPosition, width: int) -> list[Line]:
    """`LONG 150 of 225  for 4m 0s  open +224.92 (+1.00 %)`."""
    seen, state = view.snapshot, held.state
    instrument = text.instrument_at(seen, state.instrument)
    side = text.side(instrument, state.quantity)
    bought = f" of {text.quantity(instrument, state.initial_quantity)}"
    parted = bought if state.initial_quantity != state.quantity else ""
    selling = f", {text.quantity(instrument, held.exiting)} on order" if held.exiting else ""
    result = text.money(held.open_pnl, seen.session.zone, sign=True)
    share = one_position.percent(held, instrument)
    age = text.age(max(0, seen.market_ms - state.entry_ms) / 1000)
    unkept = text.not_kept(seen)
    line: Line = (
        (side, "up" if state.quantity > 0 else "down"),
        (f"{parted}{selling}", ""),
        (f"  {unkept}" if unkept else "", "warn"),
        ("  open ", "dim"),
        (f"{result} ({share} %)", result_style(held.open_pnl)),
    )
    held_for: Line = ((f"  for {age}", "dim"),)
    marks = [mark for mark in at_broker(view, held) if mark.forms]
    return [
        (*line, *held_for) if width_of((*line, *held_for)) <= width else line,
        *([assemble(marks, width)] if marks else []),
    ]


def _levels(view: View, held: OpenPosition, most: int) -> list[Line]:
    """Last price, entry, stop, trail and at most so many targets, each with its distance from the last price."""
    seen, state = view.snapshot, held.state
    instrument = text.instrument_at(seen, state.instrument)
    acting = acting_stop(state.stop, state.trail_stop)
    stop_note = "moved by the operator" if state.operator_stop == state.stop else ""
    trail_note = "" if state.trail_stop is None or acting == state.trail_stop else "below the stop"
    found: list[tuple[str, int | None, str, str]] = [
        ("last", held.last, "bold", ""),
        ("entry", state.entry_price, "", ""),
        ("stop", state.stop, "stop", stop_note if acting == state.stop else f"{stop_note} behind trail".strip()),
    ]
    if state.trail_stop is not None:
        found.append(("trail", state.trail_stop, "stop", trail_note))
    elif held.trail_from is not None:
        found.append(("trails", held.trail_from, "dim", "from there"))
    targets = held.targets or (() if held.next_target is None else (held.next_target,))
    found += [("target", price, "good", "") for price in targets[:most]]
    if not targets:
        found.append(("target", None, "dim", "all taken"))
    size = max(len(text.price(instrument, price)) for _, price, *_ in found if price is not None)
    lines = [_level(instrument, held.last, each, size) for each in found]
    if len(targets) > most:
        more = len(targets) - most
        lines.append(((f"and {more} more target{'' if more == 1 else 's'}", "dim"),))
    return lines


def _level(instrument: Instrument, last: int, level: tuple[str, int | None, str, str], size: int) -> Line:
    """`stop     140.45   -16.56  -10.55 %`; a level that no price comes to is none."""
    name, price, style, note = level
    start = (f"{name:<8}", "dim")
    words = f"  {note}" if note else ""
    if price is None or (price < instrument.tick_size and instrument.lowest_price > 0):
        return (start, (right(text.NOTHING, size), "dim"), (words or "  no price is so low", "dim"))
    told = (right(text.price(instrument, price), size), style)
    if name == "last" or last <= 0:
        return (start, told, (words, "dim"))
    away = f"  {text.points(instrument, price - last):>9}  {text.percent(price - last, last):>7} %"
    return (start, told, (away, ""), (words, "dim"))


def _fills(view: View, held: OpenPosition) -> list[Line]:
    """What was bought, and each exit of it so far; the newest last."""
    seen, state = view.snapshot, held.state
    instrument, zone = text.instrument_at(seen, state.instrument), seen.session.zone
    bought = f"BUY  {text.quantity(instrument, state.initial_quantity)} @ {text.price(instrument, state.entry_price)}"
    lines: list[Line] = [((f"{text.clock(state.entry_ms, zone)}  ", "dim"), (bought, "entry"))]
    own = (each for each in seen.trades if (each.instrument, each.entry_ms) == (state.instrument, state.entry_ms))
    return [*lines, *(_exit(view, instrument, trade) for trade in own)]


def _exit(view: View, instrument: Instrument, trade: Trade) -> Line:
    """`11:40:02  SELL 75 @ 160.45  +362.72  Take Profit 1`."""
    zone = view.snapshot.session.zone
    sold = f"SELL {text.quantity(instrument, trade.quantity)} @ {text.price(instrument, trade.exit_price)}"
    result = (f"  {text.money(trade.net_pnl, zone, sign=True)}", result_style(trade.net_pnl))
    return ((f"{text.clock(trade.exit_ms, zone)}  ", "dim"), (sold, "exit"), result, (f"  {trade.reason}", "dim"))


def _newest(lines: list[Line], room: int) -> list[Line]:
    """The first line and the newest others, as many as fit; those left out are counted."""
    if len(lines) <= room:
        return lines
    left = len(lines) - max(0, room - 2) - 1
    return [*lines[:1], ((f"{left} more fills", "warn"),), *lines[1 + left :]][: max(1, room)]


def keys(view: View, held: OpenPosition | None, width: int) -> Line:
    """The keys that work now, in as many words as fit."""
    barred = one_position.is_barred(view.snapshot, view.ui.instrument)
    entries, short = ("n allow entries", "n allow") if barred else ("n no new entries", "n bar")
    forms = [
        f"c close · h half · s stop to … · {entries} · ! flat · any other key closes",
        f"c close · h half · s stop · {entries} · ! flat",
        f"c close · h half · s stop · {short} · ! flat",
        "c h s n act · ! flat",
    ]
    if held is None:
        forms = [f"{entries} · ! flat · any other key closes", f"{entries} · ! flat", short]
    return ((fitting(forms, width, view.glyphs), "bold"),)


# ── The price of a stop ─────────────────────────────────────────────────────────────────────────────────────────────


def stop_says(view: View) -> str:
    """What a stop may be moved to: `above 155.80, below 157.01, in steps of 0.05; or points below the last: 1.2p`."""
    held = one_position.held_in(view.snapshot, view.ui.instrument)
    if held is None:
        return "nothing is held any more"
    instrument = text.instrument_at(view.snapshot, held.state.instrument)
    acting = text.price(instrument, acting_stop(held.state.stop, held.state.trail_stop))
    last, step = text.price(instrument, held.last), text.price(instrument, instrument.tick_size)
    return f"above {acting}, below {last}, steps of {step}; or points below the last: 5p"
